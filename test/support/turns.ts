import { Slices } from '../../src/structures/slices.ts';
import { TurnBudget } from '../../src/structures/turn-budget.ts';

/** Room for everything in one turn, for tests that are not about turns. */
export function noSlices(): {
  readonly slices: Slices;
  readonly questions: TurnBudget;
  readonly pace: TurnBudget;
} {
  const nextTurn = (): never => {
    throw new Error('there is room for everything in this turn');
  };
  const all = new TurnBudget(Infinity, nextTurn);
  return { slices: new Slices(Infinity, nextTurn), questions: all, pace: all };
}

/** Turns that come when the test says so. */
export class FakeTurns {
  #next: (() => void)[] = [];
  /** How many have come. */
  count = 0;

  readonly nextTurn = (run: () => void): void => {
    this.#next.push(run);
  };

  /** Whether anybody waits for the next one. */
  get isAwaited(): boolean {
    return this.#next.length > 0;
  }

  /** The next turn comes. */
  turn(): void {
    this.count += 1;
    const next = this.#next;
    this.#next = [];
    for (const run of next) run();
  }
}
