import type { Millis } from '../ports/clock.ts';
import type { ListNode } from '../structures/linked-list.ts';
import type { DropReason } from './delivery-facts.ts';
import type { Lane, QueuedEvent } from './lane.ts';
import type { StartedPayload } from './payload.ts';

/**
 * Events that are delivered together or not at all. Only the delivery queue may change it, except for the payload. Its times
 * are in the endpoint's own time.
 */
export interface Batch {
  /** In the order in which they happened. */
  readonly events: readonly QueuedEvent[];
  /** The lanes of its channels, without duplicates. */
  readonly lanes: readonly Lane[];
  readonly bytes: number;
  /** When the oldest event was created, by the clock. */
  readonly createdAt: Millis;
  /** No attempt starts at or after this time: five minutes after the oldest event was created. */
  readonly deadline: Millis;
  /** The number of attempts that have begun. */
  attempts: number;
  /** `in-flight`: from `next` until the result of the attempt is reported. */
  state: 'in-flight' | 'waiting' | 'done';
  nextAttemptAt: Millis;
  node: ListNode<Batch> | undefined;
  /** Its entry in the heaps, from when it first waits. */
  ticket: Ticket | undefined;
  /** The content to send. The caller of the queue sets it when it is created. */
  payload: StartedPayload | undefined;
  /** Whether the batch is dropped unless the attempt in progress succeeds. */
  isLastAttempt: boolean;
  /** Whether another process may have attempted it without noting the answer, so that the endpoint may have accepted it. */
  readonly isUnsure: boolean;
  /** Whether the endpoint may have received it in an attempt of this process that got no answer in time. */
  mayHaveArrived: boolean;
  /** Whether the queue will look at the batch at its deadline: from when it first waits. */
  isTimed: boolean;
}

/** Events that were dropped, and why. */
export interface Drop {
  readonly reason: DropReason;
  readonly events: readonly QueuedEvent[];
  /** The batch that contained them, if there was one. */
  readonly batch?: Batch;
}

/** The entry of a batch in the heaps. It is empty once the batch is finished. */
export interface Ticket {
  batch: Batch | undefined;
}

/** Creates a batch of which `attempts` attempts have begun. */
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
    isUnsure: attempts > 0,
    mayHaveArrived: false,
    isTimed: false,
  };
}
