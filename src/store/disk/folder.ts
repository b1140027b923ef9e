import {
  accessSync,
  constants,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Log } from '../../ports/log.ts';
import { faultIn } from './faults.ts';
import { StoreError } from './store-error.ts';

/** How many unreadable databases are kept for inspection. */
const mostLost = 3;

/** Network file systems, by the number that statfs returns. Locks and flushes may not be reliable there. */
const networkFileSystems: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB'],
]);

/** Below this much free space, a failed write is attributed to it: LMDB reports a half-written page as an input/output error. */
const littleSpaceBytes = 1024 ** 2;

/** Creates the folder of the store if it is missing. Throws a StoreError if it is not writable. */
export function prepareFolder(path: string, log: Log): void {
  try {
    makeFolder(resolve(path));
    if (!statSync(path).isDirectory())
      throw new StoreError(`the store ${path} cannot be used: it is a file; name a folder`);
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw error instanceof StoreError ? error : refusal(path, error);
  }
  const network = networkFileSystems.get(statfsSync(path).type);
  if (network !== undefined) {
    log.warn(
      { path, fileSystem: network },
      `the store is on ${network}, which may lose data that it has reported as written: use a local disk`,
    );
  }
}

/** Creates a folder and its parents. Node's own recursion never ends on file systems that behave like /proc. */
function makeFolder(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    const { code } = faultIn(error);
    if (code === 'EEXIST') return;
    if (code !== 'ENOENT' || dirname(path) === path) throw error;
    makeFolder(dirname(path));
    mkdirSync(path, { mode: 0o700 });
  }
}

/** Turns a system error about the folder into one sentence that states what to do. */
export function refusal(path: string, error: unknown): StoreError {
  const { code, message } = faultIn(error);
  const cure = cures.get(typeof code === 'number' ? (names.get(code) ?? '') : (code ?? ''));
  return new StoreError(`the store ${path} cannot be used: ${cure ?? message}`, { cause: error });
}

/** What to do, by the name of the system error. */
const cures: ReadonlyMap<string, string> = new Map([
  ['EACCES', 'this user may not write there; change the owner of the folder, or name another one'],
  ['EPERM', 'this user may not write there; change the owner of the folder, or name another one'],
  ['EROFS', 'the file system is read-only; name a writable folder'],
  ['ENOTDIR', 'a part of the path is a file; name a folder'],
  ['EEXIST', 'it is a file; name a folder'],
  ['ENOENT', 'the folder cannot be created there; name another one'],
  ['ENOSPC', 'no space is left on the disk; free some'],
  ['EDQUOT', 'the quota of this user is used up; free some space'],
  ['EMFILE', 'too many files are open; raise the limit (ulimit -n)'],
  ['ENOMEM', 'there is not enough memory'],
]);

/** lmdb reports only the number. */
const names: ReadonlyMap<number, string> = new Map([
  [1, 'EPERM'],
  [2, 'ENOENT'],
  [12, 'ENOMEM'],
  [13, 'EACCES'],
  [24, 'EMFILE'],
  [28, 'ENOSPC'],
  [30, 'EROFS'],
]);

/** Why a write failed, in words for an operator. */
export function failureReason(path: string, message: string): string {
  try {
    const { bavail, bsize } = statfsSync(path);
    if (bavail * bsize < littleSpaceBytes) return `no space is left on the disk (${message})`;
  } catch {
    // The original reason stands if the disk cannot be queried.
  }
  return message;
}

/** Space to keep free in addition to the data of a transaction, which also rewrites the pages above the changed ones. */
const spareBytes = 256 * 1024;

/**
 * Why this many bytes cannot be written. This is checked before LMDB runs into a full disk, because when a write fails, it puts
 * a message of up to 130 characters into 100 bytes (3.5.6, mdb_page_flush), which occasionally crashes the process.
 */
export function lackOfRoom(path: string, bytes: number): string | undefined {
  try {
    const { bavail, bsize } = statfsSync(path);
    const free = bavail * bsize;
    const needed = spareBytes + 2 * bytes;
    return free < needed ? `no space is left on the disk (${free} bytes free, ${needed} needed)` : undefined;
  } catch {
    // If the disk cannot be queried, the write itself will show.
    return undefined;
  }
}

/** Moves the files of an unreadable database into a folder of their own. Returns its path. */
export function moveAside(path: string, files: readonly string[]): string {
  const lost = join(path, `lost-${new Date().toISOString().replaceAll(/[:.]/g, '-')}`);
  const present = new Set(readdirSync(path));
  mkdirSync(lost, { mode: 0o700 });
  for (const file of files) if (present.has(file)) renameSync(join(path, file), join(lost, file));
  const older = [...present].filter((name) => name.startsWith('lost-')).toSorted();
  for (const name of older.slice(0, Math.max(0, older.length + 1 - mostLost))) {
    rmSync(join(path, name), { recursive: true, force: true });
  }
  return lost;
}
