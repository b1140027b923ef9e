import type { QueueReading } from '../webhooks/delivery-facts.ts';

/** How the life of the process before this one ended. */
export interface LastEnd {
  /** `killed`: without a farewell, whatever the reason. */
  readonly how: 'orderly' | 'killed';
  /** How long the program was down. */
  readonly downMs: number;
}

/** What backends can ask of the way that webhooks take. */
export interface WebhookLife {
  /** Where state and events are kept. */
  readonly kept: 'memory' | 'disk' | 'redis';
  /** In which life of the state this is: a receiver that knew another one repairs what it knows. */
  readonly epoch: string;
  /** How often a process has been started over this state; undefined where nobody counts. */
  readonly starts: number | undefined;
  readonly lastEnd: LastEnd | undefined;
  /** Why what was kept could not be read at the start, and is lost. */
  readonly lost: string | undefined;
  /** What endpoints have waiting; undefined: this node does not dispatch, and so does not know. */
  readonly queues: Iterable<QueueReading> | undefined;
  /** The partitions that this node dispatches, of all; undefined: there is one node, which dispatches everything. */
  readonly partitions?: { readonly here: number; readonly all: number };
}

/** The answer to `GET /apps/ID/webhooks/state`. */
export function describeWebhookState(appId: string, life: WebhookLife): Record<string, unknown> {
  const { kept, epoch, starts, lastEnd, lost, queues, partitions } = life;
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
    // What waits elsewhere is not in it.
    ...(partitions && { partitions }),
  };
}

/** What was kept and could not be read, for whoever has to repair what it knows; nothing else. */
export function describeLost(reason: string | undefined): Record<string, unknown> {
  return reason === undefined ? {} : { store_lost: { reason } };
}
