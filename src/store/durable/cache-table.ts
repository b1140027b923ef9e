import type { CachedEvent } from '../../ports/channel-caches.ts';
import type { Millis } from '../../ports/clock.ts';
import type { ChannelName } from '../../protocol/channel-name.ts';
import { hasFields, isNumber, rowKeyOf, type Rows } from './rows.ts';
import { isText } from '../../protocol/json-value.ts';
import type { Database } from '../disk/database.ts';

/** A stored cached event. */
export interface KeptCachedEvent {
  readonly appId: string;
  readonly channel: ChannelName;
  readonly event: CachedEvent;
  readonly remainingMs: Millis;
}

/** The stored form. `expiresAt` is on the clock that also runs while the program is down. */
type Written = CachedEvent & { readonly expiresAt: number };

/** The events that cache channels keep for late subscribers. */
export class CacheTable {
  readonly #database: Database;
  readonly #now: () => number;

  constructor(database: Database, now: () => number) {
    this.#database = database;
    this.#now = now;
  }

  /** The events that have not expired meanwhile. */
  restore(rows: Rows): readonly KeptCachedEvent[] {
    const now = this.#now();
    return [...rows.read('cached', isWritten)].flatMap(({ key, value }) => {
      const { expiresAt, ...event } = value;
      const remainingMs = expiresAt - now;
      if (remainingMs <= 0) {
        this.#database.remove('cached', key);
        return [];
      }
      const name = rows.nameOf(key);
      return name === undefined ? [] : { appId: name.appId, channel: name.channel, event, remainingMs };
    });
  }

  put(appId: string, channel: ChannelName, { name, data }: CachedEvent, ttlMs: Millis): void {
    const written: Written = { name, data, expiresAt: this.#now() + ttlMs };
    this.#database.put('cached', rowKeyOf(appId, channel), JSON.stringify(written));
  }

  remove(appId: string, channel: ChannelName): void {
    this.#database.remove('cached', rowKeyOf(appId, channel));
  }
}

function isWritten(value: unknown): value is Written {
  return hasFields(value, { name: isText, data: isText, expiresAt: isNumber });
}
