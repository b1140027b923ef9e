import type { Millis } from '../../../ports/clock.ts';

/** The share of its age that is added to the uncertainty of a reading: clocks drift apart, and may be set. */
const driftPerMs = 0.01;

/** Estimates the offset of Redis's clock to this node's clock, whose zero is arbitrary. */
export class RedisClock {
  #known: { readonly aheadMs: Millis; readonly uncertainMs: Millis; readonly at: Millis } | undefined;

  /** Takes a reading: Redis's clock showed `redisNow` at some moment between the two. The reading with the shortest round trip counts. */
  learn(redisNow: Millis, requestedAt: Millis, answeredAt: Millis): void {
    if (!Number.isFinite(redisNow)) return;
    const uncertainMs = (answeredAt - requestedAt) / 2;
    const known = this.#known;
    if (known !== undefined && uncertainMs > known.uncertainMs + (answeredAt - known.at) * driftPerMs) return;
    this.#known = { aheadMs: redisNow - (requestedAt + answeredAt) / 2, uncertainMs, at: answeredAt };
  }

  /** Converts a moment of this node's clock to Redis's time. Undefined before the first reading. */
  at(now: Millis): Millis | undefined {
    return this.#known && now + this.#known.aheadMs;
  }
}
