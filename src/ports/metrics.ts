import type { AttemptResult, DropReason, QueueReading } from '../webhooks/delivery-facts.ts';
import type { RefusalKind, ErrorReason } from '../protocol/refusals.ts';
import type { EventName } from '../webhooks/event.ts';

/** What is held of an app at this moment. */
export interface HeldReading {
  /** Channels that have subscribers on this node. */
  readonly occupiedChannels: number;
  /** Members of their presence channels who are on this node, each once for each channel. */
  readonly members: number;
}

/** What an app is at this moment, as far as this node serves it. */
export interface AppReading extends HeldReading {
  readonly id: string;
  /** Ids of its endpoints. */
  readonly endpoints: readonly string[];
}

/** How a node, or a thread of it, stands with Redis. */
export interface RedisStanding {
  /** Whether the shared state can be read and written now. */
  readonly isWhole: boolean;
  /** It can, but has no room for anything new. */
  readonly isFull: boolean;
}

/** How a node stands with the others. */
export interface NodeHealth extends RedisStanding {
  /** Whether this node sends webhooks. */
  readonly isDispatching: boolean;
  /** The partitions of which it sends the webhooks, and how many there are over all nodes. */
  readonly partitions: number;
  readonly partitionCount: number;
  /** Whether it keeps the dead letters of all nodes. */
  readonly keepsLetters: boolean;
}

/** How busy this process is at this moment. */
export interface LoadReading {
  /** Whether new clients are accepted. */
  readonly isAccepting: boolean;
  /** POSTs under way, over all endpoints. */
  readonly attempts: number;
  /** Endpoints that have something to send and wait until fewer are under way. */
  readonly waitingEndpoints: number;
  /** Whether what is kept on disk can be written; undefined: nothing is. */
  readonly isStoreWritten?: boolean | undefined;
}

/** Counts what the program does. Each call is cheap enough for the hot path. */
export interface Metrics {
  connectionOpened(appId: string): void;
  connectionClosed(appId: string): void;
  /** A connection was closed because its client read too slowly. */
  slowClientClosed(appId: string): void;
  messageReceived(appId: string): void;
  /** One event was published on one channel, over HTTP or by a client. */
  messagePublished(appId: string, source: 'api' | 'client'): void;
  /** `appId` is empty where no app is known. */
  refused(appId: string, kind: RefusalKind, reason: ErrorReason): void;
  httpRequest(route: string, status: number): void;
  /** A departure was called off: its subject came back within the grace. */
  suppressedByGrace(appId: string, event: 'channel_vacated' | 'member_removed'): void;
  /** A cache miss was not reported because an earlier one still stands. */
  deduplicated(appId: string): void;
  webhookQueued(appId: string, event: EventName): void;
  webhookAttempt(appId: string, endpoint: string, result: AttemptResult, elapsedMs: number): void;
  /**
   * Events were answered with 2xx. `elapsedMs` has an entry for each: how long before that it had happened. A grace had
   * passed before it happened.
   */
  webhookDelivered(appId: string, endpoint: string, elapsedMs: readonly number[]): void;
  webhookDropped(appId: string, endpoint: string, reason: DropReason, events: number): void;
  /** Tells which apps there are, and where to read what they are, when somebody looks. */
  observeApps(read: () => Iterable<AppReading>): void;
  /** Tells where to read the queues when somebody looks. */
  observeQueues(read: () => Iterable<QueueReading>): void;
  /** Tells where to read how the node stands with the others; undefined: it is alone. */
  observeHealth(read: () => NodeHealth | undefined): void;
  /** Tells where to read how busy the process is. */
  observeLoad(read: () => LoadReading): void;
}

const nothing = (): void => {};

/** Metrics that nobody looks at. */
export const noMetrics: Metrics = {
  connectionOpened: nothing,
  connectionClosed: nothing,
  slowClientClosed: nothing,
  messageReceived: nothing,
  messagePublished: nothing,
  refused: nothing,
  httpRequest: nothing,
  suppressedByGrace: nothing,
  deduplicated: nothing,
  webhookQueued: nothing,
  webhookAttempt: nothing,
  webhookDelivered: nothing,
  webhookDropped: nothing,
  observeApps: nothing,
  observeQueues: nothing,
  observeHealth: nothing,
  observeLoad: nothing,
};
