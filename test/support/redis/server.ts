import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from './ports.ts';

/** A Redis of the test's own, on 127.0.0.1. */
export interface RedisServer extends AsyncDisposable {
  /** `redis://127.0.0.1:PORT` */
  readonly url: string;
  readonly port: number;
  /** Changes with each restart. */
  readonly pid: number;
  /** The last lines of its log. */
  readonly output: string;
  /** Sends SIGKILL, and waits until the process is gone. */
  kill(): Promise<void>;
  /** Restarts it on the same port, with the same data if it is persistent. Kills it first if it runs. */
  restart(): Promise<void>;
  /** Sends SIGSTOP: connections stay open, and nothing is answered. */
  freeze(): void;
  /** Sends SIGCONT. */
  thaw(): void;
  /** Stops it, even if frozen, and removes its data. */
  stop(): Promise<void>;
}

interface RedisOptions {
  /** Whether acknowledged writes survive `kill` (appendonly, appendfsync always). */
  readonly persistent?: boolean;
  /** Additional arguments of redis-server, such as `['--maxmemory', '2mb']`. */
  readonly args?: readonly string[];
}

const attempts = 20;

/** Starts a redis-server with data of its own, and waits until it accepts connections. */
export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  return startOnFreePort((port) => [
    ...['--port', `${port}`],
    ...(options.persistent === true ? ['--appendonly', 'yes', '--appendfsync', 'always'] : []),
    ...(options.args ?? []),
  ]);
}

/** The same with arguments that depend on the data folder and the port. Ports are tried until one is free. */
export async function startOnFreePort(
  argsFor: (port: number, folder: string) => readonly string[] | Promise<readonly string[]>,
): Promise<RedisServer> {
  const folder = await mkdtemp(join(tmpdir(), 'soketify-test-redis-'));
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    const args = [...(await argsFor(port, folder)), '--bind', '127.0.0.1', '--dir', folder, '--save', ''];
    try {
      return serverOf(port, folder, args, await launch(args, folder));
    } catch (error) {
      const isTaken =
        error instanceof Error && /Address already in use|listening (TCP )?socket/i.test(error.message);
      if (isTaken && attempt < attempts) continue;
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }
}

function serverOf(port: number, folder: string, args: readonly string[], first: Run): RedisServer {
  let run = first;
  const stop = async () => {
    await run.kill();
    await rm(folder, { recursive: true, force: true });
  };
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    get pid() {
      return run.pid;
    },
    get output() {
      return run.output();
    },
    kill: () => run.kill(),
    async restart() {
      await run.kill();
      run = await launch(args, folder);
    },
    freeze: () => run.signal('SIGSTOP'),
    thaw: () => run.signal('SIGCONT'),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** One process of a redis-server. */
interface Run {
  readonly pid: number;
  output(): string;
  kill(): Promise<void>;
  signal(name: 'SIGSTOP' | 'SIGCONT'): void;
}

/** Resolves when this very process reports that it is ready, not another one that may hold the port. */
async function launch(args: readonly string[], folder: string): Promise<Run> {
  const child = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<void>((resolve) => void child.once('close', () => resolve()));
  let output = '';
  const ready = new Promise<void>((resolve, reject) => {
    const read = (line: string) => {
      // The reason for a refused start is at the end of the output.
      output = `${output}${line}\n`.slice(-8000);
      // A sentinel prints what it monitors instead.
      if (line.includes('Ready to accept connections') || line.includes('+monitor master')) resolve();
    };
    createInterface({ input: child.stdout }).on('line', read);
    createInterface({ input: child.stderr }).on('line', read);
    child.once('error', reject);
    void ended.then(() => reject(new Error(`redis-server exited before it was ready:\n${output}`)));
  });
  const endGuard = guard(child, folder);
  const kill = async () => {
    endGuard();
    child.kill('SIGKILL');
    await ended;
  };
  const tooLong = setTimeout(() => child.kill('SIGKILL'), 60_000);
  try {
    await ready;
  } catch (error) {
    endGuard();
    throw error;
  } finally {
    clearTimeout(tooLong);
  }
  const { pid } = child;
  if (pid === undefined) throw new Error('redis-server has no process id');
  return { pid, kill, output: () => output, signal: (name) => void child.kill(name) };
}

/**
 * A shell that outlives this process by a moment and kills the server, however this process ends: vitest
 * kills its workers, and a killed process runs no handler. The shell waits for the end of a pipe that only
 * this process holds.
 */
function guard(child: ChildProcess, folder: string): () => void {
  if (child.pid === undefined) return () => {};
  const script = 'while read -r _; do :; done; kill -KILL "$1"; rm -rf "$2"';
  const shell = spawn('sh', ['-c', script, 'sh', `${child.pid}`, folder], {
    stdio: ['pipe', 'ignore', 'ignore'],
    // Ctrl-C is sent to the whole process group of the terminal, but the guard must survive it.
    detached: true,
  });
  shell.once('error', () => {});
  shell.stdin.once('error', () => {});
  shell.unref();
  void once(child, 'close').then(() => shell.kill('SIGKILL'));
  return () => void shell.kill('SIGKILL');
}
