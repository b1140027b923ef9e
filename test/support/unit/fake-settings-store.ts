import type {
  NextSettings,
  Revision,
  SettingsStore,
  SettingsWatcher,
  StoredSettings,
  Written,
} from '../../../src/ports/settings-store.ts';
import { unavailable } from '../../../src/ports/unavailable.ts';

/**
 * Settings that several nodes share, each through a store of its own. The test determines when messages are sent.
 */
export class SharedSettings {
  stored: StoredSettings | undefined;
  /** Why reads and writes fail. Undefined if they succeed. */
  failure: string | undefined;
  /** Called before each write, so that another node may write first. */
  beforeWrite: () => void = () => {};
  readonly #watchers = new Set<SettingsWatcher>();

  /** The store of one node. */
  store(): SettingsStore {
    return {
      kind: 'redis',
      place: 'on Redis in the key test',
      read: async () => (this.failure === undefined ? this.stored : unavailable),
      write: async (next, expected) => this.#write(next, expected),
      watch: (watcher) => {
        this.#watchers.add(watcher);
        return () => void this.#watchers.delete(watcher);
      },
    };
  }

  /** Announces the revision to all nodes that know another one. */
  async announce(): Promise<void> {
    for (const { known, changed } of this.#watchers) {
      if (known() !== this.stored?.revision) await changed();
    }
  }

  #write({ revision, text }: NextSettings, expected: Revision | undefined): Written {
    this.beforeWrite();
    if (this.failure !== undefined) return { kind: 'failed', reason: this.failure };
    if (this.stored?.revision !== expected) return { kind: 'conflict' };
    this.stored = { revision, text: text() };
    return { kind: 'written' };
  }
}
