import type { Millis } from '../../../ports/clock.ts';
import type { Reply } from '../link/replies.ts';

/** A node's right to dispatch the events of one partition. */
export interface Right {
  /** Rises with every change of owner. The partition refuses writes with an earlier token. */
  readonly token: number;
  /** Until this moment an attempt of a former owner may last, in Redis's time. */
  readonly attemptsEndAt: Millis;
}

/** What Redis answers about the rights to dispatch. */
export interface Rights {
  /**
   * The token of the asking node, which its writes carry. 0: a node of an older version has the right to everything. -1: Redis does
   * not know who has rights, and leaves them to the former owners.
   */
  readonly token: number;
  /** The moment of the answer, in Redis's time. */
  readonly at: Millis;
  /** The live nodes, and how many partitions each has. */
  readonly nodes: ReadonlyMap<string, number>;
  /** The partitions of the asking node. */
  readonly partitions: ReadonlyMap<number, Right>;
}

/**
 * What follows from an answer. `forgotten`: Redis does not know who has rights, and the node continues its work. `lost`: another node
 * owns or owned partitions that this node works for, so what it has in memory about them is invalid. `won`: the node owns more
 * partitions than it works for, and has lost none. `kept`: nothing has changed.
 */
export type OwnershipVerdict =
  | { readonly kind: 'forgotten' }
  | { readonly kind: 'kept' }
  | { readonly kind: 'won'; readonly partitions: readonly number[] }
  | { readonly kind: 'lost'; readonly partitions: readonly number[] };

/** The rights of a node that has none. */
export const noRights: Rights = { token: 0, at: 0, nodes: new Map(), partitions: new Map() };

/** Reads the answer of `lead.lua`. */
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
    const [index = 0, partitionToken = 0, attemptsEndAt = 0] = String(text).split(' ').map(Number);
    partitions.set(index, { token: partitionToken, attemptsEndAt });
  }
  return { token: Number(token), at: Number(at), nodes, partitions };
}

/** Compares the partitions that a node works for, with the token of each, with the rights that it has now. */
export function compareOwnership(
  working: ReadonlyMap<number, number>,
  { token, partitions }: Rights,
): OwnershipVerdict {
  if (token === -1) return { kind: 'forgotten' };
  const lost = [...working].filter(([index, known]) => partitions.get(index)?.token !== known);
  if (lost.length > 0) return { kind: 'lost', partitions: lost.map(([index]) => index) };
  const won = [...partitions.keys()].filter((index) => !working.has(index));
  return won.length > 0 ? { kind: 'won', partitions: won } : { kind: 'kept' };
}
