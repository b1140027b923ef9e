import type { Period } from '../truth.ts';

/** Whether the node can write its store, as its log says. */
export class Writing {
  /** How often it began to fail. */
  failures = 0;
  #failingSince: number | undefined;

  get isFailing(): boolean {
    return this.#failingSince !== undefined;
  }

  /** Reads a line of the log. */
  read(line: string): void {
    if (line.includes('"msg":"the store cannot be written')) {
      this.failures += 1;
      this.#failingSince = (JSON.parse(line) as { time: number }).time;
    } else if (line.includes('"msg":"the store is written again"')) {
      this.#failingSince = undefined;
    }
  }

  /** This life has ended, and all of its log was read. Returns since when its store had taken nothing. */
  end(): Period | undefined {
    const from = this.#failingSince;
    this.#failingSince = undefined;
    return from === undefined ? undefined : { from, to: Date.now() };
  }
}
