/** Runs something when the event loop has turned once. */
export type NextTurn = (run: () => void) => void;

/** So many steps in each turn of the event loop, shared by whoever takes them. */
export class TurnBudget {
  readonly perTurn: number;
  readonly #nextTurn: NextTurn;
  #left: number;
  /** Who waits for the next turn; undefined: it need not be waited for. */
  #waiting: (() => void)[] | undefined;

  /** `perTurn` may be Infinity. */
  constructor(perTurn: number, nextTurn: NextTurn) {
    this.perTurn = perTurn;
    this.#left = perTurn;
    this.#nextTurn = nextTurn;
  }

  /** Whether so many steps are left in this turn; if so they are taken. */
  take(steps = 1): boolean {
    if (steps > this.#left) return false;
    this.#left -= steps;
    if (this.perTurn !== Infinity) this.#await();
    return true;
  }

  /** Calls back in the next turn, when there are steps again. */
  whenTurned(run: () => void): void {
    this.#await().push(run);
  }

  /** Resolves once there are so many steps, which are taken: in this turn if possible. At most `perTurn`. */
  async step(steps = 1): Promise<void> {
    while (!this.take(steps)) await new Promise<void>((resolve) => this.whenTurned(resolve));
  }

  /** Does something with each, in order, a step each, and resolves with all results. Rejects when one of them has. */
  async each<T, R>(items: Iterable<T>, work: (item: T) => Promise<R>): Promise<R[]> {
    const results: Promise<R>[] = [];
    for (const item of items) {
      await this.step();
      const result = work(item);
      // Told in the end, and no fault that nobody sees to until then.
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
