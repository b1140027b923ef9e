import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Address } from './socket.ts';

/** A server under test. The emulator today; a peer or a URL fits the same shape. */
export interface Target extends Address {
  readonly name: string;
  /** Undefined when the process is not ours to read. */
  readonly pid: number | undefined;
  stop(): Promise<void>;
}

/** What a scenario needs of the server. */
export interface TargetSettings {
  readonly webhookUrl?: string;
  /** How long a leave lingers before its webhook; the default is the server's own. */
  readonly graceMs?: number;
}

/** Starts a target; the runner hands one to each scenario. */
export type StartTarget = (settings: TargetSettings) => Promise<Target>;

/** How the emulator is started. */
export interface Launch {
  readonly program: string;
  /** Words before the command, such as `taskset -c 0`. */
  readonly prefix: readonly string[];
  /** Where to leave a CPU profile of the server, if anywhere. */
  readonly profileDir: string | undefined;
}

const app = { id: '1', key: 'bench-key', secret: 'bench-secret' };
const startLimitMs = 10_000;
const stopLimitMs = 10_000;
const running = new Set<ChildProcess>();

/** Ends every server still running, at once. For Ctrl-C and for a driver that fails. */
export function killTargets(): void {
  for (const child of running) child.kill('SIGKILL');
}

/** Starts the built program with a configuration file of its own and waits until it listens. */
export async function startEmulator(launch: Launch, settings: TargetSettings): Promise<Target> {
  const folder = mkdtempSync(join(tmpdir(), 'soketify-bench-'));
  const configFile = join(folder, 'config.json');
  writeFileSync(configFile, JSON.stringify(configOf(settings)));
  const profile =
    launch.profileDir === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${launch.profileDir}`];
  const node = [process.execPath, ...profile, launch.program, '--config', configFile, '--port', '0'];
  const [command = process.execPath, ...args] = [...launch.prefix, ...node];
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: cleanEnvironment() });
  running.add(child);
  const exited = new Promise<void>((resolve) => void child.once('exit', () => resolve()));
  void exited.then(() => running.delete(child));
  // The configuration is read once, at the start.
  const port = await listeningPort(child).finally(() => rmSync(folder, { recursive: true, force: true }));
  return {
    name: 'emulator',
    host: '127.0.0.1',
    port,
    appId: app.id,
    key: app.key,
    secret: app.secret,
    pid: child.pid,
    stop: () => stop(child, exited),
  };
}

function configOf(settings: TargetSettings): object {
  const endpoints = settings.webhookUrl === undefined ? [] : [{ url: settings.webhookUrl }];
  const grace = settings.graceMs;
  return {
    host: '127.0.0.1',
    apps: [{ ...app, webhooks: endpoints }],
    ...(grace === undefined ? {} : { webhooks: { disconnectGraceMs: grace, unsubscribeGraceMs: grace } }),
  };
}

/** Nothing from the caller's shell may change what is measured. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(SOKETIFY_|NODE_)/.test(name));
  return Object.fromEntries(kept);
}

function listeningPort(child: ChildProcess): Promise<number> {
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw new Error('The server was started without pipes');
  return new Promise((resolve, reject) => {
    let complaint = '';
    const fail = (why: string): void => reject(new Error(`The server ${why}. ${complaint.trim()}`));
    const limit = setTimeout(() => fail(`did not listen within ${startLimitMs} ms`), startLimitMs);
    stderr.on('data', (chunk: Buffer) => (complaint = (complaint + chunk.toString()).slice(-2000)));
    child.once('error', (error) => fail(`could not be started: ${error.message}`));
    child.once('exit', (code) => fail(`ended with code ${code} before it listened`));
    const lines = createInterface({ input: stdout });
    lines.on('line', (line) => {
      const port = portOf(line);
      if (port === null) return void (complaint = `${complaint}\n${line}`.slice(-2000));
      clearTimeout(limit);
      lines.close();
      stdout.resume();
      resolve(port);
    });
  });
}

function portOf(line: string): number | null {
  try {
    const entry = JSON.parse(line) as { msg?: unknown; port?: unknown };
    return entry.msg === 'listening' && typeof entry.port === 'number' ? entry.port : null;
  } catch {
    return null; // Not a log line of ours: kept for the error message by the caller.
  }
}

async function stop(child: ChildProcess, exited: Promise<void>): Promise<void> {
  child.kill('SIGTERM');
  const limit = setTimeout(() => {
    process.stderr.write(`The server did not stop within ${stopLimitMs} ms and was killed.\n`);
    child.kill('SIGKILL');
  }, stopLimitMs);
  await exited;
  clearTimeout(limit);
}
