import type { Millis } from '../ports/clock.ts';
import type { ChannelName } from '../protocol/channel-name.ts';
import type { ListNode } from '../structures/linked-list.ts';
import type { WebhookEvent } from './event.ts';
import type { Share } from './share.ts';
import type { TurnKey } from './turns.ts';

/** An event on its way, encoded once for all endpoints. */
export interface QueuedEvent {
  readonly event: WebhookEvent;
  /** The event as it stands in a body. */
  readonly json: string;
  readonly bytes: number;
  /** Its place in the order in which events happened: later ones have greater numbers. */
  readonly seq: number;
  /** When it came to be. */
  readonly createdAt: Millis;
  /** Who is not done with it yet, where somebody asks for that. */
  readonly share?: Share | undefined;
  /** Whether somebody keeps a record of it: of the others nothing needs to be looked up. */
  isRecorded?: boolean;
}

/** An event's place: in its channel's lane, and among all by age. It is a node of both lists, which costs less than two more. */
export interface Slot {
  readonly order: number;
  readonly queued: QueuedEvent;
  readonly lane: Lane;
  /** Its neighbours in the lane. */
  before: Slot | undefined;
  after: Slot | undefined;
  /** Its neighbours among all. */
  older: Slot | undefined;
  younger: Slot | undefined;
}

/** The events of one channel that are in no batch yet. All but reading is the backlog's. */
export class Lane {
  readonly channel: ChannelName;
  first: Slot | undefined;
  #last: Slot | undefined;
  /** How many there are. */
  size = 0;
  bytes = 0;
  /** Batches on their way with earlier events of the channel: the later ones wait. */
  blockedBy = 0;
  /** Where the lane stands among those that may be batched, while there is no crowd. */
  readyNode: ListNode<Lane> | undefined;
  /** In a crowd: the same. */
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

/** All events by their age. */
export class ByAge {
  oldest: Slot | undefined;
  #youngest: Slot | undefined;
  /** How many there are. */
  size = 0;

  /** Events of several streams come roughly by age only: it costs as much as there are younger ones. */
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

/** Whether it came to be later. */
export function isYounger(slot: Slot, than: Slot): boolean {
  return slot.queued.createdAt > than.queued.createdAt;
}
