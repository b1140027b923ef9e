import { randomUUID } from 'node:crypto';
import type { JsonObject } from '../config/json.ts';
import { isObject } from '../protocol/json-value.ts';
import { defaultApp } from '../config/default-app.ts';
import type { Logger } from '../ports/log.ts';
import type { LimitName } from '../protocol/limits.ts';
import type { EventName } from '../webhooks/event.ts';

/**
 * A webhook endpoint, as in a configuration file.
 *
 * @since 0.1.0
 */
export interface WebhookOptions {
  /** The name of the endpoint. Default: a hash of its settings. */
  readonly id?: string | undefined;
  /** Where its webhooks are sent: `http://` or `https://`. */
  readonly url: string;
  /** Default: true. A disabled endpoint receives nothing, and every event that it selects is recorded as dropped. */
  readonly enabled?: boolean | undefined;
  /** Default: the six event types of Soketify. */
  readonly eventTypes?: readonly EventName[] | undefined;
  /** Only channels whose names start or end like this. */
  readonly channels?:
    { readonly startsWith?: string | undefined; readonly endsWith?: string | undefined } | undefined;
  /** Additional request headers. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Also sign as the Standard Webhooks specification describes, in `webhook-signature`. Default: false. */
  readonly standardSignature?: boolean | undefined;
  /** After events were dropped, send the events that bring the endpoint back to the true state. Default: false. */
  readonly reconcile?: boolean | undefined;
  /** How events are batched for this endpoint. Default: `webhooks.batch`. */
  readonly batch?: BatchOptions | undefined;
}

/** How events are batched into one request. */
export interface BatchOptions {
  /** The maximum number of events in one request. 1 turns batching off. */
  readonly maxEvents?: number | undefined;
  /** The longest time that an event waits for others, in milliseconds. Default: 250. */
  readonly maxDelayMs?: number | undefined;
  /** The largest body, in bytes. A single larger event is sent alone. Default: 98304. */
  readonly maxBytes?: number | undefined;
}

/**
 * The limits of an app or of all apps; `null` means no limit.
 *
 * @since 0.1.0
 */
export type LimitOptions = { readonly [Name in LimitName]?: number | null | undefined };

/**
 * An endpoint with its current settings.
 *
 * @since 0.1.0
 */
export interface EndpointInfo extends WebhookOptions {
  /** The id of the endpoint, given or generated. */
  readonly id: string;
}

/**
 * An app, as in a configuration file. The first app defaults to id `1`, key `app-key` and secret `app-secret`.
 *
 * @since 0.1.0
 */
export interface AppOptions {
  /** The id, which is part of the paths of the HTTP API. Default: generated, except for the first app. */
  readonly id?: string | undefined;
  /** The public key, which clients send. Default: generated, except for the first app. */
  readonly key?: string | undefined;
  /** The secret that signs requests and webhooks. Default: generated, except for the first app. */
  readonly secret?: string | undefined;
  /** Additional key pairs that are accepted. Webhooks are signed with the first pair. Default: none. */
  readonly otherKeys?: readonly { readonly key: string; readonly secret: string }[] | undefined;
  /** The endpoints of its webhooks. Default: none. */
  readonly webhooks?: readonly WebhookOptions[] | undefined;
  /** Whether the app accepts clients and requests. Default: true. */
  readonly enabled?: boolean | undefined;
  /** Default: true. */
  readonly clientEvents?: boolean | undefined;
  /** Default: false. */
  readonly subscriptionCount?: boolean | undefined;
  /** Default: true. */
  readonly watchlist?: boolean | undefined;
  /** Whether clients must connect over `wss://`. Default: false. */
  readonly forceTls?: boolean | undefined;
  /** The origins of the web pages that may connect; `*` matches any. Default: `["*"]`. */
  readonly allowedOrigins?: readonly string[] | undefined;
  /** The limits of this app. Default: those of `EmulatorOptions.limits`. */
  readonly limits?: LimitOptions | undefined;
}

/**
 * How webhooks are delivered, as in a configuration file.
 *
 * @since 0.1.0
 */
export interface WebhookSettings {
  /** Default: 20 events, 250 ms. */
  readonly batch?: BatchOptions | undefined;
  /** Default: 3000. */
  readonly disconnectGraceMs?: number | undefined;
  /** Default: 3000. */
  readonly unsubscribeGraceMs?: number | undefined;
  /** Default: 4000. */
  readonly requestTimeoutMs?: number | undefined;
  /** The maximum number of parallel requests to one endpoint. Default: 10. */
  readonly concurrency?: number | undefined;
  /** The maximum size of the events that wait for one endpoint, in bytes. Default: 67108864 (64 MB). */
  readonly queueMaxBytes?: number | undefined;
  /** Default: wait 1 s, doubled after each attempt up to 60 s, for at most 300 s, with 10 % jitter. */
  readonly retry?: {
    readonly initialDelayMs?: number | undefined;
    readonly multiplier?: number | undefined;
    readonly maxDelayMs?: number | undefined;
    readonly maxElapsedMs?: number | undefined;
    readonly jitter?: number | undefined;
  };
}

/**
 * The options of `startEmulator`. All are optional.
 *
 * @since 0.1.0
 */
export interface EmulatorOptions {
  /** Default: one app with id `1`, key `app-key`, secret `app-secret` and no endpoints. */
  readonly apps?: readonly AppOptions[] | undefined;
  /**
   * `virtual`: time stands still until `clock.advance` or a wait moves it; minutes then pass in milliseconds. `real` (default):
   * time passes by itself, and can also be moved forward.
   */
  readonly clock?: 'real' | 'virtual' | undefined;
  /**
   * A whole number from 0 to 4294967295. The same seed gives the same retry schedule, socket ids and `webhook-id`s, in the order
   * in which they are needed. Default: the schedule of seed 1 with random ids, because a receiver that outlives a test treats a
   * `webhook-id` that it knows as a duplicate.
   */
  readonly seed?: number | undefined;
  /** `virtual`: silent clients are pinged and closed by the emulator's clock too. Default: `real`. */
  readonly liveness?: 'real' | 'virtual' | undefined;
  /** Default: 127.0.0.1. */
  readonly host?: string | undefined;
  /** Default: 0, any free port. */
  readonly port?: number | undefined;
  /** A path prefix for every route. */
  readonly path?: string | undefined;
  /** Serve https:// and wss:// with these PEM files. Names are relative to the working directory. */
  readonly tls?:
    { readonly certFile: string; readonly keyFile: string; readonly passphrase?: string } | undefined;
  /** The limits of all apps. `docs/limits.md` lists them with their defaults and units. */
  readonly limits?: LimitOptions | undefined;
  /** How webhooks are delivered. */
  readonly webhooks?: WebhookSettings | undefined;
  /** How long the last event of a cache channel is kept, in milliseconds. Default: 1800000 (30 minutes). */
  readonly cacheTtlMs?: number | undefined;
  /** How long a connection may be silent before the client sends a ping, in milliseconds. Default: 120000. */
  readonly activityTimeoutMs?: number | undefined;
  /** How long a client may take to answer a ping, in milliseconds. Default: 30000. */
  readonly pongTimeoutMs?: number | undefined;
  /** Unsent bytes allowed for one client. Default: 1 MB, or the largest message that the limits allow. Apps added later must not need more. */
  readonly maxBackpressureBytes?: number | undefined;
  /** Whether frames of 256 bytes or more are compressed for clients that support it. Default: false. */
  readonly compression?: boolean | undefined;
  /**
   * Serves the Dashboard at `/dashboard/` and the admin API at `/admin`, to watch what a test does. On a host other than loopback
   * it needs a token. Default: false.
   */
  readonly dashboard?:
    boolean | { readonly token?: string | undefined; readonly viewToken?: string | undefined } | undefined;
  /** Serves the control API at `/control`, for tests in other languages and processes. Default: false. */
  readonly control?: boolean | { readonly token?: string | undefined } | undefined;
  /**
   * How long a receiver may take to respond, in milliseconds of real time, before the virtual clock moves on without it.
   * Default: 1000. Slow receivers need more; a receiver that never responds costs a test this time for each attempt.
   */
  readonly patienceMs?: number | undefined;
  /** Returns the time of day in milliseconds since 1970, for `time_ms` and the age of signed requests. Default: the real time of the machine, even if tests fake it. */
  readonly now?: () => number;
  /** A logger, such as one from pino; its level is read at the start. Default: no logging. */
  readonly log?: Logger | undefined;
}

/** The same options as content of a configuration file; `given` are those that a file could contain. */
export function contentOf(given: JsonObject): JsonObject {
  const { apps = [{}] } = given;
  // A value that is not a list is reported when the content is checked.
  const named = Array.isArray(apps) ? apps.map((app: unknown, index) => completeApp(app, index)) : apps;
  return withoutUndefined({ port: 0, dashboard: false, ...given, apps: named });
}

/** Adds generated, unique credentials to an app. */
export function uniqueApp(options: unknown = {}): unknown {
  // A value that is not an object is reported when the content is checked.
  if (!isObject(options)) return options;
  const id = randomUUID().slice(0, 8);
  const names = { id: `app-${id}`, key: `key-${id}`, secret: `secret-${id}` };
  return { ...names, ...withoutUndefined(options) };
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

/** A file contains no undefined values. */
function withoutUndefined(content: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(content).filter(([, value]) => value !== undefined));
}
