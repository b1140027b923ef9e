import type { Millis } from '../../../ports/clock.ts';
import type { Reply } from '../link/replies.ts';

/** A node's right to dispatch what is in one partition. */
export interface Right {
  /** Rises with every change of owner, and is fenced in the partition. */
  readonly token: number;
  /** Until then an attempt of a former owner may last, in Redis's time. */
  readonly calmAt: Millis;
}

/** What Redis says of the rights to dispatch, to the node that has asked. */
export interface Rights {
  /**
   * The node's own token, which its writes carry; 0: a node of a former version has the right to everything; -1: who
   * has rights is forgotten, and left to those who had them.
   */
  readonly token: number;
  /** The moment of the answer, in Redis's time. */
  readonly at: Millis;
  /** The nodes that live, and how many partitions each has. */
  readonly nodes: ReadonlyMap<string, number>;
  /** The partitions of the node that has asked. */
  readonly partitions: ReadonlyMap<number, Right>;
}

/**
 * What follows from an answer. `forgotten`: nobody knows who has rights; what the node works for stays. `lost`: another node has,
 * or had meanwhile, partitions that it works for, so that what it has in memory of them counts no more. `won`: there are
 * partitions that it does not work for yet, and all others stayed. `kept`: nothing has changed.
 */
export type OwnershipVerdict =
  | { readonly kind: 'forgotten' }
  | { readonly kind: 'kept' }
  | { readonly kind: 'won'; readonly partitions: readonly number[] }
  | { readonly kind: 'lost'; readonly partitions: readonly number[] };

/** The rights of a node that has none. */
export const noRights: Rights = { token: 0, at: 0, nodes: new Map(), partitions: new Map() };

/** Reads what `lead.lua` answers. */
export function readRights([token = 0, at = 0, living = '', ...owned]: Reply): Rights {
  const names = String(living)
    .split(' ')
    .filter((part) => part !== '');
  const nodes = new Map<string, number>();
  for (let index = 0; index < names.length; index += 2) {
    nodes.set(names[index] ?? '', Number(names[index + 1]));
  }
  const partitions = new Map<number, Right>();
  for (const text of owned) {
    const [index = 0, ofPartition = 0, calmAt = 0] = String(text).split(' ').map(Number);
    partitions.set(index, { token: ofPartition, calmAt });
  }
  return { token: Number(token), at: Number(at), nodes, partitions };
}

/** Compares what a node works for, each partition with the token of its right, with the rights that it has now. */
export function compareOwnership(
  works: ReadonlyMap<number, number>,
  { token, partitions }: Rights,
): OwnershipVerdict {
  if (token === -1) return { kind: 'forgotten' };
  const lost = [...works].filter(([index, known]) => partitions.get(index)?.token !== known);
  if (lost.length > 0) return { kind: 'lost', partitions: lost.map(([index]) => index) };
  const won = [...partitions.keys()].filter((index) => !works.has(index));
  return won.length > 0 ? { kind: 'won', partitions: won } : { kind: 'kept' };
}
