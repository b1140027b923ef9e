import type { Millis } from '../ports/clock.ts';

/**
 * The maximum time for which one cache_miss webhook covers all later misses of its channel: the lifetime of its delivery.
 * After that, a backend that had nothing to publish is notified again.
 */
export const missLifetimeMs: Millis = 300_000;

/** A period during which a cache channel has no event. It is reported by one cache_miss webhook. */
interface MissEpisode {
  readonly id: string;
  readonly until: Millis;
}

/**
 * The cache-miss state machine: the state of one channel on which a subscriber found no cached event.
 *
 * ```
 *            a miss: fact, a new episode            a miss: no fact
 *   clear -------------------------------> marked -----------------> marked
 *     ^                                      |
 *     +--------------------------------------+
 *       a cached event is published; five minutes pass; the episode's webhook is dropped at
 *       every endpoint; the channel is vacated, which removes its record
 * ```
 *
 * The functions change the state in place: it is part of the channel's record.
 */
export interface MissMark {
  /** The latest episode, unless something ended it. It may have expired. */
  miss: MissEpisode | undefined;
}

/** The id of the current episode at this time. A miss during it causes no webhook. */
export function currentMiss({ miss }: MissMark, at: Millis): string | undefined {
  return miss !== undefined && miss.until > at ? miss.id : undefined;
}

/** Starts another episode: a subscriber found no event, and there is no current episode. */
export function beginMiss(mark: MissMark, id: string, at: Millis): void {
  mark.miss = { id, until: at + missLifetimeMs };
}

/** Continues an episode that began in an earlier run of the process. */
export function restoreMiss(mark: MissMark, id: string, until: Millis): void {
  mark.miss = { id, until };
}

/** Ends the episode because the channel has a cached event. */
export function endMiss(mark: MissMark): void {
  mark.miss = undefined;
}

/** Ends this episode because its webhook reached no endpoint. A later episode stays: its own webhook may still arrive. */
export function forgetMiss(mark: MissMark, id: string): void {
  if (mark.miss?.id === id) mark.miss = undefined;
}
