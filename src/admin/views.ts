import type { EventName } from '../webhooks/event.ts';

/**
 * What the admin API answers and takes, as JSON. The Dashboard's page is typed by the same. Times are milliseconds since
 * 1970 unless they are said to be something else; what is not known is absent.
 */

/** What somebody may do: `view` changes nothing and never sees a secret. */
export type Role = 'full' | 'view';

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

/** Where a setting comes from: the configuration file, or this Dashboard and the admin API. */
export type SettingOrigin = 'file' | 'run-time';

/** A key of an app, without its secret. */
export interface KeyView {
  readonly key: string;
  /** Webhooks are signed with the first key. */
  readonly isFirst: boolean;
  /** Connections and requests that used it since this process started. */
  readonly uses: number;
  readonly lastUsedAtMs?: number;
}

/** A key with its secret: shown on demand, to the full role alone. */
export interface KeyPairView {
  readonly key: string;
  readonly secret: string;
}

/** The switches and limits of an app that can be set at run time. */
export interface AppSettings {
  readonly enabled: boolean;
  readonly clientEvents: boolean;
  readonly subscriptionCount: boolean;
  readonly watchlist: boolean;
  readonly forceTls: boolean;
  readonly allowedOrigins: readonly string[];
  /** Null: no limit. */
  readonly limits: Readonly<Record<string, number | null>>;
}

/** An app. */
export interface AppView extends AppSettings {
  readonly id: string;
  readonly origin: SettingOrigin;
  readonly keys: readonly KeyView[];
  readonly endpoints: readonly EndpointView[];
  /** Connections to this node. */
  readonly connections: number;
  /** Channels that have subscribers on this node. */
  readonly occupiedChannels: number;
}

/** `POST /apps`: id, key and secret are made up unless they are given. */
export interface AppInput extends Partial<AppSettings> {
  readonly id?: string;
  readonly key?: string;
  readonly secret?: string;
}

/** How events are gathered into one request; what is absent is as the server's configuration says. */
export interface BatchInput {
  /** 1 is batching off. */
  readonly maxEvents?: number;
  readonly maxDelayMs?: number;
  readonly maxBytes?: number;
}

/** `POST /apps/ID/endpoints`, and `PUT /apps/ID/endpoints/ID` which takes all of it anew. */
export interface EndpointInput {
  readonly id?: string;
  readonly url: string;
  readonly eventTypes?: readonly EventName[];
  readonly channels?: { readonly startsWith?: string; readonly endsWith?: string };
  readonly headers?: Readonly<Record<string, string>>;
  readonly standardSignature?: boolean;
  readonly reconcile?: boolean;
  readonly batch?: BatchInput;
}

/**
 * A pause of an endpoint. `hold`: nothing is sent, what happens waits, and its five minutes stand still. `off`: what
 * happens is not sent, and is listed as dropped.
 */
export interface PauseView {
  readonly how: 'hold' | 'off';
  readonly sinceMs: number;
}

/** An endpoint, how it is set and how it does. */
export interface EndpointView {
  readonly id: string;
  readonly origin: SettingOrigin;
  readonly url: string;
  /** False: the configuration file says that it is sent nothing. */
  readonly enabled: boolean;
  readonly eventTypes: readonly EventName[];
  readonly channels: { readonly startsWith: string; readonly endsWith: string };
  /** Values of headers are shown to the full role alone; to others each is empty. */
  readonly headers: Readonly<Record<string, string>>;
  readonly standardSignature: boolean;
  readonly reconcile: boolean;
  readonly batch: { readonly maxEvents: number; readonly maxDelayMs: number; readonly maxBytes: number };
  readonly pause?: PauseView;
  /** What waits for it; absent: another node sends the webhooks. */
  readonly queue?: QueueView;
  /** The last attempt that is remembered. */
  readonly lastAttempt?: { readonly atMs: number; readonly result: AttemptResult; readonly status?: number };
}

/** What waits for an endpoint. */
export interface QueueView {
  readonly events: number;
  readonly bytes: number;
  readonly oldestAgeMs: number;
  readonly isFailing: boolean;
}

/** What an attempt came to: `success` is 2xx, `refused` any other answer. */
export type AttemptResult = 'success' | 'refused' | 'timeout' | 'unreachable';

/** `POST /apps/ID/endpoints/ID/test`: one request with an example of an event. */
export interface TestView {
  readonly result: AttemptResult;
  readonly status?: number;
  readonly error?: string;
  readonly elapsedMs: number;
  /** The beginning of the answer's body, up to 4 KB. */
  readonly answer?: string;
  /** What the answer means, as a sentence with what to do. */
  readonly verdict: string;
  readonly request: RequestView;
}

/** A request as it was sent. */
export interface RequestView {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** `POST /apps/ID/verify`: whether a request that somebody got is of this app. */
export interface VerifyView {
  readonly isGenuine: boolean;
  /** The key whose secret signed it. */
  readonly key?: string;
  /** Why it is genuine or not, as a sentence with what to do. */
  readonly sentence: string;
}

/** A delivery in a list: a request with its events, over all its attempts. */
export interface DeliveryView {
  /** The `webhook-id` of the request. */
  readonly id: string;
  readonly appId: string;
  readonly endpoint: string;
  readonly url: string;
  readonly status: 'pending' | 'delivered' | 'dropped';
  /** Why it was dropped. */
  readonly reason?: string;
  readonly atMs: number;
  /** The names of its events, each once, and the channels. */
  readonly events: readonly {
    readonly name: EventName;
    readonly channel: string;
    readonly user_id?: string;
  }[];
  readonly eventCount: number;
  readonly attempts: number;
  readonly lastAttempt?: {
    readonly result: AttemptResult | 'pending';
    readonly status?: number;
    readonly error?: string;
  };
  readonly elapsedMs?: number;
  /** When the next attempt is due. */
  readonly nextAttemptAtMs?: number;
  readonly isResent: boolean;
}

/** One POST. */
export interface AttemptView {
  readonly number: number;
  /** It was made on demand, the so manieth. */
  readonly resend?: number;
  readonly atMs: number;
  readonly elapsedMs?: number;
  readonly result: AttemptResult | 'pending';
  readonly status?: number;
  readonly error?: string;
  /** The request's headers as sent, with the signature. */
  readonly headers: Readonly<Record<string, string>>;
  /** The beginning of the answer's body, up to 4 KB. */
  readonly answer?: string;
}

/** A delivery in full. */
export interface DeliveryDetail extends DeliveryView {
  readonly body: string;
  readonly attemptList: readonly AttemptView[];
  /** Ids of its events in the list of events. */
  readonly eventIds: readonly number[];
}

/** A part of a list, newest first. */
export interface PageOf<Item> {
  readonly items: readonly Item[];
  /** To be given as `before` for the items that follow; absent: there are none. */
  readonly next?: string;
  /** Nothing older is kept. */
  readonly keptSinceMs: number;
  /** What was not kept since then, because more happened than is recorded. */
  readonly skipped: number;
}

/** What caused an event. */
export interface CauseView {
  readonly kind: 'subscribed' | 'unsubscribed' | 'disconnected' | 'client event' | 'unknown';
  readonly socket_id?: string;
  readonly user_id?: string;
  readonly atMs: number;
}

/** What became of an event at one endpoint. */
export interface FateView {
  readonly endpoint: string;
  readonly url: string;
  readonly status: 'pending' | 'delivered' | 'dropped' | 'filtered';
  readonly reason?: string;
  readonly deliveries: readonly string[];
  readonly attempts: number;
}

/** Something that webhooks tell or would have told, and why. */
export interface EventView {
  readonly id: number;
  readonly appId: string;
  readonly name: EventName;
  readonly channel: string;
  readonly user_id?: string;
  readonly event?: string;
  readonly data?: string;
  readonly socket_id?: string;
  readonly subscription_count?: number;
  readonly atMs: number;
  readonly status: 'pending' | 'delivered' | 'dropped' | 'filtered' | 'suppressed' | 'deduplicated';
  readonly cause: CauseView;
  /** The cause and what became of it, as a sentence. */
  readonly why: string;
  readonly endpoints: readonly FateView[];
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
  /** Rows that were not recorded or not sent since the rows before, because more happened than can be shown. */
  readonly skipped: number;
  /** Nothing older is kept. */
  readonly keptSinceMs: number;
}

/** A channel in a list. */
export interface ChannelView {
  readonly name: string;
  readonly kind: 'public' | 'private' | 'encrypted' | 'presence';
  readonly isCache: boolean;
  /** Absent: not known at this moment. */
  readonly subscriptionCount?: number;
  readonly userCount?: number;
}

/** `GET /apps/ID/channels`. */
export interface ChannelPage {
  readonly items: readonly ChannelView[];
  /** To be given as `after` for those that follow. */
  readonly next?: string;
}

/** `GET /apps/ID/channels/NAME`. */
export interface ChannelDetail extends ChannelView {
  readonly occupied: boolean;
  readonly userIds?: readonly string[];
  readonly cache?: { readonly data: string; readonly ttlSeconds: number };
  /** Subscribers that are connected to this node. */
  readonly connections: readonly ConnectionView[];
}

/** A connection to this node. */
export interface ConnectionView {
  readonly socketId: string;
  /** Who is signed in on it, or is a member of the channel by it. */
  readonly userId?: string;
  readonly channels: readonly { readonly name: string; readonly userId?: string }[];
}

/** A span of a timeline. `toMs` is absent while it lasts. */
export interface SpanView {
  readonly state: 'present' | 'lingering';
  readonly fromMs: number;
  readonly toMs?: number;
  /** Lingering: when its grace ends. */
  readonly deadlineMs?: number;
}

/** `GET /apps/ID/channels/NAME/timeline`: what was recorded of a channel, and of its members. */
export interface TimelineView {
  readonly channel: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly keptSinceMs: number;
  readonly skipped: number;
  /** The channel first (`userId` absent), then its members. */
  readonly rows: readonly { readonly userId?: string; readonly spans: readonly SpanView[] }[];
  /** Events of the channel, with what became of each. */
  readonly events: readonly EventView[];
  /** Deliveries that hold one of them, attempt by attempt. */
  readonly deliveries: readonly {
    readonly id: string;
    readonly endpoint: string;
    readonly status: DeliveryView['status'];
    readonly eventIds: readonly number[];
    readonly attempts: readonly Pick<AttemptView, 'number' | 'atMs' | 'elapsedMs' | 'result' | 'status'>[];
  }[];
}

/** A difference between what an endpoint must believe and what is true. */
export interface DifferenceView {
  readonly channel: string;
  /** Absent: it is about the channel itself. */
  readonly userId?: string;
  /** What the endpoint must believe: that it is there, or not; `unknown` where nobody can tell. */
  readonly believed: 'there' | 'gone' | 'unknown';
  readonly actual: 'there' | 'gone';
  /** Why, as a sentence. */
  readonly why: string;
  /** Whether it heals without anybody doing something. */
  readonly heals: boolean;
}

/** `GET /apps/ID/endpoints/ID/truth`. */
export interface TruthView {
  readonly endpoint: string;
  readonly atMs: number;
  /** Why nothing can be said; then the rest is empty. */
  readonly unknown?: string;
  /** Channels and members that were compared. */
  readonly channels: number;
  readonly members: number;
  /** The first differences, at most 200. */
  readonly differences: readonly DifferenceView[];
  readonly differing: number;
  /** Of what the endpoint does not hear, by its event types and channel filter; one sentence each. */
  readonly limits: readonly string[];
  /** Whether `POST reconcile` can repair what does not heal. */
  readonly canReconcile: boolean;
}

/** `GET /apps/ID/endpoints/ID/lanes`: what waits behind what. */
export interface LanesView {
  readonly endpoint: string;
  readonly queue?: QueueView;
  readonly pause?: PauseView;
  /** The first lanes, those that wait longest first, at most 100. */
  readonly lanes: readonly LaneView[];
  readonly laneCount: number;
  /** Batches that are not done with, oldest first, at most 100. */
  readonly batches: readonly LaneBatchView[];
}

/** The events of one channel that are in no batch yet. */
export interface LaneView {
  readonly channel: string;
  readonly events: number;
  readonly oldestAgeMs: number;
  /** The delivery that must be done with before the first of them is sent. */
  readonly blockedBy?: string;
}

/** A batch that is not done with. */
export interface LaneBatchView {
  readonly id?: string;
  readonly channels: readonly string[];
  readonly events: number;
  readonly attempts: number;
  readonly state: 'in-flight' | 'waiting';
  readonly ageMs: number;
  readonly nextAttemptInMs?: number;
  /** After so long it is dropped. */
  readonly deadlineInMs: number;
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
    /** Absent: another node sends the webhooks. */
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
