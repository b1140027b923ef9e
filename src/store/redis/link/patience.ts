import type { Clock, Millis } from '../../../ports/clock.ts';
import { unavailable, type Unavailable } from '../../../ports/unavailable.ts';

/** Nobody waits for Redis longer than this: a client is answered with what is known here, a backend is told so. */
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

/** What Redis answers. Unavailable when it fails, knows no answer (undefined), or is not back in time. */
export async function answerOf<T>(clock: Clock, asked: Promise<T | undefined>): Promise<T | Unavailable> {
  return (await new Patience(clock).wait(asked.catch(() => undefined))) ?? unavailable;
}
