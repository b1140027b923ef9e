import type { Clock, Millis } from '../ports/clock.ts';

/** How long the rest of a response body is read after the attempt was settled. */
const longestMs: Millis = 30_000;

/** Responses of settled attempts whose bodies have not ended. Each is read for a limited time, and their number is limited. */
export class OpenAnswers {
  readonly #clock: Clock;
  readonly #most: number;
  /** A function for each response that closes its connection, the oldest first. */
  readonly #open = new Set<() => void>();

  /** At most `most` responses, and never more than a hundred. */
  constructor(clock: Clock, most = Infinity) {
    this.#clock = clock;
    this.#most = Math.min(100, Math.max(1, most));
  }

  /** Adds a response. `cut` closes its connection. Call the returned function when the body has ended. */
  add(cut: () => void): () => void {
    const [oldest] = this.#open;
    if (oldest !== undefined && this.#open.size >= this.#most) oldest();
    const remove = (): void => {
      this.#open.delete(giveUp);
      cancel();
    };
    const giveUp = (): void => {
      remove();
      cut();
    };
    const cancel = this.#clock.after(longestMs, giveUp);
    this.#open.add(giveUp);
    return remove;
  }
}
