import { spawnSync } from 'node:child_process';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { createRequire } from 'node:module';
import { StoreError } from './store-error.ts';

/** How the first page of a file of LMDB begins: a header, then the number by which it is known. */
const magicAt = 24;
const magic = 0xbeefc0de;
const pageSizeAt = 48;
const lastPageAt = 144;

/** Reading a store of the largest size takes seconds; a disk that takes longer is not damaged. */
const longestCheckMs = 120_000;

/** How a process ends that LMDB's C code trips over a damaged page. */
const crashes: ReadonlySet<string> = new Set(['SIGSEGV', 'SIGBUS', 'SIGABRT', 'SIGILL', 'SIGFPE']);

/** The answer of the checking process to a file that it could not read. */
const unreadable = 3;

/**
 * Whether a file looks like one that LMDB may stumble over. It maps files into memory and trusts what they hold, so
 * a foreign or truncated one ends the process, and no `catch` hears of it. A file may be shorter than it says where
 * its last pages are free.
 */
export function looksDamaged(file: string): boolean {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch {
    return false;
  }
  try {
    const { size } = fstatSync(descriptor);
    const head = Buffer.alloc(lastPageAt + 8);
    // Nothing was written yet: LMDB begins anew by itself.
    if (size === 0) return false;
    if (readSync(descriptor, head, 0, head.length, 0) < head.length) return true;
    if (head.readUInt32LE(magicAt) !== magic) return true;
    const pages = Number(head.readBigUInt64LE(lastPageAt)) + 1;
    return pages * head.readUInt32LE(pageSizeAt) > size;
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Reads a whole file of LMDB in a process of its own, which may crash of it. Returns why it cannot be read; undefined:
 * it can. Throws a StoreError if that could not be found out.
 */
export function faultOf(file: string): string | undefined {
  const library = createRequire(import.meta.url).resolve('lmdb');
  const { status, signal, error, stdout } = spawnSync(process.execPath, ['-e', reading, library, file], {
    encoding: 'utf8',
    timeout: longestCheckMs,
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  if (status === 0) return undefined;
  if (status === unreadable) return stdout.trim() || 'it cannot be read';
  if (signal !== null && crashes.has(signal)) return `reading it ends the process (${signal})`;
  // A runtime may answer for a signal by a status above 128.
  if (status !== null && status > 128) return `reading it ends the process (status ${status})`;
  const why = error?.message ?? (signal === null ? `status ${status}` : signal);
  throw new StoreError(
    `whether the store ${file} can be read could not be found out (${why}): start again, or move the file away`,
  );
}

/** What the checking process does: reads every row of every table. */
const reading = `
const [library, file] = process.argv.slice(1);
try {
  const root = require(library).open({ path: file, noSubdir: true, encoding: 'string', maxDbs: 64 });
  for (const name of root.getKeys()) {
    const table = root.openDB({ name, encoding: 'string', create: false });
    for (const { key, value } of table.getRange()) void (key, value);
  }
} catch (error) {
  process.stdout.write(String(error && error.message));
  process.exitCode = ${unreadable};
}
`;
