import type { Role } from './settings.ts';

/** `GET /self`: which server this is, and what the caller may do. */
export interface SelfView {
  readonly version: string;
  readonly role: Role;
  readonly isProduction: boolean;
  /** Where the state of channels and webhooks is kept. */
  readonly kept: 'memory' | 'disk' | 'redis';
  /** Where apps and endpoints that are set at run time are kept: in memory they end with the process. */
  readonly savedIn: 'memory' | 'disk' | 'redis';
  /** The life of the state; after another one begins, what was said before may not be true any more. */
  readonly epoch: string;
  /** How often a store was opened; absent without one. */
  readonly starts?: number;
  /** How the life before ended, where that is known. */
  readonly lastEnd?: { readonly how: string; readonly downMs: number };
  /** Why something that was kept was lost. */
  readonly lost?: string;
  /** When this process started. */
  readonly startedAtMs: number;
  readonly nowMs: number;
  /** Whether payloads may be shown (`dashboard.payloads`). */
  readonly showsPayloads: boolean;
  /** The clock of a server that is controlled by a test; absent otherwise. */
  readonly clock?: ClockView;
  /** Address and port that clients connect to, as the configuration has them. */
  readonly address: {
    readonly host: string;
    readonly port: number;
    readonly path: string;
    readonly isTls: boolean;
  };
  /** What this node cannot say, one sentence each: for instance what other nodes know. */
  readonly notes: readonly string[];
}

/** The clock that a test moves. */
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

/** What a row of the debug console is about. */
export type ConsoleType = (typeof consoleTypes)[number];

/** A row of the debug console. */
export interface ConsoleRow {
  /** Counts up; the id of the stream's events. */
  readonly seq: number;
  readonly atMs: number;
  readonly appId: string;
  readonly type: ConsoleType;
  readonly socketId?: string;
  readonly userId?: string;
  readonly channel?: string;
  /** Name of an event that was published, or URL of an endpoint, or a code. */
  readonly name?: string;
  /** One line for a person. */
  readonly text: string;
  /** A payload, if payloads may be shown; clipped to 4 KB. */
  readonly data?: string;
  /** Further facts, such as the id of a delivery or of a request, for links and details. */
  readonly details?: Readonly<Record<string, string | number>>;
}

/** `GET /console`, and each `rows` event of `GET /stream`. */
export interface ConsoleRows {
  readonly rows: readonly ConsoleRow[];
  /** The server was started again since the rows before: what it did last is not known. */
  readonly isRestarted?: true;
  /** Rows that were not recorded or not sent since the rows before, because more happened than can be shown. */
  readonly skipped: number;
  /** Everything since then is kept, but for what was skipped. */
  readonly keptSinceMs: number;
}

/** Numbers over time: one entry for each step, oldest first. */
export interface SeriesView {
  readonly stepMs: number;
  readonly endMs: number;
  readonly connections: readonly number[];
  /** In each step. */
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
  /** A second, over the last five. */
  readonly rates: {
    readonly published: number;
    readonly received: number;
    readonly delivered: number;
    readonly failed: number;
    readonly dropped: number;
    readonly refused: number;
  };
  readonly webhooks: {
    /** Of this node; absent: other nodes send the webhooks. */
    readonly waiting?: number;
    readonly bytes?: number;
    readonly oldestAgeMs?: number;
    readonly failing: readonly { readonly appId: string; readonly endpoint: string; readonly url: string }[];
    readonly underWay: number;
  };
  /** How what the node relies on does: store, Redis, room for clients. */
  readonly health: readonly { readonly name: string; readonly isGood: boolean; readonly text: string }[];
  /** What was refused most since the start. */
  readonly refusals: readonly { readonly kind: string; readonly reason: string; readonly count: number }[];
  readonly series?: SeriesView;
}

/** What a request to the admin API is answered when it fails. */
export interface ErrorView {
  readonly error: {
    readonly code: string;
    readonly message: string;
    /** What is wrong with which field of the body. */
    readonly faults?: readonly { readonly path: string; readonly message: string }[];
  };
}
