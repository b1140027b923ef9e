import type * as v from 'valibot';
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

const limits = field.group(
  forEachLimit((limit) => field.withDefault(field.limit(limit), limit.default, limit.meaning)),
);

function connections(meaning: string) {
  return field.withDefault(field.limit({ max: 10_000_000, unit: 'connections' }), null, meaning);
}

/** The schema of a configuration file. relations.ts checks the relations between keys. */
export const configSchema = field.required(
  field.group({
    $schema: field.optional(field.text(), 'The JSON schema for editors: "./schema.json".'),
    host: field.withDefault(field.host(), defaultHost, 'The address to listen on.'),
    port: field.withDefault(
      field.wholeNumber(0, 65_535),
      defaultPort,
      'The port to listen on. 0 picks a free port.',
    ),
    apps: field.required(field.nonEmptyListOf(app, 'one app'), 'The apps that are served.'),
    limits: field.withDefault(limits, {}, 'The limits of every app. null means no limit.'),
    path: field.withDefault(
      field.pathPrefix(),
      '',
      'A path prefix that clients may use before every route, such as /realtime. The routes also work without it.',
    ),
    tls: field.optional(
      field.group({
        certFile: field.required(
          field.nonEmptyText(),
          'The certificate and its chain in PEM format, relative to the configuration file.',
        ),
        keyFile: field.required(
          field.nonEmptyText(),
          'The private key in PEM format, relative to the configuration file.',
        ),
        passphrase: field.optional(field.nonEmptyText(), 'The passphrase of the private key.'),
      }),
      'Serve https:// and wss:// instead of http:// and ws://.',
    ),
    trustedProxies: field.withDefault(
      field.listOf(field.network()),
      [],
      'The addresses or networks of proxies whose X-Forwarded-For and X-Forwarded-Proto headers are trusted.',
    ),
    metrics: field.optional(
      field.group({
        host: field.optional(field.host(), 'The address to listen on. Default: the host of the server.'),
        port: field.required(field.wholeNumber(0, 65_535), 'The port to listen on. 0 picks a free port.'),
      }),
      'Serve /metrics on a separate port, and only there.',
    ),
    publicMetrics: field.optional(
      field.flag(),
      'Whether other machines may read /metrics on the client port. Default: true, unless NODE_ENV is production.',
    ),
    compression: field.withDefault(
      field.flag(),
      false,
      'Whether frames of 256 bytes or more are compressed for clients that support permessage-deflate.',
    ),
    activityTimeoutMs: field.withDefault(
      field.wholeSeconds(),
      120_000,
      'The silence after which a client sends a ping, in milliseconds. Must be whole seconds. The server sends its own ping a quarter later.',
    ),
    pongTimeoutMs: field.withDefault(
      field.milliseconds(1000),
      30_000,
      'How long a client may take to answer the ping of the server.',
    ),
    cacheTtlMs: field.withDefault(
      field.wholeNumber(1, 1_800_000),
      1_800_000,
      'How long the last event of a cache channel is kept.',
    ),
    shutdownTimeoutMs: field.withDefault(
      field.milliseconds(0),
      10_000,
      'How long a graceful shutdown may take to deliver the remaining webhooks.',
    ),
    maxBackpressureBytes: field.optional(
      field.wholeNumber(kibibyte, gibibyte),
      'The most unsent data of one client. A client that exceeds it is closed with 4100. Must be at least as large as the largest message that the limits allow. Default: 1048576, or the size of that message.',
    ),
    maxTotalBackpressureBytes: field.withDefault(
      field.wholeNumber(mebibyte, 64 * gibibyte),
      256 * mebibyte,
      'The most unsent data of all clients together. Beyond it the slowest clients are disconnected.',
    ),
    workers: field.withDefault(
      field.workers(),
      1,
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
    webhooks: field.withDefault(webhooks, {}, 'How webhooks are delivered.'),
    redis: field.optional(redis, 'Share the state of the apps with other nodes through Redis 7 or later.'),
    store: field.optional(
      store,
      'Keep the state and the pending webhooks of a single node on disk, so that a crash does not lose them.',
    ),
    control,
    dashboard,
    logLevel: field.withDefault(field.oneOf(logLevels), 'info', 'The lowest level that is logged.'),
  }),
  'Configuration of soketify-emulator',
);

/** A valid file with its defaults applied, before resolve.ts completes it. */
export type ParsedConfig = v.InferOutput<typeof configSchema>;

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
