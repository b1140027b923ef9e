import type { Millis } from '../ports/clock.ts';
import type { ChannelName } from '../protocol/channel-name.ts';
import type { DeliveryQueue } from '../webhooks/delivery-queue.ts';
import type { QueuedEvent } from '../webhooks/lane.ts';
import { batchOf } from '../webhooks/undecided.ts';

/** The events of one channel that wait for an endpoint, and what they wait for. */
export interface WaitingEvents {
  /** In order. */
  readonly events: readonly QueuedEvent[];
  /** Whether the endpoint counts as failing: it is sent one attempt at a time. */
  readonly isFailing: boolean;
  /** The delivery that comes first; undefined if the events are in none yet. */
  readonly batch?: {
    readonly events: readonly QueuedEvent[];
    /** The number of attempts that have begun. */
    readonly attempts: number;
    /** Minimum time until the next attempt; undefined if one is in progress. */
    readonly nextInMs: Millis | undefined;
  };
}

export const nothingWaits: WaitingEvents = { events: [], isFailing: false };

/** The waiting events of a channel. `now` is in the queue's own time. */
export function viewWaiting(
  queue: Pick<DeliveryQueue, 'events' | 'isFailing' | 'undecided' | 'waitingOf'>,
  channel: ChannelName,
  now: Millis,
): WaitingEvents {
  const { isFailing } = queue;
  if (queue.events === 0) return nothingWaits;
  const events = queue.waitingOf(channel);
  const batch = events.length === 0 ? undefined : batchOf(queue.undecided, channel);
  if (batch === undefined) return { events, isFailing };
  const { attempts, state, nextAttemptAt, events: ofBatch } = batch;
  const nextInMs = state === 'waiting' ? Math.max(0, nextAttemptAt - now) : undefined;
  return { events, isFailing, batch: { events: ofBatch, attempts, nextInMs } };
}
