import { LinkedList, type ListNode } from '../structures/linked-list.ts';
import { sourceOf } from './event.ts';
import { isYounger, type Lane, type Slot } from './lane.ts';
import { rankOf, ranks, type Rank } from './rank.ts';
import { findUndone } from './undone.ts';

/** The waiting events of one source and one rank. */
interface Holding {
  readonly source: string;
  readonly rank: Rank;
  /** The oldest first. */
  readonly slots: LinkedList<Slot>;
  bytes: number;
  /** Its position among the holdings of its rank and size. */
  size: { readonly step: number; readonly node: ListNode<Holding> } | undefined;
}

/** The holdings of one rank. */
interface Group {
  readonly bySource: Map<string, Holding>;
  /** By the number of binary digits of their bytes. This finds the largest to within a factor of two, without a search. */
  readonly bySize: LinkedList<Holding>[];
}

interface Suspect {
  /** With this many events, some may cancel out others. */
  from: number;
  /** The lane's position among the suspect ones. */
  node: ListNode<Lane> | undefined;
}

/** A lane is examined for events that cancel out when it has grown by this factor since the last look. */
const suspicion = 1.5;

/**
 * Decides what to drop from a backlog first: events that cancel each other out, then those of the source that has the most
 * events of a rank. It is created on the first overflow, and from then on notified of added and removed events.
 */
export class Shedding {
  readonly #groups: readonly Group[] = ranks.map(() => ({ bySource: new Map(), bySize: [] }));
  readonly #places = new Map<Slot, { readonly holding: Holding; readonly node: ListNode<Slot> }>();
  readonly #suspects = new LinkedList<Lane>();
  readonly #suspectOf = new Map<Lane, Suspect>();

  constructor(slots: Iterable<Slot>) {
    for (const slot of slots) this.enter(slot);
  }

  enter(slot: Slot): void {
    const { lane, queued } = slot;
    const holding = this.#holdingOf(sourceOf(queued.event), rankOf(queued.event));
    this.#resize(holding, queued.bytes);
    this.#places.set(slot, { holding, node: holding.slots.insert(slot, isYounger) });
    if (lane.size < 2) return;
    let suspect = this.#suspectOf.get(lane);
    if (suspect === undefined) {
      suspect = { from: 2, node: undefined };
      this.#suspectOf.set(lane, suspect);
    }
    if (lane.size >= suspect.from) suspect.node ??= this.#suspects.push(lane);
  }

  leave(slot: Slot): void {
    const place = this.#places.get(slot);
    if (place === undefined) return;
    const { holding, node } = place;
    this.#places.delete(slot);
    holding.slots.remove(node);
    this.#resize(holding, -slot.queued.bytes);
    if (holding.slots.size === 0) this.#group(holding.rank).bySource.delete(holding.source);
    if (slot.lane.size === 0) this.#acquit(slot.lane);
  }

  /** Events of some channel that cancel each other out. Empty when there are none. They stay until `leave` is called. */
  undone(): readonly Slot[] {
    for (let lane = this.#suspects.first; lane !== undefined; lane = this.#suspects.first) {
      const undone = findUndone(lane, ({ queued }) => queued.event);
      this.#acquit(lane);
      const from = Math.max(2, suspicion * (lane.size - undone.length));
      this.#suspectOf.set(lane, { from, node: undefined });
      if (undone.length > 0) return undone;
    }
    return [];
  }

  /** The oldest event of this rank from a source that has the most of that rank; undefined if there is none. */
  oldestOf(rank: Rank): Slot | undefined {
    const { bySize, bySource } = this.#group(rank);
    if (bySource.size === 0) return undefined;
    const holdings = bySize.findLast((ofStep) => ofStep !== undefined && ofStep.size > 0);
    return holdings?.first?.slots.first;
  }

  /** The lane is not examined, unless it becomes suspect again. */
  #acquit(lane: Lane): void {
    const node = this.#suspectOf.get(lane)?.node;
    if (node !== undefined) this.#suspects.remove(node);
    this.#suspectOf.delete(lane);
  }

  #holdingOf(source: string, rank: Rank): Holding {
    const { bySource } = this.#group(rank);
    let holding = bySource.get(source);
    if (holding === undefined) {
      holding = { source, rank, slots: new LinkedList(), bytes: 0, size: undefined };
      bySource.set(source, holding);
    }
    return holding;
  }

  #resize(holding: Holding, byBytes: number): void {
    holding.bytes += byBytes;
    // -1 if there are none. A queue has no more than 4 GiB.
    const step = 31 - Math.clz32(holding.bytes);
    if (holding.size?.step === step) return;
    const { bySize } = this.#group(holding.rank);
    if (holding.size !== undefined) bySize[holding.size.step]?.remove(holding.size.node);
    holding.size = step < 0 ? undefined : { step, node: (bySize[step] ??= new LinkedList()).push(holding) };
  }

  #group(rank: Rank): Group {
    const group = this.#groups[rank];
    if (group === undefined) throw new RangeError(`there is no rank ${rank}`);
    return group;
  }
}
