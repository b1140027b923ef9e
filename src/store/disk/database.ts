import { existsSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from '../../system/real.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import { changesBytes } from './changes.ts';
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
  /** The folder. It is created if it is missing. */
  readonly path: string;
  /** What `safe` waits for: that writes survive the end of this process (`process`), or a power failure as well (`disk`). */
  readonly sync: 'process' | 'disk';
  /** The version of the format. A newer one on disk is refused. */
  readonly layout: number;
  readonly clock: Clock;
  readonly log: Log;
  /** Called when writing fails for the first time. */
  readonly onFailure: (reason: string) => void;
  /** Called when writing works again and everything that had to wait is written. */
  readonly onRecovery: () => void;
}

/** The storage of a single node: tables of text, read once at the start and only written afterwards. */
export interface Database {
  /** Whether no data was found, or only unreadable data, which was moved aside. */
  readonly isNew: boolean;
  /** Where unreadable data was moved to, and why. */
  readonly lost: { readonly movedTo: string; readonly reason: string } | undefined;
  /**
   * The content of a table when the database was opened. Numbers ascend; strings have LMDB's order. A second call for the same
   * table throws, because the content is not kept.
   */
  entries(table: Table): Iterable<readonly [Key, string]>;
  /** Takes effect on disk together with all earlier changes, in one transaction. The last write of a key wins. */
  put(table: Table, key: Key, value: string): void;
  remove(table: Table, key: Key): void;
  /**
   * Resolves to true once everything written so far would survive the crash that `sync` names, to false when writing has failed.
   * Never rejects. `now`: written at the end of this turn of the event loop. `soon`: within 5 ms. Without a call, changes are
   * written after 20 ms.
   */
  safe(urgency: 'now' | 'soon'): Promise<boolean>;
  /** Why writing currently fails. */
  readonly failure: string | undefined;
  /** Sets a function that is called before each write. What it puts and removes is written as well. */
  beforeWrite(prepare: () => void): void;
  /** Writes all changes, waits for that, and releases the folder. Later changes are ignored. */
  close(): Promise<void>;
}

/** Replacements for tests. */
export interface Seams {
  readonly load?: () => Promise<Lmdb>;
  /** Wraps the function that commits changes to LMDB. */
  readonly commit?: (commit: Commit) => Commit;
}

const dataFile = 'data.mdb';
const files = [dataFile, `${dataFile}-lock`];

/**
 * Opens the database of a folder, or creates it. Unreadable data is moved aside and reported. Throws a StoreError if there can
 * be no database: another process uses the folder, it is not writable, the format is newer, or the library cannot be loaded.
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

/** An open environment and its content. */
interface Opened {
  readonly environment: Environment;
  readonly rows: Map<Table, (readonly [Key, string])[]>;
  readonly isNew: boolean;
  readonly lost: Database['lost'];
}

/**
 * Opens and reads the file while a mark file exists. A damaged file may crash the process. The next start then finds the mark,
 * and first has a separate process read the file. The mark alone does not prove damage: the program may have been killed at
 * that time.
 */
function openGuarded(options: OpenOptions, lmdb: Lmdb): Opened {
  const { path, log } = options;
  const mark = join(path, 'opening');
  const file = join(path, dataFile);
  let lost: Database['lost'];
  const lose = (reason: string): void => {
    lost = { movedTo: moveAside(path, files), reason };
    log.error({ path, ...lost }, 'the store cannot be read: it was moved aside, and a new one was created');
  };
  // LMDB treats an empty file as new, but only an interrupted start leaves one behind.
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
      // A new file that cannot be read is not a damaged one.
      if (lost !== undefined)
        throw new StoreError(`the store ${path} cannot be created: ${opened}; name another folder`);
      lose(opened);
    }
  } finally {
    rmSync(mark, { force: true });
  }
}

/** Opens the file and reads everything. Returns a description of the damage if it is damaged. */
function openAndRead({ path, layout }: OpenOptions, lmdb: Lmdb, file: string): Omit<Opened, 'lost'> | string {
  let environment: Environment | undefined;
  try {
    environment = new Environment(lmdb, file);
    const found = environment.layout;
    if (found !== undefined && !(found <= layout)) {
      throw new StoreError(
        `the store ${path} was written by a newer version of this program (layout ${found}, this version knows ${layout}): start that version, or name another folder`,
      );
    }
    const rows: Opened['rows'] = new Map();
    for (const table of tables) rows.set(table, environment.read(table));
    if (found !== layout) environment.layout = layout;
    return { environment, rows, isNew: found === undefined };
  } catch (error) {
    // Nothing was written, so this completes immediately.
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
    const lack = lackOfRoom(path, changesBytes(changes));
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
      log.error(
        { path, keys: left, reason: writer.failure },
        'the store was closed before all changes were written',
      );
    await environment.close();
    release();
  };
  return {
    isNew,
    lost,
    entries(table) {
      const found = rows.get(table);
      if (found === undefined) throw new Error(`the entries of ${table} were already returned`);
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

/** Loads the library. Its binaries exist for some platforms, and for glibc 2.34 and later. */
async function load(from: () => Promise<Lmdb> = () => import('lmdb')): Promise<Lmdb> {
  try {
    return await from();
  } catch (error) {
    const [reason] = faultIn(error).message.split('\n');
    throw new StoreError(
      `the library of the store (lmdb) cannot be loaded: ${reason}. Install again with its optional packages (npm ci), on Linux with glibc 2.34 or later (Debian 12, Ubuntu 22.04), or do not configure a store`,
      { cause: error },
    );
  }
}

/** Turns errors of the operating system into errors that state what to do. */
function orRefuse<T>(path: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof StoreError) throw error;
    throw refusal(path, error);
  }
}
