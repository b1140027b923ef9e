import type { Cancel } from '../../ports/clock.ts';
import type {
  NextSettings,
  Revision,
  SettingsStore,
  SettingsWatcher,
  StoredSettings,
  Written,
} from '../../ports/settings-store.ts';
import { unavailable, type Unavailable } from '../../ports/unavailable.ts';
import type { LeadKeys } from './keys.ts';
import type { RedisLink } from './link/link.ts';
import { describeFailure } from './link/health-log.ts';

/** Settings that all nodes share: one key. A node only writes it if it knows the present revision. */
export class RedisSettings implements SettingsStore {
  readonly kind = 'redis';
  readonly place: string;
  readonly #link: RedisLink;
  readonly #keys: Pick<LeadKeys, 'settings' | 'settingsTopic'>;
  #watcher: SettingsWatcher | undefined;
  #isChecking = false;
  #mustCheckAgain = false;

  constructor(link: RedisLink, keys: Pick<LeadKeys, 'settings' | 'settingsTopic'>) {
    this.#link = link;
    this.#keys = keys;
    this.place = `on Redis in the key ${keys.settings}`;
  }

  /** Starts to watch for changes by other nodes. Rejects if Redis cannot be reached. */
  async start(): Promise<void> {
    await this.#link.subscribe(this.#keys.settingsTopic, () => this.check());
  }

  async read(): Promise<StoredSettings | undefined | Unavailable> {
    try {
      const [revision, text] = await this.#link.commands.hmget(this.#keys.settings, 'revision', 'text');
      if (typeof text !== 'string' && typeof revision !== 'string') return undefined;
      return { revision: revision ?? '', text: text ?? '' };
    } catch (error) {
      // The key has another type, because something else was stored there.
      if (isWrongType(error)) return { revision: '', text: '' };
      return unavailable;
    }
  }

  async write({ revision, text }: NextSettings, expected: Revision | undefined): Promise<Written> {
    const { settings, settingsTopic } = this.#keys;
    try {
      const [isWritten] = await this.#link.run(
        'set-settings',
        [settings],
        [expected ?? '', revision, text(), settingsTopic],
      );
      return { kind: isWritten === 1 ? 'written' : 'conflict' };
    } catch (error) {
      return { kind: 'failed', reason: reasonOf(error) };
    }
  }

  watch(watcher: SettingsWatcher): Cancel {
    this.#watcher = watcher;
    return () => {
      this.#watcher = undefined;
    };
  }

  /** Checks whether there is another revision. Must be called regularly, because messages may be lost. */
  check(): void {
    this.#mustCheckAgain = true;
    if (!this.#isChecking) void this.#checkUntilKnown();
  }

  async #checkUntilKnown(): Promise<void> {
    this.#isChecking = true;
    while (this.#mustCheckAgain) {
      this.#mustCheckAgain = false;
      await this.#checkOnce();
    }
    this.#isChecking = false;
  }

  async #checkOnce(): Promise<void> {
    const watcher = this.#watcher;
    if (watcher === undefined) return;
    try {
      const revision = await this.#link.commands.hget(this.#keys.settings, 'revision');
      if ((revision ?? undefined) !== watcher.known()) await watcher.changed();
    } catch {
      // The next heartbeat checks again.
    }
  }
}

function isWrongType(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('WRONGTYPE');
}

/** Redis has refused the write, or it is unknown whether the write was received. */
function reasonOf(error: unknown): string {
  const why = describeFailure(error);
  if (error instanceof Error && error.name === 'ReplyError') return `Redis refuses it (${why})`;
  return `Redis did not confirm it (${why}), so it may still take effect`;
}
