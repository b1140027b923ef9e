import type {
  NextSettings,
  Revision,
  SettingsStore,
  StoredSettings,
  Written,
} from '../../ports/settings-store.ts';
import type { Database } from '../disk/database.ts';
import { hasFields } from './rows.ts';
import { isText, parseJson } from '../../protocol/json-value.ts';

const key = 'changes';

/** Settings in a table of their own. Nothing else writes them while the process runs. */
export class SettingsTable implements SettingsStore {
  readonly kind = 'disk';
  readonly place = 'in the store on disk';
  readonly #database: Database;
  /** The stored row, as it is on disk. */
  #row: string | undefined;

  constructor(database: Database) {
    this.#database = database;
    this.#row = new Map(database.entries('settings')).get(key);
  }

  read(): StoredSettings | undefined {
    if (this.#row === undefined) return undefined;
    const stored = parseJson(this.#row);
    // A row of any other form was written by hand.
    return isStored(stored) ? stored : { revision: '', text: this.#row };
  }

  /** Resolves when the text is safe. If the disk fails, the previous text stays. */
  async write(next: NextSettings, expected: Revision | undefined): Promise<Written> {
    const database = this.#database;
    if (this.read()?.revision !== expected) return { kind: 'conflict' };
    if (database.failure !== undefined) return { kind: 'failed', reason: database.failure };
    const row = JSON.stringify({ revision: next.revision, text: next.text() } satisfies StoredSettings);
    database.put('settings', key, row);
    if (await database.safe('now')) {
      this.#row = row;
      return { kind: 'written' };
    }
    // When the disk recovers, the refused text must not be written.
    if (this.#row === undefined) database.remove('settings', key);
    else database.put('settings', key, this.#row);
    return { kind: 'failed', reason: database.failure ?? 'the store is closed' };
  }

  watch(): () => void {
    return () => {};
  }
}

function isStored(value: unknown): value is StoredSettings {
  return hasFields(value, { revision: isText, text: isText });
}
