import { once } from 'node:events';
import { Registry, type Subscription } from '../../../src/channels/registry.ts';
import type { Notice } from '../../../src/ports/attendance.ts';
import { silentLog } from '../../../src/ports/log.ts';
import { noMetrics } from '../../../src/ports/metrics.ts';
import type { ChannelName } from '../../../src/protocol/channel-name.ts';
import { formatSocketId } from '../../../src/protocol/socket-id.ts';
import { RedisLedger } from '../../../src/store/redis/ledger.ts';
import type { RedisLedgerOptions } from '../../../src/store/redis/link/surroundings.ts';
import { RedisLink, type RedisClients } from '../../../src/store/redis/link/link.ts';
import type { Clock, Millis } from '../../../src/ports/clock.ts';
import { nextTurn, noSlices } from '../turns.ts';
import { WalkUsers } from './walk-users.ts';

/** The time of day when the virtual clock of the tests starts. */
export const wallStart = 1_700_000_000_000;

export const leaseMs = 10_000;
export const graceMs = 3000;

/** How long a cached event is kept: longer than a walk takes to settle. */
export const cacheTtlMs = 200_000;

/** Fewer than in the program: few channels need no more, and each partition costs every start and every heartbeat. */
export const partitions = 4;

/** The channels with a maximum number of members. Nodes without Redis admit more. */
const memberLimits: ReadonlyMap<string, number> = new Map([['presence-b', 1]]);

interface Client {
  readonly channel: ChannelName;
  readonly userId: string | undefined;
  readonly subscription: Subscription;
  /** Whether the answer has arrived. */
  isSubscribed: boolean;
  /** For presence channels: the members that the client knows of. */
  readonly view: Set<string>;
  /** The data of the received events, the cached one first. */
  readonly events: string[];
}

interface WalkNodeOptions {
  readonly keyPrefix: string;
  readonly name: string;
  /** By how much the clock of this node is ahead of that of Redis. */
  readonly skewMs: number;
  /** Called with each registration in a partition. */
  readonly registered?: RedisLedgerOptions['registered'];
  /** Receives each notice that contradicts what its client knew. */
  readonly report: (fault: string) => void;
}

/** A node around a ledger on Redis, with clients that believe every notice. */
export class WalkNode {
  readonly clients = new Map<string, Client>();
  readonly ledger: RedisLedger;
  readonly users = new WalkUsers(() => this.ledger);
  readonly #clock: Clock;
  readonly #registry = new Registry();
  readonly #connections: RedisClients;
  readonly #report: (fault: string) => void;
  /** The data of the events that its subscribers of cache channels received. */
  readonly events: string[] = [];
  /** The users whose connections it was asked to end, and how long ago that was requested. */
  readonly ended: string[] = [];
  /** The latest moment at which the termination of each of them was requested. */
  readonly endedAt = new Map<string, Millis>();
  /** The connections that it has accepted and that are still open. */
  connected = 0;
  /** The subscription count that the subscribers of each channel received last. */
  readonly counts = new Map<string, number>();
  /** All of them, as `CHANNEL COUNT`. */
  readonly allCounts: string[] = [];
  /** Whether its app sends counts; undefined: it does not know the app. */
  sendsCounts: boolean | undefined = true;
  /** Departures that were cancelled. */
  suppressed = 0;
  /** How often it has registered in some partition. */
  epochs = 0;
  /** When it last renewed its lease. */
  beatenAt = -Infinity;
  /** While frozen, it neither renews its lease nor receives anything. */
  isFrozen = false;
  /** While it is away, it cannot reach Redis, and serves its clients. */
  isAway = false;

  constructor(time: Clock, connections: RedisClients, options: WalkNodeOptions) {
    const { keyPrefix, name, skewMs, report, registered = () => {} } = options;
    const clock: Clock = {
      now: () => time.now() + skewMs,
      after: (delayMs, run) => time.after(delayMs, run),
    };
    this.#clock = clock;
    this.#report = report;
    this.#connections = connections;
    this.ledger = new RedisLedger({
      ...noSlices(),
      clock,
      keyPrefix,
      partitions,
      leaseMs,
      graceMs,
      link: new RedisLink(connections),
      cacheTtlMs,
      log: silentLog,
      metrics: { ...noMetrics, suppressedByGrace: () => (this.suppressed += 1) },
      newEpoch: () => `${name}.${(this.epochs += 1)}`,
      present: () => wallStart + time.now(),
      notify: (_appId, channel, notice) => this.#notify(channel, notice),
      notifyCount: (_appId, channel, count) => {
        this.counts.set(channel, count);
        this.allCounts.push(`${channel} ${count}`);
      },
      notifyWatchers: (_appId, userId, state) => this.users.notify(userId, state),
      terminate: (_appId, userId, longerAgoThanMs) => {
        this.ended.push(`${userId} ${longerAgoThanMs}`);
        const at = time.now() - longerAgoThanMs;
        this.endedAt.set(userId, Math.max(at, this.endedAt.get(userId) ?? -Infinity));
      },
      wake: () => {},
      countSubscribers: (_appId, channel) => this.#registry.subscribers(channel),
      countConnections: () => this.connected,
      sendsCounts: () => this.sendsCounts,
      registered,
    });
  }

  /** `after`: the join is not answered before this resolves. */
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
    const joining = this.ledger.join({
      appId: 'a1',
      channel,
      ...(userId !== undefined && { member: { userId, infoJson: JSON.stringify({ from: id }) } }),
      memberLimit: memberLimits.get(channel) ?? Infinity,
      readsCache: channel.includes('cache-'),
      wantsCacheMiss: channel.includes('cache-'),
      ...(after && { after }),
    });
    this.ledger.countChanged('a1', channel);
    const answer = await joining;
    if (answer.kind !== 'joined') {
      if (!memberLimits.has(channel)) this.#report(`refused on ${channel}, which has no limit`);
      return this.#end(id, 0);
    }
    client.isSubscribed = true;
    if (answer.cached !== undefined) client.events.push(answer.cached.data);
    for (const member of answer.members?.keys() ?? []) client.view.add(member);
  }

  /** A client connects to an app that may have this many connections. Returns whether it is accepted. */
  async connect(limit: number): Promise<boolean> {
    const isAccepted = await this.ledger.connectionsOf('a1').take('a1', limit);
    if (isAccepted) this.connected += 1;
    return isAccepted;
  }

  disconnect(): void {
    if (this.connected === 0) return;
    this.connected -= 1;
    this.ledger.connectionsOf('a1').release('a1');
  }

  /** A client sends an event to the others on its channel. */
  say(id: string): void {
    const client = this.clients.get(id);
    // The server refuses client events of others.
    if (client?.isSubscribed !== true) return;
    const { channel, userId } = client;
    const said = { event: 'client-e', data: '', socketId: formatSocketId(1, 2), userId };
    this.ledger.append('a1', { name: 'client_event', channel, ...said });
  }

  leave(id: string): void {
    this.#end(id, graceMs);
  }

  #end(id: string, lingersMs: Millis): void {
    const client = this.clients.get(id);
    if (client === undefined) return;
    this.clients.delete(id);
    const { channel, userId, subscription } = client;
    const left = this.#registry.leave(subscription, this.#clock.now(), lingersMs);
    this.ledger.countChanged('a1', channel);
    const { channelLingersMs, memberLingersMs } = left;
    if (channelLingersMs === undefined && memberLingersMs === undefined) return;
    this.ledger.leave({
      appId: 'a1',
      channel,
      ...(channelLingersMs !== undefined && { channelLingersMs }),
      ...(userId !== undefined &&
        memberLingersMs !== undefined && { member: { userId, lingersMs: memberLingersMs } }),
    });
  }

  /** Cuts both connections to Redis. They reconnect by themselves. */
  cutOff(): void {
    if (this.isAway) return;
    this.#connections.commands.disconnect(true);
    this.#connections.subscriber.disconnect(true);
  }

  /** The same. Resolves once the node knows that it cannot reach Redis. */
  async loseRedis(): Promise<void> {
    this.cutOff();
    await this.#noticeLoss();
  }

  /** The same. Resolves once nothing arrives on them any more. */
  async loseConnections(): Promise<void> {
    const { commands, subscriber } = this.#connections;
    const closed = [commands, subscriber].map(async (client) => once(client, 'close'));
    this.cutOff();
    await Promise.all(closed);
  }

  /** Makes Redis unreachable from this node until `comeBack`. Its clients are still served. */
  async goAway(): Promise<void> {
    await this.caughtUp();
    this.isAway = true;
    const { commands, subscriber } = this.#connections;
    const ended = [commands, subscriber].map(async (client) => once(client, 'end'));
    commands.disconnect();
    subscriber.disconnect();
    await Promise.all(ended);
    await this.#noticeLoss();
  }

  async comeBack(): Promise<void> {
    await Promise.all([this.#connections.commands.connect(), this.#connections.subscriber.connect()]);
    this.isAway = false;
  }

  /** Resolves once everything published so far has arrived. */
  async caughtUp(): Promise<void> {
    const { commands, subscriber } = this.#connections;
    for (;;) {
      try {
        if (commands.status === 'ready' && subscriber.status === 'ready') {
          await subscriber.ping();
          return;
        }
      } catch {
        // The connection was cut meanwhile.
      }
      await nextTurn();
    }
  }

  /** Kills the process without any message. */
  crash(): void {
    this.clients.clear();
    this.users.clear();
    this.#connections.commands.disconnect();
    this.#connections.subscriber.disconnect();
  }

  async #noticeLoss(): Promise<void> {
    await this.ledger.beat();
    await nextTurn();
  }

  #notify(channel: ChannelName, notice: Notice): void {
    if (notice.kind === 'event') this.events.push(notice.event.data);
    for (const client of this.clients.values()) {
      if (client.channel !== channel || !client.isSubscribed) continue;
      if (notice.kind === 'event') client.events.push(notice.event.data);
      if (notice.kind === 'member-added') {
        if (client.view.has(notice.member.userId)) this.#report(`notified twice of ${notice.member.userId}`);
        client.view.add(notice.member.userId);
      }
      if (notice.kind === 'member-removed' && !client.view.delete(notice.userId)) {
        this.#report(`notified that ${notice.userId} left, who was not present`);
      }
      if (notice.kind === 'member-removed') queueMicrotask(() => this.#checkView(client, notice.userId));
    }
  }

  /** Reports it if a client is told that a member left who is subscribed on this node. The member may only be added again at once, with new information. */
  #checkView({ channel, view }: Client, removed: string): void {
    const isHere = [...this.clients.values()].some(
      (client) => client.channel === channel && client.userId === removed && client.isSubscribed,
    );
    if (isHere && !view.has(removed)) this.#report(`notified that ${removed} left, who is still subscribed`);
  }
}
