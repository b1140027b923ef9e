import type { Cancel, Clock, Millis } from '../../src/ports/clock.ts';

/** The clock of a process that may be killed. None of its timers fires afterwards. */
export class MortalClock implements Clock {
  isDead = false;
  readonly #clock: Clock;
  readonly #timers = new Set<Cancel>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): Millis {
    return this.#clock.now();
  }

  after(delayMs: Millis, run: () => void): Cancel {
    if (this.isDead) return () => {};
    const forget = this.#clock.after(delayMs, () => {
      this.#timers.delete(cancel);
      run();
    });
    const cancel = (): void => {
      this.#timers.delete(cancel);
      forget();
    };
    this.#timers.add(cancel);
    return cancel;
  }

  die(): void {
    this.isDead = true;
    for (const cancel of this.#timers) cancel();
  }
}
