import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Config } from './config.ts';
import { Journal } from '../journal.ts';

const program = fileURLToPath(new URL('../../../dist/main.cjs', import.meta.url));

/** The result of a run of the program, with all its output. */
export interface Exit {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Server extends AsyncDisposable {
  readonly port: number;
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  readonly pid: number;
  /** The log entries, parsed. */
  readonly log: Journal<LogLine>;
  /** Stops reading the program's output, like a reader that has exited. */
  closeLog(): void;
  /** Settles when the process is gone. */
  readonly exit: Promise<Exit>;
  signal(name: 'SIGTERM' | 'SIGINT' | 'SIGHUP'): void;
  /** Kills the process, and waits until it is gone. */
  kill(): Promise<void>;
  /** The configuration file. Empty if there is none. */
  readonly configFile: string;
  /** Replaces the content of the configuration file by another configuration, or any text. */
  rewriteConfig(config: unknown): Promise<void>;
  /** Stops the program with SIGTERM. Rejects with the log unless the program was running and exits with 0. */
  stop(): Promise<void>;
}

export interface LogLine {
  readonly msg?: string;
  readonly port?: number;
  readonly connections?: number;
  readonly cause?: string;
  readonly keys?: readonly string[];
  readonly faults?: readonly { readonly path: string; readonly message: string }[];
}

interface RunOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** The limit of open files (ulimit -n). */
  readonly openFiles?: number;
}

/** Starts the built program on a free port, and waits until it listens. Without a config it gets no file. */
export async function startServer(config?: Config, options: RunOptions = {}): Promise<Server> {
  const share = shareFor(config);
  const file =
    config === undefined ? undefined : await writeConfig({ shutdownTimeoutMs: 2000, ...config, ...share });
  const args = [
    ...(file === undefined ? [] : ['--config', file.path]),
    '--port',
    '0',
    ...(options.args ?? []),
  ];
  const run = launch(args, { ...workersFor(config, args), ...options.env }, undefined, options.openFiles);
  const exit = removeAfter(run.exit, file);
  const exitedEarly = exit.then(({ code, stdout, stderr }): never => {
    throw new Error(`The program exited with ${code} before it listened:\n${stdout}${stderr}`);
  });
  const listening = run.log.first((line) => line.msg === 'listening');
  const { port } = await Promise.race([listening, exitedEarly]).catch((error: unknown) => {
    run.child.kill('SIGKILL');
    listening.catch(() => {});
    throw error;
  });
  exitedEarly.catch(() => {});
  if (port === undefined) throw new Error('The line "listening" names no port');

  const { child, log } = run;
  let stopping: Promise<void> | undefined;
  const end = async () => {
    const wasAlive = child.exitCode === null && child.signalCode === null;
    child.kill('SIGTERM');
    const { code, stdout, stderr } = await exit;
    if (wasAlive && code === 0) return;
    throw new Error(
      `The program ${wasAlive ? 'exited' : 'had exited by itself'} with ${code}:\n${stdout}${stderr}`,
    );
  };
  const stop = () => (stopping ??= end());
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    pid: child.pid ?? 0,
    configFile: file?.path ?? '',
    log,
    exit,
    signal: (name) => void child.kill(name),
    async kill() {
      child.kill('SIGKILL');
      await exit;
    },
    closeLog() {
      child.stdout?.destroy();
      child.stderr?.destroy();
    },
    async rewriteConfig(changed) {
      if (file === undefined) throw new Error('The server was started without a file');
      await writeFile(file.path, toText(isObject(changed) ? { ...changed, ...share } : changed));
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** With TEST_REDIS, servers keep their state on this Redis, each under keys of its own. */
function shareFor(config: Config | undefined): Pick<Config, 'redis'> {
  const { TEST_REDIS } = process.env;
  const isAlone = config?.control !== undefined || config?.store !== undefined || config?.redis !== undefined;
  return TEST_REDIS === undefined || isAlone
    ? {}
    : { redis: { url: TEST_REDIS, keyPrefix: `test-${randomUUID()}:` } };
}

/**
 * Number of worker threads for a repeated run of the tests. Tests that need everything on one thread are
 * excluded.
 */
function workersFor(config: Config | undefined, args: readonly string[]): Readonly<Record<string, string>> {
  const { TEST_WORKERS } = process.env;
  const isOnOne = config?.control !== undefined || args.includes('--control');
  return TEST_WORKERS === undefined || isOnOne ? {} : { SOKETIFY_WORKERS: TEST_WORKERS };
}

async function removeAfter(exit: Promise<Exit>, file: ConfigFile | undefined): Promise<Exit> {
  const ended = await exit;
  await file?.remove();
  return ended;
}

/**
 * Runs the program until it exits: for commands, and for configurations that are rejected. `input` is its
 * standard input.
 */
export async function runProgram(
  args: readonly string[],
  env?: Readonly<Record<string, string>>,
  input?: string,
): Promise<Exit> {
  const { child, exit } = launch(args, env, input);
  const tooLong = setTimeout(() => child.kill('SIGKILL'), 60_000);
  return exit.finally(() => clearTimeout(tooLong));
}

/** Runs the program with a configuration file that contains this text, or this value as JSON. */
export async function runWithConfig(config: unknown, options: RunOptions = {}): Promise<Exit> {
  const file = await writeConfig(config);
  const args = ['--config', file.path, ...(options.args ?? ['--port', '0'])];
  return removeAfter(runProgram(args, options.env), file);
}

interface ConfigFile {
  readonly path: string;
  remove(): Promise<void>;
}

async function writeConfig(config: unknown): Promise<ConfigFile> {
  const folder = await mkdtemp(join(tmpdir(), 'soketify-e2e-'));
  const path = join(folder, 'config.json');
  await writeFile(path, toText(config));
  return { path, remove: () => rm(folder, { recursive: true, force: true }) };
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function toText(config: unknown): string {
  return typeof config === 'string' ? config : JSON.stringify(config);
}

interface Run {
  readonly child: ChildProcess;
  readonly log: Journal<LogLine>;
  readonly exit: Promise<Exit>;
}

/** The programs that run now. A test that fails may not come to end its own. */
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
// The test runner ends its processes by this signal, which does not cause `exit` by itself.
process.once('SIGTERM', () => process.exit(143));

/** The program does not inherit the environment of the test run. */
export function launch(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  input?: string,
  openFiles?: number,
): Run {
  const command = [process.execPath, program, ...args];
  const [file = '', ...rest] =
    openFiles === undefined ? command : ['sh', '-c', `ulimit -n ${openFiles}; exec "$@"`, 'sh', ...command];
  const child = spawn(file, rest, {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  child.stdin.end(input);
  const log = new Journal<LogLine>('a line of the log');
  let stdout = '';
  let stderr = '';
  createInterface({ input: child.stdout }).on('line', (line) => {
    stdout += `${line}\n`;
    if (line.startsWith('{"')) log.push(JSON.parse(line) as LogLine);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const exit = new Promise<Exit>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
  return { child, log, exit };
}
