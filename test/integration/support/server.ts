import { readFileSync } from 'node:fs';
import { onTestFinished } from 'vitest';
import type { Env } from '../../../src/config/environment.ts';
import { loadConfig } from '../../../src/config/load.ts';
import type { Config } from '../../../src/config/schema/schema.ts';
import type { ServerOverrides } from '../../../src/node/overrides.ts';
import { createServer, type Server } from '../../../src/node/server.ts';
import { FakeClock } from '../../support/fake-clock.ts';

export const app = { id: '1', key: 'app-key', secret: 'app-secret' } as const;
export const otherApp = { id: '2', key: 'other-key', secret: 'other-secret' } as const;

/** What a test configures; the rest is the default. */
export type Given = Readonly<Record<string, unknown>>;

/** The configuration as the program would load it from a file with this content. */
export function configOf(given: Given = {}, env: Env = {}): Config {
  const content = { port: 0, apps: [app], ...given };
  const loaded = loadConfig({
    file: 'test.json',
    env,
    overrides: {},
    readFile: (path) => (path.endsWith('test.json') ? JSON.stringify(content) : readFileSync(path, 'utf8')),
  });
  if (loaded.kind === 'invalid') throw new Error(JSON.stringify(loaded.faults));
  return loaded.config;
}

/** A server on a free loopback port, closed when the test ends. */
export async function startServer(given: Given = {}, overrides: ServerOverrides = {}): Promise<Server> {
  const config = configOf(given, overrides.env);
  const server = await createServer(config, { cachesMetrics: false, ...overrides });
  onTestFinished(async () => {
    const closed = server.close();
    if (overrides.clock instanceof FakeClock) await overrides.clock.advance(config.shutdownTimeoutMs);
    await closed;
  });
  return server;
}
