import { loadConfig, type LoadedConfig } from '../config/load.ts';
import { formatFaults } from '../config/checks/report.ts';
import type { Config } from '../config/schema/schema.ts';
import { createLog, type ProgramLog } from '../observe/log.ts';
import type { Log } from '../ports/log.ts';
import { StartError } from '../ports/start-error.ts';
import { createReloader, logFindings, type Reloader } from '../configuration/reloader.ts';
import { fileNeedsOf } from '../node/file-needs.ts';
import { createServer, type Server } from '../node/server.ts';
import { readOpenFiles, warnOfOpenFileLimit } from '../system/open-files.ts';
import { whenNpxEnds } from '../system/parent.ts';
import { hasTerminal } from '../system/terminal.ts';
import { FileWatcher } from '../system/watch-files.ts';
import { describeStart, formatWelcome, type StartedPorts } from './welcome.ts';
import { UsageError } from './command.ts';
import { exitCode } from './exit-code.ts';

/** The server options of the command line. */
export interface ServeOptions {
  readonly config?: string;
  readonly host?: string;
  readonly port?: string;
  readonly store?: string;
  readonly workers?: string;
  readonly watch?: boolean;
  /** The clock mode, if one is given. */
  readonly control?: boolean | string;
}

/** Starts the server and handles the signals that reload and stop it. Exits if it cannot start. */
export async function serve({
  config: file,
  host,
  port,
  store,
  workers,
  watch = false,
  control,
}: ServeOptions): Promise<void> {
  const signals = { onHangup: holdHangups(), started: exitOnSignals() };
  const overrides = { host, port, store, workers, control };
  const watcher = new FileWatcher();
  const { readFile } = watcher;
  const load = (): LoadedConfig => loadConfig({ file, env: process.env, overrides, readFile });
  const loaded = load();
  if (loaded.kind === 'invalid') {
    process.stderr.write(`${formatFaults(loaded.faults, file)}\n`);
    process.exit(exitCode.badConfiguration);
  }
  const { config } = loaded;
  if (watch && loaded.files.length === 0) {
    throw new UsageError('--watch has no file to watch; name the configuration with --config');
  }
  const log = await createLog(config.logLevel);
  const lowLimit = warnOfOpenFileLimit(readOpenFiles(), fileNeedsOf(config));
  logFindings(loaded, log);
  if (lowLimit !== undefined) log.warn({}, lowLimit);
  try {
    const server = await startServer(config, log, file);
    const { configuration } = server;
    const reloader = createReloader(loaded.files, {
      log,
      load,
      configuration,
      watchFiles: watcher.watch,
      watchesAll: watch,
    });
    obeySignals(server, reloader, log, signals);
    logStart(config, server, log);
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    process.stderr.write(`${error.code}: ${error.message}\n`);
    process.exit(exitCode.failed);
  }
}

/** The code for tests is loaded only with `control`. */
async function startServer(config: Config, log: Log, fileName: string | undefined): Promise<Server> {
  const { control } = config;
  const openFiles = readOpenFiles();
  if (control === undefined) {
    return createServer(config, {
      log,
      openFiles,
      fileName,
      workerFailed(worker, reason) {
        process.stderr.write(
          `ERR_WORKER: worker thread ${worker} has failed, so the server exits: ${reason}\n`,
        );
        process.exit(exitCode.failed);
      },
    });
  }
  const { createEmulator } = await import('../emulator/create.ts');
  return (await createEmulator(config, { ...control, liveness: 'real', log, fileName })).server;
}

function logStart(config: Config, ports: StartedPorts, log: Log): void {
  const forPerson = process.stdout.isTTY;
  const { port } = ports;
  log.info(forPerson ? { port } : describeStart(config, ports), 'listening');
  if (forPerson) process.stdout.write(formatWelcome(config, ports));
}

/** One press of Ctrl-C may send two signals: one from the terminal, and one forwarded by npm. */
const samePressMs = 1000;

/** Sets what happens on SIGHUP, which may mean that the terminal was closed. */
type OnHangup = (handle: (isTerminalClosed: boolean) => void) => void;

/**
 * Keeps SIGHUP from ending the program while it starts: whoever writes a new configuration cannot know that the old one is just
 * being started. Such a signal is handled once the handler is set.
 */
function holdHangups(): OnHangup {
  const startedAtTerminal = hasTerminal();
  let isHeld = false;
  let handle = (isTerminalClosed: boolean): void => {
    if (isTerminalClosed) process.exit(exitCode.done);
    isHeld = true;
  };
  process.on('SIGHUP', () => handle(startedAtTerminal && !hasTerminal()));
  return (handler) => {
    handle = handler;
    if (isHeld) handle(false);
  };
}

/** What handles signals during the start. */
interface StartSignals {
  readonly onHangup: OnHangup;
  /** Ends this. */
  readonly started: () => void;
}

/**
 * Lets the signals that stop the server also end its start, until the returned function is called. The first process of a container
 * ignores a signal without a handler.
 */
function exitOnSignals(): () => void {
  const exit = (): never => process.exit(exitCode.done);
  const names = ['SIGTERM', 'SIGINT'] as const;
  for (const name of names) process.on(name, exit);
  return () => {
    for (const name of names) process.off(name, exit);
  };
}

/**
 * The first signal starts a graceful shutdown. A second one gives up pending webhooks, with a record, and exits immediately. Both
 * were requested, so neither is a failure. SIGHUP reloads, unless it means that the terminal was closed. If npx started the
 * program, the exit of npx counts as a signal.
 */
function obeySignals(
  server: Server,
  reloader: Reloader,
  log: ProgramLog,
  { onHangup, started }: StartSignals,
): void {
  let firstAt: number | undefined;
  const end = async (signal: string): Promise<void> => {
    if (firstAt !== undefined) {
      if (performance.now() - firstAt < samePressMs) return;
      server.abandon();
      log.warn({ signal }, 'closed immediately after a second signal');
      process.exit(exitCode.done);
    }
    firstAt = performance.now();
    log.close();
    log.info({ signal }, 'closing');
    reloader.stop();
    await server.close();
    log.info({}, 'closed');
    await log.flush();
    process.exit(exitCode.done);
  };
  process.on('SIGTERM', (signal) => void end(signal));
  process.on('SIGINT', (signal) => void end(signal));
  started();
  whenNpxEnds(() => void end('the exit of npx'));
  onHangup((isTerminalClosed) => {
    if (isTerminalClosed) void end('SIGHUP');
    else if (firstAt === undefined) void reloader.reload('SIGHUP');
  });
}
