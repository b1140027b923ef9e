import type { ClientConnections } from '../connections/client-connections.ts';
import type { AppConfig, Config, EndpointConfig } from '../config/schema/schema.ts';
import { keysOf } from '../configuration/run-time-changes.ts';
import { batchPolicyOf } from '../webhooks/endpoint.ts';
import { writeLimits } from '../protocol/limits.ts';
import type { QueueReading } from '../webhooks/delivery-facts.ts';
import type { KeyUses } from '../apps/key-uses.ts';
import type { AppView, BatchInput, EndpointView, KeyView, QueueView } from '../views/settings.ts';

/** The sources of facts about apps, apart from the configuration. */
export interface AppSources {
  readonly connections: ClientConnections;
  readonly keyUses: KeyUses;
  /** The queues of endpoints, or undefined if this node sends no webhooks. */
  readonly queues: () => Iterable<QueueReading> | undefined;
  /** Reads the last recorded attempt for each endpoint. */
  readonly lastAttempts: () => (appId: string, endpointId: string) => EndpointView['lastAttempt'];
}

/** Describes apps and endpoints for one response. The queues are read once. */
export interface AppReader {
  describe(app: AppConfig, isFull: boolean): AppView;
  describeEndpoint(appId: string, endpoint: EndpointConfig, isFull: boolean): EndpointView;
}

/** Reads the current facts. */
export function readApps(config: Pick<Config, 'webhooks'>, sources: AppSources): AppReader {
  const found = sources.queues();
  const queues =
    found && new Map(Array.from(found, (queue) => [`${queue.appId}\n${queue.endpoint}`, queue] as const));
  const lastAttemptAt = sources.lastAttempts();
  const describeEndpoint: AppReader['describeEndpoint'] = (appId, endpoint, isFull) => {
    const { id, pause, headers } = endpoint;
    const lastAttempt = lastAttemptAt(appId, id);
    const queue = queues && (describeQueue(queues.get(`${appId}\n${id}`)) ?? nothingWaits);
    return {
      id,
      origin: endpoint.isSetAtRunTime === true ? 'run-time' : 'file',
      url: endpoint.url,
      enabled: endpoint.enabled,
      eventTypes: endpoint.eventTypes,
      channels: endpoint.channels,
      headers: isFull ? headers : Object.fromEntries(Object.keys(headers).map((name) => [name, ''])),
      standardSignature: endpoint.standardSignature,
      reconcile: endpoint.reconcile,
      batch: batchPolicyOf(endpoint, config.webhooks.batch),
      ...(endpoint.batch && { ownBatch: ownBatchOf(endpoint.batch) }),
      ...(pause && { pause }),
      ...(queue && { queue }),
      ...(lastAttempt && { lastAttempt }),
    };
  };
  return {
    describeEndpoint,
    describe(app, isFull) {
      return {
        id: app.id,
        origin: app.isSetAtRunTime === true ? 'run-time' : 'file',
        enabled: app.enabled,
        clientEvents: app.clientEvents,
        subscriptionCount: app.subscriptionCount,
        watchlist: app.watchlist,
        forceTls: app.forceTls,
        allowedOrigins: app.allowedOrigins,
        limits: writeLimits(app.limits),
        keys: keysOf(app).map((key) => describeKey(key, app, sources.keyUses)),
        endpoints: app.webhooks.map((endpoint) => describeEndpoint(app.id, endpoint, isFull)),
        connections: sources.connections.count(app.id),
        occupiedChannels: sources.connections.held(app.id).occupiedChannels,
      };
    },
  };
}

function ownBatchOf({ maxEvents, maxDelayMs, maxBytes }: NonNullable<EndpointConfig['batch']>): BatchInput {
  return {
    ...(maxEvents !== undefined && { maxEvents }),
    ...(maxDelayMs !== undefined && { maxDelayMs }),
    ...(maxBytes !== undefined && { maxBytes }),
  };
}

const nothingWaits: QueueView = { events: 0, bytes: 0, oldestAgeMs: 0, isFailing: false };

/** The queue of an endpoint. */
export function describeQueue(reading: QueueReading | undefined): QueueView | undefined {
  if (reading === undefined) return undefined;
  const { events, bytes, oldestAgeMs, isFailing } = reading;
  return { events, bytes, oldestAgeMs, isFailing };
}

function describeKey(key: string, app: AppConfig, uses: KeyUses): KeyView {
  const { count, lastAtMs } = uses.of(app.id, key);
  return {
    key,
    isFirst: key === app.key,
    uses: count,
    ...(lastAtMs !== undefined && { lastUsedAtMs: lastAtMs }),
  };
}
