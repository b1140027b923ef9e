import { clip } from '../../protocol/clip.ts';
import type { Millis } from '../../ports/clock.ts';
import { check } from '../check.ts';
import { EmulatorError } from '../emulator-error.ts';
import type { Pace } from '../time/pace.ts';
import { absenceOptions, defaultWait, describeWait, waitOptions, type Guard } from '../waits/wait-options.ts';
import type { PublishedEvent } from './published-event.ts';
import type { PublishLog } from './publish-log.ts';
import { createPublishMatcher, type PublishMatch, type PublishMatcher } from './publish-match.ts';

/**
 * How long to wait for a published event.
 *
 * @since 0.1.0
 */
export interface PublishWaitOptions {
  /** Only events published after this one: the event itself, or its id. */
  readonly after?: PublishedEvent | number | undefined;
  /**
   * Real time. With the virtual clock, how long the backend may take when nothing is due (1000 ms by default); with the real
   * clock, how long it waits (5000 ms by default).
   */
  readonly timeoutMs?: number | undefined;
  /** Time of the emulator: the virtual clock is not moved further than this (10 minutes by default). */
  readonly withinMs?: number | undefined;
}

/**
 * How long an event must not be published.
 *
 * @since 0.1.0
 */
export interface PublishAbsenceOptions {
  /** Only events published after this one: the event itself, or its id. */
  readonly after?: PublishedEvent | number | undefined;
  /** Time of the emulator. Default: the grace period plus the batching delay. */
  readonly withinMs?: number | undefined;
}

/** What waiting needs. */
export interface PublishWaitingOptions {
  readonly pace: Pace;
  readonly log: PublishLog;
  readonly isVirtual: boolean;
  readonly now: () => Millis;
  readonly sendsWithinMs: Millis;
  /** Returns a check that throws once the wait must end. */
  readonly guard: Guard;
  /** The requests to the HTTP API that were refused, one sentence each. */
  readonly refusedOf: (appId: string | undefined) => readonly string[];
}

/** The maximum number of events in a message, and of characters of their data. */
const mostNamed = 12;

/** Waits for published events of one app or of all apps, and rules them out. */
export class PublishWaiting {
  readonly #options: PublishWaitingOptions;

  constructor(options: PublishWaitingOptions) {
    this.#options = options;
  }

  /** Resolves with the first matching event, once it is published. */
  async waitFor(
    appId: string | undefined,
    match: PublishMatch,
    options: PublishWaitOptions = {},
    gone?: AbortSignal,
  ): Promise<PublishedEvent> {
    const { pace, log, isVirtual, now, guard, refusedOf } = this.#options;
    const matcher = createPublishMatcher(match);
    const checked = check(waitOptions, options, 'published.waitFor');
    const { after = 0, timeoutMs, withinMs } = { ...defaultWait(isVirtual), ...checked };
    const startedAt = now();
    const look = () => log.first(appId, after, (event) => matcher.matches(event));
    const found = await pace.until(look, { timeoutMs, withinMs, refuse: guard(appId, gone) });
    if (found !== undefined) return found;
    const others = log.list(appId).filter(({ id }) => id > after);
    const since = after === 0 ? 'the start or the last reset' : `event ${after}`;
    throw new EmulatorError(
      'ERR_PUBLISH_MISSING',
      [
        `${nameMatch('nothing', matcher)} was published (${describeWait(isVirtual, now() - startedAt, timeoutMs)}).`,
        ...(others.length > 0
          ? ['Published instead:', ...list(bySimilarity(others, matcher))]
          : [
              `Nothing has been published since ${since}: does the backend use serverOptions() or env(), and was it answered 200?`,
            ]),
        ...refusedOf(appId),
      ].join('\n'),
    );
  }

  /** Rejects if a matching event was published, or is published within the time. */
  async expectNone(
    appId: string | undefined,
    match: PublishMatch,
    options: PublishAbsenceOptions = {},
    gone?: AbortSignal,
  ): Promise<void> {
    const { pace, log, sendsWithinMs, guard } = this.#options;
    const matcher = createPublishMatcher(match);
    const { after = 0, withinMs = sendsWithinMs } = check(absenceOptions, options, 'published.expectNone');
    await pace.pass(withinMs, guard(appId, gone));
    const there = log.list(appId).filter((event) => event.id > after && matcher.matches(event));
    if (there.length === 0) return;
    const count = there.length === 1 ? 'one was' : `${there.length} were`;
    throw new EmulatorError(
      'ERR_PUBLISH_UNEXPECTED',
      [`expected that ${nameMatch('nothing', matcher)} is published, but ${count}:`, ...list(there)].join(
        '\n',
      ),
    );
  }
}

function nameMatch(what: string, { description }: PublishMatcher): string {
  return description === '' ? what : `${what} with ${description}`;
}

function bySimilarity(events: readonly PublishedEvent[], matcher: PublishMatcher): readonly PublishedEvent[] {
  return events.toSorted((a, b) => matcher.likeness(b) - matcher.likeness(a));
}

function list(events: readonly PublishedEvent[]): readonly string[] {
  const lines = events.slice(0, mostNamed).map((event) => `  - ${nameEvent(event)}`);
  const more = events.length - lines.length;
  return more > 0 ? [...lines, `  ... and ${more} more (see published.list)`] : lines;
}

function nameEvent({ event, channels, data, socket_id: except, receiverCount }: PublishedEvent): string {
  const channel = channels.length > 3 ? `${channels.slice(0, 3).join(', ')} ...` : channels.join(', ');
  const not = except === undefined ? '' : ` (not to ${except})`;
  const count = receiverCount === 1 ? '1 connection' : `${receiverCount} connections`;
  return `${event} on ${channel} with data ${clip(data)}, sent to ${count}${not}`;
}
