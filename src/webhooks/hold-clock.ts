import type { Millis } from '../ports/clock.ts';

/** A time span during which the clock stood still. */
interface Hold {
  readonly from: Millis;
  readonly to: Millis;
}

/** How many holds are kept apart. Of more, the earliest two are merged. */
const mostHolds = 64;

/**
 * The time of one endpoint. It runs with the clock, but stands still while the endpoint is held: what is due is delayed by the
 * hold, and no event ages meanwhile. It has no clock of its own: times are passed in.
 */
export class HoldClock {
  /** Past holds, the earliest first. */
  #over: Hold[] = [];
  #overMs: Millis = 0;
  #since: Millis | undefined;

  /** Forgets all holds. Times that were read before are not comparable with later ones. */
  reset(): void {
    this.#over = [];
    this.#overMs = 0;
    this.#since = undefined;
  }

  get isHeld(): boolean {
    return this.#since !== undefined;
  }

  /** Stops the time from `at` on. `at` may be in the past if the time since then has not been read yet. */
  hold(at: Millis): void {
    this.#since ??= at;
  }

  /** Lets the time run again. */
  release(at: Millis): void {
    const from = this.#since;
    this.#since = undefined;
    if (from === undefined || at <= from) return;
    this.#over.push({ from, to: at });
    this.#overMs += at - from;
    const [first, second] = this.#over;
    if (this.#over.length <= mostHolds || first === undefined || second === undefined) return;
    // Exact for times before both holds; times between them are moved back by more than necessary.
    const lengthMs = first.to - first.from + second.to - second.from;
    this.#over.splice(0, 2, { from: second.to - lengthMs, to: second.to });
  }

  /** The endpoint's time at a time of the clock. A later clock time never gives an earlier result. */
  local(moment: Millis): Millis {
    // Endpoints are rarely held.
    if (this.#overMs === 0 && this.#since === undefined) return moment;
    const at = this.#since === undefined ? moment : Math.min(moment, this.#since);
    let before = this.#overMs;
    for (let index = this.#over.length - 1; index >= 0; index -= 1) {
      const hold = this.#over[index];
      if (hold === undefined || hold.to <= at) break;
      before -= hold.to - Math.max(hold.from, at);
    }
    return at - before;
  }

  /** The endpoint's time for a plan that was made, by clock time, without knowledge of the current hold. */
  planned(moment: Millis): Millis {
    return moment - this.#overMs;
  }

  /** The clock time at which this time will be reached; Infinity if not before the release. */
  momentOf(local: Millis): Millis {
    return this.#since === undefined ? local + this.#overMs : Infinity;
  }
}
