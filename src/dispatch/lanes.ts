import type { LaneBatchView, LanesView } from '../views/truth.ts';
import type { Millis } from '../ports/clock.ts';
import type { Batch } from '../webhooks/batch.ts';
import type { QueueReading } from '../webhooks/delivery-facts.ts';
import type { DeliveryQueue } from '../webhooks/delivery-queue.ts';
import type { Endpoint } from '../webhooks/endpoint.ts';
import type { HoldClock } from '../webhooks/hold-clock.ts';

/** The maximum number of lanes and batches in a view. */
const most = 100;

/** The sources of a view. */
export interface LanesSource {
  readonly endpoint: Endpoint;
  readonly queue: DeliveryQueue;
  readonly time: HoldClock;
  readonly reading: QueueReading;
  /** The id of the delivery; undefined if it has none yet. */
  readonly idOf: (batch: Batch) => string | undefined;
}

/** The lanes of an endpoint and what blocks them, at this time of the clock. */
export function viewLanes({ endpoint, queue, time, reading, idOf }: LanesSource, now: Millis): LanesView {
  const { lanes, laneCount, batches, batchCount } = queue.contents(most);
  const { events, bytes, oldestAgeMs, isFailing } = reading;
  const { heldSinceMs } = endpoint;
  return {
    endpoint: endpoint.id,
    queue: { events, bytes, oldestAgeMs, isFailing },
    ...(heldSinceMs !== undefined && { pause: { how: 'hold', sinceMs: heldSinceMs } }),
    lanes: lanes.map(({ lane: { channel, first, size }, blockedBy }) => {
      const id = blockedBy && idOf(blockedBy);
      const createdAt = first?.queued.createdAt ?? now;
      return {
        channel,
        events: size,
        oldestAgeMs: now - createdAt,
        ...(id !== undefined && { blockedBy: id }),
      };
    }),
    laneCount,
    batches: batches.map((batch) => viewBatch(batch, idOf(batch), { now, time })),
    batchCount,
  };
}

function viewBatch(
  batch: Batch,
  id: string | undefined,
  { now, time }: { readonly now: Millis; readonly time: HoldClock },
): LaneBatchView {
  const local = time.local(now);
  const isDueLater = batch.state === 'waiting' && !time.isHeld;
  return {
    ...(id !== undefined && { id }),
    channels: batch.lanes.map(({ channel }) => channel),
    events: batch.events.length,
    attempts: batch.attempts,
    state: batch.state === 'in-flight' ? 'in-flight' : 'waiting',
    ageMs: now - batch.createdAt,
    ...(isDueLater && { nextAttemptInMs: Math.max(0, batch.nextAttemptAt - local) }),
    deadlineInMs: Math.max(0, batch.deadline - local),
  };
}
