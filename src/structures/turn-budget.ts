/** Runs a function in the next turn of the event loop. */
export type NextTurn = (run: () => void) => void;

/** A number of steps for each turn of the event loop, shared by all callers. */
export class TurnBudget {
  readonly perTurn: number;
  readonly #nextTurn: NextTurn;
  #left: number;
  /** The callbacks that wait for the next turn; undefined if no next turn has been requested. */
  #waiting: (() => void)[] | undefined;

  /** `perTurn` may be Infinity. */
  constructor(perTurn: number, nextTurn: NextTurn) {
    this.perTurn = perTurn;
    this.#left = perTurn;
    this.#nextTurn = nextTurn;
  }

  /** Takes `steps` steps if this turn has that many left. Returns whether it did. */
  take(steps = 1): boolean {
    if (steps > this.#left) return false;
    this.#left -= steps;
    if (this.perTurn !== Infinity) this.#await();
    return true;
  }

  /** Calls back in the next turn, when steps are available again. */
  whenTurned(run: () => void): void {
    this.#await().push(run);
  }

  /** Resolves once `steps` steps are available and taken, in this turn if possible. `steps` is at most `perTurn`. */
  async step(steps = 1): Promise<void> {
    while (!this.take(steps)) await new Promise<void>((resolve) => this.whenTurned(resolve));
  }

  /** Calls `work` with each item in order, one step each, and resolves with all results. Rejects if one of them rejects. */
  async each<T, R>(items: Iterable<T>, work: (item: T) => Promise<R>): Promise<R[]> {
    const results: Promise<R>[] = [];
    for (const item of items) {
      await this.step();
      const result = work(item);
      // Promise.all reports the rejection in the end; until then it must not count as unhandled.
      result.catch(() => {});
      results.push(result);
    }
    return Promise.all(results);
  }

  #await(): (() => void)[] {
    if (this.#waiting !== undefined) return this.#waiting;
    const waiting: (() => void)[] = [];
    this.#waiting = waiting;
    this.#nextTurn(() => {
      this.#waiting = undefined;
      this.#left = this.perTurn;
      for (const run of waiting) run();
    });
    return waiting;
  }
}
