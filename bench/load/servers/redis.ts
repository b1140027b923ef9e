import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { freePort } from './free-port.ts';
import { startProcess } from './process.ts';

/** The bench's own Redis on a free loopback port. It stores nothing on disk. */
export interface BenchRedis {
  readonly url: string;
  readonly pid: number;
  /** Counts of the commands since its start. */
  commands(): Promise<CommandCounts>;
  stop(): Promise<void>;
}

/** Counts since the start. */
export interface CommandCounts {
  /** Commands, including those of scripts. */
  readonly calls: number;
  /** Calls of scripts by any command. */
  readonly scripts: number;
  /** Microseconds spent in scripts. */
  readonly scriptMicros: number;
  /** Messages published by clients or scripts. */
  readonly published: number;
}

const scriptCommands = ['eval', 'evalsha', 'eval_ro', 'evalsha_ro', 'fcall'];
const publishCommands = ['publish', 'spublish'];

/** Why no Redis can start, in one sentence with what to install; undefined if one can. */
export function faultOfRedis(): string | undefined {
  const { stdout } = spawnSync('redis-server', ['--version'], { encoding: 'utf8' });
  const version = /\bv=(\d+(\.\d+)*)/.exec(stdout ?? '')?.[1];
  if (version !== undefined && Number.parseInt(version, 10) >= 7) return undefined;
  const found = version === undefined ? 'none' : version;
  return `redis-server 7 or later must be in PATH, but found ${found}. Install it, for example with "apt-get install redis-server".`;
}

/** Starts a Redis. `prefix` contains words before the command, such as `taskset -c 0`. */
export async function startRedis(prefix: readonly string[]): Promise<BenchRedis> {
  const folder = mkdtempSync(join(tmpdir(), 'soketify-bench-redis-'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  process.once('exit', remove);
  const port = await freePort();
  const options = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', ''];
  const server = await startProcess([...prefix, 'redis-server', ...options], (line) =>
    line.includes('Ready to accept connections') ? true : null,
  );
  const url = `redis://127.0.0.1:${port}`;
  const client = new Redis(url);
  return {
    url,
    pid: server.pid,
    commands: async () => countsOf(await client.info('commandstats')),
    stop: async () => {
      client.disconnect();
      await server.stop();
      process.off('exit', remove);
      remove();
    },
  };
}

/** Reads lines such as `cmdstat_evalsha:calls=12,usec=340,usec_per_call=28.33,...`. */
export function countsOf(info: string): CommandCounts {
  // A subcommand follows its command: `cmdstat_client|id`.
  const lines = [...info.matchAll(/^cmdstat_([\w|]+):calls=(\d+),usec=(\d+)/gm)];
  const sum = (names: readonly string[], column: 2 | 3): number =>
    lines.reduce((total, line) => total + (names.includes(line[1] ?? '') ? Number(line[column]) : 0), 0);
  return {
    calls: lines.reduce((total, line) => total + Number(line[2]), 0),
    scripts: sum(scriptCommands, 2),
    scriptMicros: sum(scriptCommands, 3),
    published: sum(publishCommands, 2),
  };
}
