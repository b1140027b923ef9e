import type { Millis } from '../ports/clock.ts';
import type { ChannelName } from '../protocol/channel-name.ts';
import type { ListNode } from '../structures/linked-list.ts';
import type { DropReason } from './delivery-facts.ts';
import type { QueuedEvent } from './lane.ts';

/**
 * Events that are delivered together, or not at all. All but the events is the machine's to change. Its moments are
 * those of the endpoint's own time.
 */
export interface Batch {
  /** In the order in which they happened. */
  readonly events: readonly QueuedEvent[];
  readonly channels: ReadonlySet<ChannelName>;
  readonly bytes: number;
  /** When the oldest event came to be, on the clock. */
  readonly createdAt: Millis;
  /** No attempt starts at or after this moment: the oldest event's creation and its five minutes. */
  readonly deadline: Millis;
  /** Attempts begun. */
  attempts: number;
  /** In flight: from `next` until it is said what came of the attempt. */
  state: 'in-flight' | 'waiting' | 'done';
  nextAttemptAt: Millis;
  node: ListNode<Batch> | undefined;
  readonly ticket: Ticket;
  /** Whether it is given up unless the attempt under way succeeds. */
  isLastAttempt: boolean;
  /** Whether the machine will look at it at its deadline: from when it first waits. */
  isTimed: boolean;
}

/** Events that were given up, and why. */
export interface Drop {
  readonly reason: DropReason;
  readonly events: readonly QueuedEvent[];
  /** The batch they were in, if they had come that far. */
  readonly batch?: Batch;
}

/** What the heaps hold of a batch: nothing any more once it is done with. */
export interface Ticket {
  batch: Batch | undefined;
}

/** A batch of these events, of which so many attempts were begun. */
export function createBatch(
  events: readonly QueuedEvent[],
  attempts: number,
  deadlineOf: (createdAt: Millis) => Millis,
): Batch {
  const createdAt = events.reduce((oldest, queued) => Math.min(oldest, queued.createdAt), Infinity);
  const batch: Batch = {
    events,
    channels: new Set(events.map(({ event }) => event.channel)),
    bytes: events.reduce((sum, { bytes }) => sum + bytes, 0),
    createdAt,
    deadline: deadlineOf(createdAt),
    attempts,
    state: 'waiting',
    nextAttemptAt: -Infinity,
    node: undefined,
    ticket: { batch: undefined },
    isLastAttempt: false,
    isTimed: false,
  };
  batch.ticket.batch = batch;
  return batch;
}
