import type { Announced } from '../../channels/occupancy.ts';
import { missStandsMs } from '../../channels/cache-miss.ts';
import type { ChannelName } from '../../protocol/channel-name.ts';
import type { WebhookEvent } from '../../webhooks/event.ts';
import { hasFields, isNumber, isText, keyOf, type Rows } from './rows.ts';
import type { Database } from '../disk/database.ts';

/** A cache miss that stands, until a moment on the clock that goes on while the program is down. */
interface Miss {
  readonly episode: string;
  readonly until: number;
}

/** What was said of one channel. */
interface Said {
  readonly userIds: string[];
  readonly miss: Miss | undefined;
}

/** What webhooks have said and not taken back, which is all that has to be known of who was there: facts alone change it. */
export class AnnouncedTable {
  readonly #database: Database;
  readonly #now: () => number;
  /** Misses that may stand, by key. */
  readonly #missed = new Map<string, Miss>();

  constructor(database: Database, now: () => number) {
    this.#database = database;
    this.#now = now;
  }

  /** What was announced, by app. A miss that stands no more is left out. */
  restore(rows: Rows): ReadonlyMap<string, readonly Announced[]> {
    const apps = new Map<string, Map<ChannelName, Said>>();
    const now = this.#now();
    for (const { key, value: miss } of rows.read('missed', isMiss)) {
      if (miss.until > now) this.#missed.set(String(key), miss);
      else this.#database.remove('missed', key);
    }
    for (const { appId, channel, userId } of rows.readNames('announced')) {
      const channels = apps.get(appId) ?? new Map<ChannelName, Said>();
      apps.set(appId, channels);
      const announced = channels.get(channel) ?? {
        userIds: [],
        miss: this.#missed.get(keyOf(appId, channel)),
      };
      channels.set(channel, announced);
      if (userId !== undefined) announced.userIds.push(userId);
    }
    return new Map(
      [...apps].map(([appId, channels]) => [
        appId,
        [...channels].map(([channel, announced]) => ({ channel, ...announced })),
      ]),
    );
  }

  /** Something has been said. */
  apply(appId: string, event: WebhookEvent): void {
    switch (event.name) {
      case 'channel_occupied':
        return this.#database.put('announced', keyOf(appId, event.channel), '');
      case 'channel_vacated': {
        const key = keyOf(appId, event.channel);
        this.#database.remove('announced', key);
        return this.#endMiss(key);
      }
      case 'member_added':
        return this.#database.put('announced', keyOf(appId, event.channel, event.userId), '');
      case 'member_removed':
        return this.#database.remove('announced', keyOf(appId, event.channel, event.userId));
      case 'cache_miss': {
        const key = keyOf(appId, event.channel);
        const miss = { episode: event.episode, until: this.#now() + missStandsMs };
        this.#missed.set(key, miss);
        return this.#database.put('missed', key, JSON.stringify(miss));
      }
      case 'client_event':
      case 'subscription_count':
        return undefined;
    }
  }

  /** What was said of these channels is forgotten. */
  forget(appId: string, channels: readonly Announced[]): void {
    for (const { channel, userIds } of channels) {
      this.#database.remove('announced', keyOf(appId, channel));
      for (const userId of userIds) this.#database.remove('announced', keyOf(appId, channel, userId));
      this.#endMiss(keyOf(appId, channel));
    }
  }

  /** The cache miss of a channel stands no more; of this episode alone, if one is named. */
  endMiss(appId: string, channel: ChannelName, episode?: string): void {
    const key = keyOf(appId, channel);
    if (episode === undefined || this.#missed.get(key)?.episode === episode) this.#endMiss(key);
  }

  /** Whether the miss of this episode stands. */
  stands(appId: string, channel: ChannelName, episode: string): boolean {
    const miss = this.#missed.get(keyOf(appId, channel));
    return miss?.episode === episode && miss.until > this.#now();
  }

  #endMiss(key: string): void {
    if (this.#missed.delete(key)) this.#database.remove('missed', key);
  }
}

function isMiss(value: unknown): value is Miss {
  return hasFields(value, { episode: isText, until: isNumber });
}
