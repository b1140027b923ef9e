import type { SendStep } from './steps.ts';

/** Steps that wait to be taken, at most: beyond, the oldest are given up. Two of the largest may wait in any case. */
const mostSteps = 10_000;
const leastBytes = 16 * 1024 * 1024;

/** A step that is worth repeating, until it is known to be taken. */
export interface RecordedStep {
  readonly send: SendStep;
  readonly bytes: number;
  readonly settle: (isTaken: boolean) => void;
  /** Under which epoch and number it was sent last; undefined: not yet. */
  sentAs: { readonly epoch: string; readonly number: number } | undefined;
}

/** The steps of a node in one partition that no assertion could replace, in order, until each is known to be taken. */
export class RecordedSteps {
  #steps: RecordedStep[] = [];
  #bytes = 0;
  readonly #mostBytes: number;
  #whenFlushed: (() => void)[] = [];

  /** `messageBytes` of the largest step. */
  constructor(messageBytes: number) {
    this.#mostBytes = Math.max(leastBytes, 2 * messageBytes);
  }

  /** Keeps one more. `settle` is told whether it was taken, or given up. */
  add(send: SendStep, bytes: number, settle: (isTaken: boolean) => void): RecordedStep {
    const step: RecordedStep = { send, bytes, settle, sentAs: undefined };
    this.#steps.push(step);
    this.#bytes += bytes;
    while (this.#steps.length > mostSteps || this.#bytes > this.#mostBytes) {
      const [oldest] = this.#steps;
      if (oldest !== undefined) this.settle(oldest, false);
    }
    return step;
  }

  /** Those that were not sent under this epoch. */
  notSentUnder(epoch: string): readonly RecordedStep[] {
    return this.#steps.filter(({ sentAs }) => sentAs?.epoch !== epoch);
  }

  /** Of an epoch all steps up to this number were taken. */
  taken(epoch: string, lastNumber: number): void {
    for (const step of Array.from(this.#steps)) {
      const { sentAs } = step;
      if (sentAs?.epoch === epoch && sentAs.number <= lastNumber) this.settle(step, true);
    }
  }

  /** It was taken, or is given up: it is kept no longer. */
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

  /** Resolves once none waits any more. */
  flushed(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#steps.length === 0) resolve();
      else this.#whenFlushed.push(resolve);
    });
  }
}
