/** So many partitions are to be given to a node. */
export interface Gift {
  readonly heir: string;
  readonly count: number;
}

/** The partition whose owner keeps the dead letters of all nodes. It changes hands only when its owner ends or dies. */
export const lettersPartition = 0;

/** The most partitions that one of so many nodes is to have. */
export function largestShare(counts: ReadonlyMap<string, number>): number {
  return Math.ceil(sumOf(counts) / Math.max(1, counts.size));
}

/**
 * What a node is to give to others, so that all have the same number of partitions, or one more. `counts`: the nodes that
 * live, and what each has. Nobody gives what it will need back, and nobody gets more than the largest share.
 */
export function planGifts(counts: ReadonlyMap<string, number>, giver: string): readonly Gift[] {
  const most = largestShare(counts);
  const least = Math.floor(sumOf(counts) / Math.max(1, counts.size));
  let left = counts.get(giver) ?? 0;
  const gifts: Gift[] = [];
  const others = [...counts].filter(([name]) => name !== giver);
  for (const [heir, has] of others.toSorted(([nameA, a], [nameB, b]) => a - b || (nameA < nameB ? -1 : 1))) {
    // Who lacks something gets it from whoever can spare it; beyond that, only from who has too much.
    const count = has < least ? Math.min(least - has, left - least) : Math.min(most - has, left - most);
    if (count <= 0) continue;
    gifts.push({ heir, count });
    left -= count;
  }
  return gifts;
}

/**
 * Chooses which partitions go. Those that a batch ties together (`ties`: the partitions of each batch that waits for another
 * attempt) go together or stay together, so that the batch keeps its id. Undefined: there is no such choice; with `mayTear` the
 * fewest are torn apart that can be.
 */
export function choosePartitions(
  owned: Iterable<number>,
  count: number,
  ties: Iterable<readonly number[]>,
  mayTear: boolean,
): readonly number[] | undefined {
  const groups = groupsOf(owned, ties);
  const free = groups.filter((group) => !group.includes(lettersPartition));
  const chosen: number[] = [];
  for (const group of free.toSorted((a, b) => b.length - a.length)) {
    if (chosen.length + group.length <= count) chosen.push(...group);
  }
  if (chosen.length === count) return chosen;
  if (!mayTear) return undefined;
  const taken = new Set([lettersPartition, ...chosen]);
  const rest = groups.toSorted((a, b) => a.length - b.length).flat();
  return [...chosen, ...rest.filter((index) => !taken.has(index))].slice(0, count);
}

/** The partitions, those together that are tied to each other. */
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
