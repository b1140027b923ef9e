import type { AttemptResult, DropReason, QueueReading } from '../webhooks/delivery-facts.ts';
import type { RefusalKind, ErrorReason } from '../protocol/refusals.ts';
import type { EventName } from '../webhooks/event.ts';

/** The current size of an app on this node. With workers on Redis, each thread counts what it holds itself. */
export interface HeldReading {
  /** Channels that have subscribers on this node. */
  readonly occupiedChannels: number;
  /** Members of presence channels on this node. A user counts once for each channel. */
  readonly members: number;
  /** Connections that it may have on all nodes; undefined if there is no limit. */
  readonly connectionLimit?: number | undefined;
}

/** The current size and the endpoints of an app on this node. */
export interface AppReading extends HeldReading {
  readonly id: string;
  /** Ids of its endpoints. */
  readonly endpoints: readonly string[];
}

/** Whether a node, or one of its threads, can use Redis. */
export interface RedisStatus {
  /** Whether the shared state can currently be read and written. */
  readonly isWhole: boolean;
  /** Whether it can be, but has no room for new data. */
  readonly isFull: boolean;
}

/** The state of a node in a cluster. */
export interface NodeHealth extends RedisStatus {
  /** Whether this node sends webhooks. */
  readonly isDispatching: boolean;
  /** The number of partitions whose webhooks this node sends, and the number of all partitions. */
  readonly partitions: number;
  readonly partitionCount: number;
  /** Whether this node keeps the dead letters of all nodes. */
  readonly keepsLetters: boolean;
}

/** The current load of this process. */
export interface LoadReading {
  /** Whether new clients are accepted. */
  readonly isAccepting: boolean;
  /** Connections that this node accepts at most; undefined if there is no limit. */
  readonly connectionLimit?: number | undefined;
  /** POSTs in progress, over all endpoints. */
  readonly attempts: number;
  /** Endpoints with something to send that wait for a place. */
  readonly waitingEndpoints: number;
  /** Whether the store on disk can be written; undefined if there is none. */
  readonly isStoreWritten?: boolean | undefined;
}

/** Counts what the program does. Each call is cheap enough for the hot path. */
export interface Metrics {
  connectionOpened(appId: string): void;
  connectionClosed(appId: string): void;
  /** A connection was closed because its client read too slowly. */
  slowClientClosed(appId: string): void;
  messageReceived(appId: string): void;
  /** One event was published on one channel, by the HTTP API or by a client. */
  messagePublished(appId: string, source: 'api' | 'client'): void;
  /** `appId` is empty if the app is unknown. */
  refused(appId: string, kind: RefusalKind, reason: ErrorReason): void;
  httpRequest(route: string, status: number): void;
  /** A departure was cancelled: its subject returned within the grace period. */
  suppressedByGrace(appId: string, event: 'channel_vacated' | 'member_removed'): void;
  /** A cache miss was not reported because an earlier one still covers it. */
  deduplicated(appId: string): void;
  webhookQueued(appId: string, event: EventName): void;
  webhookAttempt(appId: string, endpoint: string, result: AttemptResult, elapsedMs: number): void;
  /**
   * Events were accepted with a 2xx status. `elapsedMs` has an entry for each: the time since it happened. For departures, that
   * is after the grace period.
   */
  webhookDelivered(appId: string, endpoint: string, elapsedMs: readonly number[]): void;
  webhookDropped(appId: string, endpoint: string, reason: DropReason, events: number): void;
  /** Sets the function that returns the current apps when metrics are read. */
  observeApps(read: () => Iterable<AppReading>): void;
  /** Sets the function that returns the current queues when metrics are read. */
  observeQueues(read: () => Iterable<QueueReading>): void;
  /** Sets the function that returns the state of this node in its cluster when metrics are read; undefined if it is alone. */
  observeHealth(read: () => NodeHealth | undefined): void;
  /** Sets the function that returns the current load when metrics are read. */
  observeLoad(read: () => LoadReading): void;
}

const noop = (): void => {};

/** Metrics that are not read. */
export const noMetrics: Metrics = {
  connectionOpened: noop,
  connectionClosed: noop,
  slowClientClosed: noop,
  messageReceived: noop,
  messagePublished: noop,
  refused: noop,
  httpRequest: noop,
  suppressedByGrace: noop,
  deduplicated: noop,
  webhookQueued: noop,
  webhookAttempt: noop,
  webhookDelivered: noop,
  webhookDropped: noop,
  observeApps: noop,
  observeQueues: noop,
  observeHealth: noop,
  observeLoad: noop,
};
