import type { Millis } from '../ports/clock.ts';

/** So many things a second, after a burst of so many at once. It keeps two numbers, however large they are. */
export class TokenBucket {
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

  /** Whether one more is accepted at this moment; if so it counts. */
  take(at: Millis): boolean {
    if (this.perSecond === Infinity || this.burst === Infinity) return true;
    this.#tokens = Math.min(this.burst, this.#tokens + ((at - this.#filledAt) * this.perSecond) / 1000);
    this.#filledAt = at;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
