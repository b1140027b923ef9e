import type { Millis } from '../ports/clock.ts';

/** A span in which time stood still. */
interface Hold {
  readonly from: Millis;
  readonly to: Millis;
}

/** So many holds are told apart; of more, the earliest two count as one. */
const mostHolds = 64;

/**
 * The time of one endpoint: it goes by as the clock does, but stands still while the endpoint is held. What is due by
 * it is so much later, and no event ages meanwhile. It holds no clock: each moment is handed in.
 */
export class HoldClock {
  /** Those that are over, the earliest first. */
  #over: Hold[] = [];
  #overMs: Millis = 0;
  #since: Millis | undefined;

  get isHeld(): boolean {
    return this.#since !== undefined;
  }

  /** Time stands still from this moment on; it may be a past one of which nobody has asked yet. */
  hold(at: Millis): void {
    this.#since ??= at;
  }

  /** Time goes on. */
  release(at: Millis): void {
    const from = this.#since;
    this.#since = undefined;
    if (from === undefined || at <= from) return;
    this.#over.push({ from, to: at });
    this.#overMs += at - from;
    const [first, second] = this.#over;
    if (this.#over.length <= mostHolds || first === undefined || second === undefined) return;
    // Right for what is older than both; what came between them is given more time than it had.
    const lengthMs = first.to - first.from + second.to - second.from;
    this.#over.splice(0, 2, { from: second.to - lengthMs, to: second.to });
  }

  /** What this time shows, or showed, at a moment of the clock. A later moment never gives an earlier time. */
  local(moment: Millis): Millis {
    // Mostly nobody has ever held it.
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

  /** The time for which something was planned at a moment of the clock, by somebody who did not know of the hold in force. */
  planned(moment: Millis): Millis {
    return moment - this.#overMs;
  }

  /** The moment of the clock at which this time will come; Infinity: not before the release. */
  momentOf(local: Millis): Millis {
    return this.#since === undefined ? local + this.#overMs : Infinity;
  }
}
