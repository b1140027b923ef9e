import type { Millis } from '../ports/clock.ts';
import type { ListNode } from '../structures/linked-list.ts';
import type { DropReason } from './delivery-facts.ts';
import type { Lane, QueuedEvent } from './lane.ts';
import type { BegunPayload } from './payload.ts';

/**
 * Events that are delivered together, or not at all. All but the events and the payload is the machine's to change. Its moments are
 * those of the endpoint's own time.
 */
export interface Batch {
  /** In the order in which they happened. */
  readonly events: readonly QueuedEvent[];
  /** Those of its channels, each once. */
  readonly lanes: readonly Lane[];
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
  /** What the heaps hold of it: from when it first waits. */
  ticket: Ticket | undefined;
  /** What is sent, once it was made: the shell's to set. */
  payload: BegunPayload | undefined;
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
  { events, lanes }: Pick<Batch, 'events' | 'lanes'>,
  attempts: number,
  deadlineOf: (createdAt: Millis) => Millis,
): Batch {
  let createdAt = Infinity;
  let bytes = 0;
  for (const queued of events) {
    if (queued.createdAt < createdAt) ({ createdAt } = queued);
    bytes += queued.bytes;
  }
  return {
    events,
    lanes,
    bytes,
    createdAt,
    deadline: deadlineOf(createdAt),
    attempts,
    state: 'waiting',
    nextAttemptAt: -Infinity,
    node: undefined,
    ticket: undefined,
    payload: undefined,
    isLastAttempt: false,
    isTimed: false,
  };
}
