import type { Millis } from '../ports/clock.ts';

/** How a token bucket fills. Infinity means no bound. */
export interface Filling {
  readonly perSecond: number;
  /** The capacity. */
  readonly burst: number;
}

/** The number of tokens after `elapsedMs` have passed. */
export function refill(left: number, { perSecond, burst }: Filling, elapsedMs: Millis): number {
  // Without a bound there is nothing to count, and Infinity times 0 would be NaN.
  if (perSecond === Infinity || burst === Infinity) return Infinity;
  return Math.min(burst, left + (perSecond * elapsedMs) / 1000);
}

/** A token bucket: `perSecond` continuously, after a burst of `burst`. It stores two numbers, however large the limits are. */
export class TokenBucket implements Filling {
  readonly perSecond: number;
  readonly burst: number;
  #tokens: number;
  #filledAt: Millis;

  /** Starts full. Both values may be Infinity. */
  constructor(perSecond: number, burst: number, at: Millis) {
    this.perSecond = perSecond;
    this.burst = burst;
    this.#tokens = burst;
    this.#filledAt = at;
  }

  /** Whether one more would be accepted at this time. Takes no token. */
  has(at: Millis): boolean {
    this.#tokens = refill(this.#tokens, this, at - this.#filledAt);
    this.#filledAt = at;
    return this.#tokens >= 1;
  }

  /** Takes a token if there is one. Returns whether there was. */
  take(at: Millis): boolean {
    const isAccepted = this.has(at);
    if (isAccepted) this.#tokens -= 1;
    return isAccepted;
  }
}
