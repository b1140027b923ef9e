import type { Period } from '../truth.ts';

/** What was said while writing failed is written within so long after the log has said that it works again. */
const catchUpMs = 100;

/** Whether the node can write its store, as its log says. */
export class Writing {
  /** How often it began to fail. */
  failures = 0;
  /** When writing failed last, in this life. */
  #failed: { readonly from: number; to: number } | undefined;

  get isFailing(): boolean {
    return this.#failed?.to === Infinity;
  }

  /** Reads a line of the log. */
  read(line: string): void {
    if (line.includes('"msg":"cannot write to the store')) {
      this.failures += 1;
      const at = timeOf(line);
      // What was said in an earlier failure may not be written yet.
      const before = this.#failed;
      const isBefore = before !== undefined && at < before.to + catchUpMs;
      this.#failed = { from: isBefore ? before.from : at, to: Infinity };
    } else if (line.includes('"msg":"writing to the store works again"') && this.#failed !== undefined) {
      this.#failed.to = timeOf(line);
    }
  }

  /** This life has ended, and all of its log was read. Returns when something was said that it did not come to write. */
  end(): Period | undefined {
    const failed = this.#failed;
    this.#failed = undefined;
    return failed !== undefined && Date.now() < failed.to + catchUpMs ? failed : undefined;
  }
}

function timeOf(line: string): number {
  return (JSON.parse(line) as { time: number }).time;
}
