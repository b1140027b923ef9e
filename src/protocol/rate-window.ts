/**
 * The moments of the last accepted events: an exact sliding window. An event is accepted when fewer than
 * `limit` were accepted within the window before it; refused ones do not count.
 */
export class RateWindow {
  readonly #acceptedAt: number[] = [];
  readonly #windowMs: number;
  #next = 0;

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /** Whether one more event is accepted at this moment; if so it counts from now on. */
  accept(at: number, limit: number): boolean {
    if (limit === Infinity) return true;
    if (this.#acceptedAt.length < limit) {
      this.#acceptedAt.push(at);
      return true;
    }
    const oldest = this.#acceptedAt[this.#next];
    if (oldest === undefined || at - oldest < this.#windowMs) return false;
    this.#acceptedAt[this.#next] = at;
    this.#next = (this.#next + 1) % limit;
    return true;
  }
}
