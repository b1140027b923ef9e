import {
  constants,
  copyFileSync,
  linkSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { faultIn } from './faults.ts';
import { StoreError } from './store-error.ts';

/** Identifies a process, also among later ones with the same number. Unknown parts are empty. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly bootId: string;
  /** When it was started, in the system's units. */
  readonly startedAt: string;
}

/** Access to the processes of the system. */
export interface Processes {
  readonly self: ProcessIdentity;
  /** Whether this process is still running. */
  readonly runs: (identity: ProcessIdentity) => boolean;
}

/** The processes of this machine: from /proc where it exists, otherwise only by number. */
export function systemProcesses(): Processes {
  const bootId = readText('/proc/sys/kernel/random/boot_id')?.trim() ?? '';
  const self = { pid: process.pid, bootId, startedAt: statusOf(process.pid)?.startedAt ?? '' };
  return {
    self,
    runs: ({ pid, bootId: its, startedAt }) => {
      if (its !== bootId || !exists(pid)) return false;
      const status = statusOf(pid);
      // A zombie process holds nothing any more.
      return status === undefined || (status.startedAt === startedAt && !/[ZX]/.test(status.state));
    },
  };
}

/**
 * Locks the folder for this process, and returns a function that unlocks it. A folder has only one owner: LMDB would accept a
 * second one, and they would overwrite each other's data. Throws a StoreError while another process owns the folder.
 */
export function takeLock(folder: string, processes: Processes = systemProcesses()): () => void {
  const lock = join(folder, 'lock');
  const takeover = join(folder, 'lock.takeover');
  const draft = join(folder, `lock.${process.pid}`);
  const text = JSON.stringify(processes.self);
  writeFileSync(draft, text);
  try {
    if (!link(draft, lock)) {
      // If the owner ended without unlocking, one of the new processes takes over. The others find the new owner.
      refuseIfHeld(lock, folder, processes);
      while (!link(draft, takeover)) {
        refuseIfHeld(takeover, folder, processes);
        remove(takeover);
      }
      try {
        refuseIfHeld(lock, folder, processes);
        // The lock always exists: this replaces the previous one in one step.
        renameSync(draft, lock);
      } finally {
        remove(takeover);
      }
    }
  } finally {
    remove(draft);
  }
  return () => {
    if (readText(lock) === text) remove(lock);
  };
}

function refuseIfHeld(file: string, folder: string, { self, runs }: Processes): void {
  const holder = parse(readText(file));
  if (holder === undefined || !runs(holder)) return;
  const name =
    holder.pid === self.pid ? `this process (pid ${holder.pid})` : `the process with pid ${holder.pid}`;
  throw new StoreError(
    `${name} already uses the store ${folder}: stop it first, or give each server its own folder`,
  );
}

/** Links a finished file to a new name. False if the name exists. */
function link(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    const { code } = faultIn(error);
    if (code === 'EEXIST') return false;
    if (code === undefined || !linksAreMissing.has(code)) throw error;
  }
  // Without hard links, a copy has to do, which is empty for a moment.
  try {
    copyFileSync(from, to, constants.COPYFILE_EXCL);
    return true;
  } catch (error) {
    if (faultIn(error).code === 'EEXIST') return false;
    throw error;
  }
}

/** The errors of file systems without hard links. */
const linksAreMissing: ReadonlySet<string | number> = new Set([
  'EPERM',
  'ENOTSUP',
  'EOPNOTSUPP',
  'ENOSYS',
  'EMLINK',
]);

function remove(file: string): void {
  try {
    unlinkSync(file);
  } catch (error) {
    if (faultIn(error).code !== 'ENOENT') throw error;
  }
}

/** The owner of a lock; undefined if the text does not name one. */
function parse(text: string | undefined): ProcessIdentity | undefined {
  try {
    const value: unknown = JSON.parse(text ?? '');
    return isIdentity(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isIdentity(value: unknown): value is ProcessIdentity {
  return (
    typeof value === 'object' &&
    value !== null &&
    'pid' in value &&
    typeof value.pid === 'number' &&
    value.pid > 0 &&
    'bootId' in value &&
    typeof value.bootId === 'string' &&
    'startedAt' in value &&
    typeof value.startedAt === 'string'
  );
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return faultIn(error).code === 'EPERM';
  }
}

/** The state and start time of a process. Its name is in parentheses, and may contain any character. */
function statusOf(pid: number): { readonly state: string; readonly startedAt: string } | undefined {
  const text = readText(`/proc/${pid}/stat`);
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ');
  return fields === undefined ? undefined : { state: fields[0] ?? '', startedAt: fields[19] ?? '' };
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
