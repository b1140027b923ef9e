import { createHash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { resolveLimits, type WrittenLimits } from '../protocol/limits.ts';
import { backpressureFor } from './checks/bounds.ts';
import { mostWorkers } from './schema/fields.ts';
import type { Files } from './files.ts';
import { resolveControl } from './schema/control.ts';
import { resolveDashboard } from './schema/dashboard.ts';
import { resolveRedis } from './redis.ts';
import type { AppConfig, Config, EndpointConfig, ParsedConfig } from './schema/schema.ts';
import { readSecretOf } from './checks/secrets.ts';

type ParsedApp = ParsedConfig['apps'][number];
type ParsedWebhook = ParsedApp['webhooks'][number];

/**
 * Resolves a configuration without faults, whose secret files are readable: sets the secrets and limits of each app and the id of
 * each endpoint, and makes "no limit" Infinity and paths absolute.
 */
export function resolve(parsed: ParsedConfig, files: Files, production: boolean): Config {
  const { $schema: _, tls, metrics, redis, store, control, dashboard, ...rest } = parsed;
  const apps = parsed.apps.map((app) => resolveApp(app, parsed.limits, files));
  return {
    ...rest,
    tls: tls && { ...tls, certFile: files.pathOf(tls.certFile), keyFile: files.pathOf(tls.keyFile) },
    metrics: metrics && { host: metrics.host ?? parsed.host, port: metrics.port },
    publicMetrics: parsed.publicMetrics ?? !production,
    redis: resolveRedis(redis, files),
    store: store && { ...store, path: files.pathOf(store.path) },
    control: resolveControl(control),
    dashboard: resolveDashboard(
      dashboard,
      {
        host: parsed.host,
        production,
        isBehindProxies: parsed.trustedProxies.length > 0 || parsed.path !== '',
      },
      files,
    ),
    limits: resolveLimits(parsed.limits),
    apps,
    workers: parsed.workers === 'auto' ? workersOf(parsed) : parsed.workers,
    maxConnections: parsed.maxConnections ?? Infinity,
    maxConnectionsPerAddress: parsed.maxConnectionsPerAddress ?? Infinity,
    maxNewConnectionsPerAddress: parsed.maxNewConnectionsPerAddress ?? Infinity,
    maxBackpressureBytes: parsed.maxBackpressureBytes ?? backpressureFor(apps),
    webhooks: {
      ...parsed.webhooks,
      privateAddresses: parsed.webhooks.privateAddresses ?? (production ? 'file' : 'allow'),
    },
  };
}

/** Resolves `auto` to one thread for each processor, if several threads are possible. */
function workersOf({ control }: ParsedConfig): number {
  const isOne = control !== undefined || process.platform !== 'linux';
  return isOne ? 1 : Math.min(mostWorkers, availableParallelism());
}

function resolveApp(app: ParsedApp, common: WrittenLimits, files: Files): AppConfig {
  const { secretFile: _, ...rest } = app;
  return {
    ...rest,
    secret: readSecretOf(app, files),
    otherKeys: app.otherKeys.map((pair) => ({ key: pair.key, secret: readSecretOf(pair, files) })),
    limits: resolveLimits(common, app.limits),
    webhooks: resolveEndpoints(app.webhooks),
  };
}

/** Gives each endpoint without an id a hash of its settings, with a number if earlier endpoints have the same. */
function resolveEndpoints(webhooks: readonly ParsedWebhook[]): readonly EndpointConfig[] {
  const taken = new Set(webhooks.map((webhook) => webhook.id));
  return webhooks.map((webhook) => {
    const eventTypes = [...new Set(webhook.eventTypes)];
    const id = webhook.id ?? endpointId({ ...webhook, eventTypes }, taken);
    taken.add(id);
    return { ...webhook, id, eventTypes };
  });
}

/** Returns the id of an endpoint that has none in the configuration. */
export function endpointId(
  { url, eventTypes, channels }: Pick<EndpointConfig, 'url' | 'eventTypes' | 'channels'>,
  taken: ReadonlySet<string | undefined>,
): string {
  const identity = JSON.stringify([url, eventTypes.toSorted(), channels.startsWith, channels.endsWith]);
  const stem = createHash('sha256').update(identity).digest('hex').slice(0, 12);
  let ordinal = 1;
  while (taken.has(`${stem}-${ordinal}`)) ordinal += 1;
  return `${stem}-${ordinal}`;
}
