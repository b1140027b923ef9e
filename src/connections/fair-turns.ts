/** How many waiting callers continue in one turn. */
const mostInATurn = 10;

/** Lets callers with much work continue in turns, in the order of arrival, so that everything else runs in between. */
export class FairTurns {
  readonly #turn: () => Promise<void>;
  readonly #waiting: (() => void)[] = [];
  #isGoing = false;

  /** `turn` resolves in the next turn of the event loop, after data from the network was read. */
  constructor(turn: () => Promise<void>) {
    this.#turn = turn;
  }

  /** Resolves when it is the caller's turn. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      if (!this.#isGoing) void this.#go();
    });
  }

  async #go(): Promise<void> {
    this.#isGoing = true;
    while (this.#waiting.length > 0) {
      await this.#turn();
      for (const resolve of this.#waiting.splice(0, mostInATurn)) resolve();
    }
    this.#isGoing = false;
  }
}
