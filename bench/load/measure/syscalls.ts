import { spawn, spawnSync } from 'node:child_process';
import { pause } from './wait.ts';

/** The system calls of a server in one round. The round counts nowhere else, because tracing slows the server down. */
export interface SystemCalls {
  readonly perOperation: number;
  /** The most frequent system calls, each with its count per operation. */
  readonly most: readonly (readonly [name: string, perOperation: number])[];
}

const attachMs = 500;

/** Why system calls cannot be counted, in one sentence; undefined if they can. */
export function faultOfTracer(): string | undefined {
  if (spawnSync('strace', ['-V']).status === 0) return undefined;
  return 'System calls are not counted because strace was not found. Install it, for example with "apt-get install strace".';
}

/** Counts the system calls of a process with strace while `round` runs, which resolves to its number of operations. */
export async function countSystemCalls(
  pid: number,
  round: () => Promise<number>,
): Promise<SystemCalls | null> {
  const tracer = spawn('strace', ['-c', '-f', '-p', String(pid)], { stdio: ['ignore', 'ignore', 'pipe'] });
  let text = '';
  tracer.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const ended = new Promise<void>((resolve) => {
    tracer.once('close', () => resolve());
    tracer.once('error', () => resolve());
  });
  await pause(attachMs);
  const operations = await round().finally(() => tracer.kill('SIGINT'));
  await ended;
  return readTrace(text, operations);
}

/** Reads lines such as ` 93.10    0.052310          12      4321       210 write`; the fourth column is the number of calls. */
export function readTrace(text: string, operations: number): SystemCalls | null {
  const lines = [...text.matchAll(/^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)(?:\s+\d+)?\s+([a-z_0-9]+)\s*$/gm)];
  const calls = lines.map((line) => [line[2] ?? '', Number(line[1])] as const);
  const counted = calls.filter(([name]) => name !== 'total');
  if (counted.length === 0 || operations === 0) return null;
  const perOperation = counted.reduce((sum, [, count]) => sum + count, 0) / operations;
  const most = counted.toSorted((a, b) => b[1] - a[1]).slice(0, 5);
  return { perOperation, most: most.map(([name, count]) => [name, count / operations] as const) };
}
