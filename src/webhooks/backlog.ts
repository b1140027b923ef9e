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
  /** Where the lane stands among those that may be batched: in the account of its first event when it became ready. */
  ready: { readonly account: Account<Slot, Lane>; readonly node: ListNode<Lane> } | undefined;
  /** With so many events some may undo others. */
  suspectFrom: number;
  /** Where the lane stands among those of which that may be so. */
  suspect: ListNode<Lane> | undefined;
}

/** An event's place: in its channel's lane, in its source's account, and among all by age. */
interface Slot {
  readonly order: number;
  readonly queued: QueuedEvent;
  readonly lane: Lane;
  readonly account: Account<Slot, Lane>;
  laneNode: ListNode<Slot> | undefined;
  accountNode: ListNode<Slot> | undefined;
  ageNode: ListNode<Slot> | undefined;
}

/** Events of several streams come roughly by age only. */
function isYounger(slot: Slot, than: Slot): boolean {
  return slot.queued.createdAt > than.queued.createdAt;
}

/** The bytes of a body around its events: `{"time_ms":1234567890123,"events":[]}`. */
const envelopeBytes = 38;

/** A lane is looked at for what is undone when it has grown by this factor since the last look. */
const suspicion = 1.5;

/**
 * The events of one endpoint that are in no batch yet. Each channel has a lane of its own, so that its
 * order is kept while an earlier event of it is on its way, and waking it is no search. Lanes are served by turns
 * among the sources of their events. Every step costs
 * the same however much waits; only an event that is pushed after younger ones is sorted in among them.
 */
export class Backlog {
  readonly #policy: BatchPolicy;
  readonly #lanes = new Map<ChannelName, Lane>();
  readonly #accounts = new Accounts<Slot, Lane>();
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
    const account = this.#accounts.of(sourceOf(event), rankOf(event));
    this.#pushed += 1;
    const slot: Slot = {
      order: this.#pushed,
      queued,
      lane,
      account,
      laneNode: undefined,
      accountNode: undefined,
      ageNode: undefined,
    };
    slot.laneNode = lane.slots.push(slot);
    slot.accountNode = this.#accounts.enter(account, slot, bytes);
    slot.ageNode = this.#byAge.insert(slot, isYounger);
    lane.bytes += bytes;
    this.#bytes += bytes;
    if (lane.slots.size >= lane.suspectFrom) lane.suspect ??= this.#suspects.push(lane);
    if (lane.ready !== undefined) {
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
    for (
      let lane = this.#accounts.next;
      lane !== undefined && taken.length < maxEvents;
      lane = this.#accounts.next
    ) {
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
    const oldest = this.#accounts.largest(rank)?.slots.first;
    return oldest && this.#discard(oldest);
  }

  #laneOf(channel: ChannelName): Lane {
    let lane = this.#lanes.get(channel);
    if (lane === undefined) {
      lane = {
        channel,
        slots: new LinkedList(),
        bytes: 0,
        blockedBy: 0,
        ready: undefined,
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
    const { account } = first;
    lane.ready = { account, node: this.#accounts.ready(account, lane) };
    this.#readyEvents += lane.slots.size;
    this.#readyBytes += lane.bytes;
    this.#flushAt = Math.min(this.#flushAt, first.queued.createdAt + this.#policy.maxDelayMs);
  }

  #makeUnready(lane: Lane): void {
    if (lane.ready === undefined) return;
    this.#accounts.unready(lane.ready.account, lane.ready.node);
    lane.ready = undefined;
    this.#readyEvents -= lane.slots.size;
    this.#readyBytes -= lane.bytes;
    if (this.#readyEvents === 0) this.#flushAt = Infinity;
  }

  #remove(slot: Slot): void {
    const { lane, account, queued, laneNode, accountNode, ageNode } = slot;
    if (laneNode !== undefined) lane.slots.remove(laneNode);
    if (accountNode !== undefined) this.#accounts.leave(account, accountNode, queued.bytes);
    if (ageNode !== undefined) this.#byAge.remove(ageNode);
    lane.bytes -= queued.bytes;
    this.#bytes -= queued.bytes;
    if (lane.ready !== undefined) {
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
