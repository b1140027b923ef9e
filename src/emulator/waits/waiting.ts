import type { Millis } from '../../ports/clock.ts';
import type { QueueReading } from '../../webhooks/delivery-facts.ts';
import { check } from '../check.ts';
import { EmulatorError } from '../emulator-error.ts';
import type { EventName } from '../../webhooks/event.ts';
import { createMatcher, type EventMatch } from './match.ts';
import {
  absenceOptions,
  defaultWait,
  describeWait,
  idleOptions,
  waitOptions,
  type Guard,
} from './wait-options.ts';
import type { Pace } from '../time/pace.ts';
import type { Recorder } from '../../recording/recorder.ts';
import type { EmulatorEvent } from '../../recording/records.ts';
import { reportMissing, reportUnexpected, type ClientCount, type Obstacles } from './report.ts';

/**
 * How long to wait for a webhook event.
 *
 * @since 0.1.0
 */
export interface WaitOptions {
  /** Only events after this one: the event itself, or its id. */
  readonly after?: EmulatorEvent | number | undefined;
  /**
   * Real time. With the virtual clock, how long a client may still be on its way when nothing is due (1000 ms by
   * default); with the real clock, how long it waits (5000 ms by default).
   */
  readonly timeoutMs?: number | undefined;
  /** Time of the emulator: the virtual clock is not moved further than this (10 minutes by default). */
  readonly withinMs?: number | undefined;
}

/**
 * How long a webhook event must not be sent.
 *
 * @since 0.1.0
 */
export interface AbsenceOptions {
  /** Only events after this one: the event itself, or its id. */
  readonly after?: EmulatorEvent | number | undefined;
  /** Time of the emulator. Default: the grace period plus the batching delay. */
  readonly withinMs?: number | undefined;
}

/** What waiting needs. */
export interface WaitingOptions {
  readonly pace: Pace;
  readonly recorder: Recorder;
  readonly isVirtual: boolean;
  readonly now: () => Millis;
  /** After this time, every event that was pending has been sent. */
  readonly sendsWithinMs: Millis;
  /** Returns a check that throws once the wait must end. */
  readonly guard: Guard;
  readonly endpointsOf: (appId: string | undefined) => readonly string[];
  readonly clientsOf: (appId: string | undefined) => ClientCount;
  readonly obstaclesOf: (appId: string | undefined) => Obstacles;
  readonly readQueues: () => Iterable<QueueReading>;
}

/** Waits for webhook events of one app or of all apps, and rules them out. */
export class Waits {
  readonly #options: WaitingOptions;

  constructor(options: WaitingOptions) {
    this.#options = options;
  }

  /** Resolves with the first matching event that was delivered, once there is one. */
  async waitFor<Name extends EventName = EventName>(
    appId: string | undefined,
    match: EventMatch<Name>,
    options: WaitOptions = {},
    gone?: AbortSignal,
  ): Promise<EmulatorEvent<Name>> {
    const { pace, recorder, isVirtual, now, guard, endpointsOf, clientsOf, obstaclesOf } = this.#options;
    const matcher = createMatcher(match);
    const checked = check(waitOptions, options, 'waitFor');
    const { after = 0, timeoutMs, withinMs } = { ...defaultWait(isVirtual), ...checked };
    const startedAt = now();
    const isMatch = (event: EmulatorEvent): event is EmulatorEvent<Name> => matcher.matches(event);
    const look = () => recorder.firstDelivered(appId, after, isMatch);
    const found = await pace.until(look, { timeoutMs, withinMs, refuse: guard(appId, gone) });
    if (found !== undefined) return found;
    const waited = describeWait(isVirtual, now() - startedAt, timeoutMs);
    const events = recorder.events(appId).filter(({ id }) => id > after);
    const since = after === 0 ? 'the start or the last reset' : `event ${after}`;
    const known = {
      endpoints: endpointsOf(appId),
      clients: clientsOf(appId),
      ...obstaclesOf(appId),
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
    gone?: AbortSignal,
  ): Promise<void> {
    const { pace, recorder, sendsWithinMs, guard } = this.#options;
    const matcher = createMatcher(match);
    const { after = 0, withinMs = sendsWithinMs } = check(absenceOptions, options, 'expectNone');
    await pace.pass(withinMs, guard(appId, gone));
    const sent = recorder
      .events(appId)
      .filter((event) => event.id > after && isSent(event) && matcher.matches(event));
    if (sent.length > 0) {
      throw new EmulatorError('ERR_WEBHOOK_UNEXPECTED', reportUnexpected(matcher, sent));
    }
  }

  /** Resolves when no event of the app waits for an endpoint. */
  async idle(
    appId: string | undefined,
    options: Pick<WaitOptions, 'timeoutMs'> = {},
    gone?: AbortSignal,
  ): Promise<void> {
    const { pace, guard } = this.#options;
    const { timeoutMs = 5000 } = check(idleOptions, options, 'idle');
    const isIdle = await pace.until(() => (this.#queued(appId).length === 0 ? true : undefined), {
      timeoutMs,
      withinMs: defaultWait(true).withinMs,
      refuse: guard(appId, gone),
    });
    if (isIdle === true) return;
    const queues = this.#queued(appId).map(
      ({ appId: app, endpoint, events }) => `${events} for endpoint ${endpoint} of app ${app}`,
    );
    throw new EmulatorError(
      'ERR_NOT_IDLE',
      `events are still queued after ${timeoutMs} ms: ${queues.join(', ')}. See deliveries for what the endpoints answer.`,
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
