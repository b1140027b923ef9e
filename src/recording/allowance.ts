import type { Cancel, Clock, Millis } from '../ports/clock.ts';

/** So often a second what was spent is given back. */
const givesBackASecond = 10;

/** How much there is to be spent. */
export interface AllowanceBounds {
  /** Infinity: no bound, and no timer. */
  readonly perSecond: number;
  /** The most that may be spent at once. Default: what is given back in a second. */
  readonly burst?: number;
}

/**
 * So many things a second, after a burst. To be asked when nothing is left costs a comparison, because what was spent comes
 * back by a timer, which runs only while something is spent.
 */
export class Allowance {
  readonly #clock: Pick<Clock, 'now' | 'after'>;
  readonly #perSecond: number;
  readonly #most: number;
  #left: number;
  #cancel: Cancel | undefined;
  /** Whether it has refused since something was given back last. */
  #hasRefused = false;
  #refusedAt: Millis | undefined;

  constructor({ perSecond, burst = perSecond }: AllowanceBounds, clock: Pick<Clock, 'now' | 'after'>) {
    this.#clock = clock;
    this.#perSecond = perSecond;
    this.#most = burst;
    this.#left = burst;
  }

  /** When it refused last, or up to a tenth of a second later: to refuse reads no clock. */
  get refusedAt(): Millis | undefined {
    return this.#hasRefused ? this.#clock.now() : this.#refusedAt;
  }

  /** Whether one more is allowed now; if so it counts. */
  take(): boolean {
    if (this.#left < 1) {
      this.#hasRefused = true;
      return false;
    }
    if (this.#perSecond === Infinity) return true;
    this.#left -= 1;
    this.#cancel ??= this.#giveBackLater();
    return true;
  }

  /** Leaves no timer. */
  close(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #giveBackLater(): Cancel {
    return this.#clock.after(1000 / givesBackASecond, () => {
      if (this.#hasRefused) this.#refusedAt = this.#clock.now();
      this.#hasRefused = false;
      this.#left = Math.min(this.#most, this.#left + this.#perSecond / givesBackASecond);
      this.#cancel = this.#left < this.#most ? this.#giveBackLater() : undefined;
    });
  }
}
