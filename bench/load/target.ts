import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startProcess } from './process.ts';
import type { Address } from './address.ts';

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
  /** Makes it one of several nodes; the default is a single one, with its ledger in memory. */
  readonly redisUrl?: string;
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

/** Starts the built program with a configuration file of its own and waits until it listens. */
export async function startEmulator(launch: Launch, settings: TargetSettings): Promise<Target> {
  const folder = mkdtempSync(join(tmpdir(), 'soketify-bench-'));
  const configFile = join(folder, 'config.json');
  writeFileSync(configFile, JSON.stringify(configOf(settings)));
  const profile =
    launch.profileDir === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${launch.profileDir}`];
  const node = [process.execPath, ...profile, launch.program, '--config', configFile, '--port', '0'];
  // The configuration is read once, at the start.
  const server = await startProcess([...launch.prefix, ...node], portOf).finally(() =>
    rmSync(folder, { recursive: true, force: true }),
  );
  return {
    name: 'emulator',
    host: '127.0.0.1',
    port: server.found,
    appId: app.id,
    key: app.key,
    secret: app.secret,
    pid: server.pid,
    stop: () => server.stop(),
  };
}

function configOf(settings: TargetSettings): object {
  const endpoints = settings.webhookUrl === undefined ? [] : [{ url: settings.webhookUrl }];
  const grace = settings.graceMs;
  return {
    host: '127.0.0.1',
    apps: [{ ...app, webhooks: endpoints }],
    ...(settings.redisUrl === undefined ? {} : { redis: { url: settings.redisUrl } }),
    ...(grace === undefined ? {} : { webhooks: { disconnectGraceMs: grace, unsubscribeGraceMs: grace } }),
  };
}

function portOf(line: string): number | null {
  try {
    const entry = JSON.parse(line) as { msg?: unknown; port?: unknown };
    return entry.msg === 'listening' && typeof entry.port === 'number' ? entry.port : null;
  } catch {
    return null; // Not a log line of ours: kept for the error message by the caller.
  }
}
