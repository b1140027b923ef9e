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
import { describeFailure } from './link/standing-log.ts';

/** Settings that all nodes share: one key, which a node writes only over what it has seen. */
export class RedisSettings implements SettingsStore {
  readonly kind = 'redis';
  readonly place: string;
  readonly #link: RedisLink;
  readonly #keys: Pick<LeadKeys, 'settings' | 'settingsTopic'>;
  #watcher: SettingsWatcher | undefined;
  #isLooking = false;
  #isToLookAgain = false;

  constructor(link: RedisLink, keys: Pick<LeadKeys, 'settings' | 'settingsTopic'>) {
    this.#link = link;
    this.#keys = keys;
    this.place = `on Redis in the key ${keys.settings}`;
  }

  /** Begins to hear of what others write. Rejects when Redis cannot be reached. */
  async start(): Promise<void> {
    await this.#link.subscribe(this.#keys.settingsTopic, () => this.look());
  }

  async read(): Promise<StoredSettings | undefined | Unavailable> {
    try {
      const [revision, text] = await this.#link.commands.hmget(this.#keys.settings, 'revision', 'text');
      if (typeof text !== 'string' && typeof revision !== 'string') return undefined;
      return { revision: revision ?? '', text: text ?? '' };
    } catch (error) {
      // A key of another kind: somebody has put something else there.
      if (isOfAnotherKind(error)) return { revision: '', text: '' };
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

  /** Looks whether another revision is kept: to be called again and again, for messages may be lost. */
  look(): void {
    this.#isToLookAgain = true;
    if (!this.#isLooking) void this.#lookUntilKnown();
  }

  async #lookUntilKnown(): Promise<void> {
    this.#isLooking = true;
    while (this.#isToLookAgain) {
      this.#isToLookAgain = false;
      await this.#look();
    }
    this.#isLooking = false;
  }

  async #look(): Promise<void> {
    const watcher = this.#watcher;
    if (watcher === undefined) return;
    try {
      const revision = await this.#link.commands.hget(this.#keys.settings, 'revision');
      if ((revision ?? undefined) !== watcher.known()) await watcher.changed();
    } catch {
      // It is asked again with the next heartbeat.
    }
  }
}

function isOfAnotherKind(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('WRONGTYPE');
}

/** Redis has refused, or nobody knows whether it has heard. */
function reasonOf(error: unknown): string {
  const why = describeFailure(error);
  if (error instanceof Error && error.name === 'ReplyError') return `Redis refuses it (${why})`;
  return `Redis did not confirm it (${why}), so that it may still come into force`;
}
