import type { Clock, Millis } from '../ports/clock.ts';
import { ticksASecond, type Ticker } from './ticker.ts';

/** By what an allowance knows the time. */
export interface AllowanceTime {
  readonly clock: Pick<Clock, 'now'>;
  readonly ticker: Ticker;
}

/** How much there is to be spent. */
export interface AllowanceBounds {
  /** Infinity: no bound, and no timer. */
  readonly perSecond: number;
  /** The most that may be spent at once. Default: what is given back in a second. */
  readonly burst?: number;
}

/**
 * So many things a second, after a burst. To be asked when nothing is left costs a comparison, because what was spent comes
 * back with the ticks that follow.
 */
export class Allowance {
  readonly #time: AllowanceTime;
  readonly #perSecond: number;
  readonly #most: number;
  #left: number;
  #isWaiting = false;
  /** Whether it has refused since something was given back last. */
  #hasRefused = false;
  #refusedAt: Millis | undefined;

  readonly #restored: () => void;

  /** `restored` is called whenever all that was spent has come back. */
  constructor(
    { perSecond, burst = perSecond }: AllowanceBounds,
    time: AllowanceTime,
    restored: () => void = () => {},
  ) {
    this.#restored = restored;
    this.#time = time;
    this.#perSecond = perSecond;
    this.#most = burst;
    this.#left = burst;
  }

  /** When it refused last, or up to a tenth of a second later: to refuse reads no clock. */
  get refusedAt(): Millis | undefined {
    return this.#hasRefused ? this.#time.clock.now() : this.#refusedAt;
  }

  /** Whether one more is allowed now; if so it counts. */
  take(): boolean {
    if (this.#left < 1) {
      this.#hasRefused = true;
      return false;
    }
    if (this.#perSecond === Infinity) return true;
    this.#left -= 1;
    if (!this.#isWaiting) {
      this.#isWaiting = true;
      this.#time.ticker.add(this.#giveBack);
    }
    return true;
  }

  /** Returns whether there is more to be given back. */
  readonly #giveBack = (): boolean => {
    if (this.#hasRefused) this.#refusedAt = this.#time.clock.now();
    this.#hasRefused = false;
    this.#left = Math.min(this.#most, this.#left + this.#perSecond / ticksASecond);
    this.#isWaiting = this.#left < this.#most;
    if (!this.#isWaiting) this.#restored();
    return this.#isWaiting;
  };
}
