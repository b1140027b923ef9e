import type { Millis } from '../ports/clock.ts';
import type { ChannelName } from '../protocol/channel-name.ts';
import type { ListNode } from '../structures/linked-list.ts';
import type { WebhookEvent } from './event.ts';
import type { Share } from './share.ts';
import type { TurnKey } from './turns.ts';

/** An event to be delivered, encoded once for all endpoints. */
export interface QueuedEvent {
  readonly event: WebhookEvent;
  /** The event as it appears in a body. */
  readonly json: string;
  readonly bytes: number;
  /** Its position in the order of events: later events have greater numbers. */
  readonly seq: number;
  /** When it was created. */
  readonly createdAt: Millis;
  /** Which endpoints have not decided the event yet, if that is tracked. */
  readonly share?: Share | undefined;
  /** Whether a record of it is kept. The others need no look-up. */
  isRecorded?: boolean;
}

/** The position of an event in the lane of its channel and in the order of age. It is a node of both lists, which saves memory. */
export interface Slot {
  readonly order: number;
  readonly queued: QueuedEvent;
  readonly lane: Lane;
  /** Neighbours in the lane. */
  before: Slot | undefined;
  after: Slot | undefined;
  /** Neighbours in the order of age. */
  older: Slot | undefined;
  younger: Slot | undefined;
}

/** The events of one channel that are not in a batch yet. Only the backlog may change it. */
export class Lane {
  readonly channel: ChannelName;
  first: Slot | undefined;
  #last: Slot | undefined;
  /** The number of events. */
  size = 0;
  bytes = 0;
  /** The number of unfinished batches with earlier events of the channel. Later events wait for them. */
  blockedBy = 0;
  /** The lane's position among those that may be batched, while the backlog is not crowded. */
  readyNode: ListNode<Lane> | undefined;
  /** The same while the backlog is crowded. */
  turn: TurnKey<Lane> | undefined;

  constructor(channel: ChannelName) {
    this.channel = channel;
  }

  append(slot: Slot): void {
    const last = this.#last;
    slot.before = last;
    if (last === undefined) this.first = slot;
    else last.after = slot;
    this.#last = slot;
    this.size += 1;
    this.bytes += slot.queued.bytes;
  }

  remove(slot: Slot): void {
    const { before, after } = slot;
    if (before === undefined) this.first = after;
    else before.after = after;
    if (after === undefined) this.#last = before;
    else after.before = before;
    slot.before = undefined;
    slot.after = undefined;
    this.size -= 1;
    this.bytes -= slot.queued.bytes;
  }

  *[Symbol.iterator](): Generator<Slot, void> {
    for (let slot = this.first; slot !== undefined; slot = slot.after) yield slot;
  }
}

/** All events, ordered by age. */
export class ByAge {
  oldest: Slot | undefined;
  #youngest: Slot | undefined;
  /** The number of events. */
  size = 0;

  /** Inserts a slot. Several streams arrive only roughly ordered by age, so the cost grows with the number of younger events. */
  insert(slot: Slot): void {
    const { createdAt } = slot.queued;
    let older = this.#youngest;
    while (older !== undefined && older.queued.createdAt > createdAt) older = older.older;
    const younger = older === undefined ? this.oldest : older.younger;
    slot.older = older;
    slot.younger = younger;
    if (older === undefined) this.oldest = slot;
    else older.younger = slot;
    if (younger === undefined) this.#youngest = slot;
    else younger.older = slot;
    this.size += 1;
  }

  remove(slot: Slot): void {
    const { older, younger } = slot;
    if (older === undefined) this.oldest = younger;
    else older.younger = younger;
    if (younger === undefined) this.#youngest = older;
    else younger.older = older;
    slot.older = undefined;
    slot.younger = undefined;
    this.size -= 1;
  }

  *[Symbol.iterator](): Generator<Slot, void> {
    for (let slot = this.oldest; slot !== undefined; slot = slot.younger) yield slot;
  }
}

/** Whether a slot's event was created later than another's. */
export function isYounger(slot: Slot, than: Slot): boolean {
  return slot.queued.createdAt > than.queued.createdAt;
}
