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

/** So many things a second, after a burst of so many at once. It keeps two numbers, however large they are. */
export class TokenBucket implements Filling {
  readonly perSecond: number;
  readonly burst: number;
  #tokens: number;
  #filledAt: Millis;

  /** Full at this moment. Both may be Infinity. */
  constructor(perSecond: number, burst: number, at: Millis) {
    this.perSecond = perSecond;
    this.burst = burst;
    this.#tokens = burst;
    this.#filledAt = at;
  }

  /** Whether one more is accepted at this moment; it does not count yet. */
  has(at: Millis): boolean {
    this.#tokens = refill(this.#tokens, this, at - this.#filledAt);
    this.#filledAt = at;
    return this.#tokens >= 1;
  }

  /** The same, and if it is accepted it counts. */
  take(at: Millis): boolean {
    const isAccepted = this.has(at);
    if (isAccepted) this.#tokens -= 1;
    return isAccepted;
  }
}
