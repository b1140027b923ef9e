/** How many partitions a node receives. */
export interface PlannedTransfer {
  readonly recipient: string;
  readonly count: number;
}

/** The owner of this partition keeps the dead letters of all nodes. The partition changes hands only if its owner stops or dies. */
export const lettersPartition = 0;

/** The most partitions that one node should have. */
export function largestShare(counts: ReadonlyMap<string, number>): number {
  return Math.ceil(sumOf(counts) / Math.max(1, counts.size));
}

/**
 * Plans what a node gives to others, so that each node has the same number of partitions, or one more. `counts` contains the live
 * nodes and how many partitions each has. No node gives away what it would need back, and none receives more than the largest share.
 */
export function planTransfers(
  counts: ReadonlyMap<string, number>,
  giver: string,
): readonly PlannedTransfer[] {
  const max = largestShare(counts);
  const min = Math.floor(sumOf(counts) / Math.max(1, counts.size));
  let left = counts.get(giver) ?? 0;
  const transfers: PlannedTransfer[] = [];
  const others = [...counts].filter(([name]) => name !== giver);
  for (const [recipient, has] of others.toSorted(
    ([nameA, a], [nameB, b]) => a - b || (nameA < nameB ? -1 : 1),
  )) {
    // A node below the minimum receives from any node that can spare partitions; others receive only from a node that has too many.
    const count = has < min ? Math.min(min - has, left - min) : Math.min(max - has, left - max);
    if (count <= 0) continue;
    transfers.push({ recipient, count });
    left -= count;
  }
  return transfers;
}

/**
 * Chooses the partitions to give away. `ties` lists the partitions of each batch that waits for another attempt: they go or stay
 * together, so that the batch keeps its id. Returns undefined if no such choice exists. With `maySplit`, it then splits as few
 * groups as possible instead.
 */
export function choosePartitions(
  owned: Iterable<number>,
  count: number,
  ties: Iterable<readonly number[]>,
  maySplit: boolean,
): readonly number[] | undefined {
  const groups = groupsOf(owned, ties);
  const free = groups.filter((group) => !group.includes(lettersPartition));
  const chosen: number[] = [];
  for (const group of free.toSorted((a, b) => b.length - a.length)) {
    if (chosen.length + group.length <= count) chosen.push(...group);
  }
  if (chosen.length === count) return chosen;
  if (!maySplit) return undefined;
  const taken = new Set([lettersPartition, ...chosen]);
  const rest = groups.toSorted((a, b) => a.length - b.length).flat();
  return [...chosen, ...rest.filter((index) => !taken.has(index))].slice(0, count);
}

/** The partitions, in groups that are tied together. */
function groupsOf(
  owned: Iterable<number>,
  ties: Iterable<readonly number[]>,
): readonly (readonly number[])[] {
  const groups = new Map<number, number[]>();
  for (const index of owned) groups.set(index, [index]);
  for (const tie of ties) {
    const tied = new Set(tie.flatMap((index) => [groups.get(index) ?? []]));
    const joined = [...tied].flat();
    for (const index of joined) groups.set(index, joined);
  }
  return [...new Set(groups.values())];
}

function sumOf(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}
