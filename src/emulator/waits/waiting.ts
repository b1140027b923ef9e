import type { Millis } from '../../ports/clock.ts';
import type { QueueReading } from '../../webhooks/delivery-facts.ts';
import { check } from '../check.ts';
import { EmulatorError } from '../emulator-error.ts';
import type { EventName } from '../../webhooks/event.ts';
import { createMatcher, type EventMatch } from './match.ts';
import { absenceOptions, defaultWait, describeWait, idleOptions, waitOptions } from './wait-options.ts';
import type { Pace } from '../time/pace.ts';
import type { Recorder } from '../../recording/recorder.ts';
import type { EmulatorEvent } from '../../recording/records.ts';
import { reportMissing, reportUnexpected, type ClientCount, type Hindrances } from './report.ts';

/** How long to wait for a webhook event. */
export interface WaitOptions {
  /** Only events after this one: the event itself, or its id. */
  readonly after?: EmulatorEvent | number;
  /**
   * Real time in milliseconds. With the virtual clock: how long a client may still take when nothing is due (default: 1000). With
   * the real clock: how long to wait (default: 5000).
   */
  readonly timeoutMs?: number;
  /** Emulator time in milliseconds: the virtual clock is moved no further than this. Default: 10 minutes. */
  readonly withinMs?: number;
}

/** How long a webhook event must not be sent. */
export interface AbsenceOptions {
  /** Only events after this one: the event itself, or its id. */
  readonly after?: EmulatorEvent | number;
  /** Emulator time in milliseconds. Default: the grace period plus the batching delay. */
  readonly withinMs?: number;
}

/** What a wait needs. */
export interface WaitingOptions {
  readonly pace: Pace;
  readonly recorder: Recorder;
  readonly isVirtual: boolean;
  readonly now: () => Millis;
  /** After this time every event that was pending has been sent. */
  readonly sendsWithinMs: Millis;
  /** Returns a check that throws once the wait must end. */
  readonly guard: (appId: string | undefined) => () => void;
  readonly endpointsOf: (appId: string | undefined) => readonly string[];
  readonly clientsOf: (appId: string | undefined) => ClientCount;
  readonly hindrancesOf: (appId: string | undefined) => Hindrances;
  readonly readQueues: () => Iterable<QueueReading>;
}

/** Waits for webhook events, or for their absence, of one app or of all apps. */
export class Waiting {
  readonly #options: WaitingOptions;

  constructor(options: WaitingOptions) {
    this.#options = options;
  }

  /** The first matching event, once it is delivered. */
  async waitFor<Name extends EventName = EventName>(
    appId: string | undefined,
    match: EventMatch<Name>,
    options: WaitOptions = {},
  ): Promise<EmulatorEvent<Name>> {
    const { pace, recorder, isVirtual, now, guard, endpointsOf, clientsOf, hindrancesOf } = this.#options;
    const matcher = createMatcher(match);
    const checked = check(waitOptions, options, 'waitFor');
    const { after = 0, timeoutMs, withinMs } = { ...defaultWait(isVirtual), ...checked };
    const startedAt = now();
    const isMeant = (event: EmulatorEvent): event is EmulatorEvent<Name> => matcher.matches(event);
    const look = () => recorder.firstDelivered(appId, after, isMeant);
    const found = await pace.until(look, { timeoutMs, withinMs, refuse: guard(appId) });
    if (found !== undefined) return found;
    const waited = describeWait(isVirtual, now() - startedAt, timeoutMs);
    const events = recorder.events(appId).filter(({ id }) => id > after);
    const since = after === 0 ? 'the start or the last reset' : `event ${after}`;
    const known = {
      endpoints: endpointsOf(appId),
      clients: clientsOf(appId),
      ...hindrancesOf(appId),
      isVirtual,
    };
    throw new EmulatorError(
      'ERR_WEBHOOK_MISSING',
      reportMissing({ matcher, events, nowMs: now(), waited, since, ...known }),
    );
  }

  /** Rejects if a matching event was sent, or is sent within the time. */
  async expectNone(
    appId: string | undefined,
    match: EventMatch,
    options: AbsenceOptions = {},
  ): Promise<void> {
    const { pace, recorder, sendsWithinMs, guard } = this.#options;
    const matcher = createMatcher(match);
    const { after = 0, withinMs = sendsWithinMs } = check(absenceOptions, options, 'expectNone');
    await pace.pass(withinMs, guard(appId));
    const sent = recorder
      .events(appId)
      .filter((event) => event.id > after && isSent(event) && matcher.matches(event));
    if (sent.length > 0) {
      throw new EmulatorError('ERR_WEBHOOK_UNEXPECTED', reportUnexpected(matcher, sent));
    }
  }

  /** Resolves when no event of the app is pending. */
  async idle(appId: string | undefined, options: Pick<WaitOptions, 'timeoutMs'> = {}): Promise<void> {
    const { pace, guard } = this.#options;
    const { timeoutMs = 5000 } = check(idleOptions, options, 'idle');
    const isIdle = await pace.until(() => (this.#queued(appId).length === 0 ? true : undefined), {
      timeoutMs,
      withinMs: defaultWait(true).withinMs,
      refuse: guard(appId),
    });
    if (isIdle === true) return;
    const queues = this.#queued(appId).map(
      ({ appId: app, endpoint, events }) => `${events} for endpoint ${endpoint} of app ${app}`,
    );
    throw new EmulatorError(
      'ERR_NOT_IDLE',
      `events are still queued after ${timeoutMs} ms: ${queues.join(', ')}. See deliveries for the responses of the endpoints.`,
    );
  }

  #queued(appId: string | undefined): readonly QueueReading[] {
    return [...this.#options.readQueues()].filter(
      (queue) => queue.events > 0 && (appId === undefined || queue.appId === appId),
    );
  }
}

function isSent({ status }: EmulatorEvent): boolean {
  return status === 'pending' || status === 'delivered' || status === 'dropped';
}
