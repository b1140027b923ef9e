/**
 * An exact sliding window: at most `limit` events are accepted in any time span of its length. Refused events do not count.
 */
export class RateWindow {
  readonly limit: number;
  readonly #windowMs: number;
  /** The times of the last accepted events; a ring once it is full. */
  // Stryker disable next-line ArrayDeclaration: the first event overwrites what is in the first position.
  readonly #acceptedAt: number[] = [];
  #oldest = 0;

  /** `limit` may be Infinity. */
  constructor(limit: number, windowMs: number) {
    this.limit = limit;
    this.#windowMs = windowMs;
  }

  /** Accepts `count` events at this time, all or none, and returns whether it did. Accepted events count from now on. */
  accept(at: number, count = 1): boolean {
    // Stryker disable next-line ConditionalExpression: without this line the same is accepted, but every event is kept.
    if (this.limit === Infinity) return true;
    if (count > this.limit) return false;
    const forgotten = this.#acceptedAt.length + count - this.limit;
    if (forgotten > 0) {
      const youngest = this.#acceptedAt[(this.#oldest + forgotten - 1) % this.#acceptedAt.length] ?? Infinity;
      if (at - youngest < this.#windowMs) return false;
    }
    for (let added = 0; added < count; added += 1) this.#add(at);
    return true;
  }

  #add(at: number): void {
    // Until the ring is full, the oldest position is one past its end, so that this appends.
    this.#acceptedAt[this.#oldest] = at;
    this.#oldest = (this.#oldest + 1) % this.limit;
  }
}
