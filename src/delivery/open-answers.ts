import type { Clock, Millis } from '../ports/clock.ts';

/** How long a body is read of which nobody waits for the end. */
const longestMs: Millis = 30_000;

/** Answers that have been counted, but whose bodies have not ended: each is read for a while, and not too many are. */
export class OpenAnswers {
  readonly #clock: Clock;
  readonly #most: number;
  /** How each is given up, the oldest first. */
  readonly #open = new Set<() => void>();

  /** There may be so many, and never more than a hundred. */
  constructor(clock: Clock, most = Infinity) {
    this.#clock = clock;
    this.#most = Math.min(100, Math.max(1, most));
  }

  /** Takes one in; `cut` ends its connection. Call what is returned when the body has ended after all. */
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
