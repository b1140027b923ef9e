import type { Millis } from '../../../ports/clock.ts';
import { choosePartitions, planGifts } from './sharing.ts';

/** Partitions on their way to another node. */
export interface Parcel {
  readonly heir: string;
  readonly partitions: readonly number[];
}

/** What a node has and others have. */
export interface PartitionHoldings {
  readonly now: Millis;
  readonly owned: Iterable<number>;
  /** The nodes that live, and how many partitions each has. */
  readonly nodes: ReadonlyMap<string, number>;
  /** The partitions of each batch that waits for another attempt. */
  readonly ties: Iterable<readonly number[]>;
}

/** A batch keeps partitions together for so long: perhaps it is delivered by then. */
export const tearAfterMs: Millis = 10_000;

/** Decides what a node gives away, and when. */
export class Parcels {
  readonly #nodeId: string;
  /** Between two times at which this node gives something away. */
  readonly #pauseMs: Millis;
  /** Since when this node has more than its share, and when it last gave something away. */
  #unfairSince: Millis | undefined;
  #gaveAt: Millis = -Infinity;

  constructor(nodeId: string, pauseMs: Millis) {
    this.#nodeId = nodeId;
    this.#pauseMs = pauseMs;
  }

  /** What is to be given away now. */
  pack({ now, owned, nodes, ties }: PartitionHoldings): readonly Parcel[] {
    const gifts = planGifts(nodes, this.#nodeId);
    if (gifts.length === 0) {
      this.#unfairSince = undefined;
      return [];
    }
    this.#unfairSince ??= now;
    if (now - this.#gaveAt < this.#pauseMs) return [];
    const mayTear = now - this.#unfairSince >= tearAfterMs;
    const left = new Set(owned);
    const tied = [...ties];
    return gifts.flatMap(({ heir, count }) => {
      const partitions = choosePartitions(left, count, tied, mayTear) ?? [];
      for (const index of partitions) left.delete(index);
      return partitions.length > 0 ? [{ heir, partitions }] : [];
    });
  }

  /** Something was given away. */
  gave(now: Millis): void {
    this.#gaveAt = now;
  }
}
