import type { Millis } from '../ports/clock.ts';

/**
 * The longest that one cache_miss webhook stands for all later misses of its channel: as long as its
 * delivery may live. After that a handler that had nothing to send is asked again.
 */
export const cacheMissStandsMs: Millis = 300_000;
