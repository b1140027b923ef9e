import type { Cancel, Clock } from '../ports/clock.ts';

/** So often a second what was spent is given back. */
const givesBackASecond = 10;

/**
 * So many things a second, after a burst of as many. To be asked when nothing is left costs a comparison, because what was
 * spent comes back by a timer, which runs only while something is spent.
 */
export class Allowance {
  readonly #clock: Pick<Clock, 'after'>;
  readonly #perSecond: number;
  #left: number;
  #cancel: Cancel | undefined;

  /** `perSecond` may be Infinity: no bound, and no timer. */
  constructor(perSecond: number, clock: Pick<Clock, 'after'>) {
    this.#clock = clock;
    this.#perSecond = perSecond;
    this.#left = perSecond;
  }

  /** Whether one more is allowed now; if so it counts. */
  take(): boolean {
    if (this.#left < 1) return false;
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
      this.#left = Math.min(this.#perSecond, this.#left + this.#perSecond / givesBackASecond);
      this.#cancel = this.#left < this.#perSecond ? this.#giveBackLater() : undefined;
    });
  }
}
