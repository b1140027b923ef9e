import type { SendStep } from './steps.ts';

/** How many steps may wait. Beyond that, the oldest are given up. Two steps of the largest size may always wait. */
const maxSteps = 10_000;
const minBytes = 16 * 1024 * 1024;

/** A step that is repeated until it is known to be taken. */
export interface RecordedStep {
  readonly send: SendStep;
  readonly bytes: number;
  readonly settle: (isTaken: boolean) => void;
  /** The epoch and number under which it was last sent; undefined: not yet. */
  sentAs: { readonly epoch: string; readonly number: number } | undefined;
}

/** The steps of a node in one partition that no assertion could replace, in order, until each is known to be taken. */
export class RecordedSteps {
  #steps: RecordedStep[] = [];
  #bytes = 0;
  readonly #maxBytes: number;
  #whenFlushed: (() => void)[] = [];

  /** `messageBytes`: the size of the largest step. */
  constructor(messageBytes: number) {
    this.#maxBytes = Math.max(minBytes, 2 * messageBytes);
  }

  /** Adds a step. `settle` is called with whether the step was taken (true) or given up (false). */
  add(send: SendStep, bytes: number, settle: (isTaken: boolean) => void): RecordedStep {
    const step: RecordedStep = { send, bytes, settle, sentAs: undefined };
    this.#steps.push(step);
    this.#bytes += bytes;
    while (this.#steps.length > maxSteps || this.#bytes > this.#maxBytes) {
      const [oldest] = this.#steps;
      if (oldest !== undefined) this.settle(oldest, false);
    }
    return step;
  }

  /** The steps that were not sent under this epoch. */
  notSentUnder(epoch: string): readonly RecordedStep[] {
    return this.#steps.filter(({ sentAs }) => sentAs?.epoch !== epoch);
  }

  /** All steps of an epoch up to this number were taken. */
  taken(epoch: string, lastNumber: number): void {
    for (const step of Array.from(this.#steps)) {
      const { sentAs } = step;
      if (sentAs?.epoch === epoch && sentAs.number <= lastNumber) this.settle(step, true);
    }
  }

  /** Removes a step that was taken or is given up. */
  settle(step: RecordedStep, isTaken: boolean): void {
    const index = this.#steps.indexOf(step);
    if (index < 0) return;
    this.#steps.splice(index, 1);
    this.#bytes -= step.bytes;
    step.settle(isTaken);
    if (this.#steps.length > 0) return;
    const waiting = this.#whenFlushed;
    this.#whenFlushed = [];
    for (const resolve of waiting) resolve();
  }

  giveUp(): void {
    for (const step of Array.from(this.#steps)) this.settle(step, false);
  }

  /** Resolves once no step waits any more. */
  flushed(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#steps.length === 0) resolve();
      else this.#whenFlushed.push(resolve);
    });
  }
}
