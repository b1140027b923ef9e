import type { Clock, Millis } from '../ports/clock.ts';
import { ticksASecond, type Ticker } from './ticker.ts';

/** The time source of an allowance. */
export interface AllowanceTime {
  readonly clock: Pick<Clock, 'now'>;
  readonly ticker: Ticker;
}

/** The limits of an allowance. */
export interface AllowanceBounds {
  /** How many per second. Infinity means no limit, and no timer. */
  readonly perSecond: number;
  /** The most that can be taken at once. Default: `perSecond`. */
  readonly burst?: number;
}

/**
 * A rate limit with a burst. A refusal costs only a comparison, because a ticker refills the allowance.
 */
export class Allowance {
  readonly #time: AllowanceTime;
  readonly #perSecond: number;
  readonly #most: number;
  #left: number;
  #isWaiting = false;
  /** Whether it has refused since the last refill. */
  #hasRefused = false;
  #refusedAt: Millis | undefined;

  readonly #restored: () => void;

  /** `restored` is called whenever the allowance is full again. */
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

  /** When it last refused, up to a tenth of a second late, because a refusal does not read the clock. */
  get refusedAt(): Millis | undefined {
    return this.#hasRefused ? this.#time.clock.now() : this.#refusedAt;
  }

  /** Takes one, if one is left. Returns whether it did. */
  take(): boolean {
    if (this.#left < 1) {
      this.#hasRefused = true;
      return false;
    }
    if (this.#perSecond === Infinity) return true;
    this.#left -= 1;
    if (!this.#isWaiting) {
      this.#isWaiting = true;
      this.#time.ticker.add(this.#refill);
    }
    return true;
  }

  /** Returns whether further refills are needed. */
  readonly #refill = (): boolean => {
    if (this.#hasRefused) this.#refusedAt = this.#time.clock.now();
    this.#hasRefused = false;
    this.#left = Math.min(this.#most, this.#left + this.#perSecond / ticksASecond);
    this.#isWaiting = this.#left < this.#most;
    if (!this.#isWaiting) this.#restored();
    return this.#isWaiting;
  };
}
