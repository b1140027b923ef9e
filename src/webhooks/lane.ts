import type { Millis } from '../ports/clock.ts';
import type { ChannelName } from '../protocol/channel-name.ts';
import type { LinkedList, ListNode } from '../structures/linked-list.ts';
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

/** The events of one channel that are in no batch yet. */
export interface Lane {
  readonly channel: ChannelName;
  readonly slots: LinkedList<Slot>;
  bytes: number;
  /** Batches on their way with earlier events of the channel: the later ones wait. */
  blockedBy: number;
  /** Where the lane stands among those that may be batched, while there is no crowd. */
  readyNode: ListNode<Lane> | undefined;
  /** In a crowd: the same. */
  turn: TurnKey<Lane> | undefined;
}

/** An event's place: in its channel's lane, and among all by age. */
export interface Slot {
  readonly order: number;
  readonly queued: QueuedEvent;
  readonly lane: Lane;
  laneNode: ListNode<Slot> | undefined;
  ageNode: ListNode<Slot> | undefined;
}

/** Whether it came to be later. Events of several streams come roughly by age only. */
export function isYounger(slot: Slot, than: Slot): boolean {
  return slot.queued.createdAt > than.queued.createdAt;
}
