import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const running = new Set<ChildProcess>();
const folders = new Set<string>();
const undoings = new Set<() => void>();

/** Starts a process that ends with this one at the latest. Of the environment it inherits only PATH. */
export function launch(command: string, args: readonly string[]): ChildProcess {
  const child = spawn(command, args, {
    env: { PATH: process.env['PATH'] },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  child.once('error', () => running.delete(child));
  return child;
}

/** Creates a temporary folder. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'soketify-chaos-'));
  folders.add(folder);
  return folder;
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  folders.delete(folder);
}

/** Registers a cleanup for the end of the run. The returned function unregisters it. */
export function atCleanUp(undo: () => void): () => void {
  undoings.add(undo);
  return () => void undoings.delete(undo);
}

/** Cleans up: kills every process that still runs, also frozen ones, and removes mounts and folders. */
export function cleanUp(): void {
  for (const child of running) child.kill('SIGKILL');
  for (const undo of undoings) undo();
  undoings.clear();
  for (const folder of folders) removeFolder(folder);
}

export function isRunning(child: ChildProcess): boolean {
  return running.has(child);
}

/** Kills one process, and waits until it is gone. */
export async function killChild(child: ChildProcess): Promise<void> {
  if (!isRunning(child)) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

/**
 * Returns a free port of the loopback interface. It lies below the range that Linux uses for outgoing
 * connections, so it stays free for a restart.
 */
export async function stablePort(): Promise<number> {
  for (let port = 20_000 + (process.pid % 10_000); port < 32_000; port++) {
    if (taken.has(port) || !(await isFree(port))) continue;
    taken.add(port);
    return port;
  }
  throw new Error('There is no free port from 20000 to 32000');
}

const taken = new Set<number>();

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const isListening = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port === port));
  });
  if (isListening) await new Promise<void>((resolve) => void server.close(() => resolve()));
  return isListening;
}

/** Polls a condition. Returns false if it did not hold within this time. */
export async function waitUntil(
  isSo: () => boolean | Promise<boolean>,
  atMostMs: number,
  everyMs = 100,
): Promise<boolean> {
  const end = Date.now() + atMostMs;
  while (Date.now() < end) {
    if (await isSo()) return true;
    await pause(everyMs);
  }
  return false;
}
