import type { Cancel, Clock, Millis } from '../../src/ports/clock.ts';

interface Timer {
  readonly dueAt: Millis;
  readonly order: number;
  readonly run: () => void;
}

/** A clock that moves only when a test advances it, and stops at every due timer on its way. */
export class FakeClock implements Clock {
  #now: Millis;
  #order = 0;
  readonly #timers = new Set<Timer>();

  constructor(startsAt: Millis = 0) {
    this.#now = startsAt;
  }

  now(): Millis {
    return this.#now;
  }

  after(delayMs: Millis, run: () => void): Cancel {
    this.#order += 1;
    const timer = { dueAt: this.#now + Math.max(0, delayMs), order: this.#order, run };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /** The pending timers. */
  get pending(): number {
    return this.#timers.size;
  }

  /**
   * Advances the time and runs due timers. The promises that a timer starts settle before the next timer
   * runs.
   */
  async advance(ms: Millis): Promise<void> {
    const until = this.#now + ms;
    await settle();
    for (let timer = this.#next(until); timer !== undefined; timer = this.#next(until)) {
      this.#run(timer);
      await settle();
    }
    this.#now = until;
  }

  /** The same for synchronous code without promises. */
  advanceSync(ms: Millis): void {
    const until = this.#now + ms;
    for (let timer = this.#next(until); timer !== undefined; timer = this.#next(until)) this.#run(timer);
    this.#now = until;
  }

  #run(timer: Timer): void {
    this.#timers.delete(timer);
    this.#now = Math.max(this.#now, timer.dueAt);
    timer.run();
  }

  #next(until: Millis): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.dueAt > until) continue;
      if (
        next === undefined ||
        timer.dueAt < next.dueAt ||
        (timer.dueAt === next.dueAt && timer.order < next.order)
      ) {
        next = timer;
      }
    }
    return next;
  }
}

/** Waits until every promise that is already decided has run its course, however long the chain is. */
export function settle(): Promise<void> {
  // Node runs the next tick when no promise is left to run.
  return new Promise((resolve) => process.nextTick(resolve));
}
