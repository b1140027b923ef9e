import * as z from 'zod';
import type { KeyPair } from '../../auth/key-pair.ts';
import { forEachLimit, type Limits } from '../../protocol/limits.ts';
import { app } from './app-schema.ts';
import * as field from './fields.ts';
import { control, type ControlConfig } from './control.ts';
import { dashboard, type DashboardConfig } from './dashboard.ts';
import { defaultHost, defaultPort } from '../hosts.ts';
import { redis, type RedisConfig } from './redis-schema.ts';
import { webhooks, type privateAddresses } from './webhooks-schema.ts';
import { store, type StoreConfig } from './store-schema.ts';

/** pino's levels in ascending severity; `silent` logs nothing. */
const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;
const gibibyte = 1024 * mebibyte;

const limits = field.group(forEachLimit((limit) => field.limit(limit).default(limit.default)));

function connections(meaning: string) {
  return field.limit({ default: null, max: 10_000_000, unit: 'connections', meaning }).default(null);
}

const activityTimeout = 'expected whole seconds in milliseconds, from 1000 to 86400000';

/** The schema of a configuration file. relations.ts checks the relations between keys. */
export const configSchema = field
  .group({
    $schema: field.text().optional().describe('The JSON schema for editors: "./schema.json".'),
    host: field.host().default(defaultHost).describe('The address to listen on.'),
    port: field
      .wholeNumber(0, 65_535)
      .default(defaultPort)
      .describe('The port to listen on. 0 picks a free port.'),
    apps: field
      .listOf(app)
      .min(1, { error: 'expected at least one app' })
      .describe('The apps that are served.'),
    limits: limits.prefault({}).describe('The limits of every app. null means no limit.'),
    path: field
      .pathPrefix()
      .default('')
      .describe(
        'A path prefix that clients may use before every route, such as /realtime. The routes also work without it.',
      ),
    tls: field
      .group({
        certFile: field
          .nonEmptyText()
          .describe('The certificate and its chain in PEM format, relative to the configuration file.'),
        keyFile: field
          .nonEmptyText()
          .describe('The private key in PEM format, relative to the configuration file.'),
        passphrase: field.nonEmptyText().optional().describe('The passphrase of the private key.'),
      })
      .optional()
      .describe('Serve https:// and wss:// instead of http:// and ws://.'),
    trustedProxies: field
      .listOf(field.network())
      .default([])
      .describe(
        'The addresses or networks of proxies whose X-Forwarded-For and X-Forwarded-Proto headers are trusted.',
      ),
    metrics: field
      .group({
        host: field.host().optional().describe('The address to listen on. Default: the host of the server.'),
        port: field.wholeNumber(0, 65_535).describe('The port to listen on. 0 picks a free port.'),
      })
      .optional()
      .describe('Serve /metrics on a separate port, and only there.'),
    publicMetrics: field
      .flag()
      .optional()
      .describe(
        'Whether other machines may read /metrics on the client port. Default: true, unless NODE_ENV is production.',
      ),
    compression: field
      .flag()
      .default(false)
      .describe(
        'Whether frames of 256 bytes or more are compressed for clients that support permessage-deflate.',
      ),
    activityTimeoutMs: z
      .number({ error: activityTimeout })
      .min(1000, { error: activityTimeout })
      .max(field.dayMs, { error: activityTimeout })
      .multipleOf(1000, { error: activityTimeout })
      .default(120_000)
      .describe(
        'The silence after which a client sends a ping, in milliseconds. Must be whole seconds. The server sends its own ping a quarter later.',
      ),
    pongTimeoutMs: field
      .milliseconds(1000)
      .default(30_000)
      .describe('How long a client may take to answer the ping of the server.'),
    cacheTtlMs: field
      .wholeNumber(1, 1_800_000)
      .default(1_800_000)
      .describe('How long the last event of a cache channel is kept.'),
    shutdownTimeoutMs: field
      .milliseconds(0)
      .default(10_000)
      .describe('How long a graceful shutdown may take to deliver the remaining webhooks.'),
    maxBackpressureBytes: field
      .wholeNumber(kibibyte, gibibyte)
      .optional()
      .describe(
        'The most unsent data of one client. A client that exceeds it is closed with 4100. Must be at least as large as the largest message that the limits allow. Default: 1048576, or the size of that message.',
      ),
    maxTotalBackpressureBytes: field
      .wholeNumber(mebibyte, 64 * gibibyte)
      .default(256 * mebibyte)
      .describe(
        'The most unsent data of all clients together. Beyond it the slowest clients are disconnected.',
      ),
    workers: field
      .workers()
      .default(1)
      .describe(
        'The number of threads that serve clients, from 1 to 31, or auto for one per processor. The threads share the port. Linux only.',
      ),
    maxConnections: connections(
      'The most connections of this node, over all apps. One more is closed with 4100.',
    ),
    maxConnectionsPerAddress: connections(
      'The most connections of one IPv4 address or IPv6 /64 network. One more is closed with 4100. Behind a proxy, set trustedProxies too.',
    ),
    maxNewConnectionsPerAddress: connections(
      'The most new connections of one address per second, with a burst of ten times as many. One more is closed with 4100.',
    ),
    webhooks: webhooks.prefault({}).describe('How webhooks are delivered.'),
    redis: redis
      .optional()
      .describe('Share the state of the apps with other nodes through Redis 7 or later.'),
    store: store
      .optional()
      .describe(
        'Keep the state and the pending webhooks of a single node on disk, so that a crash does not lose them.',
      ),
    control,
    dashboard,
    logLevel: field.oneOf(logLevels).default('info').describe('The lowest level that is logged.'),
  })
  .describe('Configuration of soketify-emulator');

/** A valid file with its defaults applied, before resolve.ts completes it. */
export type ParsedConfig = z.output<typeof configSchema>;

type DeepReadonly<T> = T extends object ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> } : T;
type ParsedApp = ParsedConfig['apps'][number];

/**
 * A pause of an endpoint, which only an operator sets. `hold`: nothing is sent, and events wait. `off`: events are not sent, and
 * are listed as dropped.
 */
export interface Pause {
  readonly how: 'hold' | 'off';
  /** When it began, in milliseconds since 1970. */
  readonly sinceMs: number;
}

/** A time during which an endpoint was held, in milliseconds since 1970. */
export interface Hold {
  readonly fromMs: number;
  readonly toMs: number;
}

/** An endpoint of an app, added at run time or by the file. Its `id` identifies it, because two endpoints may share a URL. */
export type EndpointConfig = DeepReadonly<
  ParsedApp['webhooks'][number] & {
    id: string;
    isSetAtRunTime?: boolean;
    pause?: Pause;
    /** The previous holds as one: waiting events did not age during them. */
    lastHold?: Hold;
  }
>;

/** An app, added at run time or by the file, with its secrets and its effective limits. */
export type AppConfig = DeepReadonly<
  Omit<ParsedApp, 'secret' | 'secretFile' | 'otherKeys' | 'limits' | 'webhooks'> & {
    secret: string;
    otherKeys: KeyPair[];
    limits: Limits;
    webhooks: EndpointConfig[];
    isSetAtRunTime?: boolean;
  }
>;

/** The resolved configuration: no key is absent, "no limit" is Infinity, and paths are absolute. */
export type Config = DeepReadonly<
  Omit<
    ParsedConfig,
    | '$schema'
    | 'apps'
    | 'limits'
    | 'tls'
    | 'metrics'
    | 'publicMetrics'
    | 'redis'
    | 'store'
    | 'control'
    | 'dashboard'
    | 'maxBackpressureBytes'
    | 'workers'
    | 'maxConnections'
    | 'maxConnectionsPerAddress'
    | 'maxNewConnectionsPerAddress'
    | 'webhooks'
  > & {
    apps: AppConfig[];
    limits: Limits;
    maxBackpressureBytes: number;
    webhooks: ParsedConfig['webhooks'] & { privateAddresses: (typeof privateAddresses)[number] };
    workers: number;
    maxConnections: number;
    maxConnectionsPerAddress: number;
    maxNewConnectionsPerAddress: number;
    tls: ParsedConfig['tls'];
    metrics: { host: string; port: number } | undefined;
    publicMetrics: boolean;
    redis: RedisConfig | undefined;
    store: StoreConfig | undefined;
    control: ControlConfig | undefined;
    dashboard: DashboardConfig | undefined;
  }
>;
