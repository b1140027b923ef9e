import type { Cancel, Clock } from '../ports/clock.ts';

/** The number of ticks per second. */
export const ticksASecond = 10;

/** Calls all waiting functions with one timer, which runs only while some wait. */
export class Ticker {
  readonly #clock: Pick<Clock, 'after'>;
  readonly #waiting = new Set<() => boolean>();
  #cancel: Cancel | undefined;

  constructor(clock: Pick<Clock, 'after'>) {
    this.#clock = clock;
  }

  /** Calls `ring` on each tick until it returns false. */
  add(ring: () => boolean): void {
    this.#waiting.add(ring);
    this.#cancel ??= this.#tickLater();
  }

  /** Stops the timer and removes all functions. */
  close(): void {
    this.#waiting.clear();
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #tickLater(): Cancel {
    return this.#clock.after(1000 / ticksASecond, () => {
      for (const ring of Array.from(this.#waiting)) if (!ring()) this.#waiting.delete(ring);
      this.#cancel = this.#waiting.size > 0 ? this.#tickLater() : undefined;
    });
  }
}
