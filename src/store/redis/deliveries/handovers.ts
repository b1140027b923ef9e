import type { Millis } from '../../../ports/clock.ts';
import { choosePartitions, planTransfers } from './sharing.ts';

/** Partitions that one node gives to another. */
export interface Handover {
  readonly recipient: string;
  readonly partitions: readonly number[];
}

/** Which partitions this node and the others have. */
export interface PartitionHoldings {
  readonly now: Millis;
  readonly owned: Iterable<number>;
  /** The live nodes, and how many partitions each has. */
  readonly nodes: ReadonlyMap<string, number>;
  /** The partitions of each batch that waits for another attempt. */
  readonly ties: Iterable<readonly number[]>;
}

/** How long a batch keeps its partitions together. Until then it may have been delivered. */
export const splitAfterMs: Millis = 10_000;

/** Decides what a node gives away, and when. */
export class HandoverPlan {
  readonly #nodeId: string;
  /** The minimum time between two handovers by this node. */
  readonly #pauseMs: Millis;
  /** Since when this node has more than its share. */
  #unfairSince: Millis | undefined;
  #handedOverAt: Millis = -Infinity;

  constructor(nodeId: string, pauseMs: Millis) {
    this.#nodeId = nodeId;
    this.#pauseMs = pauseMs;
  }

  /** The handovers that are due now. */
  due({ now, owned, nodes, ties }: PartitionHoldings): readonly Handover[] {
    const transfers = planTransfers(nodes, this.#nodeId);
    if (transfers.length === 0) {
      this.#unfairSince = undefined;
      return [];
    }
    this.#unfairSince ??= now;
    if (now - this.#handedOverAt < this.#pauseMs) return [];
    const maySplit = now - this.#unfairSince >= splitAfterMs;
    const left = new Set(owned);
    const tied = [...ties];
    return transfers.flatMap(({ recipient, count }) => {
      const partitions = choosePartitions(left, count, tied, maySplit) ?? [];
      for (const index of partitions) left.delete(index);
      return partitions.length > 0 ? [{ recipient, partitions }] : [];
    });
  }

  /** Notes that this node has given partitions away. */
  handedOver(now: Millis): void {
    this.#handedOverAt = now;
  }
}
