import type { Announced } from '../../channels/occupancy.ts';
import { missLifetimeMs } from '../../channels/cache-miss.ts';
import type { ChannelName } from '../../protocol/channel-name.ts';
import type { WebhookEvent } from '../../webhooks/event.ts';
import { hasFields, isNumber, rowKeyOf, type Rows } from './rows.ts';
import { isText } from '../../protocol/json-value.ts';
import type { Database } from '../disk/database.ts';

/** A current cache miss. `until` is on the clock that also runs while the program is down. */
interface Miss {
  readonly episode: string;
  readonly until: number;
}

/** What webhooks have reported of one channel. */
interface Reported {
  readonly userIds: string[];
  readonly miss: Miss | undefined;
}

/** What webhooks have reported and not taken back. Only facts change it, so this is all that is needed about who was present. */
export class AnnouncedTable {
  readonly #database: Database;
  readonly #now: () => number;
  /** Misses that may be current, by key. */
  readonly #missed = new Map<string, Miss>();

  constructor(database: Database, now: () => number) {
    this.#database = database;
    this.#now = now;
  }

  /** What was announced, by app. Expired misses are left out. */
  restore(rows: Rows): ReadonlyMap<string, readonly Announced[]> {
    const apps = new Map<string, Map<ChannelName, Reported>>();
    const now = this.#now();
    for (const { key, value: miss } of rows.read('missed', isMiss)) {
      if (miss.until > now) this.#missed.set(String(key), miss);
      else this.#database.remove('missed', key);
    }
    for (const { appId, channel, userId } of rows.readNames('announced')) {
      const channels = apps.get(appId) ?? new Map<ChannelName, Reported>();
      apps.set(appId, channels);
      const announced = channels.get(channel) ?? {
        userIds: [],
        miss: this.#missed.get(rowKeyOf(appId, channel)),
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

  /** Records an event that webhooks report. */
  apply(appId: string, event: WebhookEvent): void {
    switch (event.name) {
      case 'channel_occupied':
        return this.#database.put('announced', rowKeyOf(appId, event.channel), '');
      case 'channel_vacated': {
        const key = rowKeyOf(appId, event.channel);
        this.#database.remove('announced', key);
        return this.#endMiss(key);
      }
      case 'member_added':
        return this.#database.put('announced', rowKeyOf(appId, event.channel, event.userId), '');
      case 'member_removed':
        return this.#database.remove('announced', rowKeyOf(appId, event.channel, event.userId));
      case 'cache_miss': {
        const key = rowKeyOf(appId, event.channel);
        const miss = { episode: event.episode, until: this.#now() + missLifetimeMs };
        this.#missed.set(key, miss);
        return this.#database.put('missed', key, JSON.stringify(miss));
      }
      case 'client_event':
      case 'subscription_count':
        return undefined;
    }
  }

  /** Removes everything about these channels. */
  forget(appId: string, channels: readonly Announced[]): void {
    for (const { channel, userIds } of channels) {
      this.#database.remove('announced', rowKeyOf(appId, channel));
      for (const userId of userIds) this.#database.remove('announced', rowKeyOf(appId, channel, userId));
      this.#endMiss(rowKeyOf(appId, channel));
    }
  }

  /** Ends the cache miss of a channel; only that of this episode, if one is given. */
  endMiss(appId: string, channel: ChannelName, episode?: string): void {
    const key = rowKeyOf(appId, channel);
    if (episode === undefined || this.#missed.get(key)?.episode === episode) this.#endMiss(key);
  }

  /** Whether the miss of this episode is current. */
  stands(appId: string, channel: ChannelName, episode: string): boolean {
    const miss = this.#missed.get(rowKeyOf(appId, channel));
    return miss?.episode === episode && miss.until > this.#now();
  }

  #endMiss(key: string): void {
    if (this.#missed.delete(key)) this.#database.remove('missed', key);
  }
}

function isMiss(value: unknown): value is Miss {
  return hasFields(value, { episode: isText, until: isNumber });
}
