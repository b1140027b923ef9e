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

/** How events are grouped into batches. */
export interface BatchPolicy {
  /** 1 disables batching. */
  readonly maxEvents: number;
  /** The longest time that an event waits for others to join its batch. */
  readonly maxDelayMs: Millis;
  /** The maximum size of a body. A single larger event is sent alone. */
  readonly maxBytes: number;
}

/** The bytes of a body around its events: `{"time_ms":1234567890123,"events":[]}`. */
const envelopeBytes = 38;

/** With events for more full batches than this, the backlog counts as crowded, until it shrinks to half of that. */
const crowdedBatches = 20;

/** How many events are examined, oldest first, to find the lanes with the oldest events. */
const mostLooks = 10_000;

/**
 * The events of one endpoint that are not in a batch yet. Each channel has a lane of its own, which keeps its order while an
 * earlier event of the channel is in a batch. Unblocking a lane needs no search. Usually, lanes are served in the order in
 * which they become ready. When the backlog is crowded, the sources of events take turns. The cost of a step does not depend
 * on the size of the backlog, except that an event pushed after younger ones is sorted in among them.
 */
export class Backlog {
  #policy: BatchPolicy;
  readonly #time: HoldClock;
  readonly #lanes = new Map<ChannelName, Lane>();
  /** The lanes that may be batched, while the backlog is not crowded. */
  readonly #ready = new LinkedList<Lane>();
  /** The same lanes, in turns, while the backlog is crowded. */
  #crowd: Turns<Lane> | undefined;
  readonly #byAge = new ByAge();
  /** What to drop next. Kept after an overflow until the backlog is below `untilBytes`. */
  #shedding: { readonly order: Shedding; readonly untilBytes: number } | undefined;
  #pushed = 0;
  /** The size of all events. Do not write to it; it is a field because the queue reads it at every step. */
  bytes = 0;
  /** The number of lanes with events. */
  #laneCount = 0;
  #readyEvents = 0;
  #readyBytes = 0;
  /** When some ready event will have waited long enough. */
  #flushAt = Infinity;

  /** `time` determines the age of events. */
  constructor(policy: BatchPolicy, time: HoldClock) {
    this.#policy = policy;
    this.#time = time;
  }

  /** Changes how later batches are put together. */
  batchBy(policy: BatchPolicy): void {
    this.#flushAt += policy.maxDelayMs - this.#policy.maxDelayMs;
    this.#policy = policy;
  }

  get size(): number {
    return this.#byAge.size;
  }

  /** When the oldest event was created, by the clock; Infinity when there is none. */
  get oldestCreatedAt(): Millis {
    return this.#byAge.oldest?.queued.createdAt ?? Infinity;
  }

  /** The same, in the endpoint's own time. */
  get oldestAt(): Millis {
    const { oldest } = this.#byAge;
    return oldest === undefined ? Infinity : this.#time.local(oldest.queued.createdAt);
  }

  /** When to make a batch: -Infinity when one is full, Infinity when nothing can be sent. */
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
    if (this.size > crowdedBatches * this.#policy.maxEvents) this.#becomeCrowded();
    this.bytes += bytes;
    if (isReady(lane)) {
      this.#readyEvents += 1;
      this.#readyBytes += bytes;
    } else if (lane.blockedBy === 0) {
      this.#makeReady(lane);
    }
  }

  /**
   * Removes the events of the next batch, in the order in which they happened, and blocks their channels. Empty when nothing
   * can be sent.
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
    if (this.size < (crowdedBatches * maxEvents) / 2) this.#endCrowded();
    if (this.#shedding !== undefined && this.bytes < this.#shedding.untilBytes) this.#shedding = undefined;
    if (!isInOrder) taken.sort((a, b) => a.order - b.order);
    return { events: taken.map(({ queued }) => queued), lanes };
  }

  /** The events of a channel, in order. */
  waitingOf(channel: ChannelName): readonly QueuedEvent[] {
    return Array.from(this.#lanes.get(channel) ?? [], ({ queued }) => queued);
  }

  /** The lanes with the oldest first events, at most `most` of them, and the number of all lanes with events. */
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
    // A few lanes hold very many old events, so looking at each lane once is cheaper.
    const firstOf = ({ first }: Lane): number => first?.queued.createdAt ?? Infinity;
    return { lanes: smallestBy(this.#lanes.values(), most, firstOf), count };
  }

  /** All events, oldest first. */
  get events(): readonly QueuedEvent[] {
    return Array.from(this.#byAge, ({ queued }) => queued);
  }

  /** The channels with events that wait or are being delivered. */
  get channels(): Iterable<ChannelName> {
    return this.#lanes.keys();
  }

  /** Blocks a channel whose earlier events are in a batch that was not taken from here. Its later events wait. */
  block(channel: ChannelName): Lane {
    const lane = this.#laneOf(channel);
    this.#makeUnready(lane);
    lane.blockedBy += 1;
    return lane;
  }

  /** A batch with earlier events of the channel is finished, so the later ones can be sent. */
  release(lane: Lane): void {
    lane.blockedBy -= 1;
    if (lane.blockedBy > 0) return;
    if (lane.size > 0) this.#makeReady(lane);
    else this.#lanes.delete(lane.channel);
  }

  /** Removes the oldest event if it was created at or before `createdBy`, in the endpoint's own time. */
  takeOlder(createdBy: Millis): QueuedEvent | undefined {
    const { oldest } = this.#byAge;
    if (oldest === undefined || this.#time.local(oldest.queued.createdAt) > createdBy) return undefined;
    return this.#discard(oldest);
  }

  /** Removes events of some channel that cancel each other out. Empty when there are none. */
  takeUndone(): readonly QueuedEvent[] {
    return this.#shed()
      .undone()
      .map((slot) => this.#discard(slot));
  }

  /** Removes the oldest event of this rank from a source that has the most events of that rank. */
  takeOf(rank: Rank): QueuedEvent | undefined {
    const oldest = this.#shed().oldestOf(rank);
    return oldest && this.#discard(oldest);
  }

  #shed(): Shedding {
    this.#shedding ??= { order: new Shedding(this.#byAge), untilBytes: this.bytes / 2 };
    return this.#shedding.order;
  }

  /** The lane to be served next. */
  #next(): Lane | undefined {
    return this.#crowd === undefined ? this.#ready.first : this.#crowd.next;
  }

  #becomeCrowded(): void {
    if (this.#crowd !== undefined) return;
    this.#crowd = new Turns();
    for (let lane = this.#ready.shift(); lane !== undefined; lane = this.#ready.shift()) {
      lane.readyNode = undefined;
      this.#queue(lane);
    }
  }

  #endCrowded(): void {
    const crowd = this.#crowd;
    if (crowd === undefined) return;
    this.#crowd = undefined;
    for (let lane = crowd.next; lane?.turn !== undefined; lane = crowd.next) {
      crowd.remove(lane.turn);
      lane.turn = undefined;
      this.#queue(lane);
    }
  }

  /** Adds a lane with events to those that may be batched. */
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
