import type { Millis } from '../ports/clock.ts';
import { retryDelay, type RetryPolicy } from './retry.ts';

/** After so many failures in a row, whichever batches they were, the endpoint is only probed. */
const failingAfter = 3;

/**
 * How an endpoint that fails is probed: one attempt at a time, by its oldest batch on that batch's own schedule, and by
 * another one at the same pace, so that a batch which it will never take cannot hold up the rest.
 */
export class Probing<B> {
  readonly #retry: RetryPolicy;
  /** The last attempts all failed. To be read only. */
  isFailing = false;
  #failuresInARow = 0;
  /** The probe under way that is not the oldest batch's, what came of such probes, when the next may start. */
  #other: B | undefined;
  #otherFailures = 0;
  #otherAt: Millis = -Infinity;

  constructor(retry: RetryPolicy) {
    this.#retry = retry;
  }

  /** From when on another batch than the oldest may probe. */
  get otherAt(): Millis {
    return this.#otherAt;
  }

  /** Whether a new batch has the turn of probing beside the oldest; else one that was tried before. */
  get isTurnOfNew(): boolean {
    return this.#otherFailures % 2 === 0;
  }

  /** Another batch than the oldest probes. */
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

  /** An attempt was not made after all. Returns whether it was that other probe. */
  withdrawn(batch: B): boolean {
    if (batch !== this.#other) return false;
    this.#other = undefined;
    return true;
  }
}
