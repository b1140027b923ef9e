import type { Millis } from '../ports/clock.ts';

/**
 * The longest that one cache_miss webhook stands for all later misses of its channel: as long as its
 * delivery may live. After that a handler that had nothing to send is asked again.
 */
export const missStandsMs: Millis = 300_000;

/** One time in which a cache channel lacks an event. One cache_miss webhook tells of it. */
interface MissEpisode {
  readonly id: string;
  readonly until: Millis;
}

/**
 * The cache-miss machine: the mark of one channel on which a subscriber found no cached event.
 *
 * ```
 *            a miss: fact, a new episode            a miss: no fact
 *   clear -------------------------------> marked -----------------> marked
 *     ^                                      |
 *     +--------------------------------------+
 *       a cached event; five minutes; the drop of the episode's webhook at every endpoint;
 *       the vacated channel, which takes its mark along
 * ```
 *
 * The steps change the mark in place: it is part of the channel's record.
 */
export interface MissMark {
  /** The episode that began last, unless something ended it. It may have expired. */
  miss: MissEpisode | undefined;
}

/** The id of the episode that the mark stands for at this moment. A miss within it is no news. */
export function standingMiss({ miss }: MissMark, at: Millis): string | undefined {
  return miss !== undefined && miss.until > at ? miss.id : undefined;
}

/** A subscriber found no event, and no episode stands: another one begins. */
export function beginMiss(mark: MissMark, id: string, at: Millis): void {
  mark.miss = { id, until: at + missStandsMs };
}

/** An episode that began in an earlier life of the process goes on. */
export function restoreMiss(mark: MissMark, id: string, until: Millis): void {
  mark.miss = { id, until };
}

/** The channel has a cached event. */
export function endMiss(mark: MissMark): void {
  mark.miss = undefined;
}

/** The webhook of this episode reached nobody. A later episode stays: its own webhook may still arrive. */
export function forgetMiss(mark: MissMark, id: string): void {
  if (mark.miss?.id === id) mark.miss = undefined;
}
