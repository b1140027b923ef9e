import type { Role } from './settings.ts';

/** `GET /self`: facts about the server, and the role of the caller. */
export interface SelfView {
  readonly version: string;
  readonly role: Role;
  readonly isProduction: boolean;
  /** Where the state of channels and webhooks is kept. */
  readonly kept: 'memory' | 'disk' | 'redis';
  /** Where apps and endpoints that are set at run time are kept. In memory they are lost when the process stops. */
  readonly savedIn: 'memory' | 'disk' | 'redis';
  /** The epoch of the state. A new epoch means that state was lost, so earlier webhooks may no longer be true. */
  readonly epoch: string;
  /** How often the store was opened. Absent without a store. */
  readonly starts?: number;
  /** How the previous run ended, if that is known. */
  readonly lastEnd?: { readonly how: string; readonly downMs: number };
  /** Why stored data was lost, if any was. */
  readonly lost?: string;
  /** When this process started. */
  readonly startedAtMs: number;
  readonly nowMs: number;
  /** Whether payloads may be shown (`dashboard.payloads`). */
  readonly showsPayloads: boolean;
  /** The clock of a server that a test controls. Absent otherwise. */
  readonly clock?: ClockView;
  /** The address and port for clients, as configured. */
  readonly address: {
    readonly host: string;
    readonly port: number;
    readonly path: string;
    readonly isTls: boolean;
  };
  /** What this node does not know, one sentence each, such as what only other nodes know. */
  readonly notes: readonly string[];
}

/** The clock of a server that a test controls. */
export interface ClockView {
  readonly mode: 'real' | 'virtual';
  /** Milliseconds since the start. */
  readonly nowMs: number;
}

export const consoleTypes = [
  'connection',
  'disconnection',
  'subscribed',
  'unsubscribed',
  'published',
  'client event',
  'occupied',
  'vacated',
  'member added',
  'member removed',
  'cache miss',
  'subscription count',
  'webhook sent',
  'webhook failed',
  'refused connection',
  'refused message',
  'refused request',
  'setting',
] as const;

/** The type of a row of the debug console. */
export type ConsoleType = (typeof consoleTypes)[number];

/** A row of the debug console. */
export interface ConsoleRow {
  /** An ascending number, which is also the id of the stream's events. */
  readonly seq: number;
  readonly atMs: number;
  readonly appId: string;
  readonly type: ConsoleType;
  readonly socketId?: string;
  readonly userId?: string;
  readonly channel?: string;
  /** The name of a published event, the URL of an endpoint, or a code. */
  readonly name?: string;
  /** One line of text for people. */
  readonly text: string;
  /** The payload, clipped to 4 KB. Absent if payloads must not be shown. */
  readonly data?: string;
  /** The payload is longer than `data`. */
  readonly isClipped?: true;
  /** Further facts, such as the id of a delivery or of a request. */
  readonly details?: Readonly<Record<string, string | number>>;
}

/** `GET /console`, and each `rows` event of `GET /stream`. */
export interface ConsoleRows {
  readonly rows: readonly ConsoleRow[];
  /** The server has restarted since the previous rows, so its last rows before the restart may be missing. */
  readonly isRestarted?: true;
  /** How many rows since the previous ones were not recorded or not sent, because too much happened at once. */
  readonly skipped: number;
  /** Everything since this time is kept, except what was skipped. */
  readonly keptSinceMs: number;
}

/** Numbers over time, with one entry for each step, oldest first. */
export interface SeriesView {
  readonly stepMs: number;
  readonly endMs: number;
  readonly connections: readonly number[];
  /** The number in each step, as in all fields that follow. */
  readonly published: readonly number[];
  readonly received: readonly number[];
  readonly delivered: readonly number[];
  readonly failed: readonly number[];
  readonly dropped: readonly number[];
  readonly refused: readonly number[];
}

/** `GET /overview`, and each `stats` event of `GET /stream`, which has no series. */
export interface OverviewView {
  readonly nowMs: number;
  readonly connections: number;
  readonly occupiedChannels: number;
  readonly members: number;
  /** Per second, averaged over the last five seconds. */
  readonly rates: {
    readonly published: number;
    readonly received: number;
    readonly delivered: number;
    readonly failed: number;
    readonly dropped: number;
    readonly refused: number;
  };
  readonly webhooks: {
    /** On this node. Absent if other nodes send the webhooks. */
    readonly waiting?: number;
    readonly bytes?: number;
    readonly oldestAgeMs?: number;
    readonly failing: readonly { readonly appId: string; readonly endpoint: string; readonly url: string }[];
    readonly underWay: number;
  };
  /** The health of what the node depends on: store, Redis, capacity for clients. */
  readonly health: readonly { readonly name: string; readonly isGood: boolean; readonly text: string }[];
  /** The most frequent refusals since the start. */
  readonly refusals: readonly { readonly kind: string; readonly reason: string; readonly count: number }[];
  readonly series?: SeriesView;
}

/** The response to a failed request of the admin API. */
export interface ErrorView {
  readonly error: {
    readonly code: string;
    readonly message: string;
    /** What is wrong with which field of the body. */
    readonly faults?: readonly { readonly path: string; readonly message: string }[];
  };
}
