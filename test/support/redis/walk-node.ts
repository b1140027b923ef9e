import { once } from 'node:events';
import { Registry, type Subscription } from '../../../src/channels/registry.ts';
import type { Notice } from '../../../src/ports/attendance.ts';
import { silentLog } from '../../../src/ports/log.ts';
import { noMetrics } from '../../../src/ports/metrics.ts';
import type { ChannelName } from '../../../src/protocol/channel-name.ts';
import { formatSocketId } from '../../../src/protocol/socket-id.ts';
import { RedisLedger } from '../../../src/store/redis/ledger.ts';
import { RedisLink, type RedisClients } from '../../../src/store/redis/link/link.ts';
import type { Clock } from '../../../src/ports/clock.ts';
import { noSlices } from '../turns.ts';

/** The time of day at which the virtual clock of the tests begins. */
export const wallStart = 1_700_000_000_000;

export const leaseMs = 10_000;
export const graceMs = 3000;

interface Client {
  readonly channel: ChannelName;
  readonly userId: string | undefined;
  readonly subscription: Subscription;
  /** The answer has come. */
  isSubscribed: boolean;
  /** Presence channels: who is there, as the client was told. */
  readonly view: Set<string>;
  /** The data of the events that it got, that which was kept for it first. */
  readonly events: string[];
}

/** A node around a ledger on Redis, with clients that believe what they are told. */
export class WalkNode {
  readonly clients = new Map<string, Client>();
  readonly ledger: RedisLedger;
  readonly #clock: Clock;
  readonly #registry = new Registry();
  readonly #connections: RedisClients;
  /** The data of the events of cache channels that its subscribers were told. */
  readonly events: string[] = [];
  /** Whose connections it was to end, and how long ago that was asked for. */
  readonly ended: string[] = [];
  /** Departures that were called off. */
  suppressed = 0;
  /** How often it has registered in some partition. */
  epochs = 0;
  /** When it last kept its lease. */
  beatenAt = -Infinity;
  /** It neither keeps its lease nor hears anything. */
  isFrozen = false;

  /** The clock of this node is off by `skewMs` from that of Redis. */
  constructor(
    time: Clock,
    connections: RedisClients,
    { keyPrefix, name, skewMs }: { keyPrefix: string; name: string; skewMs: number },
  ) {
    const clock: Clock = {
      now: () => time.now() + skewMs,
      after: (delayMs, run) => time.after(delayMs, run),
    };
    this.#clock = clock;
    this.#connections = connections;
    this.ledger = new RedisLedger({
      ...noSlices(),
      clock,
      keyPrefix,
      leaseMs,
      graceMs,
      link: new RedisLink(connections),
      cacheTtlMs: 100_000,
      log: silentLog,
      metrics: { ...noMetrics, suppressedByGrace: () => (this.suppressed += 1) },
      newEpoch: () => `${name}.${(this.epochs += 1)}`,
      present: () => wallStart + time.now(),
      notify: (_appId, channel, notice) => this.#notify(channel, notice),
      notifyCount: () => {},
      notifyWatchers: () => {},
      terminate: (_appId, userId, longerAgoThanMs) => this.ended.push(`${userId} ${longerAgoThanMs}`),
      wake: () => {},
      countSubscribers: (_appId, channel) => this.#registry.subscribers(channel),
      countConnections: () => this.clients.size,
      tellsCounts: () => false,
      registered: () => {},
    });
  }

  /** `after`: it is not to be answered before. */
  async join(id: string, channel: ChannelName, userId?: string, after?: Promise<unknown>): Promise<void> {
    const subscription = this.#registry.join(channel, userId);
    const client: Client = {
      channel,
      userId,
      subscription,
      isSubscribed: false,
      view: new Set(),
      events: [],
    };
    this.clients.set(id, client);
    const answer = await this.ledger.join({
      appId: 'a1',
      channel,
      ...(userId !== undefined && { member: { userId, infoJson: JSON.stringify({ from: id }) } }),
      memberLimit: Infinity,
      readsCache: channel.includes('cache-'),
      wantsCacheMiss: channel.includes('cache-'),
      ...(after && { after }),
    });
    if (answer.kind !== 'joined') throw new Error('refused without a limit');
    client.isSubscribed = true;
    if (answer.cached !== undefined) client.events.push(answer.cached.data);
    for (const member of answer.members?.keys() ?? []) client.view.add(member);
  }

  /** A client says something to the others on its channel. */
  say(id: string): void {
    const client = this.clients.get(id);
    if (client === undefined) return;
    const { channel, userId } = client;
    const said = { event: 'client-e', data: '', socketId: formatSocketId(1, 2), userId };
    this.ledger.append('a1', { name: 'client_event', channel, ...said });
  }

  leave(id: string): void {
    const client = this.clients.get(id);
    if (client === undefined) return;
    this.clients.delete(id);
    const { channel, userId, subscription } = client;
    const left = this.#registry.leave(subscription, this.#clock.now(), graceMs);
    const { channelLingersMs, memberLingersMs: lingersMs } = left;
    if (channelLingersMs === undefined && lingersMs === undefined) return;
    this.ledger.leave({
      appId: 'a1',
      channel,
      ...(channelLingersMs !== undefined && { channelLingersMs }),
      ...(userId !== undefined && lingersMs !== undefined && { member: { userId, lingersMs } }),
    });
  }

  /** Both connections to Redis are cut; they are made again by themselves. */
  cutOff(): void {
    this.#connections.commands.disconnect(true);
    this.#connections.subscriber.disconnect(true);
  }

  /** Redis is not to be reached from here, until `comeBack`. The clients are served. */
  async goAway(): Promise<void> {
    this.isFrozen = true;
    const { commands, subscriber } = this.#connections;
    const ended = [commands, subscriber].map(async (client) => once(client, 'end'));
    commands.disconnect();
    subscriber.disconnect();
    await Promise.all(ended);
    await this.ledger.beat();
  }

  async comeBack(): Promise<void> {
    await Promise.all([this.#connections.commands.connect(), this.#connections.subscriber.connect()]);
    this.isFrozen = false;
  }

  /** Nothing that was published so far is still to be heard. */
  async heard(): Promise<void> {
    const { commands, subscriber } = this.#connections;
    for (;;) {
      try {
        if (commands.status === 'ready' && subscriber.status === 'ready') {
          await subscriber.ping();
          return;
        }
      } catch {
        // It was cut meanwhile.
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** The process is gone: nothing is said to anybody. */
  crash(): void {
    this.clients.clear();
    this.#connections.commands.disconnect();
    this.#connections.subscriber.disconnect();
  }

  #notify(channel: ChannelName, notice: Notice): void {
    if (notice.kind === 'event') this.events.push(notice.event.data);
    for (const client of this.clients.values()) {
      if (client.channel !== channel || !client.isSubscribed) continue;
      if (notice.kind === 'event') client.events.push(notice.event.data);
      if (notice.kind === 'member-added') {
        if (client.view.has(notice.member.userId)) throw new Error(`told twice of ${notice.member.userId}`);
        client.view.add(notice.member.userId);
      }
      if (notice.kind === 'member-removed' && !client.view.delete(notice.userId)) {
        throw new Error(`told that ${notice.userId} is gone, who was not there`);
      }
    }
  }
}
