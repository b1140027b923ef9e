import { randomUUID } from 'node:crypto';
import { isObject, type JsonObject } from '../config/json.ts';
import { defaultApp } from '../config/default-app.ts';
import type { Logger } from '../ports/log.ts';
import type { LimitName } from '../protocol/limits.ts';
import type { EventName } from '../webhooks/event.ts';

/**
 * An endpoint that is told what happens, as in a configuration file.
 *
 * @since 0.1.0
 */
export interface WebhookOptions {
  /** Names the endpoint; default: made from the rest. */
  readonly id?: string;
  /** Where its webhooks are sent: `http://` or `https://`. */
  readonly url: string;
  /** Default: true. A disabled endpoint is sent nothing, and every event that it wants is recorded as dropped. */
  readonly enabled?: boolean;
  /** Default: Soketify's six. */
  readonly eventTypes?: readonly EventName[];
  /** Only channels whose names begin or end so. */
  readonly channels?: { readonly startsWith?: string; readonly endsWith?: string };
  /** Further request headers. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Sign also as the Standard Webhooks specification says, in `webhook-signature`. Default: false. */
  readonly standardSignature?: boolean;
  /** After events were dropped, send what brings the endpoint back to the truth. Default: false. */
  readonly reconcile?: boolean;
  /** How its events are gathered into one request. Default: as `webhooks.batch` says. */
  readonly batch?: BatchOptions;
}

/** How events are gathered into one request. */
export interface BatchOptions {
  /** 1 is batching off. */
  readonly maxEvents?: number | undefined;
  /** The longest time that an event waits for others, in milliseconds. Default: 250. */
  readonly maxDelayMs?: number | undefined;
  /** The largest body, in bytes. A single larger event is sent alone. Default: 98304. */
  readonly maxBytes?: number | undefined;
}

/**
 * What an app or all apps accept; `null` is no limit.
 *
 * @since 0.1.0
 */
export type LimitOptions = { readonly [Name in LimitName]?: number | null };

/**
 * An endpoint as it is in force.
 *
 * @since 0.1.0
 */
export interface EndpointInfo extends WebhookOptions {
  /** Its id, given or generated. */
  readonly id: string;
}

/**
 * An app, as in a configuration file. Without id, key and secret the first is `1`, `app-key`, `app-secret`.
 *
 * @since 0.1.0
 */
export interface AppOptions {
  /** The id, which is part of the paths of the HTTP API. Default: generated, except for the first app. */
  readonly id?: string;
  /** The public key, which clients send. Default: generated, except for the first app. */
  readonly key?: string;
  /** The secret that signs requests and webhooks. Default: generated, except for the first app. */
  readonly secret?: string;
  /** Additional key pairs that are accepted. Webhooks are signed with the first pair. Default: none. */
  readonly otherKeys?: readonly { readonly key: string; readonly secret: string }[];
  /** The endpoints of its webhooks. Default: none. */
  readonly webhooks?: readonly WebhookOptions[];
  /** Whether the app accepts clients and requests. Default: true. */
  readonly enabled?: boolean;
  /** Default: true. */
  readonly clientEvents?: boolean;
  /** Default: false. */
  readonly subscriptionCount?: boolean;
  /** Default: true. */
  readonly watchlist?: boolean;
  /** Whether clients must connect by `wss://`. Default: false. */
  readonly forceTls?: boolean;
  /** The origins of the web pages that may connect; `*` matches any. Default: `["*"]`. */
  readonly allowedOrigins?: readonly string[];
  /** The limits of this app. Default: those of `EmulatorOptions.limits`. */
  readonly limits?: LimitOptions;
}

/**
 * How webhooks are sent, as in a configuration file.
 *
 * @since 0.1.0
 */
export interface WebhookSettings {
  /** Default: 20 events, 250 ms. */
  readonly batch?: BatchOptions;
  /** Default: 3000. */
  readonly disconnectGraceMs?: number;
  /** Default: 3000. */
  readonly unsubscribeGraceMs?: number;
  /** Default: 4000. */
  readonly requestTimeoutMs?: number;
  /** The most parallel requests to one endpoint. Default: 10. */
  readonly concurrency?: number;
  /** The most bytes of events that wait for one endpoint. Default: 67108864 (64 MB). */
  readonly queueMaxBytes?: number;
  /** Default: after 1 s, doubled, at most 60 s, for 300 s, 10 % of each by chance. */
  readonly retry?: {
    readonly initialDelayMs?: number;
    readonly multiplier?: number;
    readonly maxDelayMs?: number;
    readonly maxElapsedMs?: number;
    readonly jitter?: number;
  };
}

/**
 * What an emulator is started with. Everything has a default.
 *
 * @since 0.1.0
 */
export interface EmulatorOptions {
  /** Default: one app, id `1`, key `app-key`, secret `app-secret`, without webhooks. */
  readonly apps?: readonly AppOptions[];
  /**
   * `virtual`: time stands still until it is moved, by `clock.advance` or by waiting; then minutes pass in
   * milliseconds. `real` (default): it goes by itself, and can be moved on besides.
   */
  readonly clock?: 'real' | 'virtual';
  /**
   * A whole number from 0 to 4294967295. The same seed gives the same schedule of retries, the same socket ids and the same
   * `webhook-id`s, in the order in which they are needed. Default: the schedule of the seed 1, and ids drawn at random, because
   * receivers that outlive a test take a webhook with an id that they know for a duplicate.
   */
  readonly seed?: number;
  /** `virtual`: clients that are silent are asked and closed by the emulator's clock too. Default: `real`. */
  readonly liveness?: 'real' | 'virtual';
  /** Default: 127.0.0.1. */
  readonly host?: string;
  /** Default: 0, any free one. */
  readonly port?: number;
  /** A path before every route. */
  readonly path?: string;
  /** Serve https:// and wss:// with these PEM files. */
  readonly tls?: { readonly certFile: string; readonly keyFile: string; readonly passphrase?: string };
  /** The limits of all apps. `docs/limits.md` lists them with their defaults and units. */
  readonly limits?: LimitOptions;
  /** How webhooks are sent. */
  readonly webhooks?: WebhookSettings;
  /** How long the last event of a cache channel is kept, in milliseconds. Default: 1800000 (30 minutes). */
  readonly cacheTtlMs?: number;
  /** The silence after which a client sends a ping, in milliseconds. Default: 120000. */
  readonly activityTimeoutMs?: number;
  /** How long a client may take to answer a ping, in milliseconds. Default: 30000. */
  readonly pongTimeoutMs?: number;
  /** Default: 1 MB, or the largest message that the limits of the apps allow. Apps that are added later must not need more. */
  readonly maxBackpressureBytes?: number;
  /** Whether frames of 256 bytes or more are compressed for clients that support it. Default: false. */
  readonly compression?: boolean;
  /**
   * Serves the Dashboard under `/dashboard/` and the admin API under `/admin`, to look at what a test does. On another host
   * than this machine it needs a token. Default: false.
   */
  readonly dashboard?: boolean | { readonly token?: string; readonly viewToken?: string };
  /** Serves the control API, for tests in other languages and processes. Default: false. */
  readonly control?: boolean | { readonly token?: string };
  /**
   * Real time that a receiver has to answer before the virtual clock moves on without it. Default: 1000. Receivers
   * that work longer need more; a receiver that never answers costs a test so much for each attempt.
   */
  readonly patienceMs?: number;
  /** The time of day, for `time_ms` and the age of signed requests. Default: the machine's, not a faked one. */
  readonly now?: () => number;
  /** Where the emulator logs, such as a pino logger; its levels are asked for at the start. Default: nowhere. */
  readonly log?: Logger;
}

/** The same options as the content of a configuration file: `given` are those that a file could have. */
export function contentOf(given: JsonObject): JsonObject {
  const { apps = [{}] } = given;
  // What is no list is left to whoever checks the content.
  const named = Array.isArray(apps) ? apps.map((app: unknown, index) => completeApp(app, index)) : apps;
  return withoutUndefined({ port: 0, dashboard: false, ...given, apps: named });
}

/** An app with made-up names, of which there is no other. */
export function uniqueApp(options: unknown = {}): unknown {
  // What is no object is left to whoever checks the content.
  if (!isObject(options)) return options;
  const id = randomUUID().slice(0, 8);
  return withoutUndefined({ id: `app-${id}`, key: `key-${id}`, secret: `secret-${id}`, ...options });
}

function completeApp(options: unknown, index: number): unknown {
  if (typeof options !== 'object' || options === null) return options;
  const suffix = index === 0 ? '' : `-${index + 1}`;
  const { id, key, secret } = defaultApp;
  const names = {
    id: String(Number(id) + index),
    key: `${key}${suffix}`,
    secret: `${secret}${suffix}`,
  };
  return { ...names, ...withoutUndefined({ ...options }) };
}

/** In a file nothing is undefined. */
function withoutUndefined(content: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(content).filter(([, value]) => value !== undefined));
}
