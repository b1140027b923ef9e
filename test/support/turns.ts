import { Slices } from '../../src/structures/slices.ts';
import { TurnBudget } from '../../src/structures/turn-budget.ts';

/** Turns with unlimited room, for tests that do not concern turns. */
export function noSlices(): {
  readonly slices: Slices;
  readonly questions: TurnBudget;
  readonly pace: TurnBudget;
} {
  const nextTurn = (): never => {
    throw new Error('the turn has room for everything');
  };
  const all = new TurnBudget(Infinity, nextTurn);
  return { slices: new Slices(Infinity, nextTurn), questions: all, pace: all };
}

/** Turns that the test starts. */
export class FakeTurns {
  #next: (() => void)[] = [];
  /** How many turns have started. */
  count = 0;

  readonly nextTurn = (run: () => void): void => {
    this.#next.push(run);
  };

  /** Whether anything waits for the next turn. */
  get isAwaited(): boolean {
    return this.#next.length > 0;
  }

  /** Starts the next turn. */
  turn(): void {
    this.count += 1;
    const next = this.#next;
    this.#next = [];
    for (const run of next) run();
  }
}

/** Resolves in the next turn of the event loop. */
export const nextTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
