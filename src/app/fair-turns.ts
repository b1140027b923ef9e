/** So many of those who wait go on in one turn. */
const mostInATurn = 10;

/** Lets those who have much to do go on by turns, in the order in which they came, so that everybody else is heard between. */
export class FairTurns {
  readonly #turn: () => Promise<void>;
  readonly #waiting: (() => void)[] = [];
  #isGoing = false;

  /** `turn` resolves in the next turn of the event loop, when what came from the network was read. */
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
