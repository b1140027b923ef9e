import { resolve } from 'node:path';
import type { JsonObject } from '../../config/json.ts';
import { convertApps, limitsThatDiffer, withoutAbsent } from './apps.ts';
import type { Given } from './given.ts';
import { convertRedis } from './redis.ts';
import { bytesOf, flagOf, numberOf, textOf, type Note } from './values.ts';

/** A configuration, and one sentence for each thing of soketi's that has no counterpart in it. */
export interface Converted {
  readonly config: JsonObject;
  readonly notes: readonly string[];
}

/** The longest that an event of a cache channel is kept, in seconds. */
const mostCacheSeconds = 1800;

/** Why what begins so has no counterpart. The first that fits counts. */
const reasons: readonly (readonly [path: string, reason: string])[] = [
  ['appManager.', 'apps are listed in the file, or added by Dashboard and admin API; databases are not read'],
  ['adapter.redis.', 'nodes do not ask each other, and connections to Redis are as redis says'],
  ['adapter.', 'nodes share their state on Redis only'],
  ['cache.', 'what is cached is kept where the state is: in memory, in the store or on Redis'],
  ['cluster.', 'nodes do not look for each other; use workers for several cores, or redis'],
  [
    'cors.',
    'every origin may call the HTTP API, because its requests are signed; see apps[].allowedOrigins for clients',
  ],
  [
    'database.redis.',
    'Redis is used where several nodes share their state (adapter.driver redis), and for nothing else',
  ],
  ['database', 'apps are not read from databases'],
  ['httpApi.', 'the size of a request follows from limits; /healthz says whether clients are to come here'],
  ['instance.', 'nodes name themselves'],
  ['metrics.prometheus.prefix', 'the names of metrics begin with soketify_; see docs/metrics.md'],
  ['metrics.driver', 'metrics are those of Prometheus'],
  ['metrics.', 'metrics are not enabled'],
  ['mode', 'each node serves clients and sends webhooks'],
  [
    'queue.',
    'webhooks wait in memory, in the store or on Redis; see docs/durability.md for what survives a crash',
  ],
  ['rateLimiter.', 'limits are counted where the state is'],
  ['ssl.caPath', 'no certificates of clients are asked for; the chain of the server stands in its certFile'],
  ['userAuthenticationTimeout', 'nobody has to sign in'],
  ['webhooks.', 'webhooks are gathered as webhooks.batch says'],
];

/** What soketi's configuration is here. Where soketi's default is another one than ours, soketi's is written down. */
export function convert(given: Given): Converted {
  const notes: string[] = [...given.unknownVariables];
  const note: Note = (sentence) => void notes.push(sentence);
  const debug = flagOf(given.take('debug')) === true;
  const appDriver = textOf(given.take('appManager.driver'));
  if (appDriver !== undefined && appDriver !== 'array') {
    note(
      `appManager.driver: apps of ${appDriver} are not read; list them here, or add them by the admin API`,
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
    webhooks: { batch: batchOf(given) },
    redis: convertRedis(given, note),
    ...metricsOf(given),
    logLevel: debug ? 'debug' : undefined,
  });
  takeUsual(given);
  return { config, notes: [...notes, ...describeRest(given)] };
}

/** Whatever was given and has no counterpart, by reason. */
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

/** What is given and means what is so in any case is worth no word. */
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

/** Soketi takes names of files from where it runs, this program from where the configuration is. */
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

function cacheTtlOf(given: Given, note: Note): number | undefined {
  const seconds = numberOf(given.take('channelLimits.cacheTtl'));
  if (seconds === undefined) return undefined;
  if (seconds > mostCacheSeconds) {
    note(`channelLimits.cacheTtl: ${seconds} s; cached events are kept for ${mostCacheSeconds} s at most`);
  }
  return Math.min(seconds, mostCacheSeconds) * 1000;
}

/** Soketi sends each event by itself unless it is told to gather them. */
function batchOf(given: Given): JsonObject {
  const isOn = flagOf(given.take('webhooks.batching.enabled')) === true;
  const duration = numberOf(given.take('webhooks.batching.duration')) ?? 50;
  return isOn ? { maxEvents: 1000, maxDelayMs: duration } : { maxEvents: 1 };
}

function metricsOf(given: Given): JsonObject {
  const isOn = flagOf(given.take('metrics.enabled')) === true;
  if (!isOn) return { publicMetrics: false };
  const host = textOf(given.take('metrics.host'));
  return { metrics: withoutAbsent({ host, port: numberOf(given.take('metrics.port')) ?? 9601 }) };
}
