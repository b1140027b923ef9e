import { createHash } from 'node:crypto';
import type { Join, JoinAnswer, Leave } from '../../ports/attendance.ts';
import type { CachedEvent } from '../../ports/channel-caches.ts';
import type { ChannelState, Page } from '../../ports/channel-queries.ts';
import type { Millis } from '../../ports/clock.ts';
import type { Ledger } from '../../ports/ledger.ts';
import type { SignIn } from '../../ports/online-users.ts';
import { allOf, isUnavailable, type Unavailable } from '../../ports/unavailable.ts';
import { serverToUserChannel, type ChannelName } from '../../protocol/channel-name.ts';
import { RateWindow } from '../../protocol/rate-window.ts';
import type { SocketId } from '../../protocol/socket-id.ts';
import type { Believer } from '../../webhooks/debts.ts';
import type { WebhookEvent } from '../../webhooks/event.ts';
import type { CountedConnections } from './channels/connections.ts';
import type { OutboxPosition } from './deliveries/outbox-reader.ts';
import type { RedisDrops } from './deliveries/drops.ts';
import { ChannelTopics } from './fanout/channel-topics.ts';
import { allPartitions, LeadKeys, layoutOf, partitionOf, userName } from './keys.ts';
import { Partition, type NamesAfter } from './channels/partition.ts';
import { answerOf, Patience } from './link/patience.ts';
import type { HealthReading } from './link/link-health.ts';
import { HealthLog } from './link/health-log.ts';
import type { RedisLedgerOptions } from './link/surroundings.ts';

/** How many channel names are requested at a time. */
const namesPerRequest = 5000;

/** How long a node waits for Redis when it starts. */
const startTimeoutMs: Millis = 5000;

/** The ledger of several nodes, on Redis. Each step of a node is at most one call of one script. */
export class RedisLedger implements Ledger {
  readonly #options: RedisLedgerOptions;
  readonly #partitions: readonly Partition[];
  readonly #healthLog: HealthLog;
  readonly #channelTopics: ChannelTopics;
  /** While Redis is unreachable, each node limits published events by itself. */
  readonly #localWindows = new Map<string, RateWindow>();
  #epoch = '';

  constructor(options: RedisLedgerOptions) {
    this.#options = options;
    const healthLog = new HealthLog({ ...options, read: () => this.#readHealth() });
    this.#healthLog = healthLog;
    const keys = allPartitions(options.keyPrefix, options.partitions);
    const channelTopics = new ChannelTopics({ ...options, topics: options.link.topics, partitions: keys });
    this.#channelTopics = channelTopics;
    this.#partitions = keys.map(
      (one, index) => new Partition(options, { keys: one, index, healthLog, channelTopics }),
    );
  }

  /**
   * Subscribes to all topics, then registers the node. Rejects if Redis cannot be reached, or contains keys in the layout of another
   * version.
   */
  async start(): Promise<void> {
    const { link, clock, keyPrefix } = this.#options;
    await link.ready(clock, startTimeoutMs);
    const layout = new LeadKeys(keyPrefix).layout;
    const needed = layoutOf(this.#partitions.length);
    // Read first: a full Redis refuses writes, but may already have the key.
    const known = await link.commands.get(layout);
    if (known === null) await link.commands.set(layout, needed, 'NX');
    const found = known ?? (await link.commands.get(layout));
    if (found !== needed) {
      throw new Error(
        `the keys that start with ${keyPrefix} have the layout ${found}, but this version needs ${needed}`,
      );
    }
    await Promise.all(
      this.#partitions.map((partition) =>
        link.subscribe(partition.keys.topic, (message) => partition.receive(message)),
      ),
    );
    await Promise.all(this.#partitions.map(({ registration }) => registration.register()));
    this.#readEpoch();
  }

  /**
   * Identifies one continuous state. It is the same on every node and survives restarts of nodes. It changes once a heartbeat has found
   * that Redis lost data. While that is unknown, it stays as it was.
   */
  get epoch(): string {
    return this.#epoch;
  }

  /** Whether all of the state can be read and written now, and messages of other nodes arrive. */
  get isWhole(): boolean {
    return this.#isReachable && !this.isFull && this.#areTopicsReceived;
  }

  /** Whether Redis answers, but has no memory for anything new. */
  get isFull(): boolean {
    return this.#isReachable && this.#partitions.some(({ registration }) => registration.isFull);
  }

  /** Whether no step or request is under way. */
  get isIdle(): boolean {
    return this.#partitions.every((partition) => partition.isIdle);
  }

  /**
   * Renews this node's leases. Must be called several times in each lease. Does not wait for long, because a server of a cluster that does
   * not answer must not delay the next heartbeats to the others.
   */
  async beat(): Promise<void> {
    const { clock, leaseMs, link } = this.#options;
    link.topics.retryRefused();
    const beaten = Promise.all(this.#partitions.map((partition) => partition.beat()));
    await new Promise<void>((resolve) => {
      const cancel = clock.after(leaseMs / 10, resolve);
      void beaten.then(cancel).then(resolve);
    });
    this.#readEpoch();
    // The health of the connection is known only now.
    this.#healthLog.start();
    this.#healthLog.check();
  }

  /** Logs whether Redis was lost or is back. Must be called regularly, because a heartbeat may wait for long. */
  watch(): void {
    this.#healthLog.check();
  }

  join(join: Join): JoinAnswer | Promise<JoinAnswer> {
    return this.#of(join.appId, join.channel).channels.join(join);
  }

  leave(leave: Leave): void {
    this.#of(leave.appId, leave.channel).channels.leave(leave);
  }

  cacheEvent(appId: string, channel: ChannelName, event: CachedEvent, except?: SocketId): Promise<void> {
    return this.#of(appId, channel).channels.cacheEvent(appId, channel, event, except);
  }

  async forgetCacheMiss(appId: string, channel: ChannelName, episode: string): Promise<void> {
    try {
      const { scripts } = this.#of(appId, channel).channels;
      await scripts.forgetCacheMiss(scripts.channel(appId, channel), episode);
    } catch {
      // The cache miss ends by itself within five minutes.
    }
  }

  /** See `ChannelScripts.reconcile`. `position` is how far the owner of the channel's partition has read the outbox. */
  async correct(believer: Believer, position: OutboxPosition): Promise<number | undefined> {
    const { appId, channel } = believer;
    try {
      const { scripts } = this.#of(appId, channel).channels;
      return await scripts.reconcile(scripts.channel(appId, channel), believer, position);
    } catch {
      return undefined;
    }
  }

  async signIn({ appId, userId, watched }: SignIn): Promise<ReadonlySet<string>> {
    const steps = watched.map((id) => this.#ofUser(appId, id).users.watch(appId, id));
    const own = this.#listenForUser(appId, userId);
    await Promise.all([this.#ofUser(appId, userId).users.signIn(appId, userId), own, ...steps]);
    return new Set(
      watched.filter((id) => id === userId || this.#ofUser(appId, id).users.isOnline(appId, id)),
    );
  }

  signOut(appId: string, userId: string): void {
    this.#ofUser(appId, userId).users.signOut(appId, userId);
    this.#channelTopics.end(appId, serverToUserChannel(userId));
  }

  unwatch(appId: string, watched: readonly string[]): void {
    for (const id of watched) this.#ofUser(appId, id).users.unwatch(appId, id);
  }

  async admitTriggers(appId: string, count: number, perSecond: number): Promise<boolean> {
    const answer = this.#of(appId, '').admit(appId, count, perSecond);
    const isAdmitted = await answerOf(this.#options.clock, answer);
    return isUnavailable(isAdmitted) ? this.#admitLocally(appId, count, perSecond) : isAdmitted;
  }

  async channel(appId: string, channel: ChannelName): Promise<ChannelState | Unavailable> {
    const { scripts } = this.#of(appId, channel).channels;
    const answer = await answerOf(this.#options.clock, scripts.show(scripts.channel(appId, channel)));
    if (isUnavailable(answer)) return answer;
    const { isOccupied, subscriptionCount, members, cached } = answer;
    return {
      occupied: isOccupied,
      userIds: [...members.keys()],
      subscriptionCount,
      ...(cached && { cache: { data: cached.event.data, ttl: Math.ceil(cached.remainingMs / 1000) } }),
    };
  }

  async occupiedChannels(
    appId: string,
    prefix: string,
    page?: Page,
  ): Promise<readonly ChannelName[] | Unavailable> {
    if (page === undefined) {
      const lists = await this.#list(appId, { prefix, after: '', limit: Infinity });
      return isUnavailable(lists) ? lists : lists.flat();
    }
    const names: ChannelName[] = [];
    for (let { after = '' } = page; names.length < page.limit;) {
      const wanted = Math.min(namesPerRequest, page.limit - names.length);
      // The next names are spread evenly over the partitions, so each has about this many of them.
      const limit = Math.ceil(wanted / this.#partitions.length) + 8;
      const lists = await this.#list(appId, { prefix, after, limit });
      if (isUnavailable(lists)) return lists;
      const { certain, isAll } = certainNames(lists, limit);
      names.push(...certain);
      if (isAll) break;
      after = certain.at(-1) ?? after;
    }
    return names.slice(0, page.limit);
  }

  /** The names of each partition. */
  async #list(appId: string, which: NamesAfter): Promise<readonly (readonly ChannelName[])[] | Unavailable> {
    const answers = this.#partitions.map((partition) => partition.list(appId, which));
    return allOf(await Promise.all(answers.map((answer) => answerOf(this.#options.clock, answer))));
  }

  async sweep(): Promise<Millis | undefined> {
    await Promise.all(this.#partitions.map((partition) => partition.sweep()));
    const dueAt = Math.min(...this.#partitions.map((partition) => partition.dueAt));
    return dueAt === Infinity ? undefined : dueAt;
  }

  /** Releases everything that this node has of the app, without a grace period, and removes the cached events of the app. */
  async retire(appId: string): Promise<void> {
    const { clock, slices } = this.#options;
    slices.add(this.#retiring(appId));
    await slices.done();
    const forgotten = this.#partitions.map(({ channels }) => channels.scripts.forgetCaches(appId));
    await new Patience(clock).wait(Promise.all(forgotten));
  }

  *#retiring(appId: string): Generator<void, void> {
    for (const { channels } of this.#partitions) yield* channels.retiring(appId);
  }

  /** Ends every connection of a user, on all nodes. Unavailable if other nodes may not learn of it. */
  terminate(appId: string, userId: string): Promise<'done' | Unavailable> {
    return answerOf(this.#options.clock, this.#ofUser(appId, userId).terminations.end(appId, userId));
  }

  /** Requests that an endpoint be sent what it has missed. Resolves with the number of channels; unavailable if Redis does not answer. */
  async askForDebts(appId: string, endpointId: string): Promise<number | Unavailable> {
    const { clock, link } = this.#options;
    const asked = this.#partitions.map(async ({ keys }) => {
      const [count] = await link.run(
        'ask',
        [keys.debts, keys.asked],
        [keys.wake, `${appId}\n${endpointId}\n`],
      );
      return Number(count);
    });
    const counts = await answerOf(clock, Promise.all(asked));
    return isUnavailable(counts) ? counts : counts.reduce((sum, count) => sum + count, 0);
  }

  /** The drops of an app's events, on all nodes. */
  drops(appId: string): RedisDrops {
    return this.#of(appId, '').drops;
  }

  /** Notes that the number of subscribers on this node has changed. The next `reportCounts` reports it. */
  countChanged(appId: string, channel: ChannelName): void {
    this.#of(appId, channel).channels.countChanged(appId, channel);
  }

  /** Reports the counts that have changed since the last call. */
  reportCounts(): void {
    for (const { channels } of this.#partitions) channels.reportCounts();
  }

  /** Counts the connections of these apps on all nodes from now on, and of no other apps. */
  limitConnections(appIds: readonly string[]): void {
    for (const partition of this.#partitions) {
      partition.connections.limit(new Set(appIds.filter((appId) => this.#of(appId, '') === partition)));
    }
  }

  /** Counts the connections of an app. */
  connectionsOf(appId: string): Pick<CountedConnections, 'take' | 'release'> {
    return this.#of(appId, '').connections;
  }

  /** Appends a webhook event, in order with the other events of its channel. */
  append(appId: string, event: WebhookEvent): void {
    this.#of(appId, event.channel).append(appId, event);
  }

  /** Resolves once Redis has every event of this node. */
  async flushed(): Promise<void> {
    await Promise.all(this.#partitions.map(({ registration }) => registration.flushed()));
  }

  /** Withdraws this node, so that others take over immediately. What it could not release gets this grace period. */
  async close(graceMs: Millis): Promise<void> {
    const closed = this.#partitions.map((partition) => partition.close(graceMs));
    this.#healthLog.stop();
    await Promise.all(closed);
  }

  #readEpoch(): void {
    const dataVersions = this.#partitions.map(({ registration }) => registration.dataVersion);
    if (dataVersions.includes(undefined)) return;
    this.#epoch = createHash('sha256').update(dataVersions.join('\n')).digest('hex').slice(0, 32);
  }

  #readHealth(): HealthReading {
    const at = this.#options.clock.now();
    const isUnreachable = ({ registration }: Partition): boolean => registration.isUnreachable(at);
    const unreachable = this.#partitions.filter(isUnreachable).length;
    return { unreachable, isFull: this.#partitions.some(({ registration }) => registration.isFull) };
  }

  get #areTopicsReceived(): boolean {
    const at = this.#options.clock.now();
    return (
      this.#options.link.topics.areSubscribed &&
      this.#partitions.every(({ topicMessageAt }) => at - topicMessageAt < this.#options.leaseMs / 2)
    );
  }

  get #isReachable(): boolean {
    const at = this.#options.clock.now();
    return this.#partitions.every(
      ({ registration }) =>
        registration.isRegistered && at - registration.lastAnswerAt < this.#options.leaseMs / 2,
    );
  }

  /** Subscribes to the messages for a user who signs in here. Resolves once they arrive, or soon if Redis is unreachable. */
  async #listenForUser(appId: string, userId: string): Promise<void> {
    const channel = serverToUserChannel(userId);
    const subscribed = this.#channelTopics.begin(appId, channel);
    if (subscribed === undefined || this.#of(appId, channel).registration.isCutOff) return;
    await new Patience(this.#options.clock).wait(subscribed);
  }

  #admitLocally(appId: string, count: number, perSecond: number): boolean {
    let window = this.#localWindows.get(appId);
    if (window?.limit !== perSecond) {
      window = new RateWindow(perSecond, 1000);
      this.#localWindows.set(appId, window);
    }
    return window.accept(this.#options.clock.now(), count);
  }

  #of(appId: string, name: string): Partition {
    return this.#at(partitionOf(appId, name, this.#partitions.length));
  }

  #ofUser(appId: string, userId: string): Partition {
    return this.#of(appId, userName(userId));
  }

  #at(index: number): Partition {
    const partition = this.#partitions[index];
    if (partition === undefined) throw new RangeError(`there is no partition ${index}`);
    return partition;
  }
}

/**
 * Merges sorted lists, each of which may have been cut at `limit`. Returns the names up to the first point where a name could be
 * missing.
 */
function certainNames(
  lists: readonly (readonly ChannelName[])[],
  limit: number,
): { readonly certain: readonly ChannelName[]; readonly isAll: boolean } {
  const cutEnds = lists.flatMap((list) => (list.length < limit ? [] : (list.at(-1) ?? [])));
  const [end] = cutEnds.toSorted();
  const sorted = lists.flat().toSorted();
  return {
    certain: end === undefined ? sorted : sorted.slice(0, sorted.indexOf(end) + 1),
    isAll: end === undefined,
  };
}
