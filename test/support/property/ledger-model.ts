import type { Happening, Subscriber } from './ledger-driver.ts';
import { infoOf } from './ledger-driver.ts';

/** A channel or a member: its connections, whether it was announced, and every leave since. */
interface Subject {
  /** Connections in the order of joining. */
  live: string[];
  isAnnounced: boolean;
  /** The time and the grace period of each leave since the subject last became occupied. */
  leaves: number[];
}

interface ModelChannel extends Subject {
  readonly appId: string;
  readonly name: string;
  readonly members: Map<string, Subject & { info: string }>;
  cached: { data: string; expiresAt: number } | undefined;
  /** The current cache miss: its number on the channel, and until when it lasts. */
  miss: { number: number; until: number } | undefined;
  misses: number;
}

export interface ModelOptions {
  readonly memberLimit: number;
  readonly cacheTtlMs: number;
  readonly unwanted: ReadonlySet<string>;
}

export type ModelAnswer =
  | { readonly kind: 'member-limit' }
  | { readonly kind: 'joined'; readonly members: ReadonlyMap<string, string>; readonly cached?: string };

/**
 * The ledger as a direct translation of its rules (docs/protocol-decisions.md): no heap, no optimization,
 * every subject examined at every step.
 */
export class LedgerModel {
  now = 0;
  readonly facts: Happening[] = [];
  readonly notices: Happening[] = [];
  /** The notices to watchers, as `app/user state`. */
  readonly watched: string[] = [];
  readonly #online = new Set<string>();
  readonly #channels = new Map<string, ModelChannel>();
  readonly #options: ModelOptions;

  constructor(options: ModelOptions) {
    this.#options = options;
  }

  isSubscribed({ appId, connection, channel }: Subscriber): boolean {
    return this.channel(appId, channel).live.includes(connection);
  }

  /** The user of a connection on a presence channel. */
  userOf({ appId, connection, channel }: Subscriber): string | undefined {
    for (const [userId, member] of this.channel(appId, channel).members) {
      if (member.live.includes(connection)) return userId;
    }
    return undefined;
  }

  /** The channels of a connection. */
  subscriptionsOf(appId: string, connection: string): string[] {
    return [...this.#channels.values()]
      .filter((channel) => channel.appId === appId && channel.live.includes(connection))
      .map(({ name }) => name);
  }

  join(subscriber: Subscriber): ModelAnswer {
    const { appId, connection, userId } = subscriber;
    const channel = this.channel(appId, subscriber.channel);
    const present = presentUsers(channel);
    if (userId !== undefined && !present.has(userId) && present.size >= this.#options.memberLimit) {
      return { kind: 'member-limit' };
    }
    if (this.#enter(channel, connection)) this.#fact(channel, 'channel_occupied');
    if (userId !== undefined) this.#enterMember(channel, userId, connection);
    const members = new Map(
      [...channel.members].filter(([, { live }]) => live.length > 0).map(([id, { info }]) => [id, info]),
    );
    if (!channel.name.includes('cache-')) return { kind: 'joined', members };
    const cached = this.#cached(channel)?.data;
    if (cached !== undefined) return { kind: 'joined', members, cached };
    this.#miss(channel);
    return { kind: 'joined', members };
  }

  leave(subscriber: Subscriber, graceMs: number): void {
    const { appId, connection } = subscriber;
    const channel = this.channel(appId, subscriber.channel);
    const userId = this.userOf(subscriber);
    const member = userId === undefined ? undefined : channel.members.get(userId);
    const goneAt = this.now + graceMs;
    if (member !== undefined) {
      withdraw(member, connection, goneAt);
      if (member.live.length === 0 && channel.live.length > 1) {
        this.#notice(channel, `member-removed ${userId}`);
      }
    }
    withdraw(channel, connection, goneAt);
    this.#expire();
  }

  cacheEvent(appId: string, name: string, data: string): void {
    const channel = this.channel(appId, name);
    channel.cached = { data, expiresAt: this.now + this.#options.cacheTtlMs };
    channel.miss = undefined;
    // Subscribers are notified. A node without subscribers sends no notice.
    if (channel.live.length > 0) this.#notice(channel, `event state ${data}`);
  }

  forgetCacheMiss(appId: string, name: string, number: number): void {
    const channel = this.channel(appId, name);
    if (channel.miss?.number === number) channel.miss = undefined;
  }

  /** Returns which of the watched users are online, including this one. */
  signIn(appId: string, userId: string, watched: readonly string[]): string[] {
    const user = `${appId}/${userId}`;
    if (!this.#online.has(user)) this.watched.push(`${user} online`);
    this.#online.add(user);
    return watched.filter((id) => this.#online.has(`${appId}/${id}`));
  }

  signOut(appId: string, userId: string): void {
    const user = `${appId}/${userId}`;
    if (this.#online.delete(user)) this.watched.push(`${user} offline`);
  }

  /** What the HTTP API reports about a channel. */
  state(appId: string, name: string): { occupied: boolean; userIds: string[]; cache: string | undefined } {
    const channel = this.channel(appId, name);
    const cached = this.#cached(channel);
    const ttl = cached === undefined ? 0 : Math.ceil((cached.expiresAt - this.now) / 1000);
    return {
      occupied: channel.live.length > 0,
      userIds: [...presentUsers(channel)].toSorted(),
      cache: cached === undefined ? undefined : `${cached.data} ${ttl}`,
    };
  }

  occupied(appId: string): string[] {
    const channels = [...this.#channels.values()];
    return channels.filter((one) => one.appId === appId && one.live.length > 0).map(({ name }) => name);
  }

  /** Advances the time, millisecond by millisecond where something is due. */
  advance(ms: number): void {
    const until = this.now + ms;
    for (;;) {
      const next = Math.min(...this.#departures().filter((at) => at > this.now && at <= until));
      if (next === Infinity) break;
      this.now = next;
      this.#expire();
    }
    this.now = until;
  }

  /**
   * The node shuts down, and everyone on it leaves now. `isAlone`: members in their grace period leave as
   * well.
   */
  retire(isAlone: boolean): void {
    for (const channel of this.#channels.values()) {
      for (const subject of [...channel.members.values(), channel]) {
        if (isAlone || subject.live.length > 0) subject.leaves = [this.now];
        subject.live = [];
      }
    }
    this.#expire();
  }

  channel(appId: string, name: string): ModelChannel {
    const key = `${appId}/${name}`;
    let channel = this.#channels.get(key);
    if (channel === undefined) {
      const empty = { live: [], isAnnounced: false, leaves: [], members: new Map<string, never>() };
      channel = { ...empty, appId, name, cached: undefined, miss: undefined, misses: 0 };
      this.#channels.set(key, channel);
    }
    return channel;
  }

  /** Whether the join is a fact: no one was present, and nothing had been announced. */
  #enter(subject: Subject, connection: string): boolean {
    const isFact = subject.live.length === 0 && !subject.isAnnounced;
    // A join clears the deadline if no live connection is left.
    if (subject.live.length === 0) subject.leaves = [];
    subject.live = [...subject.live, connection];
    subject.isAnnounced = true;
    return isFact;
  }

  #enterMember(channel: ModelChannel, userId: string, connection: string): void {
    const known = channel.members.get(userId);
    const member = known ?? { live: [], isAnnounced: false, leaves: [], info: '' };
    channel.members.set(userId, member);
    if (member.live.length === 0) {
      member.info = infoOf(connection);
      // There may be no one else to notify.
      if (channel.live.length > 1) this.#notice(channel, `member-added ${userId} ${member.info}`);
    }
    if (this.#enter(member, connection)) this.#fact(channel, `member_added ${userId}`);
  }

  #miss(channel: ModelChannel): void {
    if (this.#options.unwanted.has(channel.name)) return;
    if (channel.miss !== undefined && channel.miss.until > this.now) return;
    channel.miss = { number: channel.misses, until: this.now + 300_000 };
    channel.misses += 1;
    this.#fact(channel, 'cache_miss');
  }

  #cached(channel: ModelChannel): ModelChannel['cached'] {
    return channel.cached !== undefined && channel.cached.expiresAt > this.now ? channel.cached : undefined;
  }

  #departures(): number[] {
    const subjects = [...this.#channels.values()].flatMap((channel) => [
      ...channel.members.values(),
      channel,
    ]);
    return subjects.filter(isLingering).map((subject) => Math.max(...subject.leaves));
  }

  /** Members first: a channel is not vacated while one of its members is still announced. */
  #expire(): void {
    for (const channel of this.#channels.values()) {
      for (const [userId, member] of channel.members) {
        if (!isLingering(member) || Math.max(...member.leaves) > this.now) continue;
        channel.members.delete(userId);
        this.#fact(channel, `member_removed ${userId}`);
      }
      if (!isLingering(channel) || Math.max(...channel.leaves) > this.now) continue;
      if (channel.members.size > 0) continue;
      channel.isAnnounced = false;
      channel.miss = undefined;
      this.#fact(channel, 'channel_vacated');
    }
  }

  #fact({ appId, name }: ModelChannel, text: string): void {
    this.facts.push({ at: this.now, appId, channel: name, text });
  }

  #notice({ appId, name }: ModelChannel, text: string): void {
    this.notices.push({ at: this.now, appId, channel: name, text });
  }
}

function withdraw(subject: Subject, connection: string, goneAt: number): void {
  subject.live = subject.live.filter((one) => one !== connection);
  subject.leaves.push(goneAt);
}

function isLingering({ live, isAnnounced }: Subject): boolean {
  return live.length === 0 && isAnnounced;
}

function presentUsers(channel: ModelChannel): Set<string> {
  return new Set([...channel.members].filter(([, { live }]) => live.length > 0).map(([id]) => id));
}
