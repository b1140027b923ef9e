import { Registry, type Subscription } from '../../../src/channels/registry.ts';
import type { JoinAnswer, Notice } from '../../../src/ports/attendance.ts';
import type { Millis } from '../../../src/ports/clock.ts';
import type { Ledger } from '../../../src/ports/ledger.ts';
import type { MaybePromise } from '../../../src/ports/maybe-promise.ts';
import type { ChannelName } from '../../../src/protocol/channel-name.ts';
import type { SocketId } from '../../../src/protocol/socket-id.ts';
import { sourceOf, type WebhookEvent } from '../../../src/webhooks/event.ts';
import { rosterOf } from '../roster.ts';
import { FakeClock } from '../fake-clock.ts';
import type { LedgerHarness } from './ledger-port.ts';

/** What a ledger emitted, when, and on which channel. */
export interface Happening {
  readonly at: Millis;
  readonly appId: string;
  readonly channel: string;
  readonly text: string;
}

/** The subscriber that joins. */
export interface Subscriber {
  readonly appId: string;
  readonly connection: string;
  readonly channel: string;
  readonly userId?: string;
}

export interface DriverOptions {
  readonly memberLimit: number;
  readonly cacheTtlMs: Millis;
  /** Channels whose cache misses no endpoint selects. */
  readonly unwanted: ReadonlySet<string>;
}

/** Users that are watched by a signed-in user of each app. */
const observer = 'observer';
const watched = ['u1', 'u2', 'u3', 'anna', 'bert', 'carl', 'dora'];

/**
 * One node around a ledger. It tracks its connections as the program does, reports what changes, and sweeps
 * only when the ledger asked for it.
 */
export class LedgerDriver {
  readonly clock = new FakeClock();
  readonly facts: Happening[] = [];
  readonly notices: Happening[] = [];
  /** The source of each fact, in order. */
  readonly sources: string[] = [];
  /** The episodes of the reported cache misses, in order, by app and channel. */
  readonly episodes = new Map<string, string[]>();
  readonly #harness: LedgerHarness;
  readonly #options: DriverOptions;
  /** By app, those of each node. */
  readonly #registries = new Map<string, Map<number, Registry>>();
  readonly #subscriptions = new Map<string, Subscription>();
  /** The notices to watchers, as `app/user state`. */
  readonly watched: string[] = [];
  #sweepAt = Infinity;
  /** Called when a subscriber joins. */
  #joining: string | undefined;
  #ledger: Ledger | undefined;
  #made: Ledger | undefined;

  constructor(harness: LedgerHarness, options: DriverOptions) {
    this.#harness = harness;
    this.#options = options;
  }

  async start(): Promise<this> {
    const ledger = await this.#harness.make({
      clock: this.clock,
      outbox: { append: (appId, events) => this.#record(appId, events), kept: () => undefined },
      notify: (appId, channel, notice) => this.#notice(appId, channel, notice),
      notifyWatchers: (appId, userId, state) => this.watched.push(`${appId}/${userId} ${state}`),
      wake: (dueAt) => {
        this.#sweepAt = Math.min(this.#sweepAt, dueAt);
      },
      countSubscribers: (appId, channel) => this.#subscribers(appId, channel),
      cacheTtlMs: this.#options.cacheTtlMs,
    });
    this.#made = ledger;
    this.#ledger = this.#harness.settled === undefined ? ledger : settling(ledger, () => this.settled());
    for (const appId of ['a1', 'a2']) await this.#ledger.signIn({ appId, userId: observer, watched });
    this.watched.length = 0;
    return this;
  }

  /** Shuts the node down. */
  async retire(): Promise<void> {
    for (const appId of this.#registries.keys()) await this.ledger.retire(appId);
  }

  get ledger(): Ledger {
    if (this.#ledger === undefined) throw new Error('the driver has not been started');
    return this.#ledger;
  }

  /** Advances the time. The ledger is swept exactly when it asked for it. */
  async advance(ms: Millis): Promise<void> {
    const until = this.clock.now() + ms;
    for (let sweeps = 0; this.#sweepAt <= until; sweeps += 1) {
      if (sweeps > 1000) throw new Error('the ledger asks for sweeps without end');
      this.clock.advanceSync(Math.max(0, this.#sweepAt - this.clock.now()));
      this.#sweepAt = Infinity;
      const next = await this.ledger.sweep();
      this.#sweepAt = Math.min(this.#sweepAt, next ?? Infinity);
    }
    this.clock.advanceSync(until - this.clock.now());
    await this.settled();
  }

  async settled(): Promise<void> {
    await this.#harness.settled?.();
  }

  async dispose(): Promise<void> {
    if (this.#made !== undefined) await this.#harness.dispose?.(this.#made);
  }

  async join(subscriber: Subscriber): Promise<JoinAnswer> {
    const { appId, userId } = subscriber;
    const channel = subscriber.channel as ChannelName;
    const subscription = this.#registry(appId, subscriber.connection).join(channel, userId);
    this.#subscriptions.set(keyOf(subscriber), subscription);
    this.#joining = `${appId}/${channel}`;
    const answer = await this.report(subscriber, channel.includes('cache-'));
    this.#joining = undefined;
    if (answer.kind !== 'joined') {
      this.#subscriptions.delete(keyOf(subscriber));
      this.#registry(appId, subscriber.connection).leave(subscription, this.clock.now(), 0);
      return answer;
    }
    // Copied now because the ledger keeps changing the original.
    const { members, cached } = answer;
    return {
      kind: 'joined',
      ...(members && { members: rosterOf([...members.values()]) }),
      ...(cached && { cached }),
    };
  }

  /** Reports a subscriber to the ledger, whatever the node's own records are. */
  async report(subscriber: Subscriber, readsCache: boolean): Promise<JoinAnswer> {
    const { appId, connection, userId } = subscriber;
    const channel = subscriber.channel as ChannelName;
    return this.ledger.join({
      appId,
      channel,
      ...(userId !== undefined && { member: { userId, infoJson: infoOf(connection) } }),
      memberLimit: this.#options.memberLimit,
      readsCache,
      wantsCacheMiss: readsCache && !this.#options.unwanted.has(channel),
      source: connection as SocketId,
    });
  }

  async leave(subscriber: Subscriber, graceMs: Millis): Promise<void> {
    const { appId, connection, userId } = subscriber;
    const channel = subscriber.channel as ChannelName;
    const subscription = this.#subscriptions.get(keyOf(subscriber));
    if (subscription === undefined) throw new Error(`${keyOf(subscriber)} is not subscribed`);
    this.#subscriptions.delete(keyOf(subscriber));
    const left = this.#registry(appId, connection).leave(subscription, this.clock.now(), graceMs);
    const { channelLingersMs, memberLingersMs } = left;
    if (channelLingersMs === undefined && memberLingersMs === undefined) return;
    await this.ledger.leave({
      appId,
      channel,
      source: connection as SocketId,
      ...(channelLingersMs !== undefined && { channelLingersMs }),
      ...(userId !== undefined &&
        memberLingersMs !== undefined && { member: { userId, lingersMs: memberLingersMs } }),
    });
  }

  #registry(appId: string, connection: string): Registry {
    const nodes = this.#registries.get(appId) ?? new Map<number, Registry>();
    this.#registries.set(appId, nodes);
    const node = this.#harness.nodeOf?.(connection) ?? 0;
    const registry = nodes.get(node) ?? new Registry();
    nodes.set(node, registry);
    return registry;
  }

  #subscribers(appId: string, channel: ChannelName): number {
    const registries = [...(this.#registries.get(appId)?.values() ?? [])];
    return registries.reduce((sum, registry) => sum + registry.subscribers(channel), 0);
  }

  #record(appId: string, events: readonly WebhookEvent[]): void {
    for (const event of events) {
      if (event.name === 'cache_miss') {
        const key = `${appId}/${event.channel}`;
        this.episodes.set(key, [...(this.episodes.get(key) ?? []), event.episode]);
      }
      const user = 'userId' in event ? ` ${event.userId}` : '';
      this.sources.push(sourceOf(event));
      this.facts.push({ at: this.clock.now(), appId, channel: event.channel, text: event.name + user });
    }
  }

  #notice(appId: string, channel: string, notice: Notice): void {
    const joining = this.#joining === `${appId}/${channel}` ? 1 : 0;
    // No one is left to notify: a subscriber reads about itself in the answer.
    if (this.#subscribers(appId, channel as ChannelName) - joining === 0) return;
    this.notices.push({ at: this.clock.now(), appId, channel, text: describe(notice) });
  }
}

/** The user_info of a connection. No ledger may serialize it again. */
export function infoOf(connection: string): string {
  return `{ "from": "${connection}", "n": 12345678901234567890, "n": -0 }`;
}

function keyOf({ appId, connection, channel }: Subscriber): string {
  return `${appId}/${connection}/${channel}`;
}

function describe(notice: Notice): string {
  switch (notice.kind) {
    case 'member-added':
      return `member-added ${notice.member.userId} ${notice.member.infoJson}`;
    case 'member-removed':
      return `member-removed ${notice.userId}`;
    case 'event':
      return `event ${notice.event.name} ${notice.event.data}`;
  }
}

/**
 * The same ledger with asynchronous steps: each resolves when it has been answered and everything it caused
 * has been emitted.
 */
function settling(ledger: Ledger, settled: () => Promise<void>): Ledger {
  const after = async <T>(answer: MaybePromise<T>): Promise<T> => {
    const value = await answer;
    await settled();
    return value;
  };
  return {
    join: (join) => after(ledger.join(join)),
    leave: (leave) => after(ledger.leave(leave)),
    cacheEvent: (...step) => after(ledger.cacheEvent(...step)),
    forgetCacheMiss: (...step) => after(ledger.forgetCacheMiss(...step)),
    channel: (...step) => after(ledger.channel(...step)),
    occupiedChannels: (...step) => after(ledger.occupiedChannels(...step)),
    sweep: () => after(ledger.sweep()),
    signIn: (signIn) => after(ledger.signIn(signIn)),
    unwatch: (...step) => ledger.unwatch(...step),
    signOut: (...step) => after(ledger.signOut(...step)),
    admitTriggers: (...step) => after(ledger.admitTriggers(...step)),
    retire: (appId) => after(ledger.retire(appId)),
  };
}
