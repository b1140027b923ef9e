import type { EventName } from '../webhooks/event.ts';
import type { AttemptResult, RequestView } from './deliveries.ts';

/** What somebody may do: `view` changes nothing and never sees a secret. */
export type Role = 'full' | 'view';

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
  /** Why an app that was set at run time is not served at the moment, as a sentence; absent: it is served. */
  readonly notServed?: string;
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
  /** Why an endpoint that was set at run time is not served at the moment, as a sentence; absent: it is served. */
  readonly notServed?: string;
  readonly url: string;
  /** False: the configuration file says that it is sent nothing. */
  readonly enabled: boolean;
  readonly eventTypes: readonly EventName[];
  readonly channels: { readonly startsWith: string; readonly endsWith: string };
  /** Values of headers are shown to the full role alone; to others each is empty. */
  readonly headers: Readonly<Record<string, string>>;
  readonly standardSignature: boolean;
  readonly reconcile: boolean;
  /** What holds for it. */
  readonly batch: { readonly maxEvents: number; readonly maxDelayMs: number; readonly maxBytes: number };
  /** What of that was set for this endpoint; the rest is as the server's configuration says. Absent: nothing. */
  readonly ownBatch?: BatchInput;
  readonly pause?: PauseView;
  /** What waits for it on this node; absent: other nodes send the webhooks. */
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

/** `POST /apps/ID/verify`: whether a request that somebody got is of this app. */
export interface VerifyView {
  readonly isGenuine: boolean;
  /** The key whose secret signed it. */
  readonly key?: string;
  /** Why it is genuine or not, as a sentence with what to do. */
  readonly sentence: string;
}
