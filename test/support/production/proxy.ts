import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A folder for one test, removed after it. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'soketify-production-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A program that runs until the test ends. */
export interface Running {
  readonly child: ChildProcess;
  /** Its output so far. */
  output(): string;
}

/**
 * Starts a program in the foreground, waits until something listens on the port, and stops it when the test
 * ends.
 */
export async function runUntilTestEnds(
  command: string,
  args: readonly string[],
  port: number,
): Promise<Running> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += String(text)));
  const ended = once(child, 'exit');
  onTestFinished(async () => {
    // SIGTERM, because a killed nginx would leave its workers behind.
    child.kill('SIGTERM');
    const tooLong = setTimeout(() => child.kill('SIGKILL'), 10_000);
    await ended;
    clearTimeout(tooLong);
  });
  const isOver = () => child.exitCode !== null || child.signalCode !== null;
  const deadline = Date.now() + 30_000;
  while (!(await accepts(port))) {
    if (isOver() || Date.now() > deadline)
      throw new Error(`${command} does not listen on ${port}:\n${output}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { child, output: () => output };
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** A file of `config/`, as text. */
export function sample(path: string): Promise<string> {
  return readFile(new URL(`../../../config/${path}`, import.meta.url), 'utf8');
}

/**
 * Replaces each of these in the text. @throws {Error} if one is not found, because the test would then run a
 * different file.
 */
export function fillIn(text: string, places: Readonly<Record<string, string>>): string {
  return Object.entries(places).reduce((filled, [from, to]) => {
    if (!filled.includes(from)) throw new Error(`"${from}" was not found in:\n${filled}`);
    return filled.replaceAll(from, to);
  }, text);
}

/** Writes a file into the test's own folder, and returns its path. */
export async function writeInto(folder: string, name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text, { mode: 0o600 });
  return path;
}
