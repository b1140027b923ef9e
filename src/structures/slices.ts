import { LinkedList } from './linked-list.ts';
import { TurnBudget, type NextTurn } from './turn-budget.ts';

/**
 * Work that may be much, done in the order in which it came: what a turn of the event loop has room for at once, the rest in
 * slices, one in each of the turns that follow.
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

  /** Whether so many steps can be done in this turn, and nothing is to be done before them; if so they count. */
  take(steps: number): boolean {
    return this.#works.size === 0 && this.#budget.take(steps);
  }

  /** Does this, each item that it yields a step. A step may add more work, which comes last. */
  add(work: Iterable<unknown>): void {
    this.#works.push(work[Symbol.iterator]());
    this.#run();
  }

  /** Undefined when nothing is left to do; else a promise that resolves then. */
  done(): Promise<void> | undefined {
    if (this.#works.size === 0) return undefined;
    return new Promise((resolve) => void this.#listeners.push(resolve));
  }

  /** Does everything that is left, in this turn. */
  finish(): void {
    this.#work(() => true);
  }

  #run(): void {
    // Whoever waits for the next turn comes before what has been added since.
    if (!this.#isAwaiting) this.#work(() => this.#budget.take());
  }

  #work(mayGoOn: () => boolean): void {
    // A step that adds work is not the place to do it.
    if (this.#isWorking) return;
    this.#isWorking = true;
    try {
      let isPaid = false;
      for (let work = this.#works.first; work !== undefined; work = this.#works.first) {
        if (!isPaid && !mayGoOn()) return this.#await();
        // To find that a work is at its end is no step.
        isPaid = work.next().done === true;
        if (isPaid) this.#works.shift();
      }
    } finally {
      this.#isWorking = false;
    }
    this.#tell();
  }

  #await(): void {
    this.#isAwaiting = true;
    this.#budget.whenTurned(() => {
      this.#isAwaiting = false;
      this.#run();
    });
  }

  #tell(): void {
    const listeners = this.#listeners;
    this.#listeners = [];
    for (const resolve of listeners) resolve();
  }
}
