import type { EventName } from '../webhooks/event.ts';
import type { AttemptResult, RequestView } from './deliveries.ts';

/** The role of a caller. `view` cannot change anything and never sees a secret. */
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

/** A key with its secret. It is shown on request, and only to the full role. */
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
  /** `null` is no limit. */
  readonly limits: Readonly<Record<string, number | null>>;
}

/** An app. */
export interface AppView extends AppSettings {
  readonly id: string;
  readonly origin: SettingOrigin;
  /** Why an app that was added at run time is not served at the moment, as a sentence. Absent if it is served. */
  readonly notServed?: string;
  readonly keys: readonly KeyView[];
  readonly endpoints: readonly EndpointView[];
  /** Connections to this node. */
  readonly connections: number;
  /** Channels that have subscribers on this node. */
  readonly occupiedChannels: number;
}

/** `POST /apps`. An id, key or secret that is absent is generated. */
export interface AppInput extends Partial<AppSettings> {
  readonly id?: string;
  readonly key?: string;
  readonly secret?: string;
}

/** The batching of an endpoint. For absent fields, the server's configuration applies. */
export interface BatchInput {
  /** 1 switches batching off. */
  readonly maxEvents?: number;
  readonly maxDelayMs?: number;
  readonly maxBytes?: number;
}

/** `POST /apps/ID/endpoints`, and `PUT /apps/ID/endpoints/ID`, which replaces all fields. */
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
 * A pause of an endpoint. `hold`: nothing is sent, new events wait, and their five minutes do not run. `off`: events are
 * not sent, and are listed as dropped.
 */
export interface PauseView {
  readonly how: 'hold' | 'off';
  readonly sinceMs: number;
}

/** An endpoint: its settings and its state. */
export interface EndpointView {
  readonly id: string;
  readonly origin: SettingOrigin;
  /** Why an endpoint that was added at run time is not served at the moment, as a sentence. Absent if it is served. */
  readonly notServed?: string;
  readonly url: string;
  /** False if the configuration file disables it. */
  readonly enabled: boolean;
  readonly eventTypes: readonly EventName[];
  readonly channels: { readonly startsWith: string; readonly endsWith: string };
  /** Only the full role sees the values. For other roles each value is empty. */
  readonly headers: Readonly<Record<string, string>>;
  readonly standardSignature: boolean;
  readonly reconcile: boolean;
  /** The batching that applies. */
  readonly batch: { readonly maxEvents: number; readonly maxDelayMs: number; readonly maxBytes: number };
  /** The batching fields that were set for this endpoint. For the others, the server's configuration applies. */
  readonly ownBatch?: BatchInput;
  readonly pause?: PauseView;
  /** Its queue on this node. Absent if other nodes send the webhooks. */
  readonly queue?: QueueView;
  /** The last attempt that is still recorded. */
  readonly lastAttempt?: { readonly atMs: number; readonly result: AttemptResult; readonly status?: number };
}

/** The queue of an endpoint. */
export interface QueueView {
  readonly events: number;
  readonly bytes: number;
  readonly oldestAgeMs: number;
  readonly isFailing: boolean;
}

/** `POST /apps/ID/endpoints/ID/test`: the result of a webhook with an example event. */
export interface TestView {
  readonly result: AttemptResult;
  readonly status?: number;
  readonly error?: string;
  readonly elapsedMs: number;
  /** The first 4 KB of the response body. */
  readonly answer?: string;
  /** What the response means and what to do, as a sentence. */
  readonly verdict: string;
  readonly request: RequestView;
}

/** `POST /apps/ID/verify`: whether this app signed a webhook. */
export interface VerifyView {
  readonly isGenuine: boolean;
  /** The key whose secret signed it. */
  readonly key?: string;
  /** Why it is genuine or not and what to do, as a sentence. */
  readonly sentence: string;
}
