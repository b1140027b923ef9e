#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { loadConfig, type LoadedConfig } from './config/load.ts';
import { formatFaults } from './config/report.ts';
import type { Config } from './config/schema.ts';
import { createLog } from './observe/log.ts';
import type { Log } from './ports/log.ts';
import { createReloader, type Reloader } from './reload.ts';
import { createServer, type Server } from './server.ts';
import { describeStart, formatWelcome } from './welcome.ts';
import { warnOfOpenFileLimit } from './system/open-files.ts';
import { hasTerminal } from './system/terminal.ts';
import { watchFiles } from './system/watch-files.ts';
import { StartError } from './transport/uws.ts';

/** What a shell or a supervisor is told. */
const exitCode = { done: 0, failed: 1, badConfiguration: 2 } as const;

interface Options {
  readonly config?: string;
  readonly host?: string;
  readonly port?: string;
  readonly watch?: boolean;
  readonly control?: boolean;
}

const { version }: { version: string } = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
);

const program = new Command('soketify-emulator')
  .description(
    'Soketify as a program: Pusher Channels by WebSocket and HTTP, and webhooks that tell the truth.',
  )
  .version(version)
  .option('-c, --config <file>', 'the configuration, a JSON file (its schema: config/schema.json)')
  .option('--host <address>', 'the address to listen on, instead of the configured one')
  .option('--port <number>', 'the port to listen on, instead of the configured one; 0 takes any free one')
  .option('-w, --watch', 'take changes of the configuration as soon as its files change')
  .option('--control', 'serve the control API of tests under /control: clock, faults, what was sent and why')
  .addHelpText(
    'after',
    `
Without a configuration one app is served on 127.0.0.1:6001: id 1, key app-key, secret app-secret.

Environment: SOKETIFY_APP_ID, SOKETIFY_APP_KEY, SOKETIFY_APP_SECRET, SOKETIFY_WEBHOOK_URL, SOKETIFY_HOST,
SOKETIFY_APP_SECRET_FILE, SOKETIFY_PORT, SOKETIFY_REDIS_URL, SOKETIFY_CONTROL_TOKEN, SOKETIFY_LOG_LEVEL; each goes before the file. NODE_ENV=production
demands https endpoints.

SIGHUP reloads apps, endpoints, limits and certificates without dropping a connection.

Exit codes: 0 ended by a signal, 1 could not start or failed, 2 wrong configuration or usage.`,
  )
  .exitOverride((error) => process.exit(error.exitCode === 0 ? exitCode.done : exitCode.badConfiguration));

await start(program.parse().opts<Options>());

async function start({ config: file, host, port, watch = false, control }: Options): Promise<void> {
  const overrides = { host, port, control };
  const load = (): LoadedConfig => loadConfig({ file, env: process.env, overrides });
  const loaded = load();
  if (loaded.kind === 'invalid') {
    process.stderr.write(`${formatFaults(loaded.faults)}\n`);
    process.exit(exitCode.badConfiguration);
  }
  const { config, warnings } = loaded;
  const log = await createLog(config.logLevel);
  const openFiles = warnOfOpenFileLimit();
  for (const warning of openFiles === undefined ? warnings : [...warnings, openFiles]) log.warn({}, warning);
  try {
    const server = await serve(config, log);
    const reloader = createReloader(loaded, {
      log,
      load,
      apply: (next) => server.reload(next),
      watchFiles,
      watchesAll: watch,
    });
    obeySignals(server, reloader, log);
    tellStart(config, server.port, log);
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    process.stderr.write(`${error.code}: ${error.message}\n`);
    process.exit(exitCode.failed);
  }
}

/** With control, what a test can do to the server is loaded too, and nowhere else. */
async function serve(config: Config, log: Log): Promise<Server> {
  const { control } = config;
  if (control === undefined) return createServer(config, { log });
  const { createStandIn } = await import('./stand-in.ts');
  return (await createStandIn(config, { ...control, liveness: 'real', log })).server;
}

function tellStart(config: Config, port: number, log: Log): void {
  const forPerson = process.stdout.isTTY;
  log.info(forPerson ? { port } : describeStart(config, port), 'listening');
  if (forPerson) process.stdout.write(formatWelcome(config, port));
}

/** One press of Ctrl-C may come twice: from the terminal, and once more passed on by npm. */
const samePressMs = 1000;

/**
 * The first signal to end ends gracefully; a later one gives up what is still to be delivered, and ends at
 * once. SIGHUP reloads, unless it says that the program's terminal is gone.
 */
function obeySignals(server: Server, reloader: Reloader, log: Log): void {
  let firstAt: number | undefined;
  const end = async (signal: string): Promise<void> => {
    if (firstAt !== undefined) {
      if (performance.now() - firstAt < samePressMs) return;
      server.abandon();
      process.exit(exitCode.failed);
    }
    firstAt = performance.now();
    log.info({ signal }, 'closing');
    reloader.stop();
    await server.close();
    log.info({}, 'closed');
    process.exit(exitCode.done);
  };
  process.on('SIGTERM', (signal) => void end(signal));
  process.on('SIGINT', (signal) => void end(signal));
  const startedAtTerminal = hasTerminal();
  process.on('SIGHUP', (signal) => {
    if (startedAtTerminal && !hasTerminal()) void end(signal);
    else if (firstAt === undefined) void reloader.reload(signal);
  });
}
