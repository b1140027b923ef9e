import type { Millis } from '../ports/clock.ts';
import type { ChannelName } from '../protocol/channel-name.ts';
import { LinkedList } from '../structures/linked-list.ts';
import { smallestBy } from '../structures/smallest-by.ts';
import { sourceOf } from './event.ts';
import type { HoldClock } from './hold-clock.ts';
import { ByAge, Lane, type QueuedEvent, type Slot } from './lane.ts';
import { rankOf, type Rank } from './rank.ts';
import { Shedding } from './shedding.ts';
import { Turns } from './turns.ts';

/** How events are put together. */
export interface BatchPolicy {
  /** 1 switches batching off. */
  readonly maxEvents: number;
  /** The longest that an event waits for company. */
  readonly maxDelayMs: Millis;
  /** The most bytes of a body; a single larger event goes alone. */
  readonly maxBytes: number;
}

/** The bytes of a body around its events: `{"time_ms":1234567890123,"events":[]}`. */
const envelopeBytes = 38;

/** With more events than make so many full batches, it is a crowd; with half as many, it is none any more. */
const crowdedBatches = 20;

/** So many events are looked at, by their age, for the lanes of the oldest. */
const mostLooks = 10_000;

/**
 * The events of one endpoint that are in no batch yet. Each channel has a lane of its own, so that its
 * order is kept while an earlier event of it is on its way, and waking it is no search. While little waits, lanes are
 * served as they come; in a crowd by turns among the sources of their events. Every step costs
 * the same however much waits; only an event that is pushed after younger ones is sorted in among them.
 */
export class Backlog {
  #policy: BatchPolicy;
  readonly #time: HoldClock;
  readonly #lanes = new Map<ChannelName, Lane>();
  /** The lanes that may be batched, while there is no crowd. */
  readonly #ready = new LinkedList<Lane>();
  /** In a crowd: the same lanes, by turns. */
  #crowd: Turns<Lane> | undefined;
  readonly #byAge = new ByAge();
  /** Since something had to go: what goes next, and until how few bytes that is kept in mind. */
  #shedding: { readonly order: Shedding; readonly untilBytes: number } | undefined;
  #pushed = 0;
  /** Of all events. To be read only: a field, because the queue asks with every step. */
  bytes = 0;
  /** Lanes with events. */
  #laneCount = 0;
  #readyEvents = 0;
  #readyBytes = 0;
  /** Some ready event has waited for company long enough at this moment. */
  #flushAt = Infinity;

  /** Events age by `time`. */
  constructor(policy: BatchPolicy, time: HoldClock) {
    this.#policy = policy;
    this.#time = time;
  }

  /** Puts later batches together in another way. */
  batchBy(policy: BatchPolicy): void {
    this.#flushAt += policy.maxDelayMs - this.#policy.maxDelayMs;
    this.#policy = policy;
  }

  get size(): number {
    return this.#byAge.size;
  }

  /** When the oldest event came to be, on the clock; Infinity when there is none. */
  get oldestCreatedAt(): Millis {
    return this.#byAge.oldest?.queued.createdAt ?? Infinity;
  }

  /** The same in the endpoint's own time. */
  get oldestAt(): Millis {
    const { oldest } = this.#byAge;
    return oldest === undefined ? Infinity : this.#time.local(oldest.queued.createdAt);
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
      before: undefined,
      after: undefined,
      older: undefined,
      younger: undefined,
    };
    if (lane.size === 0) this.#laneCount += 1;
    lane.append(slot);
    this.#byAge.insert(slot);
    this.#shedding?.order.enter(slot);
    if (this.size > crowdedBatches * this.#policy.maxEvents) this.#beginCrowd();
    this.bytes += bytes;
    if (isReady(lane)) {
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
  takeBatch(): { readonly events: readonly QueuedEvent[]; readonly lanes: readonly Lane[] } {
    const { maxEvents, maxBytes } = this.#policy;
    const taken: Slot[] = [];
    const lanes: Lane[] = [];
    let bytes = envelopeBytes;
    let isInOrder = true;
    let last = -1;
    for (let lane = this.#next(); lane !== undefined && taken.length < maxEvents; lane = this.#next()) {
      const before = taken.length;
      for (let slot = lane.first; slot !== undefined && taken.length < maxEvents; slot = lane.first) {
        const size = slot.queued.bytes + 1;
        if (taken.length > 0 && bytes + size > maxBytes) break;
        bytes += size;
        taken.push(slot);
        isInOrder &&= slot.order > last;
        last = slot.order;
        this.#remove(slot);
      }
      if (taken.length === before) break;
      this.#makeUnready(lane);
      lane.blockedBy = 1;
      lanes.push(lane);
    }
    if (this.size < (crowdedBatches * maxEvents) / 2) this.#endCrowd();
    if (this.#shedding !== undefined && this.bytes < this.#shedding.untilBytes) this.#shedding = undefined;
    if (!isInOrder) taken.sort((a, b) => a.order - b.order);
    return { events: taken.map(({ queued }) => queued), lanes };
  }

  /** The events of a channel, in order. */
  waitingOf(channel: ChannelName): readonly QueuedEvent[] {
    return Array.from(this.#lanes.get(channel) ?? [], ({ queued }) => queued);
  }

  /** The lanes whose first events are the oldest, so many at most, and how many have events. */
  oldestLanes(most: number): { readonly lanes: readonly Lane[]; readonly count: number } {
    const count = this.#laneCount;
    const found: Lane[] = [];
    let looked = 0;
    for (const slot of this.#byAge) {
      if (found.length >= Math.min(most, count)) return { lanes: found, count };
      looked += 1;
      if (looked > mostLooks) break;
      if (slot === slot.lane.first) found.push(slot.lane);
    }
    // Some lanes hold so many old events that to look at each lane is the shorter way.
    const firstOf = ({ first }: Lane): number => first?.queued.createdAt ?? Infinity;
    return { lanes: smallestBy(this.#lanes.values(), most, firstOf), count };
  }

  /** The channels of which something waits, or is on its way. */
  get channels(): Iterable<ChannelName> {
    return this.#lanes.keys();
  }

  /** Earlier events of the channel are on their way, in a batch that was not taken from here: later ones wait. */
  block(channel: ChannelName): Lane {
    const lane = this.#laneOf(channel);
    this.#makeUnready(lane);
    lane.blockedBy += 1;
    return lane;
  }

  /** A batch with earlier events of the channel is done with: the later ones may go. */
  release(lane: Lane): void {
    lane.blockedBy -= 1;
    if (lane.blockedBy > 0) return;
    if (lane.size > 0) this.#makeReady(lane);
    else this.#lanes.delete(lane.channel);
  }

  /** Takes out the oldest event if it came to be at or before `createdBy`, in the endpoint's own time. */
  takeOlder(createdBy: Millis): QueuedEvent | undefined {
    const { oldest } = this.#byAge;
    if (oldest === undefined || this.#time.local(oldest.queued.createdAt) > createdBy) return undefined;
    return this.#discard(oldest);
  }

  /** Takes out events that undo one another, of some channel. Empty when there are none. */
  takeUndone(): readonly QueuedEvent[] {
    return this.#shed()
      .undone()
      .map((slot) => this.#discard(slot));
  }

  /** Takes out the oldest event of this rank, of a source with most of that rank waiting. */
  takeOf(rank: Rank): QueuedEvent | undefined {
    const oldest = this.#shed().oldestOf(rank);
    return oldest && this.#discard(oldest);
  }

  #shed(): Shedding {
    this.#shedding ??= { order: new Shedding(this.#byAge), untilBytes: this.bytes / 2 };
    return this.#shedding.order;
  }

  /** The lane whose turn it is. */
  #next(): Lane | undefined {
    return this.#crowd === undefined ? this.#ready.first : this.#crowd.next;
  }

  #beginCrowd(): void {
    if (this.#crowd !== undefined) return;
    this.#crowd = new Turns();
    for (let lane = this.#ready.shift(); lane !== undefined; lane = this.#ready.shift()) {
      lane.readyNode = undefined;
      this.#queue(lane);
    }
  }

  #endCrowd(): void {
    const crowd = this.#crowd;
    if (crowd === undefined) return;
    this.#crowd = undefined;
    for (let lane = crowd.next; lane?.turn !== undefined; lane = crowd.next) {
      crowd.remove(lane.turn);
      lane.turn = undefined;
      this.#queue(lane);
    }
  }

  /** Puts a lane with events among those that may be batched. */
  #queue(lane: Lane): void {
    const { first } = lane;
    if (this.#crowd === undefined) lane.readyNode = this.#ready.push(lane);
    else if (first !== undefined) {
      const { event } = first.queued;
      lane.turn = this.#crowd.add(lane, sourceOf(event), rankOf(event));
    }
  }

  #laneOf(channel: ChannelName): Lane {
    let lane = this.#lanes.get(channel);
    if (lane === undefined) {
      lane = new Lane(channel);
      this.#lanes.set(channel, lane);
    }
    return lane;
  }

  #makeReady(lane: Lane): void {
    const { first } = lane;
    if (first === undefined) return;
    this.#queue(lane);
    this.#readyEvents += lane.size;
    this.#readyBytes += lane.bytes;
    this.#flushAt = Math.min(
      this.#flushAt,
      this.#time.local(first.queued.createdAt) + this.#policy.maxDelayMs,
    );
  }

  #makeUnready(lane: Lane): void {
    if (!isReady(lane)) return;
    if (lane.readyNode !== undefined) this.#ready.remove(lane.readyNode);
    if (lane.turn !== undefined) this.#crowd?.remove(lane.turn);
    lane.readyNode = undefined;
    lane.turn = undefined;
    this.#readyEvents -= lane.size;
    this.#readyBytes -= lane.bytes;
    if (this.#readyEvents === 0) this.#flushAt = Infinity;
  }

  #remove(slot: Slot): void {
    const { lane, queued } = slot;
    lane.remove(slot);
    if (lane.size === 0) this.#laneCount -= 1;
    this.#byAge.remove(slot);
    this.#shedding?.order.leave(slot);
    this.bytes -= queued.bytes;
    if (isReady(lane)) {
      this.#readyEvents -= 1;
      this.#readyBytes -= queued.bytes;
    }
  }

  #discard(slot: Slot): QueuedEvent {
    const { lane } = slot;
    this.#remove(slot);
    if (lane.size === 0) {
      this.#makeUnready(lane);
      if (lane.blockedBy === 0) this.#lanes.delete(lane.channel);
    }
    return slot.queued;
  }
}

function isReady({ readyNode, turn }: Lane): boolean {
  return readyNode !== undefined || turn !== undefined;
}
