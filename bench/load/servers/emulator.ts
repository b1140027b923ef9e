import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withFile } from './config-file.ts';
import { startProcess } from './process.ts';
import { startRedis } from './redis.ts';
import {
  appsOf,
  nodeCommand,
  targetOf,
  type Ability,
  type Launch,
  type ServerSettings,
  type TargetKind,
  type Variant,
} from './target.ts';

const thisCheckout = fileURLToPath(new URL('../../../', import.meta.url));

/** The built program of this repository. */
export function emulator(name: string, launch: Launch, variant: Variant): TargetKind {
  return emulatorOf(thisCheckout, name, launch, variant);
}

/** The path of the built program in a checkout. */
export function programIn(folder: string): string {
  const [program, older] = ['main.cjs', 'main.js'].map((name) => join(folder, 'dist', name)) as [
    string,
    string,
  ];
  return existsSync(program) ? program : older;
}

/** The built program of a checkout. */
export function emulatorOf(
  checkout: string,
  name: string,
  launch: Launch,
  variant: Variant = { tls: null, usesRedis: false, usesStore: false, workers: null, dashboard: 'closed' },
): TargetKind {
  const { version } = JSON.parse(readFileSync(join(checkout, 'package.json'), 'utf8')) as { version: string };
  return {
    name,
    version: `soketify-emulator ${version}`,
    abilities: new Set<Ability>([
      'webhooks',
      'own-process',
      'apps',
      ...(variant.usesRedis ? [] : (['nodes'] as const)),
      ...((variant.workers ?? 1) > 1 ? (['workers'] as const) : []),
    ]),
    start: async (given) => {
      const redis = variant.usesRedis ? await startRedis(launch.prefix) : null;
      const settings = redis === null ? given : { ...given, redisUrl: redis.url };
      const folder = variant.usesStore ? mkdtempSync(join(tmpdir(), 'soketify-bench-')) : undefined;
      const store = folder === undefined ? [] : ['--store', folder];
      const server = await withFile(configOf(settings, variant, limitsOf(checkout)), (file) =>
        startProcess(
          [...nodeCommand(launch, name), programIn(checkout), '--config', file, '--port', '0', ...store],
          portOf,
        ),
      );
      const closePage = variant.dashboard === 'watched' ? openPage(server.found) : undefined;
      return targetOf(server, { port: server.found, isTls: variant.tls !== null }, redis, () => {
        closePage?.();
        if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
      });
    },
  };
}

/** Switches off the limits that a load would reach. An older checkout may not have all of them. */
function limitsOf(folder: string): object {
  const schema = readFileSync(join(folder, 'config/schema.json'), 'utf8');
  const names = ['presenceMembers', 'clientEventsPerSecond', 'channelsPerConnection'];
  return Object.fromEntries(names.filter((name) => schema.includes(`"${name}"`)).map((name) => [name, null]));
}

function configOf(settings: ServerSettings, { tls, dashboard, workers }: Variant, limits: object): object {
  const { batchEvents, graceMs, hasDefaultLimits = false, redisUrl, webhooks = [] } = settings;
  return {
    host: '127.0.0.1',
    // The bench does not wait for deliveries to a failing endpoint.
    shutdownTimeoutMs: 1000,
    apps: appsOf(settings).map(({ appId, ...pair }, index) => ({
      id: appId,
      ...pair,
      webhooks: index === 0 ? webhooks : [],
    })),
    ...(hasDefaultLimits ? {} : { limits }),
    ...(tls === null ? {} : { tls }),
    ...(workers === null ? {} : { workers }),
    ...(dashboard === 'off' ? { dashboard: false } : {}),
    ...(redisUrl === undefined ? {} : { redis: { url: redisUrl } }),
    webhooks: {
      ...(graceMs === undefined ? {} : { disconnectGraceMs: graceMs, unsubscribeGraceMs: graceMs }),
      ...(batchEvents === undefined ? {} : { batch: { maxEvents: batchEvents } }),
    },
  };
}

function portOf(line: string): number | null {
  try {
    const entry = JSON.parse(line) as { msg?: unknown; port?: unknown };
    return entry.msg === 'listening' && typeof entry.port === 'number' ? entry.port : null;
  } catch {
    return null; // Not one of our log lines: the caller keeps it for an error message.
  }
}

/** Reads the live stream, as an open page does. Returns a function that closes it. */
function openPage(port: number): () => void {
  const request = get(`http://127.0.0.1:${port}/admin/stream`, (answer) => {
    if (answer.statusCode !== 200) throw new Error(`the live stream answered ${answer.statusCode}`);
    answer.resume();
  });
  // The server closes the stream when it stops.
  request.on('error', () => {});
  return () => request.destroy();
}
