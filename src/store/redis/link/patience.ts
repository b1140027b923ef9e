import type { Clock, Millis } from '../../../ports/clock.ts';
import { unavailable, type Unavailable } from '../../../ports/unavailable.ts';

/** The longest that anyone waits for Redis. After that a client is served from what this node knows, and a backend receives an error. */
const patienceMs: Millis = 2000;

/** How long one client waits. */
export class Patience {
  readonly #clock: Clock;
  readonly #endsAt: Millis;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#endsAt = clock.now() + patienceMs;
  }

  /** Resolves with the value of the promise, or with undefined once the time is up. The promise must not reject. */
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

/** Waits for an answer of Redis. Unavailable if it fails, is undefined (Redis does not know), or does not arrive in time. */
export async function answerOf<T>(clock: Clock, request: Promise<T | undefined>): Promise<T | Unavailable> {
  return (await new Patience(clock).wait(request.catch(() => undefined))) ?? unavailable;
}
