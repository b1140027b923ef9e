import type { ClientConnections } from '../connections/client-connections.ts';
import type { LocalApps } from '../apps/local-app.ts';
import type { Backplane } from './backplane.ts';
import type { StoreHealth } from './durable.ts';
import type { PrometheusMetrics } from '../observe/prometheus.ts';
import type { Log } from '../ports/log.ts';
import type { AppReading, NodeHealth } from '../ports/metrics.ts';
import type { SelfReport } from '../transport/routes.ts';
import type { AttemptPlaces } from '../webhooks/attempt-places.ts';

/** The sources of a server's health and metrics. */
interface SelfSources {
  readonly apps: LocalApps;
  readonly backplane: Backplane;
  readonly connections: Pick<ClientConnections, 'held'>;
  readonly gateway: { readonly isFull: boolean };
  readonly places: AttemptPlaces;
  /** The maximum number of connections; Infinity: no limit. */
  readonly connectionLimit: number;
  readonly log: Log;
  readonly metrics: PrometheusMetrics;
  readonly isClosing: () => boolean;
}

/** Creates the report for health checks and metrics. Metrics are read from their sources when they are requested. */
export function createSelfReport(sources: SelfSources): SelfReport {
  const { apps, backplane, connections, gateway, places, connectionLimit, log, metrics, isClosing } = sources;
  const isStoreTroubled = (): boolean => {
    const store = backplane.describeStore();
    return store?.failure !== undefined || store?.lost !== undefined;
  };
  metrics.observeApps(() => readApps(apps, connections));
  metrics.observeQueues(() => backplane.readQueues());
  metrics.observeHealth(() => backplane.describe());
  metrics.observeLoad(() => {
    const store = backplane.describeStore();
    return {
      isAccepting: !gateway.isFull,
      connectionLimit: finite(connectionLimit),
      attempts: places.underWay,
      waitingEndpoints: places.waiting,
      isStoreWritten: store && store.failure === undefined,
    };
  });
  metrics.observeLog(() => log.droppedLines?.() ?? 0);
  return {
    isReady: () => !isClosing(),
    isDegraded: () => backplane.describe()?.isWhole === false || isStoreTroubled() || gateway.isFull,
    describe: () => ({
      apps: apps.size,
      ...describeHealth(backplane.describe()),
      ...describeStore(backplane.describeStore()),
      ...(gateway.isFull && { clients: 'not accepted' }),
    }),
    metrics: () => metrics.render(),
  };
}

function* readApps(apps: LocalApps, connections: SelfSources['connections']): Generator<AppReading, void> {
  for (const { config } of apps) {
    yield {
      id: config.id,
      endpoints: config.endpoints.map(({ id }) => id),
      ...connections.held(config.id),
      connectionLimit: finite(config.limits.connections),
    };
  }
}

/** The value of a limit for a metric. Without a limit, the metric has no series. */
function finite(limit: number): number | undefined {
  return Number.isFinite(limit) ? limit : undefined;
}

/** The part of `/healthz` about the state that nodes share. */
function describeHealth(health: NodeHealth | undefined): Record<string, unknown> {
  if (health === undefined) return {};
  const { isWhole, isFull, isDispatching, partitions, keepsLetters } = health;
  const trouble = isFull ? 'full' : 'unreachable';
  return {
    redis: isWhole ? 'connected' : trouble,
    dispatching: isDispatching,
    partitions,
    dropped: keepsLetters ? 'kept here' : 'kept by another node',
  };
}

function describeStore(health: StoreHealth | undefined): Record<string, unknown> {
  if (health === undefined) return {};
  const { failure, lost } = health;
  return { store: failure ?? 'written', ...(lost !== undefined && { storeLost: lost }) };
}
