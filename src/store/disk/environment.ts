import type { Database as LmdbTable, open as openLmdb, RootDatabase } from 'lmdb';
import type { Changes } from './changes.ts';
import { faultIn } from './faults.ts';
import { readRow, shortKey, valueWithKey } from './long-keys.ts';
import { tables, type Key, type Table } from './tables.ts';
import type { Progress } from './writer.ts';

/** The library, which is loaded when a store is opened and not before. */
export interface Lmdb {
  readonly open: typeof openLmdb;
}

/** What LMDB says by numbers of its own is about the file; what it says by the system's is about the disk. */
export function isDamage(error: unknown): boolean {
  const { code, message } = faultIn(error);
  return (
    (typeof code === 'number' && code < 0) || /MDB_(INVALID|CORRUPTED|PAGE_NOTFOUND|VERSION)/.test(message)
  );
}

/** One LMDB file: all tables, read as a whole and written by transactions. */
export class Environment {
  readonly #root: RootDatabase<string, Key>;
  readonly #tables = new Map<Table, LmdbTable<string, Key>>();
  readonly #about: LmdbTable<string, string>;
  #onVisible: (() => void) | undefined;

  /** Opens the file, and makes it if there is none. Throws what LMDB throws; a damaged file may end the process. */
  constructor({ open }: Lmdb, file: string) {
    this.#root = open<string, Key>({
      path: file,
      noSubdir: true,
      encoding: 'string',
      maxDbs: tables.length + 1,
      // One transaction is one call of `batch`. With batches by turns lmdb would make a promise that nobody holds, and reject it.
      eventTurnBatching: false,
    });
    this.#listen();
    this.#about = this.#root.openDB<string, string>({ name: 'about', encoding: 'string' });
    for (const name of tables)
      this.#tables.set(name, this.#root.openDB<string, Key>({ name, encoding: 'string' }));
  }

  /** The version of what is written; undefined: nothing was ever written. */
  get layout(): number | undefined {
    const layout = this.#about.get('layout');
    return layout === undefined ? undefined : Number(layout);
  }

  /** Sets it at once: it is set at the start, when nobody waits for the event loop. */
  set layout(layout: number) {
    this.#about.putSync('layout', String(layout));
  }

  /** All rows of a table. */
  read(table: Table): (readonly [Key, string])[] {
    const rows: (readonly [Key, string])[] = [];
    for (const { key, value } of this.#table(table).getRange()) {
      if (typeof key === 'number') rows.push([key, value]);
      else {
        const row = readRow(key, value);
        rows.push([row.key, row.value]);
      }
    }
    return rows;
  }

  /** Writes changes in one transaction. */
  commit(changes: Changes, { visible, ended }: Progress): void {
    this.#onVisible = visible;
    let written: Promise<boolean>;
    try {
      written = this.#root.batch(() => {
        for (const [name, rows] of changes) {
          const table = this.#table(name);
          for (const [key, value] of rows) write(table, key, value);
        }
      });
    } catch (error) {
      ended(faultIn(error).message);
      return;
    }
    written.then(
      () => ended(undefined),
      async (error: unknown) => ended(await reasonOf(error)),
    );
  }

  async close(): Promise<void> {
    await this.#root.close();
  }

  /**
   * Hears when a transaction can be seen. lmdb resolves its promise, even that of `committed`, only when the disk has been
   * flushed as well (3.5.6). Before that it calls its own function with the status 1: the pages and the new root are
   * written to the file then, so the end of this process cannot undo them. Should a later version do otherwise,
   * what is waited for is the flush.
   */
  #listen(): void {
    const env = 'env' in this.#root ? this.#root.env : undefined;
    if (!canStartWriting(env)) return;
    const { startWriting } = env;
    const value: StartWriting = (address, done) => {
      const onVisible = this.#onVisible;
      return startWriting.call(env, address, (status) => {
        const answer = done(status);
        // Not from within lmdb's own call.
        if (status === statusVisible && onVisible !== undefined) queueMicrotask(onVisible);
        return answer;
      });
    };
    Object.defineProperty(env, 'startWriting', { value, configurable: true });
  }

  #table(name: Table): LmdbTable<string, Key> {
    const table = this.#tables.get(name);
    if (table === undefined) throw new Error(`there is no table ${name}`);
    return table;
  }
}

type StartWriting = (this: unknown, address: number, done: (status: number) => unknown) => unknown;

/** lmdb's own object, which no type of it tells of. */
interface LmdbEnvironment {
  readonly startWriting: StartWriting;
}

function canStartWriting(env: unknown): env is LmdbEnvironment {
  return (
    typeof env === 'object' && env !== null && 'startWriting' in env && typeof env.startWriting === 'function'
  );
}

const statusVisible = 1;

/** The promises of single operations are not ours to wait for: in a batch they are resolved already. */
function write(table: LmdbTable<string, Key>, key: Key, value: string | undefined): void {
  const isText = typeof key === 'string';
  const kept = isText ? shortKey(key) : key;
  if (value === undefined) void table.remove(kept);
  else void table.put(kept, isText ? valueWithKey(key, value) : value);
}

/** Why a transaction failed. lmdb has another promise for that, whose rejection must not be left alone. */
async function reasonOf(error: unknown): Promise<string> {
  const { message } = faultIn(error);
  if (!(error instanceof Error && 'commitError' in error && error.commitError instanceof Promise))
    return message;
  return error.commitError.then(
    () => message,
    (cause: unknown) => faultIn(cause).message,
  );
}
