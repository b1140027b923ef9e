import { expect } from 'vitest';
import type { DeliveryStore, KeptBatch, Settlement } from '../../../src/ports/delivery-store.ts';
import type { MaybePromise } from '../../../src/ports/maybe-promise.ts';

/** Records what it receives, and answers as the test wants. */
export class FakeDeliveryStore implements DeliveryStore {
  readonly isShared = true;
  isAllowing = true;
  answer: () => MaybePromise<boolean> = () => true;
  kept: KeptBatch[] = [];
  postponed: (readonly [batchId: string, attempts: number, delayMs: number])[] = [];
  #settled: Settlement[] = [];

  /** From now on it gives the answers that are passed to the returned function. */
  answerLater(): (isKept: boolean) => void {
    let resolve: (isKept: boolean) => void = () => {};
    const later = new Promise<boolean>((given) => {
      resolve = given;
    });
    this.answer = () => later;
    return resolve;
  }

  mayAttempt(): boolean {
    return this.isAllowing;
  }

  keep(batch: KeptBatch): MaybePromise<boolean> {
    this.kept.push(batch);
    return this.answer();
  }

  postpone(batchId: string, attempts: number, delayMs: number): void {
    this.postponed.push([batchId, attempts, delayMs]);
  }

  settle(settlement: Settlement): void {
    this.#settled.push(settlement);
  }

  /**
   * What was settled since the last call, one per line: `endpoint batch: refs`, with `!` if it was an event's
   * last.
   */
  takeSettled(): string[] {
    const lines = this.#settled.map(({ endpointId, batchId = '-', events }) => {
      const refs = events.map(({ ref, isLast }) => (isLast ? `${ref}!` : ref));
      return `${endpointId || '-'} ${batchId}: ${refs.join(' ')}`;
    });
    this.#settled = [];
    return lines;
  }

  expectNothing(): void {
    expect([this.kept, this.postponed, this.takeSettled()]).toEqual([[], [], []]);
  }
}
