import type { Happening, Subscriber } from './ledger-driver.ts';
import { infoOf } from './ledger-driver.ts';

/** A subject as decision D15 speaks of it: who is live, whether it was announced, and every leave since. */
interface Subject {
  /** Connections, in the order in which they came. */
  live: string[];
  isAnnounced: boolean;
  /** When each leave since the subject was last empty and joined wants it to be gone: time and grace. */
  leaves: number[];
}

interface ModelChannel extends Subject {
  readonly appId: string;
  readonly name: string;
  readonly members: Map<string, Subject & { info: string }>;
  cached: { data: string; expiresAt: number } | undefined;
  /** The miss that stands: which one of the channel's it was, and until when. */
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

/** The ledger written down from the sentences of D8 and D15: no heap, no cleverness, everything looked at. */
export class LedgerModel {
  now = 0;
  readonly facts: Happening[] = [];
  readonly notices: Happening[] = [];
  /** What watchers were told, as `app/user state`. */
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

  /** As whom a connection is on a presence channel. */
  userOf({ appId, connection, channel }: Subscriber): string | undefined {
    for (const [userId, member] of this.channel(appId, channel).members) {
      if (member.live.includes(connection)) return userId;
    }
    return undefined;
  }

  /** Names of the channels that a connection is on. */
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
    // Whoever is subscribed is told; a node without subscribers has nobody to tell.
    if (channel.live.length > 0) this.#notice(channel, `event state ${data}`);
  }

  forgetCacheMiss(appId: string, name: string, number: number): void {
    const channel = this.channel(appId, name);
    if (channel.miss?.number === number) channel.miss = undefined;
  }

  /** Which of the watched users are online, once this one is. */
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

  /** What the HTTP API says of a channel. */
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

  /** Moves on, millisecond by millisecond where something is due. */
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

  /** The node ends: everybody on it leaves, now. `isAlone`: whoever lingers is gone as well. */
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

  /** Whether the entrance is a fact: nobody was live and nothing had been announced. */
  #enter(subject: Subject, connection: string): boolean {
    const isFact = subject.live.length === 0 && !subject.isAnnounced;
    // "A join when nobody live is left clears the deadline."
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
      // There may be nobody else to tell.
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
