import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withFile } from './config-file.ts';
import { freePort } from './free-port.ts';
import { startProcess } from './process.ts';
import { startRedis } from './redis.ts';
import {
  appsOf,
  targetOf,
  type Launch,
  type ServerSettings,
  type TargetKind,
  type Variant,
} from './target.ts';

const version = '1.6.1';
const folder = fileURLToPath(new URL('../../peers/soketi/installed', import.meta.url));
const preload = fileURLToPath(new URL('../../peers/soketi/preload.cjs', import.meta.url));
const program = join(folder, 'node_modules/@soketi/soketi/bin/server.js');
const ourPackage = createRequire(import.meta.url)('../../../package.json') as {
  readonly dependencies: Readonly<Record<string, string>>;
};

/** soketi on the same uWebSockets.js, installed by `installSoketi`. */
export function soketi(name: string, launch: Launch, variant: Variant): TargetKind {
  return {
    name,
    version: `soketi ${version}`,
    abilities: new Set(['webhooks', 'own-process', 'apps']),
    start: async (settings) => {
      const redis = variant.usesRedis ? await startRedis(launch.prefix) : null;
      const [port, metricsPort, discoveryPort] = [await freePort(), await freePort(), await freePort()];
      const config = {
        ...configOf(settings, variant),
        port,
        metrics: { enabled: false, host: '127.0.0.1', port: metricsPort },
        // Even a single soketi looks for other nodes: restrict this to loopback.
        cluster: { hostname: '127.0.0.1', unicast: '127.0.0.1', port: discoveryPort },
        ...(redis === null ? {} : redisConfig(redis.url)),
      };
      const server = await withFile(dotted(config), (file) =>
        startProcess(
          [...launch.prefix, process.execPath, '--require', preload, program, 'start', `--config=${file}`],
          (line) => (line.includes('Server is up and running') ? true : null),
        ),
      );
      return targetOf(server, { port, isTls: variant.tls !== null }, redis);
    },
  };
}

/** Installs soketi from npm, once, in a folder that git ignores. */
export function installSoketi(): void {
  if (existsSync(program) && installedVersion() === version) return;
  process.stdout.write(`Installing soketi ${version} into bench/peers/soketi/installed (only once)\n`);
  mkdirSync(folder, { recursive: true });
  const content = {
    private: true,
    dependencies: { '@soketi/soketi': version },
    // The version that soketi requires is not on npm: use this project's version.
    overrides: { 'uWebSockets.js': ourPackage.dependencies['uWebSockets.js'] },
  };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(content, null, 2));
  const options = ['--no-audit', '--no-fund', '--ignore-scripts', '--omit=dev', '--loglevel=error'];
  execFileSync('npm', ['install', ...options], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
}

function installedVersion(): string {
  const file = join(folder, 'node_modules/@soketi/soketi/package.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

/** As close as possible to the emulator's configuration: no limits, and webhooks batched for the same time. */
function configOf(settings: ServerSettings, { tls }: Variant): object {
  const { webhooks = [] } = settings;
  const unlimited = { maxConnections: -1, maxBackendEventsPerSecond: -1, maxClientEventsPerSecond: -1 };
  return {
    host: '127.0.0.1',
    debug: false,
    shutdownGracePeriod: 0,
    presence: { maxMembersPerChannel: 1_000_000, maxMemberSizeInKb: 2 },
    webhooks: { batching: { enabled: true, duration: 250 } },
    ...(tls === null ? {} : { ssl: { certPath: tls.certFile, keyPath: tls.keyFile } }),
    appManager: {
      driver: 'array',
      array: {
        apps: appsOf(settings).map(({ appId, key, secret }, index) => ({
          id: appId,
          key,
          secret,
          enabled: true,
          enableClientMessages: true,
          maxReadRequestsPerSecond: -1,
          ...unlimited,
          webhooks:
            index === 0 ? webhooks.map(({ url, eventTypes }) => ({ url, event_types: eventTypes })) : [],
        })),
      },
    },
  };
}

/** Flattens keys to `webhooks.batching.enabled`, because soketi replaces whole objects, including their defaults. */
function dotted(config: object, prefix = ''): Record<string, unknown> {
  const entries = Object.entries(config).flatMap(([key, value]: [string, unknown]) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.entries(dotted(value, `${prefix}${key}.`))
      : [[`${prefix}${key}`, value] as const],
  );
  return Object.fromEntries(entries);
}

function redisConfig(url: string): object {
  const { hostname, port } = new URL(url);
  return {
    adapter: { driver: 'redis', redis: { requestsTimeout: 5000 } },
    database: { redis: { host: hostname, port: Number(port) } },
  };
}
