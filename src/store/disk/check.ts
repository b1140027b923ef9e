import { spawnSync } from 'node:child_process';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { createRequire } from 'node:module';
import { StoreError } from './store-error.ts';

/** The layout of the first page of an LMDB file: a header, then the magic number. */
const magicAt = 24;
const magic = 0xbeefc0de;
const pageSizeAt = 48;
const lastPageAt = 144;

/** Reading the largest store takes seconds. A disk that takes longer than this is not damaged, but too slow. */
const longestCheckMs = 120_000;

/** Signals that end a process in which LMDB's C code fails on a damaged page. */
const crashes: ReadonlySet<string> = new Set(['SIGSEGV', 'SIGBUS', 'SIGABRT', 'SIGILL', 'SIGFPE']);

/** The exit status of the checking process for an unreadable file. */
const unreadable = 3;

/**
 * Whether LMDB may crash on a file. It maps files into memory and trusts their content, so that a foreign or truncated file
 * ends the process, and no `catch` is reached. A file may be shorter than its header says if its last pages are free.
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
    // Nothing was written yet. LMDB starts a new file by itself.
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
 * Reads a whole LMDB file in a separate process, which may crash. Returns why the file cannot be read; undefined if it can.
 * Throws a StoreError if that could not be determined.
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
  // A runtime may report a signal as a status above 128.
  if (status !== null && status > 128) return `reading it ends the process (status ${status})`;
  const why = error?.message ?? (signal === null ? `status ${status}` : signal);
  throw new StoreError(
    `could not determine whether the store ${file} is readable (${why}): start again, or move the file away`,
  );
}

/** The code of the checking process: it reads every row of every table. */
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
