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
import type { WebhookEvent } from '../../webhooks/event.ts';
import type { CountedConnections } from './channels/connections.ts';
import type { RedisDrops } from './deliveries/drops.ts';
import { ChannelTopics } from './fanout/channel-topics.ts';
import { layoutName, LeadKeys, partitionCount, PartitionKeys, partitionOf, userName } from './keys.ts';
import { Partition, type NamesAfter } from './channels/partition.ts';
import { answerOf, Patience } from './link/patience.ts';
import type { StandingReading } from './link/link-health.ts';
import { StandingLog } from './link/standing-log.ts';
import type { RedisLedgerOptions } from './link/surroundings.ts';

/** So many names of channels are asked for at a time. */
const mostNames = 5000;

/** At its start a node waits no longer for Redis. */
const startWithinMs: Millis = 5000;

/** The ledger of several nodes, on Redis. Each step of a node is one call of one script, or none. */
export class RedisLedger implements Ledger {
  readonly #options: RedisLedgerOptions;
  readonly #partitions: readonly Partition[];
  readonly #standing: StandingLog;
  readonly #channelTopics: ChannelTopics;
  /** While Redis is away each node admits for itself. */
  readonly #triggers = new Map<string, RateWindow>();
  #epoch = '';

  constructor(options: RedisLedgerOptions) {
    this.#options = options;
    const standing = new StandingLog({ ...options, read: () => this.#readStanding() });
    this.#standing = standing;
    const keys = Array.from(
      { length: partitionCount },
      (_, index) => new PartitionKeys(options.keyPrefix, index),
    );
    const hearing = new ChannelTopics({ ...options, topics: options.link.topics, partitions: keys });
    this.#channelTopics = hearing;
    this.#partitions = keys.map(
      (one, index) => new Partition(options, { keys: one, index, standing, hearing }),
    );
  }

  /**
   * Begins to listen, then registers the node. Rejects when Redis cannot be reached, or holds what another
   * version of the program has laid out otherwise.
   */
  async start(): Promise<void> {
    const { link, clock, keyPrefix } = this.#options;
    await link.ready(clock, startWithinMs);
    const layout = new LeadKeys(keyPrefix).layout;
    // Read first: a Redis that is full refuses to write, and may know it already.
    const known = await link.commands.get(layout);
    if (known === null) await link.commands.set(layout, layoutName, 'NX');
    const found = known ?? (await link.commands.get(layout));
    if (found !== layoutName) {
      throw new Error(`the keys that begin with ${keyPrefix} are laid out as ${found}, not as ${layoutName}`);
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
   * In which life of the shared state this is: the same on every node and after a restart of any, another one once Redis
   * has lost something of it, as of the last heartbeat. While that cannot be told it stays what it was.
   */
  get epoch(): string {
    return this.#epoch;
  }

  /** Whether all of the state can be read and written now, and what other nodes say is heard. */
  get isWhole(): boolean {
    return this.#isReached && !this.isFull && this.#isHeard;
  }

  /** Whether Redis is there, and has no memory for anything new. */
  get isFull(): boolean {
    return this.#isReached && this.#partitions.some(({ registration }) => registration.isFull);
  }

  /** Whether nothing is under way. */
  get isIdle(): boolean {
    return this.#partitions.every((partition) => partition.isIdle);
  }

  /** Keeps this node's leases. To be called several times in each lease. */
  async beat(): Promise<void> {
    this.#options.link.topics.askAgain();
    await Promise.all(this.#partitions.map((partition) => partition.beat()));
    this.#readEpoch();
    // Only now it is known how the node stands.
    this.#standing.start();
    this.#standing.look();
  }

  /** Says in the log whether Redis was lost, or is back. To be called again and again: a beat may wait long. */
  watch(): void {
    this.#standing.look();
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
      // It ends by itself within five minutes.
    }
  }

  async signIn({ appId, userId, watched }: SignIn): Promise<ReadonlySet<string>> {
    const steps = watched.map((id) => this.#ofUser(appId, id).users.watch(appId, id));
    const own = this.#hearUser(appId, userId);
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
    const asked = this.#of(appId, '').admit(appId, count, perSecond);
    const isAdmitted = await answerOf(this.#options.clock, asked);
    return isUnavailable(isAdmitted) ? this.#admitAlone(appId, count, perSecond) : isAdmitted;
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
      const wanted = Math.min(mostNames, page.limit - names.length);
      // They are spread over the partitions: each has about so many of the next ones.
      const limit = Math.ceil(wanted / partitionCount) + 8;
      const lists = await this.#list(appId, { prefix, after, limit });
      if (isUnavailable(lists)) return lists;
      const { certain, isAll } = firstOf(lists, limit);
      names.push(...certain);
      if (isAll) break;
      after = certain.at(-1) ?? after;
    }
    return names.slice(0, page.limit);
  }

  /** What each partition has. */
  async #list(appId: string, which: NamesAfter): Promise<readonly (readonly ChannelName[])[] | Unavailable> {
    const asked = this.#partitions.map((partition) => partition.list(appId, which));
    return allOf(await Promise.all(asked.map((answer) => answerOf(this.#options.clock, answer))));
  }

  async sweep(): Promise<Millis | undefined> {
    await Promise.all(this.#partitions.map((partition) => partition.sweep()));
    const dueAt = Math.min(...this.#partitions.map((partition) => partition.dueAt));
    return dueAt === Infinity ? undefined : dueAt;
  }

  /** What this node has of the app leaves without grace. */
  retire(appId: string): Promise<void> | undefined {
    const { slices } = this.#options;
    slices.add(this.#retiring(appId));
    return slices.done();
  }

  *#retiring(appId: string): Generator<void, void> {
    for (const { channels } of this.#partitions) yield* channels.retiring(appId);
  }

  /** Ends every connection of a user, on all nodes. Unavailable: it may not be known to any. */
  terminate(appId: string, userId: string): Promise<'done' | Unavailable> {
    return answerOf(this.#options.clock, this.#ofUser(appId, userId).terminations.end(appId, userId));
  }

  /** What endpoints will never get of an app's events, for all nodes. */
  drops(appId: string): RedisDrops {
    return this.#of(appId, '').drops;
  }

  /** The subscribers of this node have become more or fewer: told with the next `reportCounts`. */
  countChanged(appId: string, channel: ChannelName): void {
    this.#of(appId, channel).channels.countChanged(appId, channel);
  }

  /** Reports the counts that have changed since. */
  reportCounts(): void {
    for (const { channels } of this.#partitions) channels.reportCounts();
  }

  /** From now on the connections of these apps are counted on all nodes, and of no others. */
  limitConnections(appIds: readonly string[]): void {
    for (const partition of this.#partitions) {
      partition.connections.limit(new Set(appIds.filter((appId) => this.#of(appId, '') === partition)));
    }
  }

  /** Where the connections of an app are counted. */
  connectionsOf(appId: string): Pick<CountedConnections, 'take' | 'release'> {
    return this.#of(appId, '').connections;
  }

  /** Keeps an event for webhooks, in order with the facts of its channel. */
  append(appId: string, event: WebhookEvent): void {
    this.#of(appId, event.channel).append(appId, event);
  }

  /** Resolves once Redis has every event that this node was to keep there. */
  async flushed(): Promise<void> {
    await Promise.all(this.#partitions.map(({ registration }) => registration.flushed()));
  }

  /** Ends this node's part: others go on at once. What could not be said to leave may linger for so long. */
  async close(lingersMs: Millis): Promise<void> {
    const closed = this.#partitions.map((partition) => partition.close(lingersMs));
    this.#standing.stop();
    await Promise.all(closed);
  }

  #readEpoch(): void {
    const lives = this.#partitions.map(({ registration }) => registration.run);
    if (lives.includes(undefined)) return;
    this.#epoch = createHash('sha256').update(lives.join('\n')).digest('hex').slice(0, 32);
  }

  #readStanding(): StandingReading {
    const at = this.#options.clock.now();
    const isUnreachable = ({ registration }: Partition): boolean => registration.isUnreachable(at);
    const unreachable = this.#partitions.filter(isUnreachable).length;
    return { unreachable, isFull: this.#partitions.some(({ registration }) => registration.isFull) };
  }

  get #isHeard(): boolean {
    const at = this.#options.clock.now();
    return (
      this.#options.link.topics.areHeard &&
      this.#partitions.every(({ topicHeardAt }) => at - topicHeardAt < this.#options.leaseMs / 2)
    );
  }

  get #isReached(): boolean {
    const at = this.#options.clock.now();
    return this.#partitions.every(
      ({ registration }) =>
        registration.isRegistered && at - registration.heardAt < this.#options.leaseMs / 2,
    );
  }

  /** What is sent to a user who is signed in here arrives from now on, or once Redis is back. */
  async #hearUser(appId: string, userId: string): Promise<void> {
    const channel = serverToUserChannel(userId);
    const heard = this.#channelTopics.begin(appId, channel);
    if (heard === undefined || this.#of(appId, channel).registration.isAway) return;
    await new Patience(this.#options.clock).wait(heard);
  }

  #admitAlone(appId: string, count: number, perSecond: number): boolean {
    let window = this.#triggers.get(appId);
    if (window?.limit !== perSecond) {
      window = new RateWindow(perSecond, 1000);
      this.#triggers.set(appId, window);
    }
    return window.accept(this.#options.clock.now(), count);
  }

  #of(appId: string, name: string): Partition {
    return this.#at(partitionOf(appId, name));
  }

  #ofUser(appId: string, userId: string): Partition {
    return this.#at(partitionOf(appId, userName(userId)));
  }

  #at(index: number): Partition {
    const partition = this.#partitions[index];
    if (partition === undefined) throw new RangeError(`there is no partition ${index}`);
    return partition;
  }
}

/**
 * Of lists in order, each of which may have been cut at `limit`: those names of which it is certain that none is missing
 * before them, in order.
 */
function firstOf(
  lists: readonly (readonly ChannelName[])[],
  limit: number,
): { readonly certain: readonly ChannelName[]; readonly isAll: boolean } {
  const ends = lists.flatMap((list) => (list.length < limit ? [] : (list.at(-1) ?? [])));
  const [end] = ends.toSorted();
  const sorted = lists.flat().toSorted();
  return {
    certain: end === undefined ? sorted : sorted.slice(0, sorted.indexOf(end) + 1),
    isAll: end === undefined,
  };
}
