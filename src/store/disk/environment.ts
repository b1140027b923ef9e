import type { Database as LmdbTable, open as openLmdb, RootDatabase } from 'lmdb';
import type { Changes } from './changes.ts';
import { faultIn } from './faults.ts';
import { readRow, shortKey, valueWithKey } from './long-keys.ts';
import { tables, type Key, type Table } from './tables.ts';
import type { Progress } from './writer.ts';

/** The library. It is loaded only when a store is opened. */
export interface Lmdb {
  readonly open: typeof openLmdb;
}

/** Whether an error means that the file is damaged. LMDB's own codes concern the file, the system's codes the disk. */
export function isDamage(error: unknown): boolean {
  const { code, message } = faultIn(error);
  return (
    (typeof code === 'number' && code < 0) || /MDB_(INVALID|CORRUPTED|PAGE_NOTFOUND|VERSION)/.test(message)
  );
}

/** One LMDB file: all tables, read completely and written by transactions. */
export class Environment {
  readonly #root: RootDatabase<string, Key>;
  readonly #tables = new Map<Table, LmdbTable<string, Key>>();
  readonly #about: LmdbTable<string, string>;
  #onVisible: (() => void) | undefined;

  /** Opens or creates the file. Throws LMDB's errors; a damaged file may crash the process. */
  constructor({ open }: Lmdb, file: string) {
    this.#root = open<string, Key>({
      path: file,
      noSubdir: true,
      encoding: 'string',
      maxDbs: tables.length + 1,
      // Each call of `batch` is one transaction. With batches by turn, lmdb would create and reject a promise that nobody handles.
      eventTurnBatching: false,
    });
    this.#listen();
    this.#about = this.#root.openDB<string, string>({ name: 'about', encoding: 'string' });
    for (const name of tables)
      this.#tables.set(name, this.#root.openDB<string, Key>({ name, encoding: 'string' }));
  }

  /** The version of the format; undefined if nothing was ever written. */
  get layout(): number | undefined {
    const layout = this.#about.get('layout');
    return layout === undefined ? undefined : Number(layout);
  }

  /** Sets the version synchronously. This happens only at the start, when nothing waits for the event loop. */
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
   * Detects when a transaction becomes visible. lmdb (3.5.6) resolves its promises, even `committed`, only after the disk was
   * flushed. Before that, it calls an internal function with the status 1: the pages and the new root have been written to the
   * file, so the end of this process cannot undo them. If a later version behaves differently, the writer waits for the flush.
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

/** lmdb's internal object, which its types do not declare. */
interface LmdbEnvironment {
  readonly startWriting: StartWriting;
}

function canStartWriting(env: unknown): env is LmdbEnvironment {
  return (
    typeof env === 'object' && env !== null && 'startWriting' in env && typeof env.startWriting === 'function'
  );
}

const statusVisible = 1;

/** The promises of single operations need not be awaited: within a batch they are already resolved. */
function write(table: LmdbTable<string, Key>, key: Key, value: string | undefined): void {
  const isText = typeof key === 'string';
  const kept = isText ? shortKey(key) : key;
  if (value === undefined) void table.remove(kept);
  else void table.put(kept, isText ? valueWithKey(key, value) : value);
}

/** Why a transaction failed. lmdb has another promise for that, whose rejection must be handled. */
async function reasonOf(error: unknown): Promise<string> {
  const { message } = faultIn(error);
  if (!(error instanceof Error && 'commitError' in error && error.commitError instanceof Promise))
    return message;
  return error.commitError.then(
    () => message,
    (cause: unknown) => faultIn(cause).message,
  );
}
