import type { Millis } from '../ports/clock.ts';
import { retryDelay, type RetryPolicy } from './retry.ts';

/** After this many failures in a row, of whichever batches, the endpoint counts as failing and is only probed. */
const failingAfter = 3;

/**
 * How a failing endpoint is probed: with one attempt at a time, by its oldest batch on that batch's own schedule, and by
 * another batch at the same pace, so that a batch which the endpoint never accepts cannot hold up the rest.
 */
export class Probing<B> {
  readonly #retry: RetryPolicy;
  /** Whether the last attempts all failed. Do not write to it. */
  isFailing = false;
  #failuresInARow = 0;
  /** The probe in progress of a batch other than the oldest, the failures of such probes, and when the next may start. */
  #other: B | undefined;
  #otherFailures = 0;
  #otherAt: Millis = -Infinity;

  constructor(retry: RetryPolicy) {
    this.#retry = retry;
  }

  /** When a batch other than the oldest may probe. */
  get otherAt(): Millis {
    return this.#otherAt;
  }

  /** Whether the next such probe uses a new batch; otherwise it uses one that was tried before. */
  get isTurnOfNew(): boolean {
    return this.#otherFailures % 2 === 0;
  }

  /** A batch other than the oldest probes. */
  began(other: B | undefined): void {
    this.#other = other;
  }

  succeeded(): void {
    this.#failuresInARow = 0;
    this.isFailing = false;
    this.#otherFailures = 0;
    this.#otherAt = -Infinity;
  }

  failed(batch: B, at: Millis, random: number): void {
    this.#failuresInARow += 1;
    this.isFailing = this.#failuresInARow >= failingAfter;
    if (!this.withdrawn(batch)) return;
    this.#otherFailures += 1;
    this.#otherAt = at + retryDelay(this.#retry, this.#otherFailures, random);
  }

  /** Reports that an attempt was not made. Returns whether it was a probe by a batch other than the oldest. */
  withdrawn(batch: B): boolean {
    if (batch !== this.#other) return false;
    this.#other = undefined;
    return true;
  }
}
