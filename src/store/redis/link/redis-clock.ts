import type { Millis } from '../../../ports/clock.ts';

/** So much of its age is added to the uncertainty of what is known: clocks drift apart, and may be set. */
const driftPerMs = 0.01;

/** What is known of Redis's clock: by how much it is ahead of this node's, whose zero means nothing. */
export class RedisClock {
  #known: { readonly aheadMs: Millis; readonly uncertainMs: Millis; readonly at: Millis } | undefined;

  /** Redis has answered that it was `theirs`, at some moment between the two. The shortest round trip counts. */
  learn(redisNow: Millis, askedAt: Millis, answeredAt: Millis): void {
    if (!Number.isFinite(redisNow)) return;
    const uncertainMs = (answeredAt - askedAt) / 2;
    const known = this.#known;
    if (known !== undefined && uncertainMs > known.uncertainMs + (answeredAt - known.at) * driftPerMs) return;
    this.#known = { aheadMs: redisNow - (askedAt + answeredAt) / 2, uncertainMs, at: answeredAt };
  }

  /** A moment of this node's clock as Redis counts it. Undefined while nothing is known. */
  at(now: Millis): Millis | undefined {
    return this.#known && now + this.#known.aheadMs;
  }
}
