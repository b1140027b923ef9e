import { LinkedList } from './linked-list.ts';
import { TurnBudget, type NextTurn } from './turn-budget.ts';

/**
 * Runs work that may be large, in the order added. What fits into the current turn of the event loop runs immediately; the
 * rest runs in slices, one in each of the following turns.
 */
export class Slices {
  readonly #budget: TurnBudget;
  readonly #works = new LinkedList<Iterator<unknown>>();
  #isWorking = false;
  #isAwaiting = false;
  #listeners: (() => void)[] = [];

  /** `stepsPerTurn` may be Infinity. */
  constructor(stepsPerTurn: number, nextTurn: NextTurn) {
    this.#budget = new TurnBudget(stepsPerTurn, nextTurn);
  }

  /** Reserves `steps` steps of this turn if there is room for them and no earlier work is waiting. Returns whether it did. */
  take(steps: number): boolean {
    return this.#works.size === 0 && this.#budget.take(steps);
  }

  /** Runs the work; each item that it yields is a step. A step may add more work, which runs last. */
  add(work: Iterable<unknown>): void {
    this.#works.push(work[Symbol.iterator]());
    this.#run();
  }

  /** Undefined when no work is left; otherwise a promise that resolves when all is done. */
  done(): Promise<void> | undefined {
    if (this.#works.size === 0) return undefined;
    return new Promise((resolve) => void this.#listeners.push(resolve));
  }

  /** Runs all remaining work in this turn. */
  finish(): void {
    this.#work(() => true);
  }

  #run(): void {
    // Work that waits for the next turn runs before work that was added since.
    if (!this.#isAwaiting) this.#work(() => this.#budget.take());
  }

  #work(mayGoOn: () => boolean): void {
    // A step that adds work must not run it itself.
    if (this.#isWorking) return;
    this.#isWorking = true;
    try {
      let isPaid = false;
      for (let work = this.#works.first; work !== undefined; work = this.#works.first) {
        if (!isPaid && !mayGoOn()) return this.#await();
        // Finding that a work has ended is not a step.
        isPaid = work.next().done === true;
        if (isPaid) this.#works.shift();
      }
    } finally {
      this.#isWorking = false;
    }
    this.#resolveListeners();
  }

  #await(): void {
    this.#isAwaiting = true;
    this.#budget.whenTurned(() => {
      this.#isAwaiting = false;
      this.#run();
    });
  }

  #resolveListeners(): void {
    const listeners = this.#listeners;
    this.#listeners = [];
    for (const resolve of listeners) resolve();
  }
}
