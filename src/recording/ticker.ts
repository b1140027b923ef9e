import type { Cancel, Clock } from '../ports/clock.ts';

/** So often a second it rings. */
export const ticksASecond = 10;

/** Rings for all who wait, by one timer, which runs only while somebody does. */
export class Ticker {
  readonly #clock: Pick<Clock, 'after'>;
  readonly #waiting = new Set<() => boolean>();
  #cancel: Cancel | undefined;

  constructor(clock: Pick<Clock, 'after'>) {
    this.#clock = clock;
  }

  /** Calls `ring` with each tick, until it returns false. */
  add(ring: () => boolean): void {
    this.#waiting.add(ring);
    this.#cancel ??= this.#tickLater();
  }

  /** Calls nobody any more. */
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
