import type { Millis } from '../ports/clock.ts';
import type { ChannelName } from '../protocol/channel-name.ts';
import { LinkedList, type ListNode } from '../structures/linked-list.ts';
import { isExpendable, type WebhookEvent } from './event.ts';
import type { Share } from './share.ts';

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
}

/** An event's place: in its channel's lane, and among all by age. */
class Slot {
  readonly order: number;
  readonly queued: QueuedEvent;
  readonly lane: Lane;
  readonly laneNode: ListNode<Slot>;
  readonly age: LinkedList<Slot>;
  readonly ageNode: ListNode<Slot>;

  constructor(order: number, queued: QueuedEvent, lane: Lane, age: LinkedList<Slot>) {
    this.order = order;
    this.queued = queued;
    this.lane = lane;
    this.laneNode = lane.slots.push(this);
    this.age = age;
    this.ageNode = age.insert(this, isYounger);
  }

  leave(): void {
    this.lane.slots.remove(this.laneNode);
    this.age.remove(this.ageNode);
  }
}

/** Events of several streams come roughly by age only. */
function isYounger(slot: Slot, than: Slot): boolean {
  return slot.queued.createdAt > than.queued.createdAt;
}

/** The bytes of a body around its events: `{"time_ms":1234567890123,"events":[]}`. */
const envelopeBytes = 38;

/**
 * The events of one endpoint that are in no batch yet. Each channel has a lane of its own, so that its
 * order is kept while an earlier event of it is on its way, and waking it is no search. Every step costs
 * the same however much waits; only an event that is pushed after younger ones is sorted in among them.
 */
export class Backlog {
  readonly #policy: BatchPolicy;
  readonly #lanes = new Map<ChannelName, Lane>();
  readonly #ready = new LinkedList<Lane>();
  /** All slots by age; what a receiver's state does not depend on apart, because it is dropped first. */
  readonly #essential = new LinkedList<Slot>();
  readonly #expendable = new LinkedList<Slot>();
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
    return this.#essential.size + this.#expendable.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** When the oldest event came to be; Infinity when there is none. */
  get oldestAt(): Millis {
    const essential = this.#essential.first?.queued.createdAt ?? Infinity;
    return Math.min(essential, this.#expendable.first?.queued.createdAt ?? Infinity);
  }

  /** When a batch is to be made: -Infinity when one is full, Infinity when nothing may be sent. */
  get batchDueAt(): Millis {
    const { maxEvents, maxBytes } = this.#policy;
    return this.#readyEvents >= maxEvents || this.#readyBytes >= maxBytes ? -Infinity : this.#flushAt;
  }

  push(queued: QueuedEvent): void {
    const { channel, name } = queued.event;
    const lane = this.#laneOf(channel);
    this.#pushed += 1;
    void new Slot(this.#pushed, queued, lane, isExpendable(name) ? this.#expendable : this.#essential);
    lane.bytes += queued.bytes;
    this.#bytes += queued.bytes;
    if (lane.readyNode !== undefined) {
      this.#readyEvents += 1;
      this.#readyBytes += queued.bytes;
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
      let lane = this.#ready.first;
      lane !== undefined && taken.length < maxEvents;
      lane = this.#ready.first
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
    else this.#lanes.delete(channel);
  }

  /** Takes out the oldest event if it came to be at or before `createdBy`. */
  takeOlder(createdBy: Millis): QueuedEvent | undefined {
    for (const list of [this.#essential, this.#expendable]) {
      const oldest = list.first;
      if (oldest !== undefined && oldest.queued.createdAt <= createdBy) return this.#discard(oldest);
    }
    return undefined;
  }

  /** Takes out the oldest event without which a receiver's state is as true as with it. */
  takeExpendable(): QueuedEvent | undefined {
    const oldest = this.#expendable.first;
    return oldest && this.#discard(oldest);
  }

  #laneOf(channel: ChannelName): Lane {
    let lane = this.#lanes.get(channel);
    if (lane === undefined) {
      lane = { channel, slots: new LinkedList(), bytes: 0, blockedBy: 0, readyNode: undefined };
      this.#lanes.set(channel, lane);
    }
    return lane;
  }

  #makeReady(lane: Lane): void {
    lane.readyNode = this.#ready.push(lane);
    this.#readyEvents += lane.slots.size;
    this.#readyBytes += lane.bytes;
    const waitsSince = lane.slots.first?.queued.createdAt ?? Infinity;
    this.#flushAt = Math.min(this.#flushAt, waitsSince + this.#policy.maxDelayMs);
  }

  #makeUnready(lane: Lane): void {
    if (lane.readyNode === undefined) return;
    this.#ready.remove(lane.readyNode);
    lane.readyNode = undefined;
    this.#readyEvents -= lane.slots.size;
    this.#readyBytes -= lane.bytes;
    if (this.#ready.size === 0) this.#flushAt = Infinity;
  }

  #remove(slot: Slot): void {
    const { lane, queued } = slot;
    slot.leave();
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
    if (lane.slots.size === 0 && lane.blockedBy === 0) {
      this.#makeUnready(lane);
      this.#lanes.delete(lane.channel);
    }
    return slot.queued;
  }
}
