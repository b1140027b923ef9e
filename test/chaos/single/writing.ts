import type { Period } from '../truth.ts';

/** How long after the log reports that writes succeed again everything must be written. */
const catchUpMs = 100;

/** Whether the node can write its store, according to its log. */
export class Writing {
  /** How often writes began to fail. */
  failures = 0;
  /** When writing last failed in this run. */
  #failed: { readonly from: number; to: number } | undefined;

  get isFailing(): boolean {
    return this.#failed?.to === Infinity;
  }

  /** Reads a line of the log. */
  read(line: string): void {
    if (line.includes('"msg":"cannot write to the store')) {
      this.failures += 1;
      const at = timeOf(line);
      // What was published during an earlier failure may not be written yet.
      const before = this.#failed;
      const isBefore = before !== undefined && at < before.to + catchUpMs;
      this.#failed = { from: isBefore ? before.from : at, to: Infinity };
    } else if (line.includes('"msg":"writing to the store works again"') && this.#failed !== undefined) {
      this.#failed.to = timeOf(line);
    }
  }

  /**
   * Records that this run has ended and its log was read. Returns the time since which writes may be missing.
   */
  end(): Period | undefined {
    const failed = this.#failed;
    this.#failed = undefined;
    return failed !== undefined && Date.now() < failed.to + catchUpMs ? failed : undefined;
  }
}

function timeOf(line: string): number {
  return (JSON.parse(line) as { time: number }).time;
}
