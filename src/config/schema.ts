import * as z from 'zod';
import type { KeyPair } from '../auth/key-pair.ts';
import { forEachLimit, type Limits } from '../protocol/limits.ts';
import { defaultEventNames, eventNames } from '../webhooks/event.ts';
import * as field from './fields.ts';
import { control, type ControlConfig } from './control.ts';
import { dashboard, type DashboardConfig } from './dashboard.ts';
import { defaultHost, defaultPort } from './hosts.ts';
import { redis, type RedisConfig } from './redis-schema.ts';
import { batchOfEndpoint, webhooks, type privateAddresses } from './webhooks-schema.ts';
import { store, type StoreConfig } from './store-schema.ts';

/** pino's levels, loudest last but one; `silent` writes nothing. */
const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;
const gibibyte = 1024 * mebibyte;

const limitFields = forEachLimit((limit) => field.limit(limit));

const limits = field.group(forEachLimit((limit) => field.limit(limit).default(limit.default)));

const webhook = field.group({
  id: field
    .urlSafeId()
    .optional()
    .describe('Names the endpoint in logs and metrics. Default: made from url, eventTypes and channels.'),
  enabled: field
    .flag()
    .default(true)
    .describe(
      'Whether events are sent to it. A disabled one keeps its place; what it is not told is listed.',
    ),
  url: field.endpointUrl().describe('Where to POST. Must be HTTPS when NODE_ENV is production.'),
  eventTypes: field
    .listOf(field.oneOf(eventNames))
    .min(1, { error: `expected at least one of ${eventNames.join(', ')}` })
    .default([...defaultEventNames])
    .describe('The events sent to this endpoint.'),
  channels: field
    .group({
      startsWith: field.text().default('').describe('Only channels whose name begins so.'),
      endsWith: field.text().default('').describe('Only channels whose name ends so.'),
    })
    .prefault({})
    .describe('The channels whose events are sent to this endpoint.'),
  headers: field.headers().default({}).describe('Extra request headers.'),
  standardSignature: field
    .flag()
    .default(false)
    .describe('Also sign as the Standard Webhooks specification says, in webhook-signature.'),
  reconcile: field
    .flag()
    .default(false)
    .describe(
      'After events were dropped, send what brings the endpoint back to the truth. On a node that is alone.',
    ),
  batch: batchOfEndpoint
    .optional()
    .describe('How events are gathered into one request to this endpoint, over what webhooks.batch says.'),
  allowInsecure: field.flag().default(false).describe('Accept http:// even when NODE_ENV is production.'),
});

const secretFile = field
  .nonEmptyText()
  .optional()
  .describe('Instead of secret: the file that holds it, relative to this one.');

/** An object with a secret, or the file of one: of both exactly one, which secrets.ts checks and editors are told. */
function groupWithSecret<Shape extends z.ZodRawShape>(shape: Shape) {
  return field.group(shape).meta({ oneOf: [{ required: ['secret'] }, { required: ['secretFile'] }] });
}

const keyPair = groupWithSecret({
  key: field.urlSafeId().describe('The public key, as in /app/KEY.'),
  secret: field.nonEmptyText().optional().describe('The secret that belongs to it.'),
  secretFile,
});

const app = groupWithSecret({
  id: field.urlSafeId().describe('The app id, as in /apps/ID/events.'),
  key: field.urlSafeId().describe('The public key, as in /app/KEY.'),
  secret: field
    .nonEmptyText()
    .optional()
    .describe('Signs channel authorisations, API requests and webhooks.'),
  secretFile,
  otherKeys: field
    .listOf(keyPair)
    .default([])
    .describe('Further pairs that are accepted, for rotation; webhooks are signed with the first pair.'),
  enabled: field
    .flag()
    .default(true)
    .describe('Whether the app is served; a disabled one refuses everybody.'),
  clientEvents: field.flag().default(true).describe('Whether clients may send client- events.'),
  subscriptionCount: field
    .flag()
    .default(false)
    .describe('Whether subscribers and webhooks are told how many subscribers a channel has.'),
  watchlist: field.flag().default(true).describe('Whether clients are told of the users they watch.'),
  forceTls: field.flag().default(false).describe('Whether clients must connect by wss://.'),
  allowedOrigins: field
    .listOf(field.origin())
    .default(['*'])
    .describe(
      'The pages that may connect, by origin; in one, * stands for labels of the host or the port. Clients without one may.',
    ),
  limits: field
    .group(limitFields)
    .partial()
    .default({})
    .describe("This app's own limits, over the common ones."),
  webhooks: field.listOf(webhook).default([]).describe('The endpoints that are told what happens.'),
});

function connections(meaning: string) {
  return field.limit({ default: null, max: 10_000_000, unit: 'connections', meaning }).default(null);
}

const activityTimeout = 'expected whole seconds in milliseconds, from 1000 to 86400000';

/** What a configuration file may hold. Relations between keys are checked by relations.ts. */
export const configSchema = field
  .group({
    $schema: field.text().optional().describe('For editors: "./schema.json".'),
    host: field.host().default(defaultHost).describe('The address to listen on.'),
    port: field
      .wholeNumber(0, 65_535)
      .default(defaultPort)
      .describe('The port to listen on; 0 picks a free one.'),
    apps: field
      .listOf(app)
      .min(1, { error: 'expected at least one app' })
      .describe('The apps that are served.'),
    limits: limits.prefault({}).describe('What an app accepts; null is no limit.'),
    path: field.pathPrefix().default('').describe('A path before every route, such as /realtime.'),
    tls: field
      .group({
        certFile: field
          .nonEmptyText()
          .describe('The certificate with its chain, PEM, relative to this file.'),
        keyFile: field.nonEmptyText().describe('Its private key, PEM, relative to this file.'),
        passphrase: field.nonEmptyText().optional().describe('What the private key is encrypted with.'),
      })
      .optional()
      .describe('Serve https:// and wss:// instead of http:// and ws://.'),
    trustedProxies: field
      .listOf(field.network())
      .default([])
      .describe('Whose X-Forwarded-For and X-Forwarded-Proto are believed: addresses or networks.'),
    metrics: field
      .group({
        host: field.host().optional().describe('Default: the host of the server.'),
        port: field.wholeNumber(0, 65_535).describe('0 picks a free one.'),
      })
      .optional()
      .describe('Serve /metrics on a port of its own, and nowhere else.'),
    publicMetrics: field
      .flag()
      .optional()
      .describe(
        'Whether /metrics on the port of the clients is answered to other machines. Default: unless NODE_ENV is production.',
      ),
    compression: field
      .flag()
      .default(false)
      .describe('Whether long frames are compressed for clients that can (permessage-deflate).'),
    activityTimeoutMs: z
      .number({ error: activityTimeout })
      .min(1000, { error: activityTimeout })
      .max(field.dayMs, { error: activityTimeout })
      .multipleOf(1000, { error: activityTimeout })
      .default(120_000)
      .describe('Silence after which a connection is asked whether it lives: whole seconds.'),
    pongTimeoutMs: field.milliseconds(1000).default(30_000).describe('The time that it then has to answer.'),
    cacheTtlMs: field
      .wholeNumber(1, 1_800_000)
      .default(1_800_000)
      .describe('How long a cached event is kept.'),
    shutdownTimeoutMs: field
      .milliseconds(0)
      .default(10_000)
      .describe('The time to deliver the last webhooks.'),
    maxBackpressureBytes: field
      .wholeNumber(kibibyte, gibibyte)
      .optional()
      .describe(
        'What may wait for a slow client before it is disconnected: at least the largest message that the limits allow. Default: 1048576, or that message.',
      ),
    maxTotalBackpressureBytes: field
      .wholeNumber(mebibyte, 64 * gibibyte)
      .default(256 * mebibyte)
      .describe(
        'What may wait for all clients together to read; beyond it those for whom most waits are disconnected.',
      ),
    workers: field
      .workers()
      .default(1)
      .describe(
        'Threads that clients are connected to, which share the port: a number from 1 to 31, or auto for one for each processor. With 1 the program is one thread.',
      ),
    maxConnections: connections('Connections to this node, of all apps; one more is closed with 4100.'),
    maxConnectionsPerAddress: connections(
      'Connections of one address, or IPv6 network of 64 bits; one more is closed with 4100. Behind proxies set trustedProxies, too.',
    ),
    maxNewConnectionsPerAddress: connections(
      'New connections of one address in a second, and ten times as many at once; one more is closed with 4100.',
    ),
    webhooks: webhooks.prefault({}).describe('How webhooks are sent.'),
    redis: redis.optional().describe('Share the state of the apps with other nodes, on Redis 7 or later.'),
    store: store
      .optional()
      .describe('Keep on disk what a node that is alone must not lose when it is killed.'),
    control,
    dashboard,
    logLevel: field.oneOf(logLevels).default('info').describe('The quietest level that is written.'),
  })
  .describe('Configuration of soketify-emulator');

/** A valid file with its defaults applied, before resolve.ts completes it. */
export type ParsedConfig = z.output<typeof configSchema>;

type DeepReadonly<T> = T extends object ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> } : T;
type ParsedApp = ParsedConfig['apps'][number];

/**
 * A pause of an endpoint, which only somebody who operates the server sets. `hold`: nothing is sent, and what happens
 * waits. `off`: what happens is not sent, and is listed as dropped.
 */
export interface Pause {
  readonly how: 'hold' | 'off';
  /** Since when, as time of day. */
  readonly sinceMs: number;
}

/** An endpoint of an app, set at run time or by the file. Its `id` is its identity: two endpoints may share a URL. */
export type EndpointConfig = DeepReadonly<
  ParsedApp['webhooks'][number] & {
    id: string;
    isSetAtRunTime?: boolean;
    pause?: Pause;
    /** The hold before, by the time of day: what waited meanwhile did not age. */
    lastHold?: { fromMs: number; toMs: number };
  }
>;

/** An app, set at run time or by the file, with its secrets and the limits that hold for it. */
export type AppConfig = DeepReadonly<
  Omit<ParsedApp, 'secret' | 'secretFile' | 'otherKeys' | 'limits' | 'webhooks'> & {
    secret: string;
    otherKeys: KeyPair[];
    limits: Limits;
    webhooks: EndpointConfig[];
    isSetAtRunTime?: boolean;
  }
>;

/** Everything that can be configured, resolved: no key is absent, "no limit" is Infinity, and paths are absolute. */
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
