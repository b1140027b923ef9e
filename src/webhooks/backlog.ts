import type { Millis } from '../ports/clock.ts';
import type { ChannelName } from '../protocol/channel-name.ts';
import { LinkedList, type ListNode } from '../structures/linked-list.ts';
import { Accounts, type Account } from './accounts.ts';
import { sourceOf, type WebhookEvent } from './event.ts';
import { rankOf, type Rank } from './rank.ts';
import type { Share } from './share.ts';
import { findUndone } from './undone.ts';

/** An event on its way, encoded once for all endpoints. */
export interface QueuedEvent {
  readonly event: WebhookEvent;
  /** The event as it stands in a body. */
  readonly json: string;
  readonly bytes: number;
  /** When it came to be. */
  readonly createdAt: Millis;
  /** Who is not done with it yet, where somebody asks for that. */
  readonly share?: Share | undefined;
}

/** How events are put together. */
export interface BatchPolicy {
  /** 1 switches batching off. */
  readonly maxEvents: number;
  /** The longest that an event waits for company. */
  readonly maxDelayMs: Millis;
  /** The most bytes of a body; a single larger event goes alone. */
  readonly maxBytes: number;
}

interface Lane {
  readonly channel: ChannelName;
  readonly slots: LinkedList<Slot>;
  bytes: number;
  /** Batches on their way with earlier events of the channel: the later ones wait. */
  blockedBy: number;
  /** Where the lane stands among those that may be batched. */
  readyNode: ListNode<Lane> | undefined;
  /** In a crowd: the account that it stands in, that of its first event when it became ready. */
  readyIn: Account<Slot, Lane> | undefined;
  /** With so many events some may undo others. */
  suspectFrom: number;
  /** Where the lane stands among those of which that may be so. */
  suspect: ListNode<Lane> | undefined;
}

/** An event's place: in its channel's lane, among all by age, and in its source's account. */
interface Slot {
  readonly order: number;
  readonly queued: QueuedEvent;
  readonly lane: Lane;
  laneNode: ListNode<Slot> | undefined;
  ageNode: ListNode<Slot> | undefined;
  /** In a crowd. */
  account: Account<Slot, Lane> | undefined;
  accountNode: ListNode<Slot> | undefined;
}

/** Events of several streams come roughly by age only. */
function isYounger(slot: Slot, than: Slot): boolean {
  return slot.queued.createdAt > than.queued.createdAt;
}

/** The bytes of a body around its events: `{"time_ms":1234567890123,"events":[]}`. */
const envelopeBytes = 38;

/** With more events than make so many full batches, it is a crowd; with half as many, it is none any more. */
const crowdedBatches = 20;

/** A lane is looked at for what is undone when it has grown by this factor since the last look. */
const suspicion = 1.5;

/**
 * The events of one endpoint that are in no batch yet. Each channel has a lane of its own, so that its
 * order is kept while an earlier event of it is on its way, and waking it is no search. While little waits, lanes are
 * served as they come; in a crowd by turns among the sources of their events. Every step costs
 * the same however much waits; only an event that is pushed after younger ones is sorted in among them.
 */
export class Backlog {
  readonly #policy: BatchPolicy;
  readonly #lanes = new Map<ChannelName, Lane>();
  /** The lanes that may be batched, while there is no crowd. */
  readonly #ready = new LinkedList<Lane>();
  /** In a crowd: who has what waiting. */
  #crowd: Accounts<Slot, Lane> | undefined;
  readonly #byAge = new LinkedList<Slot>();
  readonly #suspects = new LinkedList<Lane>();
  #pushed = 0;
  #bytes = 0;
  #readyEvents = 0;
  #readyBytes = 0;
  /** Some ready event has waited for company long enough at this moment. */
  #flushAt = Infinity;

  constructor(policy: BatchPolicy) {
    this.#policy = policy;
  }

  get size(): number {
    return this.#byAge.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** When the oldest event came to be; Infinity when there is none. */
  get oldestAt(): Millis {
    return this.#byAge.first?.queued.createdAt ?? Infinity;
  }

  /** When a batch is to be made: -Infinity when one is full, Infinity when nothing may be sent. */
  get batchDueAt(): Millis {
    const { maxEvents, maxBytes } = this.#policy;
    return this.#readyEvents >= maxEvents || this.#readyBytes >= maxBytes ? -Infinity : this.#flushAt;
  }

  push(queued: QueuedEvent): void {
    const { event, bytes } = queued;
    const lane = this.#laneOf(event.channel);
    this.#pushed += 1;
    const slot: Slot = {
      order: this.#pushed,
      queued,
      lane,
      laneNode: undefined,
      ageNode: undefined,
      account: undefined,
      accountNode: undefined,
    };
    slot.laneNode = lane.slots.push(slot);
    slot.ageNode = this.#byAge.insert(slot, isYounger);
    if (this.#crowd !== undefined) enter(this.#crowd, slot);
    else if (this.size > crowdedBatches * this.#policy.maxEvents) this.#beginCrowd();
    lane.bytes += bytes;
    this.#bytes += bytes;
    if (lane.slots.size >= lane.suspectFrom) lane.suspect ??= this.#suspects.push(lane);
    if (lane.readyNode !== undefined) {
      this.#readyEvents += 1;
      this.#readyBytes += bytes;
    } else if (lane.blockedBy === 0) {
      this.#makeReady(lane);
    }
  }

  /**
   * Takes the events of the next batch out, in the order in which they happened, and blocks their channels.
   * Empty when nothing may be sent.
   */
  takeBatch(): QueuedEvent[] {
    const { maxEvents, maxBytes } = this.#policy;
    const taken: Slot[] = [];
    let bytes = envelopeBytes;
    for (let lane = this.#next(); lane !== undefined && taken.length < maxEvents; lane = this.#next()) {
      const before = taken.length;
      for (
        let slot = lane.slots.first;
        slot !== undefined && taken.length < maxEvents;
        slot = lane.slots.first
      ) {
        const size = slot.queued.bytes + 1;
        if (taken.length > 0 && bytes + size > maxBytes) break;
        bytes += size;
        taken.push(slot);
        this.#remove(slot);
      }
      if (taken.length === before) break;
      this.#makeUnready(lane);
      lane.blockedBy = 1;
    }
    if (this.size < (crowdedBatches * maxEvents) / 2) this.#endCrowd();
    return taken.toSorted((a, b) => a.order - b.order).map((slot) => slot.queued);
  }

  /** Earlier events of the channel are on their way, in a batch that was not taken from here: later ones wait. */
  block(channel: ChannelName): void {
    const lane = this.#laneOf(channel);
    this.#makeUnready(lane);
    lane.blockedBy += 1;
  }

  /** A batch with earlier events of the channel is done with: the later ones may go. */
  release(channel: ChannelName): void {
    const lane = this.#lanes.get(channel);
    if (lane === undefined) return;
    lane.blockedBy -= 1;
    if (lane.blockedBy > 0) return;
    if (lane.slots.size > 0) this.#makeReady(lane);
    else this.#forget(lane);
  }

  /** Takes out the oldest event if it came to be at or before `createdBy`. */
  takeOlder(createdBy: Millis): QueuedEvent | undefined {
    const oldest = this.#byAge.first;
    return oldest !== undefined && oldest.queued.createdAt <= createdBy ? this.#discard(oldest) : undefined;
  }

  /** Takes out events that undo one another, of some channel. Empty when there are none. */
  takeUndone(): readonly QueuedEvent[] {
    for (let lane = this.#suspects.first; lane !== undefined; lane = this.#suspects.first) {
      const undone = findUndone(lane.slots, ({ queued }) => queued.event);
      lane.suspectFrom = Math.max(2, suspicion * (lane.slots.size - undone.length));
      this.#clear(lane);
      if (undone.length > 0) return undone.map((slot) => this.#discard(slot));
    }
    return [];
  }

  /** Takes out the oldest event of this rank, of the source that has most of that rank waiting. */
  takeOf(rank: Rank): QueuedEvent | undefined {
    const oldest = (this.#crowd ?? this.#beginCrowd()).largest(rank)?.slots.first;
    return oldest && this.#discard(oldest);
  }

  /** The lane whose turn it is. */
  #next(): Lane | undefined {
    return this.#crowd === undefined ? this.#ready.first : this.#crowd.next;
  }

  #beginCrowd(): Accounts<Slot, Lane> {
    const crowd = new Accounts<Slot, Lane>(isYounger);
    for (const slot of this.#byAge) enter(crowd, slot);
    for (let lane = this.#ready.first; lane?.readyNode !== undefined; lane = this.#ready.first) {
      this.#ready.remove(lane.readyNode);
      const { first } = lane.slots;
      if (first === undefined) throw new Error('a lane without events is ready');
      lane.readyIn = accountOf(first);
      lane.readyNode = crowd.ready(lane.readyIn, lane);
    }
    this.#crowd = crowd;
    return crowd;
  }

  #endCrowd(): void {
    const crowd = this.#crowd;
    if (crowd === undefined) return;
    for (
      let lane = crowd.next;
      lane?.readyIn !== undefined && lane.readyNode !== undefined;
      lane = crowd.next
    ) {
      crowd.unready(lane.readyIn, lane.readyNode);
      lane.readyIn = undefined;
      lane.readyNode = this.#ready.push(lane);
    }
    for (const slot of this.#byAge) {
      slot.account = undefined;
      slot.accountNode = undefined;
    }
    this.#crowd = undefined;
  }

  #laneOf(channel: ChannelName): Lane {
    let lane = this.#lanes.get(channel);
    if (lane === undefined) {
      lane = {
        channel,
        slots: new LinkedList(),
        bytes: 0,
        blockedBy: 0,
        readyNode: undefined,
        readyIn: undefined,
        suspectFrom: 2,
        suspect: undefined,
      };
      this.#lanes.set(channel, lane);
    }
    return lane;
  }

  #makeReady(lane: Lane): void {
    const { first } = lane.slots;
    if (first === undefined) return;
    lane.readyIn = first.account;
    lane.readyNode = this.#crowd?.ready(accountOf(first), lane) ?? this.#ready.push(lane);
    this.#readyEvents += lane.slots.size;
    this.#readyBytes += lane.bytes;
    this.#flushAt = Math.min(this.#flushAt, first.queued.createdAt + this.#policy.maxDelayMs);
  }

  #makeUnready(lane: Lane): void {
    const { readyNode, readyIn } = lane;
    if (readyNode === undefined) return;
    if (readyIn === undefined) this.#ready.remove(readyNode);
    else this.#crowd?.unready(readyIn, readyNode);
    lane.readyNode = undefined;
    this.#readyEvents -= lane.slots.size;
    this.#readyBytes -= lane.bytes;
    if (this.#readyEvents === 0) this.#flushAt = Infinity;
  }

  #remove(slot: Slot): void {
    const { lane, queued, laneNode, ageNode, account, accountNode } = slot;
    if (laneNode !== undefined) lane.slots.remove(laneNode);
    if (ageNode !== undefined) this.#byAge.remove(ageNode);
    if (account !== undefined && accountNode !== undefined)
      this.#crowd?.leave(account, accountNode, queued.bytes);
    lane.bytes -= queued.bytes;
    this.#bytes -= queued.bytes;
    if (lane.readyNode !== undefined) {
      this.#readyEvents -= 1;
      this.#readyBytes -= queued.bytes;
    }
  }

  #discard(slot: Slot): QueuedEvent {
    const { lane } = slot;
    this.#remove(slot);
    if (lane.slots.size === 0) {
      this.#makeUnready(lane);
      if (lane.blockedBy === 0) this.#forget(lane);
    }
    return slot.queued;
  }

  #forget(lane: Lane): void {
    this.#clear(lane);
    this.#lanes.delete(lane.channel);
  }

  /** The lane is under suspicion no more. */
  #clear(lane: Lane): void {
    if (lane.suspect !== undefined) this.#suspects.remove(lane.suspect);
    lane.suspect = undefined;
  }
}

function enter(crowd: Accounts<Slot, Lane>, slot: Slot): void {
  const { event, bytes } = slot.queued;
  slot.account = crowd.of(sourceOf(event), rankOf(event));
  slot.accountNode = crowd.enter(slot.account, slot, bytes);
}

function accountOf({ account }: Slot): Account<Slot, Lane> {
  if (account === undefined) throw new Error('in a crowd each event is in an account');
  return account;
}
