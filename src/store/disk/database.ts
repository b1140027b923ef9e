import { existsSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from '../../real.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import { sizeOf } from './changes.ts';
import { faultOf, looksDamaged } from './check.ts';
import { Environment, isDamage, type Lmdb } from './environment.ts';
import { faultIn } from './faults.ts';
import { failureReason, lackOfRoom, moveAside, prepareFolder, refusal } from './folder.ts';
import { takeLock } from './lock.ts';
import { StoreError } from './store-error.ts';
import { tables, type Key, type Table } from './tables.ts';
import { Writer, type Commit } from './writer.ts';

export { StoreError } from './store-error.ts';
export type { Key, Table } from './tables.ts';

/** How a database is opened. */
export interface OpenOptions {
  /** The folder, which is made if it is missing. */
  readonly path: string;
  /** What `safe` waits for: that what was written survives the end of this process, or a power cut as well. */
  readonly sync: 'process' | 'disk';
  /** The version of what is written. A newer one on disk is refused. */
  readonly layout: number;
  readonly clock: Clock;
  readonly log: Log;
  /** Called when writing fails for the first time. */
  readonly onFailure: (reason: string) => void;
  /** Called when it works again, with all that had to wait. */
  readonly onRecovery: () => void;
}

/** What a single node keeps on disk: tables of text, read once at the start and written from then on. */
export interface Database {
  /** True: nothing was found, or what was found could not be read and was moved aside. */
  readonly isNew: boolean;
  /** Where what could not be read was moved to, and why. */
  readonly lost: { readonly movedTo: string; readonly reason: string } | undefined;
  /**
   * What was on disk when it was opened. Numbers ascend; strings have LMDB's order. It is handed over once: a second
   * question for the same table throws, for what was handed over is not kept.
   */
  entries(table: Table): Iterable<readonly [Key, string]>;
  /** Takes effect on disk with all that was put before, in one transaction, never in part. The last write of a key wins. */
  put(table: Table, key: Key, value: string): void;
  remove(table: Table, key: Key): void;
  /**
   * Resolves true once everything written so far would survive the crash that `sync` names; false when writing has
   * failed. Never rejects. `now`: written at the end of this turn of the event loop. `soon`: within 5 ms. Without a
   * call, what is buffered is written after 20 ms.
   */
  safe(urgency: 'now' | 'soon'): Promise<boolean>;
  /** Why writing fails at the moment. */
  readonly failure: string | undefined;
  /** Calls it before each write: what it puts and removes is written with the rest. */
  beforeWrite(prepare: () => void): void;
  /** Writes what is left, waits for it, gives the folder back. What is put afterwards is forgotten. */
  close(): Promise<void>;
}

/** What a test puts in the place of the real thing. */
export interface Seams {
  readonly load?: () => Promise<Lmdb>;
  /** Stands between the writer and LMDB. */
  readonly commit?: (commit: Commit) => Commit;
}

const dataFile = 'data.mdb';
const files = [dataFile, `${dataFile}-lock`];

/**
 * Opens the database of a folder, and makes one if there is none. What cannot be read is moved aside and said. Throws a
 * StoreError if there can be no database: the folder is held by another process or cannot be written to, the layout
 * is a newer one, or the library does not load.
 */
export async function openDatabase(options: OpenOptions, seams: Seams = {}): Promise<Database> {
  const { path, log } = options;
  prepareFolder(path, log);
  const release = orRefuse(path, () => takeLock(path));
  try {
    const lmdb = await load(seams.load);
    return orRefuse(path, () => createDatabase(options, openGuarded(options, lmdb), { release, seams }));
  } catch (error) {
    release();
    throw error;
  }
}

/** An open environment, and what was found in it. */
interface Opened {
  readonly environment: Environment;
  readonly rows: Map<Table, (readonly [Key, string])[]>;
  readonly isNew: boolean;
  readonly lost: Database['lost'];
}

/**
 * Opens and reads the file while a mark says so. A damaged file may end the process at that: the mark is found by the
 * next start then, which has a process of its own read the file first. A mark alone is no damage, for somebody may
 * have killed the program just then.
 */
function openGuarded(options: OpenOptions, lmdb: Lmdb): Opened {
  const { path, log } = options;
  const mark = join(path, 'opening');
  const file = join(path, dataFile);
  let lost: Database['lost'];
  const lose = (reason: string): void => {
    lost = { movedTo: moveAside(path, files), reason };
    log.error({ path, ...lost }, 'the store cannot be read: it was moved aside, and a new one begins');
  };
  // LMDB takes an empty file for a new one; only a start that was cut short leaves one behind.
  if (existsSync(file) && !existsSync(mark) && statSync(file).size === 0) lose('the file is empty');
  else if (existsSync(file) && (existsSync(mark) || looksDamaged(file))) {
    const fault = faultOf(file);
    if (fault !== undefined) lose(fault);
  }
  writeFileSync(mark, '');
  try {
    for (;;) {
      const opened = openAndRead(options, lmdb, file);
      if (typeof opened !== 'string') return { ...opened, lost };
      // A new file that cannot be read either is no damage.
      if (lost !== undefined)
        throw new StoreError(`the store ${path} cannot be made: ${opened}; name another folder`);
      lose(opened);
    }
  } finally {
    rmSync(mark, { force: true });
  }
}

/** Opens the file and reads everything; returns what is wrong with it if it is damaged. */
function openAndRead({ path, layout }: OpenOptions, lmdb: Lmdb, file: string): Omit<Opened, 'lost'> | string {
  let environment: Environment | undefined;
  try {
    environment = new Environment(lmdb, file);
    const found = environment.layout;
    if (found !== undefined && !(found <= layout)) {
      throw new StoreError(
        `the store ${path} was written by a newer version of this program (layout ${found}, known is ${layout}): start that version, or name another folder`,
      );
    }
    const rows: Opened['rows'] = new Map();
    for (const table of tables) rows.set(table, environment.read(table));
    if (found !== layout) environment.layout = layout;
    return { environment, rows, isNew: found === undefined };
  } catch (error) {
    // Nothing was written: it ends at once.
    void environment?.close();
    if (!isDamage(error)) throw error;
    return faultIn(error).message;
  }
}

interface Belongings {
  readonly release: () => void;
  readonly seams: Seams;
}

function createDatabase(options: OpenOptions, opened: Opened, { release, seams }: Belongings): Database {
  const { path, sync, clock, log } = options;
  const { environment, rows, isNew, lost } = opened;
  const toFile: Commit = (changes, { visible, ended }) => {
    const lack = lackOfRoom(path, sizeOf(changes));
    if (lack !== undefined) return ended(lack);
    environment.commit(changes, {
      visible,
      ended: (failure) => ended(failure === undefined ? undefined : failureReason(path, failure)),
    });
  };
  let prepare = (): void => {};
  const writer = new Writer({
    prepare: () => prepare(),
    sync,
    clock,
    endOfTurn: (run) => void setImmediate(run),
    commit: seams.commit?.(toFile) ?? toFile,
    onFailure: options.onFailure,
    onRecovery: options.onRecovery,
  });
  for (const [table, found] of rows) {
    const last = found.at(-1)?.[0];
    if (typeof last === 'number') writer.found(table, last);
  }
  let closed: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    const left = await writer.close();
    if (left > 0)
      log.error({ path, keys: left, reason: writer.failure }, 'the store was closed before it was written');
    await environment.close();
    release();
  };
  return {
    isNew,
    lost,
    entries(table) {
      const found = rows.get(table);
      if (found === undefined) throw new Error(`the entries of ${table} were handed over already`);
      rows.delete(table);
      return found;
    },
    put(table, key, value) {
      if (closed === undefined) writer.put(table, key, value);
    },
    remove(table, key) {
      if (closed === undefined) writer.remove(table, key);
    },
    safe: (urgency) => (closed === undefined ? writer.safe(urgency) : Promise.resolve(false)),
    get failure() {
      return writer.failure;
    },
    beforeWrite(given) {
      prepare = given;
    },
    close: () => (closed ??= close()),
  };
}

/** The library. Its binary is made for some platforms, and for glibc 2.34 and later. */
async function load(from: () => Promise<Lmdb> = () => import('lmdb')): Promise<Lmdb> {
  try {
    return await from();
  } catch (error) {
    const [reason] = faultIn(error).message.split('\n');
    throw new StoreError(
      `the library of the store (lmdb) cannot be loaded: ${reason}. Install again with its optional packages (npm ci), on Linux with glibc 2.34 or later (Debian 12, Ubuntu 22.04); or leave the store out`,
      { cause: error },
    );
  }
}

/** Turns what the system refuses into what to do about it. */
function orRefuse<T>(path: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof StoreError) throw error;
    throw refusal(path, error);
  }
}
