import type { Clock, Millis } from '../../ports/clock.ts';

/** A client waits for Redis no longer than this; then it is answered with what is known here. */
const patienceMs: Millis = 2000;

/** How long one client still waits. */
export class Patience {
  readonly #clock: Clock;
  readonly #endsAt: Millis;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#endsAt = clock.now() + patienceMs;
  }

  /** What comes of it, or undefined when the patience is at its end. */
  wait<T>(promise: Promise<T>): Promise<T | undefined> {
    return new Promise((resolve) => {
      const leftMs = Math.max(0, this.#endsAt - this.#clock.now());
      const cancel = this.#clock.after(leftMs, () => resolve(undefined));
      const settle = (value: T): void => {
        cancel();
        resolve(value);
      };
      void promise.then(settle);
    });
  }
}
