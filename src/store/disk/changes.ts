import type { Key, Table } from './tables.ts';

/** The new values of keys, by table; undefined removes the key. */
export type Changes = ReadonlyMap<Table, ReadonlyMap<Key, string | undefined>>;

/** The approximate size in bytes. */
export function changesBytes(changes: Changes): number {
  let bytes = 0;
  for (const rows of changes.values()) {
    for (const [key, value = ''] of rows) bytes += value.length + (typeof key === 'string' ? key.length : 8);
  }
  return bytes;
}

/**
 * The changes to write next: the last value of each key. It grows with the number of keys, not with the number of changes, so
 * it can wait while the disk is full.
 */
export class ChangeBuffer {
  #tables = new Map<Table, Map<Key, string | undefined>>();
  /** The greatest number in each table that may be on disk. Greater ones were never written. */
  readonly #highest = new Map<Table, number>();

  /** Whether there is nothing to write. */
  get isEmpty(): boolean {
    return this.size === 0;
  }

  /** The number of keys to write. */
  get size(): number {
    let size = 0;
    for (const rows of this.#tables.values()) size += rows.size;
    return size;
  }

  /** Records that this number is on disk already. */
  found(table: Table, key: number): void {
    if (key > this.#highestOf(table)) this.#highest.set(table, key);
  }

  put(table: Table, key: Key, value: string): void {
    this.#rowsOf(table).set(key, value);
  }

  /** A number that is removed before it was written costs nothing. Most events are delivered that soon. */
  remove(table: Table, key: Key): void {
    if (typeof key === 'number' && key > this.#highestOf(table)) this.#tables.get(table)?.delete(key);
    else this.#rowsOf(table).set(key, undefined);
  }

  /** Returns the changes to write, and starts with an empty buffer again. */
  take(): Changes {
    const taken = this.#tables;
    this.#tables = new Map();
    for (const [table, rows] of taken) {
      for (const key of rows.keys()) {
        // All keys of a table have the same type.
        if (typeof key !== 'number') break;
        this.found(table, key);
      }
    }
    return taken;
  }

  /** Takes back changes that could not be written, except for keys that have changed again, here or in `later`. */
  giveBack(failed: Changes, later: readonly Changes[]): void {
    for (const [table, rows] of failed) {
      const present = this.#rowsOf(table);
      for (const [key, value] of rows) {
        if (present.has(key) || later.some((changes) => changes.get(table)?.has(key))) continue;
        present.set(key, value);
      }
    }
  }

  #highestOf(table: Table): number {
    return this.#highest.get(table) ?? -Infinity;
  }

  #rowsOf(table: Table): Map<Key, string | undefined> {
    let rows = this.#tables.get(table);
    if (rows === undefined) this.#tables.set(table, (rows = new Map<Key, string | undefined>()));
    return rows;
  }
}
