import type { Millis } from '../../ports/clock.ts';
import type { RealTime } from '../../ports/real-time.ts';
import type { Activity } from './activity.ts';
import type { MovableClock } from './movable-clock.ts';
import { check, milliseconds } from '../check.ts';

/** Before the clock is moved by itself, whoever is on the way has so much real time to arrive. */
const arrivalMs: Millis = 10;

const duration = milliseconds();

/** What the pace is made with. */
export interface PaceOptions {
  readonly clock: MovableClock;
  readonly real: RealTime;
  readonly activity: Activity;
  /** Throws when the emulator has been closed. */
  readonly refuseClosed: () => void;
  /** Is told by how much the clock is about to be moved at somebody's wish. */
  readonly advanced?: (ms: Millis) => void;
}

/** Until when `until` looks. */
export interface UntilOptions {
  /** Of real time, when nothing is due: somebody may still be on the way. */
  readonly timeoutMs: Millis;
  /** Of the emulator's time: the clock is not moved further. */
  readonly withinMs: Millis;
  /** Throws once nobody is to wait any more. */
  readonly refuse: () => void;
}

/**
 * Moves the clock, from due moment to due moment; before each, what is on its way comes to rest. A clock that is real
 * is left to go by itself, but for `advance`.
 */
export class Pace {
  readonly #options: PaceOptions;

  constructor(options: PaceOptions) {
    this.#options = options;
  }

  /** Lets so much time pass now. Resolves when what fell due in it has been done. */
  async advance(ms: unknown): Promise<void> {
    const { clock, activity, refuseClosed, advanced } = this.#options;
    refuseClosed();
    const durationMs = check(duration, ms, 'clock.advance');
    const until = clock.now() + durationMs;
    await activity.settled();
    advanced?.(durationMs);
    while (clock.runNext(until)) await activity.settled();
    clock.moveTo(until);
  }

  /** Moves the clock to the next moment at which something is due. False, with nothing moved: nothing is due. */
  async next(): Promise<boolean> {
    const { clock, activity, refuseClosed } = this.#options;
    refuseClosed();
    await activity.settled();
    const dueAt = clock.nextAwaitedAt;
    if (dueAt === undefined) return false;
    await this.advance(Math.max(0, dueAt - clock.now()));
    return true;
  }

  /** Has so much time passed: a real clock takes as long. `refuse` throws once nobody is to wait any more. */
  async pass(ms: Millis, refuse: () => void): Promise<void> {
    const { clock, activity, real } = this.#options;
    refuse();
    await activity.settled();
    if (clock.isVirtual) {
      await activity.restedFor(arrivalMs);
      refuse();
      await this.advance(ms);
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
   * Looks again and again, moving a virtual clock to what is due next, until `look` finds something; undefined when
   * it has not, nothing is due within the bound, and the time-out is over.
   */
  async until<T>(
    look: () => T | undefined,
    { timeoutMs, withinMs, refuse }: UntilOptions,
  ): Promise<T | undefined> {
    const { clock, real, activity } = this.#options;
    const latest = clock.now() + withinMs;
    const timeoutAt = real.now() + timeoutMs;
    let hasRested = false;
    for (;;) {
      await activity.settled();
      // It may have been closed or reset meanwhile, before anybody was there to be told.
      refuse();
      const found = look();
      if (found !== undefined) return found;
      const isDue = clock.isVirtual && clock.hasDueBy(latest);
      if (isDue && hasRested) {
        clock.runNext(latest);
      } else if (isDue) {
        await activity.restedFor(arrivalMs);
        hasRested = true;
      } else {
        const leftMs = timeoutAt - real.now();
        if (leftMs <= 0 || !(await activity.changed(leftMs))) return look();
        hasRested = false;
      }
    }
  }
}
