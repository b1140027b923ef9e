import type { QueueReading } from '../webhooks/delivery-facts.ts';

/** How the previous run of the process ended. */
export interface LastEnd {
  /** `killed`: without a graceful shutdown, for any reason. */
  readonly how: 'orderly' | 'killed';
  /** How long the program was down. */
  readonly downMs: number;
}

/** The state of webhook delivery, as backends can query it. */
export interface WebhookState {
  /** Where state and events are stored. */
  readonly kept: 'memory' | 'disk' | 'redis';
  /** The epoch of the state. A receiver that knew another one repairs its state. */
  readonly epoch: string;
  /** How often a process has been started with this state; undefined if that is not counted. */
  readonly starts: number | undefined;
  readonly lastEnd: LastEnd | undefined;
  /** Why stored data could not be read at the start, and is lost. */
  readonly lost: string | undefined;
  /** The queues of the endpoints; undefined if this node does not dispatch, and so does not know. */
  readonly queues: Iterable<QueueReading> | undefined;
  /** The number of partitions that this node dispatches, and of all partitions; undefined if a single node dispatches everything. */
  readonly partitions?: { readonly here: number; readonly all: number };
}

/** The response of `GET /apps/ID/webhooks/state`. */
export function describeWebhookState(appId: string, state: WebhookState): Record<string, unknown> {
  const { kept, epoch, starts, lastEnd, lost, queues, partitions } = state;
  const own = queues && [...queues].filter((queue) => queue.appId === appId);
  return {
    epoch,
    kept,
    starts: starts ?? null,
    ...describeLost(lost),
    last_end: lastEnd === undefined ? null : { how: lastEnd.how, down_ms: Math.round(lastEnd.downMs) },
    pending:
      own?.map(({ endpoint, events, bytes, oldestAgeMs, isFailing }) => ({
        endpoint,
        events,
        bytes,
        oldest_age_ms: Math.round(oldestAgeMs),
        failing: isFailing,
      })) ?? null,
    // What waits on other nodes is not included.
    ...(partitions && { partitions }),
  };
}

/** Stored data that could not be read, so that receivers can repair their state. */
export function describeLost(reason: string | undefined): Record<string, unknown> {
  return reason === undefined ? {} : { store_lost: { reason } };
}
