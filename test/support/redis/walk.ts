import { nextTurn } from '../turns.ts';
import { Redis } from 'ioredis';
import { isUnavailable } from '../../../src/ports/unavailable.ts';
import type { ChannelName } from '../../../src/protocol/channel-name.ts';
import { createRedisClients } from '../../../src/store/redis/link/connect.ts';
import { allPartitions } from '../../../src/store/redis/keys.ts';
import type { WebhookEvent } from '../../../src/webhooks/event.ts';
import { FakeClock } from '../fake-clock.ts';
import { WebhookState } from '../webhook-state.ts';
import { leaseMs, partitions, WalkNode } from './walk-node.ts';
import { WalkTerminations } from './walk-terminations.ts';

/** The skews of the nodes' clocks, used in turns. No two agree, nor do they agree with Redis. */
const skewsMs = [60_000, 0, -60_000];

let walks = 0;

/** Several nodes on one Redis, on a clock that the test moves, and the facts they emit. */
export class Walk {
  readonly clock = new FakeClock();
  readonly nodes: WalkNode[] = [];
  /** Every fact, with its user if it has one. */
  readonly reported: string[] = [];
  /** The subscription counts that webhooks report, as `CHANNEL COUNT`. */
  readonly reportedCounts: string[] = [];
  /** The facts by channel. */
  readonly #reportedOf = new Map<string, string[]>();
  /** Facts that contradict earlier ones. */
  readonly contradictions: string[] = [];
  /** Notices that contradict what their client knew. */
  readonly #faults: string[] = [];
  readonly #state = new WebhookState();
  readonly #url: string;
  readonly #redis: Redis;
  readonly #keyPrefix: string;
  readonly #beatEveryMs: number;
  readonly #terminations = new WalkTerminations();
  readonly #cursors = new Map<string, string>();
  #made = 0;
  #joined = 0;
  #published = 0;

  /** `beatEveryMs`: how often nodes renew their leases. The program does it every tenth of a lease. */
  constructor(url: string, { beatEveryMs = 500 }: { readonly beatEveryMs?: number } = {}) {
    this.#beatEveryMs = beatEveryMs;
    walks += 1;
    this.#url = url;
    this.#redis = new Redis(url);
    // Some tests stop Redis during the walk.
    this.#redis.on('error', () => {});
    this.#keyPrefix = `walk${process.pid}-${walks}:`;
  }

  /** The channels that the facts report as occupied. */
  get occupied(): ReadonlySet<string> {
    return this.#state.occupied;
  }

  /** The members that the facts report, as `CHANNEL USER`. */
  get members(): ReadonlySet<string> {
    return this.#state.members;
  }

  async start(count: number): Promise<this> {
    for (let index = 0; index < count; index += 1) await this.addNode(index);
    return this;
  }

  /** Replaces a node by a new one. */
  async addNode(index: number): Promise<void> {
    this.#made += 1;
    const connections = createRedisClients({
      location: { kind: 'single', url: this.#url },
      silenceMs: 60_000,
    });
    const node = new WalkNode(this.clock, connections, {
      keyPrefix: this.#keyPrefix,
      name: `n${this.#made}`,
      skewMs: skewsMs[this.#made % skewsMs.length] ?? 0,
      report: (fault) => this.#faults.push(fault),
    });
    this.nodes[index] = node;
    node.ledger.limitConnections(['a1']);
    await node.ledger.start();
  }

  /** Joins a client to a node. Resolves once answered, but not before `settle` if the node is cut off. */
  join(index: number, channel: string, userId?: string): Promise<void> | undefined {
    const node = this.nodes[index];
    if (node === undefined || node.isFrozen) return undefined;
    this.#joined += 1;
    return node.join(`c${this.#joined}`, channel as ChannelName, userId);
  }

  /** A client signs in on a node, and watches these users. Resolves like `join`. */
  signIn(index: number, userId: string, watched: readonly string[]): Promise<void> | undefined {
    const node = this.nodes[index];
    if (node === undefined || node.isFrozen) return undefined;
    this.#joined += 1;
    return node.users.signIn(`c${this.#joined}`, userId, watched);
  }

  /** One of a node's signed-in clients disconnects. */
  signOut(index: number, which: number): void {
    const node = this.nodes[index];
    if (node === undefined || node.isFrozen) return;
    const id = pick([...node.users.connections.keys()], which);
    if (id !== undefined) node.users.signOut(id);
  }

  /** A backend publishes an event on the cache channel, over a node. Resolves once it is answered. */
  publish(index: number): Promise<void> | undefined {
    const node = this.nodes[index];
    if (node === undefined || node.isFrozen) return undefined;
    this.#published += 1;
    return node.ledger.cacheEvent('a1', 'cache-room' as ChannelName, {
      name: 'e',
      data: `e${this.#published}`,
    });
  }

  /** A client connects to an app that may have this many connections. Resolves with whether it is accepted. */
  connect(index: number, limit: number): Promise<boolean> | undefined {
    const node = this.nodes[index];
    return node?.isFrozen === false ? node.connect(limit) : undefined;
  }

  disconnect(index: number): void {
    const node = this.nodes[index];
    if (node?.isFrozen === false) node.disconnect();
  }

  /** A backend terminates a user's connections, over a node. */
  async terminate(index: number, userId: string): Promise<void> {
    const node = this.nodes[index];
    if (node?.isFrozen === false)
      await this.#terminations.request(userId, node, this.nodes, this.clock.now());
  }

  /** The confirmed terminations that some node has not received. */
  get missedTerminations(): readonly string[] {
    return this.#terminations.missed(this.nodes, this.clock.now());
  }

  /** The data of the events that each subscriber of a channel received. */
  received(channel: ChannelName): (readonly string[])[] {
    const all = this.nodes.flatMap(({ clients }) => [...clients.values()]);
    return all.filter((client) => client.channel === channel).map(({ events }) => events);
  }

  /** One of a node's clients leaves. */
  leave(index: number, which: number): void {
    this.#with(index, which, (node, id) => node.leave(id));
  }

  /** One of a node's clients sends an event to the others on its channel. */
  say(index: number, which: number): void {
    this.#with(index, which, (node, id) => node.say(id));
  }

  /**
   * Advances the time in steps of half a second. Nodes that are not frozen report what is due, and renew their leases
   * when it is time to, and at the end.
   */
  async advance(ms: number): Promise<void> {
    const until = this.clock.now() + ms;
    while (this.clock.now() < until) {
      await this.clock.advance(Math.min(500, until - this.clock.now()));
      await this.#turn(this.clock.now() === until);
    }
  }

  async crash(index: number): Promise<void> {
    this.nodes[index]?.crash();
    await this.addNode(index);
  }

  /** No node is frozen or away any more. */
  async wake(): Promise<void> {
    for (const node of this.nodes) {
      node.isFrozen = false;
      if (node.isAway) await node.comeBack();
    }
  }

  /** Settles everything: no node is frozen, and every lease of a dead node and every grace period is over. */
  async settle(): Promise<void> {
    await this.wake();
    await this.advance(4 * leaseMs);
    await this.readFacts();
  }

  async flush(): Promise<void> {
    await this.#replaceAll([]);
    // The streams start again.
    this.#cursors.clear();
  }

  /** Fails Redis over to a replica that lacks the writes of this work, and has memory. */
  async loseWrites(work: () => Promise<unknown>): Promise<void> {
    const kept = await this.#dump();
    await work();
    await this.readFacts();
    await this.free();
    await this.#replaceAll(kept);
    for (const node of this.nodes) node.cutOff();
  }

  /** Redis has no memory left for new data. */
  async fill(): Promise<void> {
    await this.#redis.config('SET', 'maxmemory', '1');
  }

  async free(): Promise<void> {
    await this.#redis.config('SET', 'maxmemory', '0');
  }

  /** Advances the time while no node can reach Redis. */
  async silence(ms: number): Promise<void> {
    await this.clock.advance(ms);
  }

  /** Resolves when everything that was started has ended. */
  async quiet(): Promise<void> {
    for (const node of this.nodes) {
      if (node.isAway) continue;
      while (!node.ledger.isIdle) await nextTurn();
      await node.caughtUp();
    }
  }

  async readFacts(): Promise<void> {
    for (const { outbox } of allPartitions(this.#keyPrefix, partitions)) {
      const entries = await this.#redis.xrange(outbox, `(${this.#cursors.get(outbox) ?? '0-0'}`, '+');
      for (const [id, [, , , json = '']] of entries) {
        this.#cursors.set(outbox, id);
        this.#replay(JSON.parse(json) as WebhookEvent);
      }
    }
  }

  /** The facts of one channel. */
  reportedOf(channel: string): readonly string[] {
    return this.#reportedOf.get(channel) ?? [];
  }

  /** What the clients hold. */
  truth(): { occupied: Set<string>; members: Set<string> } {
    const clients = this.nodes.flatMap((node) => [...node.clients.values()]);
    return {
      occupied: new Set(clients.map(({ channel }) => channel)),
      members: new Set(
        clients.flatMap(({ channel, userId }) => (userId === undefined ? [] : [`${channel} ${userId}`])),
      ),
    };
  }

  /**
   * What a node reports as vacant or absent although a client is there, on a node that is registered and
   * renews its lease.
   */
  async lies(index: number): Promise<string[]> {
    const node = this.nodes[index];
    if (node === undefined || node.isFrozen || node.isAway) return [];
    for (const one of this.nodes) if (!one.isAway) await one.caughtUp();
    const reachable = this.nodes.filter(
      ({ isFrozen, isAway, beatenAt, ledger }) =>
        !isFrozen && !isAway && ledger.isIdle && beatenAt > this.clock.now() - leaseMs / 2,
    );
    const clients = reachable.flatMap((one) => [...one.clients.values()]).filter((one) => one.isSubscribed);
    const lies = clients.map(async ({ channel, userId }) => {
      const state = await node.ledger.channel('a1', channel);
      if (isUnavailable(state)) return [];
      const isTrue = state.occupied && (userId === undefined || state.userIds.includes(userId));
      return isTrue ? [] : [`${channel} ${userId ?? ''}`];
    });
    const listed = await node.ledger.occupiedChannels('a1', '');
    const unlisted = isUnavailable(listed) ? [] : clients.filter(({ channel }) => !listed.includes(channel));
    return [...(await Promise.all(lies)).flat(), ...unlisted.map(({ channel }) => `list ${channel}`)];
  }

  /** What each subscriber of a presence channel believes, and the truth. */
  views(): { readonly believed: string[]; readonly true: string[] }[] {
    const { members } = this.truth();
    return this.nodes.flatMap((node) =>
      [...node.clients.values()]
        .filter(({ userId }) => userId !== undefined)
        .map(({ channel, view }) => ({
          believed: [...view].toSorted(),
          true: [...members]
            .filter((member) => member.startsWith(`${channel} `))
            .map((member) => member.slice(channel.length + 1))
            .toSorted(),
        })),
    );
  }

  /** How many clients of all nodes are subscribed to each channel. */
  trueCounts(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const { channel } of this.nodes.flatMap(({ clients }) => [...clients.values()]))
      counts.set(channel, (counts.get(channel) ?? 0) + 1);
    return counts;
  }

  /** The users whom each watcher believes to be online, and the truth. */
  watchlists(): { readonly believed: string[]; readonly true: string[] }[] {
    const all = this.nodes.flatMap(({ users }) => [...users.connections.values()]);
    const online = new Set(all.map(({ userId }) => userId));
    return all.map((watcher) => ({
      believed: [...(watcher.online ?? [])].toSorted(),
      true: watcher.watched.filter((userId) => online.has(userId)).toSorted(),
    }));
  }

  /** Ends the nodes. Throws if a client received a notice that contradicts what it knew. */
  dispose(): void {
    for (const node of this.nodes) node.crash();
    this.#redis.disconnect();
    const [fault] = this.#faults;
    if (fault !== undefined) throw new Error(`a client was ${fault}`);
  }

  /** All keys and their values, at one moment. */
  async #dump(): Promise<(readonly [Buffer, Buffer])[]> {
    const script = `local all = {}
      for _, key in ipairs(redis.call('KEYS', ARGV[1])) do
        all[#all + 1] = { key, redis.call('DUMP', key) }
      end
      return all`;
    return (await this.#redis.callBuffer('EVAL', script, 0, `${this.#keyPrefix}*`)) as [Buffer, Buffer][];
  }

  /**
   * Replaces all data at one moment, so that no step is half lost. The version of the layout stays, because no node could start on a Redis
   * that is both empty and full.
   */
  async #replaceAll(kept: readonly (readonly [Buffer, Buffer])[]): Promise<void> {
    const script = `for _, key in ipairs(redis.call('KEYS', ARGV[1])) do
        if string.sub(key, -7) ~= ':layout' then redis.call('DEL', key) end
      end
      for index = 2, #ARGV, 2 do redis.call('RESTORE', ARGV[index], 0, ARGV[index + 1], 'REPLACE') end`;
    await this.#redis.call('EVAL', script, 0, `${this.#keyPrefix}*`, ...kept.flat());
  }

  async #turn(isLast: boolean): Promise<void> {
    const awake = this.nodes.filter(({ isFrozen, isAway }) => !isFrozen && !isAway);
    await Promise.all(
      awake.map(async (node) => {
        await node.caughtUp();
        if (isLast || this.clock.now() >= node.beatenAt + this.#beatEveryMs) {
          await node.ledger.beat();
          node.beatenAt = this.clock.now();
        }
        node.ledger.reportCounts();
        await node.ledger.sweep();
      }),
    );
    for (const node of awake) {
      for (let turns = 0; !node.ledger.isIdle && turns < 50; turns += 1) {
        await nextTurn();
      }
      await node.caughtUp();
    }
  }

  #with(index: number, which: number, work: (node: WalkNode, id: string) => void): void {
    const node = this.nodes[index];
    if (node === undefined || node.isFrozen) return;
    const id = pick([...node.clients.keys()], which);
    if (id !== undefined) work(node, id);
  }

  #replay(event: WebhookEvent): void {
    const { channel } = event;
    if (event.name === 'subscription_count') {
      this.reportedCounts.push(`${channel} ${event.count}`);
      return;
    }
    const fact = 'userId' in event ? `${event.name} ${event.userId}` : event.name;
    this.reported.push(fact);
    this.#reportedOf.set(channel, [...(this.#reportedOf.get(channel) ?? []), fact]);
    const userId = 'userId' in event ? event.userId : undefined;
    const contradictions = this.#state.apply({ name: event.name, channel, user_id: userId });
    this.contradictions.push(...contradictions.map(({ message }) => message));
  }
}

function pick(ids: readonly string[], which: number): string | undefined {
  return ids[which % Math.max(1, ids.length)];
}
