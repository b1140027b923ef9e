import type { Clock } from '../../../src/ports/clock.ts';
import type { Changes } from '../../../src/store/disk/changes.ts';
import type { Database, Key, Table } from '../../../src/store/disk/database.ts';
import { Writer } from '../../../src/store/disk/writer.ts';

/** How long a transaction takes until it is visible, and then until it is durable. */
const commitMs = 1;

/** A disk that outlives processes. Unwritten transactions are lost with their process. */
export class FakeDisk {
  /** While true, every write fails. */
  isFull = false;
  /** The number of written transactions. */
  commits = 0;
  readonly #tables = new Map<Table, Map<Key, string>>();

  /** Opens the disk for a process whose clock stops when the process is killed. */
  open(clock: Clock, listener: { readonly onRecovery: () => void }): Database {
    let prepare = (): void => {};
    const writer = new Writer({
      sync: 'process',
      clock,
      endOfTurn: (run) => void clock.after(0, run),
      prepare: () => prepare(),
      commit: (changes, { visible, ended }) => {
        clock.after(commitMs, () => {
          if (this.isFull) return ended('the disk is full');
          this.#apply(changes);
          visible();
          clock.after(commitMs, () => ended(undefined));
        });
      },
      onFailure() {},
      onRecovery: listener.onRecovery,
    });
    for (const [table, rows] of this.#tables) {
      for (const key of rows.keys()) if (typeof key === 'number') writer.found(table, key);
    }
    const read = new Set<Table>();
    return {
      isNew: this.#tables.size === 0,
      lost: undefined,
      entries: (table) => {
        // As with the real one.
        if (read.has(table)) throw new Error(`the entries of ${table} were already returned`);
        read.add(table);
        return this.#sorted(table);
      },
      put: (table, key, value) => writer.put(table, key, value),
      remove: (table, key) => writer.remove(table, key),
      safe: (urgency) => writer.safe(urgency),
      get failure() {
        return writer.failure;
      },
      beforeWrite(given) {
        prepare = given;
      },
      close: async () => void (await writer.close()),
    };
  }

  /** The keys of a table. */
  keys(table: Table): readonly Key[] {
    return [...(this.#tables.get(table)?.keys() ?? [])];
  }

  #apply(changes: Changes): void {
    this.commits += 1;
    for (const [table, rows] of changes) {
      const kept = this.#tables.get(table) ?? new Map<Key, string>();
      this.#tables.set(table, kept);
      for (const [key, value] of rows) {
        if (value === undefined) kept.delete(key);
        else kept.set(key, value);
      }
    }
  }

  #sorted(table: Table): readonly (readonly [Key, string])[] {
    const rows = [...(this.#tables.get(table) ?? [])];
    return rows.toSorted(([a], [b]) => (a < b ? -1 : 1));
  }
}
