import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';

/** A server that runs as a separate process. */
export interface ServerProcess<Found> {
  readonly pid: number;
  /** What `find` returned for the line that says the server is ready. */
  readonly found: Found;
  /** The time from the start of the process to that line. */
  readonly readyMs: number;
  /** Sends SIGTERM (SIGKILL with `isKilled`), and SIGKILL after 10 s. Resolves when the process has exited. */
  stop(): Promise<void>;
}

/** Options for a process. */
export interface ProcessOptions {
  /** The whole environment; the default is the caller's without variables that would change the servers of the bench. */
  readonly env?: NodeJS.ProcessEnv;
  /** Whether `stop` kills the process instead of terminating it; the default is false. */
  readonly isKilled?: boolean;
}

const startLimitMs = 20_000;
const stopLimitMs = 10_000;
const running = new Set<ChildProcess>();

/** Kills every running server immediately, for Ctrl-C or a driver that fails. */
export function killProcesses(): void {
  for (const child of running) child.kill('SIGKILL');
}

/**
 * Starts a server and waits until `find` returns something for a line of its standard output.
 *
 * @throws With the last part of its output, if the server exits before that or takes longer than 20 s.
 */
export async function startProcess<Found>(
  words: readonly string[],
  find: (line: string) => Found | null,
  { env = cleanEnvironment(), isKilled = false }: ProcessOptions = {},
): Promise<ServerProcess<Found>> {
  const [command, ...args] = words;
  if (command === undefined) throw new Error('No command to start');
  const startedAt = performance.now();
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env });
  running.add(child);
  const exited = new Promise<void>((resolve) => void child.once('exit', () => resolve()));
  void exited.then(() => running.delete(child));
  const found = await firstFound(child, find);
  const readyMs = performance.now() - startedAt;
  return { pid: child.pid ?? 0, found, readyMs, stop: () => stop(child, exited, isKilled) };
}

/** Removes variables of the caller's shell that would change what is measured. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(SOKETIFY_|SOKETI_|NODE_)/.test(name));
  return Object.fromEntries(kept);
}

function firstFound<Found>(child: ChildProcess, find: (line: string) => Found | null): Promise<Found> {
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw new Error('The server was started without pipes');
  return new Promise((resolve, reject) => {
    let output = '';
    const fail = (reason: string): void =>
      reject(new Error(`${child.spawnfile} ${reason}. ${output.trim()}`));
    const limit = setTimeout(() => {
      child.kill('SIGKILL');
      fail(`was not ready within ${startLimitMs} ms`);
    }, startLimitMs);
    stderr.on('data', (chunk: Buffer) => (output = (output + chunk.toString()).slice(-2000)));
    child.once('error', (error) => fail(`could not be started: ${error.message}`));
    child.once('exit', (code) => fail(`exited with code ${code} before it was ready`));
    const lines = createInterface({ input: stdout });
    lines.on('line', (line) => {
      const found = find(line);
      if (found === null) return void (output = `${output}\n${line}`.slice(-2000));
      clearTimeout(limit);
      lines.close();
      stdout.resume();
      resolve(found);
    });
  });
}

async function stop(child: ChildProcess, exited: Promise<void>, isKilled: boolean): Promise<void> {
  child.kill(isKilled ? 'SIGKILL' : 'SIGTERM');
  const limit = setTimeout(() => {
    process.stderr.write(
      `A server did not stop within ${stopLimitMs} ms and was killed: ${child.spawnargs.join(' ')}\n`,
    );
    child.kill('SIGKILL');
  }, stopLimitMs);
  await exited;
  clearTimeout(limit);
}
