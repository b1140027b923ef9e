import { resolve } from 'node:path';
import type { JsonObject } from '../../config/json.ts';
import { convertApps, limitsThatDiffer, withoutAbsent } from './apps.ts';
import type { Given } from './given.ts';
import { convertRedis } from './redis.ts';
import { bytesOf, isOn, numberOf, textOf, type Note } from './values.ts';

/** A configuration, and one sentence for each setting of soketi that has no counterpart in it. */
export interface Converted {
  readonly config: JsonObject;
  readonly notes: readonly string[];
}

/** The maximum time that the event of a cache channel is kept, in seconds. */
const mostCacheSeconds = 1800;

/** Why options with these prefixes have no counterpart. The first match counts. */
const reasons: readonly (readonly [path: string, reason: string])[] = [
  [
    'appManager.',
    'list apps in the file, or add them in the Dashboard or with the admin API; databases are not supported',
  ],
  ['adapter.redis.', 'nodes do not query each other; the key redis configures the connections to Redis'],
  ['adapter.', 'nodes share their state only through Redis'],
  ['cache.', 'the cache is kept with the state: in memory, in the store or in Redis'],
  ['cluster.', 'nodes do not discover each other; use workers for several cores, or redis'],
  [
    'cors.',
    'any origin may call the HTTP API, because its requests are signed; see apps[].allowedOrigins for clients',
  ],
  ['database.redis.', 'Redis is used only for the shared state of several nodes (adapter.driver redis)'],
  ['database', 'databases are not supported'],
  [
    'httpApi.',
    'limits determines the maximum request size; /healthz reports whether the node accepts clients',
  ],
  ['instance.', 'node names are generated'],
  ['metrics.prometheus.prefix', 'metric names start with soketify_; see docs/metrics.md'],
  ['metrics.driver', 'metrics are available only in the format of Prometheus'],
  ['metrics.', 'metrics are disabled, so this option has no effect'],
  ['mode', 'each node serves clients and sends webhooks'],
  [
    'queue.',
    'webhooks wait in memory, in the store or on Redis; see docs/durability.md for what survives a crash',
  ],
  ['rateLimiter.', 'rate limits are counted where the state is kept'],
  ['ssl.caPath', 'client certificates are not requested; the certificate chain belongs in certFile'],
  ['userAuthenticationTimeout', 'sign-in is never required'],
  ['webhooks.', 'webhooks.batch configures how webhooks are batched'],
];

/** Converts the configuration of soketi. Defaults of soketi that differ from ours are written out. */
export function convert(given: Given): Converted {
  const notes: string[] = [...given.unknownVariables];
  const note: Note = (sentence) => void notes.push(sentence);
  const debug = isOn('debug', given.take('debug'), note);
  const appDriver = textOf(given.take('appManager.driver'));
  if (appDriver !== undefined && appDriver !== 'array') {
    note(
      `appManager.driver: apps cannot be imported from ${appDriver}; list them in apps, or add them with the admin API`,
    );
  }
  const config = withoutAbsent({
    host: textOf(given.take('host')) ?? '0.0.0.0',
    port: numberOf(given.take('port')),
    path: pathOf(textOf(given.take('pathPrefix'))),
    tls: tlsOf(given),
    apps: convertApps(given.take('appManager.array.apps'), note),
    limits: limitsOf(given),
    cacheTtlMs: cacheTtlOf(given, note),
    shutdownTimeoutMs: numberOf(given.take('shutdownGracePeriod')),
    webhooks: { batch: batchOf(given, note) },
    redis: convertRedis(given, note),
    ...metricsOf(given, note),
    logLevel: debug ? 'debug' : undefined,
  });
  takeUsual(given);
  return { config, notes: [...notes, ...describeRest(given)] };
}

/** Every given option without a counterpart, by reason. */
function describeRest(given: Given): readonly string[] {
  const found = new Map<string, string[]>();
  for (const path of given.rest()) {
    const reason =
      reasons.find(([beginning]) => path.startsWith(beginning))?.[1] ?? 'soketi 1.6 has no such option';
    const paths = found.get(reason) ?? [];
    found.set(reason, [...paths, given.nameOf(path)]);
  }
  return [...found].map(([reason, paths]) => `${paths.join(', ')}: ${reason}`);
}

/** Options with the value that applies anyway need no note. */
function takeUsual(given: Given): void {
  const usual: Readonly<Record<string, string>> = {
    'cache.driver': 'memory',
    'queue.driver': 'sync',
    'rateLimiter.driver': 'local',
    'metrics.driver': 'prometheus',
    mode: 'full',
  };
  for (const [path, value] of Object.entries(usual)) given.takeIf(path, value);
}

function pathOf(prefix: string | undefined): string | undefined {
  if (prefix === undefined || prefix === '/') return undefined;
  return `/${prefix.replace(/^\/+|\/+$/g, '')}`;
}

/** Soketi resolves file names from the working directory, this program from the folder of the configuration. */
function tlsOf(given: Given): JsonObject | undefined {
  const certFile = textOf(given.take('ssl.certPath'));
  const keyFile = textOf(given.take('ssl.keyPath'));
  const passphrase = textOf(given.take('ssl.passphrase'));
  if (certFile === undefined && keyFile === undefined) return undefined;
  return withoutAbsent({
    certFile: certFile && resolve(certFile),
    keyFile: keyFile && resolve(keyFile),
    passphrase,
  });
}

function limitsOf(given: Given): JsonObject | undefined {
  const limits = limitsThatDiffer({
    channelNameLength: numberOf(given.take('channelLimits.maxNameLength')) ?? 200,
    eventNameLength: numberOf(given.take('eventLimits.maxNameLength')) ?? 200,
    eventDataBytes: bytesOf(given.take('eventLimits.maxPayloadInKb') ?? 100) ?? 0,
    channelsPerTrigger: numberOf(given.take('eventLimits.maxChannelsAtOnce')) ?? 100,
    eventsPerBatch: numberOf(given.take('eventLimits.maxBatchSize')) ?? 10,
    presenceMembers: numberOf(given.take('presence.maxMembersPerChannel')) ?? 100,
    userInfoBytes: bytesOf(given.take('presence.maxMemberSizeInKb') ?? 2) ?? 0,
  });
  return Object.keys(limits).length > 0 ? limits : undefined;
}

function cacheTtlOf(given: Given, note: Note): unknown {
  const seconds = numberOf(given.take('channelLimits.cacheTtl'));
  if (typeof seconds !== 'number') return seconds;
  if (seconds > mostCacheSeconds) {
    note(
      `channelLimits.cacheTtl: the value is ${seconds} s, but cached events are kept for at most ${mostCacheSeconds} s`,
    );
  }
  return Math.min(seconds, mostCacheSeconds) * 1000;
}

/** Soketi sends each event alone unless batching is enabled. */
function batchOf(given: Given, note: Note): JsonObject {
  const isBatching = isOn('webhooks.batching.enabled', given.take('webhooks.batching.enabled'), note);
  const duration = numberOf(given.take('webhooks.batching.duration')) ?? 50;
  return isBatching ? { maxEvents: 1000, maxDelayMs: duration } : { maxEvents: 1 };
}

function metricsOf(given: Given, note: Note): JsonObject {
  if (!isOn('metrics.enabled', given.take('metrics.enabled'), note)) return { publicMetrics: false };
  const host = textOf(given.take('metrics.host'));
  return { metrics: withoutAbsent({ host, port: numberOf(given.take('metrics.port')) ?? 9601 }) };
}
