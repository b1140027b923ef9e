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

/** A process, told from a later one with the same number. What the system does not tell is empty. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly bootId: string;
  /** When it was started, as the system counts it. */
  readonly startedAt: string;
}

/** What the system says of processes. */
export interface Processes {
  readonly self: ProcessIdentity;
  /** Whether the process that wrote this still runs. */
  readonly runs: (identity: ProcessIdentity) => boolean;
}

/** The processes of this machine: by /proc where there is one, else by their number alone. */
export function systemProcesses(): Processes {
  const bootId = readText('/proc/sys/kernel/random/boot_id')?.trim() ?? '';
  const self = { pid: process.pid, bootId, startedAt: statusOf(process.pid)?.startedAt ?? '' };
  return {
    self,
    runs: ({ pid, bootId: its, startedAt }) => {
      if (its !== bootId || !exists(pid)) return false;
      const status = statusOf(pid);
      // Who has ended and was not asked for yet holds nothing any more.
      return status === undefined || (status.startedAt === startedAt && !/[ZX]/.test(status.state));
    },
  };
}

/**
 * Takes the folder for this process, and returns what gives it back. A folder has one owner: LMDB would let a second
 * one in, and each would overwrite what the other keeps. Throws a StoreError while another process holds it.
 */
export function takeLock(folder: string, processes: Processes = systemProcesses()): () => void {
  const lock = join(folder, 'lock');
  const takeover = join(folder, 'lock.takeover');
  const draft = join(folder, `lock.${process.pid}`);
  const text = JSON.stringify(processes.self);
  writeFileSync(draft, text);
  try {
    if (!link(draft, lock)) {
      // Who left without giving it back is followed by one of those that come. The others find the new owner.
      refuseIfHeld(lock, folder, processes);
      while (!link(draft, takeover)) {
        refuseIfHeld(takeover, folder, processes);
        remove(takeover);
      }
      try {
        refuseIfHeld(lock, folder, processes);
        // There is always a lock: this one takes the place of the former in one step.
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
  const who =
    holder.pid === self.pid ? `this process (pid ${holder.pid})` : `the process with pid ${holder.pid}`;
  throw new StoreError(
    `${who} works with the store ${folder} already: end it first, or give each server a folder of its own`,
  );
}

/** Puts a finished file under a name that nobody has; false: somebody has it. */
function link(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    const { code } = faultIn(error);
    if (code === 'EEXIST') return false;
    if (code === undefined || !linksAreMissing.has(code)) throw error;
  }
  // The next best thing, for a moment without content.
  try {
    copyFileSync(from, to, constants.COPYFILE_EXCL);
    return true;
  } catch (error) {
    if (faultIn(error).code === 'EEXIST') return false;
    throw error;
  }
}

/** What file systems without hard links answer. */
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

/** Who wrote a lock; undefined: nobody that could be asked for. */
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

/** The state and start of a process. Its name stands in parentheses, and may itself hold any character. */
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
