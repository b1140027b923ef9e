import type { Millis } from '../../ports/clock.ts';
import type { RealTime } from '../../ports/real-time.ts';
import type { Activity } from './activity.ts';
import type { MovableClock } from './movable-clock.ts';
import { check, milliseconds } from '../check.ts';

/** Before the clock moves by itself, data in transit has this much real time to arrive. */
const arrivalMs: Millis = 10;

const duration = milliseconds();

/** What the pace needs. */
export interface PaceOptions {
  readonly clock: MovableClock;
  readonly real: RealTime;
  readonly activity: Activity;
  /** Throws when the emulator has been closed. */
  readonly refuseClosed: () => void;
  /** Called before the clock is moved on request, with the duration. */
  readonly advanced?: (ms: Millis) => void;
}

/** The bounds of `until`. */
export interface UntilOptions {
  /** Real time, when nothing is due, because a client may still be in transit. */
  readonly timeoutMs: Millis;
  /** Emulator time: the clock is moved no further. */
  readonly withinMs: Millis;
  /** Throws once the wait must end. */
  readonly refuse: () => void;
}

/**
 * Moves the clock from one due moment to the next, and lets activity finish before each. A real clock is left to run by itself,
 * except in `advance`.
 */
export class Pace {
  readonly #options: PaceOptions;
  /** Ends with the last requested move of the clock. */
  #moved: Promise<unknown> = Promise.resolve();

  constructor(options: PaceOptions) {
    this.#options = options;
  }

  /**
   * Moves the clock by this time, after earlier requests to move it. Resolves after everything that became due has been done.
   */
  async advance(ms: unknown): Promise<void> {
    this.#options.refuseClosed();
    const durationMs = check(duration, ms, 'clock.advance');
    await this.#inTurn(() => this.#move(durationMs));
  }

  /** Moves the clock to the next due moment. Returns false, and moves nothing, if nothing is due. */
  async next(): Promise<boolean> {
    const { clock, activity, refuseClosed } = this.#options;
    refuseClosed();
    return this.#inTurn(async () => {
      await activity.settled();
      const dueAt = clock.nextAwaitedAt;
      if (dueAt === undefined) return false;
      await this.#move(Math.max(0, dueAt - clock.now()));
      return true;
    });
  }

  /** Does it after the work of earlier calls, whether that succeeded or not. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#moved.then(work);
    this.#moved = done.catch(() => {});
    return done;
  }

  async #move(durationMs: Millis): Promise<void> {
    const { clock, activity, refuseClosed, advanced } = this.#options;
    refuseClosed();
    const until = clock.now() + durationMs;
    await activity.settled();
    advanced?.(durationMs);
    while (clock.runNext(until)) await activity.settled();
    clock.moveTo(until);
  }

  /** Lets this much time pass; a real clock takes as long. `refuse` throws once the wait must end. */
  async pass(ms: Millis, refuse: () => void): Promise<void> {
    const { clock, activity, real } = this.#options;
    refuse();
    await activity.settled();
    if (clock.isVirtual) {
      await activity.restedFor(arrivalMs);
      refuse();
      await this.#move(ms);
    } else {
      const endAt = real.now() + ms;
      for (let leftMs = ms; leftMs > 0; leftMs = endAt - real.now()) {
        refuse();
        await activity.changed(leftMs);
      }
      await activity.settled();
    }
    refuse();
  }

  /**
   * Calls `look` repeatedly, moving a virtual clock to the next due moment, until it finds something. Returns undefined if it does
   * not, nothing is due within the bound, and the timeout has passed.
   */
  async until<T>(
    look: () => T | undefined,
    { timeoutMs, withinMs, refuse }: UntilOptions,
  ): Promise<T | undefined> {
    const { clock, real, activity } = this.#options;
    const latest = clock.now() + withinMs;
    let timeoutAt = real.now() + timeoutMs;
    // While a virtual clock stands still for a request, the client is not being waited for.
    const extend = (requestMs: Millis): void => {
      if (clock.isVirtual) timeoutAt += requestMs;
    };
    let hasRested = false;
    for (;;) {
      extend(await activity.settled());
      // The emulator may have been closed or reset before the wait could be rejected.
      refuse();
      const found = look();
      if (found !== undefined) return found;
      const isDue = clock.isVirtual && clock.hasDueBy(latest);
      if (isDue && hasRested) {
        clock.runNext(latest);
      } else if (isDue) {
        extend(await activity.restedFor(arrivalMs));
        hasRested = true;
      } else {
        const leftMs = timeoutAt - real.now();
        if (leftMs <= 0 || !(await activity.changed(leftMs))) return look();
        hasRested = false;
      }
    }
  }
}
