import { Redis } from 'ioredis';
import type { Application } from '../../../src/apps/application.ts';
import { LocalApps } from '../../../src/apps/local-app.ts';
import { createDispatching, type Dispatching } from '../../../src/node/dispatching.ts';
import type { DroppedEvent } from '../../../src/delivery-log/drop-journal.ts';
import { silentLog } from '../../../src/ports/log.ts';
import { noMetrics } from '../../../src/ports/metrics.ts';
import type { Outcome, WebhookRequest } from '../../../src/ports/webhook-sender.ts';
import type { ChannelName } from '../../../src/protocol/channel-name.ts';
import { createRedisClients } from '../../../src/store/redis/link/connect.ts';
import { allPartitions, LeadKeys } from '../../../src/store/redis/keys.ts';
import { loadScripts } from '../../../src/store/redis/scripts.ts';
import { RedisLink, type RedisClients } from '../../../src/store/redis/link/link.ts';
import { systemClock } from '../../../src/system/clock.ts';
import { AttemptPlaces } from '../../../src/webhooks/attempt-places.ts';
import { FakeClock } from '../fake-clock.ts';
import { MortalClock } from '../mortal-clock.ts';
import { defaultPolicy } from '../property/delivery-shell.ts';
import { senderOf } from '../property/mortal-process.ts';
import { filterBelief } from '../property/replay.ts';
import { nextTurn, noSlices } from '../turns.ts';
import { endpoint } from '../unit/application.ts';
import type { EventName } from '../../../src/webhooks/event.ts';
import type { DescribedState } from '../webhook-state.ts';
import { TrustingReceiver } from './trusting-receiver.ts';
import { choose, createApp } from './world-app.ts';
import { graceMs, partitions, wallStart, WalkNode } from './walk-node.ts';

/** Events expire soon, so that tests are fast. */
const maxElapsedMs = 20_000;

const stepMs = 500;

interface WorldNode {
  readonly clients: WalkNode;
  readonly dispatching: Dispatching;
  readonly process: MortalClock;
  readonly link: RedisLink;
  readonly connections: readonly RedisClients[];
}

export interface WorldOptions {
  /** Whether endpoints are reconciled automatically. */
  readonly reconcile?: boolean;
  readonly queueMaxBytes?: number;
  /** The endpoints that are configured at the start. Default: all. */
  readonly configured?: readonly string[];
}

/** The names of the scripts, by digest. */
const scripts = new Map(Array.from(loadScripts(), ([name, { digest }]) => [digest, name] as const));

let worlds = 0;

/** Nodes on one Redis that send webhooks to receivers that fail now and then, on a clock that the test moves. */
export class ReconcileWorld {
  readonly clock = new FakeClock();
  readonly receivers = new Map(
    ['all', 'members'].map((id): [string, TrustingReceiver] => [
      `http://receiver/${id}`,
      new TrustingReceiver(),
    ]),
  );
  /** The drops of state events that a backend would be shown, by endpoint and channel. */
  readonly drops = new Map<string, DroppedEvent>();
  /** How many scripts of each name were called. */
  readonly calls = new Map<string, number>();
  readonly redis: Redis;
  readonly keyPrefix = `world${process.pid}-${(worlds += 1)}:`;
  readonly #app: Application;
  /** The app as it is configured now. */
  #configured: Application;
  readonly #queueMaxBytes: number;
  readonly #url: string;
  readonly #nodes: WorldNode[] = [];
  /** Commands that Redis has not answered. */
  #commands = 0;
  #sent = 0;
  #ids = 0;

  constructor(
    url: string,
    { reconcile = true, queueMaxBytes = defaultPolicy.queueMaxBytes, configured }: WorldOptions = {},
  ) {
    this.#url = url;
    this.#app = createApp(reconcile);
    this.#configured = configured === undefined ? this.#app : choose(this.#app, configured);
    this.#queueMaxBytes = queueMaxBytes;
    this.redis = new Redis(url);
  }

  /** The receiver of everything. */
  get receiver(): TrustingReceiver {
    return this.#receiver('all');
  }

  async addNode(): Promise<void> {
    const name = `n${(this.#ids += 1)}`;
    const time = new MortalClock(this.clock);
    const connections = [this.#connect(), this.#connect()] as const;
    const link = new RedisLink(connections[1]);
    await link.ready(systemClock, 10_000);
    const clients = new WalkNode(time, connections[0], {
      keyPrefix: this.keyPrefix,
      name,
      skewMs: 0,
      report: () => {},
      registered(partition, isLost) {
        dispatching.dispatch.reread(partition);
        if (isLost) dispatching.storeAgain(partition);
      },
    });
    const dispatching: Dispatching = createDispatching({
      ...noSlices(),
      config: {
        webhooks: {
          disconnectGraceMs: graceMs,
          unsubscribeGraceMs: graceMs,
          deadLetters: { maxBytes: 1_000_000, keepDays: 7 },
        },
      },
      apps: new LocalApps([this.#configured]),
      applications: [this.#configured],
      clock: time,
      wallTime: { now: () => wallStart + time.now() },
      log: silentLog,
      metrics: noMetrics,
      places: new AttemptPlaces(Infinity),
      policy: {
        ...defaultPolicy,
        queueMaxBytes: this.#queueMaxBytes,
        retry: { ...defaultPolicy.retry, maxElapsedMs },
      },
      random: () => 0.5,
      ids: { webhookId: () => `msg_${(this.#ids += 1)}` },
      sender: senderOf({ send: (request) => this.#receive(request), close: async () => {} }, time),
      requestTimeoutMs: 4000,
      subscribers: [],
      link,
      lead: new LeadKeys(this.keyPrefix),
      partitions: allPartitions(this.keyPrefix, partitions),
      nodeId: name,
      leaseMs: 4000,
      ledger: () => clients.ledger,
      drops: {
        add: (_, drop) => void this.drops.set(`${drop.endpoint} ${drop.channel}`, drop),
        resolve: (_, id, channel) => void this.drops.delete(`${id} ${channel}`),
        read: () => ({ dropped: [], forgotten: 0 }),
      },
      epoch: () => clients.ledger.epoch,
      present: () => String(wallStart + time.now()),
    });
    link.onReady(() => dispatching.dispatch.reread());
    this.#nodes.push({ clients, dispatching, process: time, link, connections });
    await clients.ledger.start();
  }

  /** Kills a node a little later, while it waits for answers of Redis. */
  async killAmid(index: number, turns: number): Promise<void> {
    await this.clock.advance(stepMs);
    for (let turn = 0; turn < turns; turn += 1) await nextTurn();
    this.kill(index);
  }

  /** Cuts the connections of a node to Redis, likewise. It connects again. */
  async cutOffAmid(index: number, turns: number): Promise<void> {
    await this.clock.advance(stepMs);
    for (let turn = 0; turn < turns; turn += 1) await nextTurn();
    const clients = this.#at(index)?.connections.flatMap((one) => [one.commands, one.subscriber]) ?? [];
    for (const client of clients) client.disconnect(true);
    while (clients.some(({ status }) => status !== 'ready')) await nextTurn();
  }

  /** From now on, only these endpoints are configured. */
  configure(...ids: readonly string[]): void {
    this.configureFuture(...ids);
    for (let index = 0; index < this.#nodes.length; index += 1) this.adopt(index);
  }

  /** The same for nodes that are added later, and for those that adopt it. */
  configureFuture(...ids: readonly string[]): void {
    this.#configured = choose(this.#app, ids);
  }

  /** From now on, all configured endpoints select these events. */
  select(...eventTypes: readonly EventName[]): void {
    const endpoints = this.#configured.endpoints.map((one) => ({ ...one, eventTypes: new Set(eventTypes) }));
    this.#configured = { ...this.#configured, endpoints };
    for (let index = 0; index < this.#nodes.length; index += 1) this.adopt(index);
  }

  /** A node reads the configuration. */
  adopt(index: number): void {
    this.#at(index)?.dispatching.replace([this.#configured]);
  }

  /** The same during its next heartbeat, while it waits for answers of Redis. */
  async adoptAmid(index: number, turns: number): Promise<void> {
    await this.clock.advance(stepMs);
    const beaten = this.#at(index)?.dispatching.beat();
    for (let turn = 0; turn < turns; turn += 1) await nextTurn();
    this.adopt(index);
    await beaten;
  }

  /** Removes everything from Redis. */
  async flush(): Promise<void> {
    // In one step, as if the server was replaced.
    const text = `for _, key in ipairs(redis.call('KEYS', ARGV[1])) do
      if not string.find(key, ':layout$') then redis.call('DEL', key) end
    end`;
    await this.redis.eval(text, 0, `${this.keyPrefix}*`);
  }

  /** Kills a node without any message. */
  kill(index: number): void {
    const node = this.#at(index);
    if (node === undefined) return;
    this.#nodes.splice(this.#nodes.indexOf(node), 1);
    node.process.die();
    node.clients.crash();
    node.link.close();
  }

  /** A node hands its partitions over and ends. Its clients are lost. */
  async stop(index: number): Promise<void> {
    const node = this.#at(index);
    if (node === undefined || this.#nodes.length < 2) return;
    const closing = { isOver: false };
    const closed = node.dispatching.dispatch.close(1000).finally(() => (closing.isOver = true));
    while (!closing.isOver) await this.advance(stepMs);
    await closed;
    this.kill(this.#nodes.indexOf(node));
  }

  join(index: number, channel: string, userId?: string): void {
    void this.#at(index)?.clients.join(`c${(this.#ids += 1)}`, channel as ChannelName, userId);
  }

  leave(index: number, which: number): void {
    const clients = this.#at(index)?.clients;
    const ids = [...(clients?.clients.keys() ?? [])];
    const id = ids[which % Math.max(1, ids.length)];
    if (id !== undefined) clients?.leave(id);
  }

  /** Whether the receivers of these endpoints fail. */
  setDown(isDown: boolean, ...ids: readonly string[]): void {
    for (const id of ids) this.#receiver(id).isDown = isDown;
  }

  /** How many nodes are alive. */
  get size(): number {
    return this.#nodes.length;
  }

  /** How many partitions each node sends the webhooks of. */
  get shares(): readonly number[] {
    return this.#nodes.map(({ dispatching }) => dispatching.dispatch.partitions);
  }

  /** Requests that an endpoint be sent what it has missed, over a node. */
  reconcile(index: number, endpointId: string): Promise<unknown> | undefined {
    return this.#at(index)?.clients.ledger.askForDebts('a1', endpointId);
  }

  async advance(ms: number): Promise<void> {
    for (const until = this.clock.now() + ms; this.clock.now() < until;) {
      await this.clock.advance(Math.min(stepMs, until - this.clock.now()));
      await this.#quiet();
      for (const { clients, dispatching } of [...this.#nodes]) {
        void clients.ledger.beat();
        void clients.ledger.sweep();
        void dispatching.beat();
      }
      await this.#quiet();
    }
  }

  /** Everybody works again, and enough time passes for each endpoint to be tried even if nothing waits for it. */
  async settle(): Promise<void> {
    this.setDown(false, 'all', 'members');
    await this.advance(100_000);
  }

  /** What an endpoint should know, and what it believes. */
  compare(id: string): { readonly believed: DescribedState; readonly truth: DescribedState } {
    const clients = this.#nodes.flatMap((node) => [...node.clients.clients.values()]);
    const truth = {
      occupied: [...new Set(clients.map(({ channel }) => channel))],
      members: [
        ...new Set(
          clients.flatMap(({ channel, userId }) => (userId === undefined ? [] : `${channel} ${userId}`)),
        ),
      ],
    };
    const of = this.#app.endpoints.find((one) => one.id === id) ?? endpoint();
    return {
      believed: filterBelief(this.#receiver(id).state, of, () => true),
      truth: filterBelief(truth, of, () => true),
    };
  }

  /** The names of the debts that Redis keeps. */
  async debts(): Promise<readonly string[]> {
    const all = allPartitions(this.keyPrefix, partitions);
    return (await Promise.all(all.map(({ debts }) => this.redis.hkeys(debts)))).flat().toSorted();
  }

  dispose(): void {
    while (this.#nodes.length > 0) this.kill(0);
    this.redis.disconnect();
  }

  #at(index: number): WorldNode | undefined {
    return this.#nodes[index % Math.max(1, this.#nodes.length)];
  }

  #receiver(id: string): TrustingReceiver {
    const receiver = this.receivers.get(`http://receiver/${id}`);
    if (receiver === undefined) throw new Error(`there is no receiver ${id}`);
    return receiver;
  }

  #receive(request: WebhookRequest): Promise<Outcome> {
    // It arrives now, and the answer a little later: the node may be killed in between.
    const outcome = this.receivers.get(request.url)?.receive(request);
    return new Promise((answer) => {
      this.clock.after(5, () => answer(outcome ?? { kind: 'unreachable', code: 'X' }));
    });
  }

  #connect(): RedisClients {
    const clients = createRedisClients({ location: { kind: 'single', url: this.#url }, silenceMs: 60_000 });
    const { commands } = clients;
    const send = commands.sendCommand.bind(commands);
    commands.sendCommand = (...of: [Parameters<typeof send>[0], Parameters<typeof send>[1]]) => {
      this.#commands += 1;
      this.#sent += 1;
      const script = scripts.get(String(of[0].args[0]));
      if (script !== undefined) this.calls.set(script, (this.calls.get(script) ?? 0) + 1);
      const answered = (): void => void (this.#commands -= 1);
      of[0].promise.then(answered, answered);
      return send(...of);
    };
    return clients;
  }

  /** Resolves when Redis has answered everything, all messages have arrived, and nothing more was sent because of them. */
  async #quiet(): Promise<void> {
    for (let sent = -1; sent !== this.#sent || this.#commands > 0;) {
      sent = this.#sent;
      await Promise.all(
        this.#nodes.flatMap(({ connections }) =>
          connections.map(async ({ subscriber }) => subscriber.ping().catch(() => {})),
        ),
      );
      await nextTurn();
      await nextTurn();
    }
  }
}
