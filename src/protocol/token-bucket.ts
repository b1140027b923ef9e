import type { Millis } from '../ports/clock.ts';

/** How a bucket of tokens fills; Infinity is no bound. */
export interface Filling {
  readonly perSecond: number;
  /** What it holds. */
  readonly burst: number;
}

/** What a bucket holds when so much time has passed. */
export function refill(left: number, { perSecond, burst }: Filling, elapsedMs: Millis): number {
  // Without a bound there is nothing to count: Infinity times 0 is no number.
  if (perSecond === Infinity || burst === Infinity) return Infinity;
  return Math.min(burst, left + (perSecond * elapsedMs) / 1000);
}
