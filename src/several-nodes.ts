import { randomUUID } from 'node:crypto';
import { createAlarm } from './app/alarm.ts';
import type { DroppedEvent, DropReport, Drops } from './app/drop-journal.ts';
import type { LocalApps } from './app/local-app.ts';
import { createSweeper } from './app/sweeper.ts';
import { unknownTruth } from './app/truth.ts';
import type { Backplane, BackplaneOptions } from './backplane.ts';
import type { RedisConfig } from './config/redis-schema.ts';
import { createDispatching } from './dispatching.ts';
import type { Clock, Millis } from './ports/clock.ts';
import { StartError } from './ports/start-error.ts';
import { isUnavailable, type Unavailable } from './ports/unavailable.ts';
import { channelKind } from './protocol/channel-name.ts';
import { createRedisClients } from './store/redis/connect.ts';
import { RedisFanout } from './store/redis/fanout.ts';
import { LeadKeys, partitionCount, PartitionKeys } from './store/redis/keys.ts';
import { RedisLedger } from './store/redis/ledger.ts';
import { RedisLink } from './store/redis/link.ts';
import { RedisSettings } from './store/redis/settings.ts';
import { describeFailure } from './store/redis/standing-log.ts';
import { TurnBudget } from './structures/turn-budget.ts';
import { systemNextTurn } from './system/clock.ts';
import { dropKind } from './webhooks/drop-kind.ts';

/** Counts that have changed are written so often at most. */
const countsEveryMs: Millis = 250;

/** A node that ends waits so long for Redis to take note of it. */
const farewellMs: Millis = 1000;

/** Scripts that are called in one turn of the event loop for the sake of what is due, or of what is read anew. */
const callsPerTurn = 40;

/** Heartbeats in each lease. */
const beatsPerLease = 10;

/**
 * The longest lease of a right to dispatch, whatever a node's lease is. Nobody is taken for gone when it lapses, and to take over
 * costs little.
 */
const mostDispatchLeaseMs: Millis = 4000;

/** One of several nodes, which share what they know on Redis. Rejects when Redis cannot be reached. */
export async function createOneOfSeveral(redis: RedisConfig, options: BackplaneOptions): Promise<Backplane> {
  const { config, apps, clock, local, log, metrics, slices } = options;
  const { keyPrefix, leaseMs, connection, tls } = redis;
  const nodeId = randomUUID();
  const clients = createRedisClients({ location: connection, tls, silenceMs: leaseMs });
  // No app can ever have larger ones.
  const messageBytes = config.maxBackpressureBytes;
  const link = new RedisLink(clients, {
    messageBytes,
    told(error) {
      if (log.isDebug) log.debug({ error: describeFailure(error) }, 'connection to Redis failed');
    },
  });
  const partitions = Array.from(
    { length: partitionCount },
    (_, index) => new PartitionKeys(keyPrefix, index),
  );
  const lead = new LeadKeys(keyPrefix);
  const settings = new RedisSettings(link, lead);
  const drops = createDrops(() => ledger);
  const epoch = (): string => ledger.epoch;
  const pace = new TurnBudget(callsPerTurn, systemNextTurn);
  let epochs = 0;

  const sweeper = createSweeper(clock, () => ledger);
  const ledger = new RedisLedger({
    link,
    keyPrefix,
    leaseMs,
    messageBytes,
    clock,
    log,
    metrics,
    ...options.notifier,
    graceMs: config.webhooks.disconnectGraceMs,
    cacheTtlMs: config.cacheTtlMs,
    slices,
    pace,
    newEpoch: () => `${nodeId}.${(epochs += 1)}`,
    terminate: (appId, userId, longerAgoThanMs) => local.terminateOlder(appId, userId, longerAgoThanMs),
    wake: (dueAt) => sweeper.wake(dueAt),
    registered: (partition) => dispatch.reread(partition),
    countSubscribers: options.countSubscribers,
    countConnections: (appId) => apps.byId(appId)?.sessions.size ?? 0,
    tellsCounts(appId, channel) {
      const { access } = channelKind(channel);
      return access !== 'presence' && apps.byId(appId)?.config.subscriptionCount === true;
    },
  });
  const fanout = new RedisFanout({ link, ledger, partitions, local, nodeId });
  const dispatching = createDispatching({
    ...options,
    link,
    lead,
    partitions,
    nodeId,
    leaseMs: Math.min(leaseMs, mostDispatchLeaseMs),
    ledger: () => ledger,
    drops,
    epoch,
  });
  const { dispatch, letters } = dispatching;
  link.onReady(() => {
    dispatch.reread();
    settings.look();
  });
  const counts = createAlarm(clock, () => ledger.reportCounts());

  try {
    link.topics.receiveOthers((message) => fanout.receive(message));
    await ledger.start();
    await settings.start();
  } catch (error) {
    link.close();
    const cause = error instanceof Error ? error.message : String(error);
    throw new StartError(
      'ERR_REDIS',
      `Redis cannot be used (${addressOf(connection)}): ${cause}. Start it, or correct "redis" in the configuration; version 7 or later is needed.`,
      error,
    );
  }
  ledger.limitConnections(limitedApps(apps));
  const beat = (work: () => Promise<unknown>, ofLeaseMs = leaseMs) =>
    every(clock, ofLeaseMs / beatsPerLease, work);
  const watch = async (): Promise<void> => {
    ledger.watch();
    settings.look();
  };
  const beats = [beat(() => ledger.beat()), beat(watch)];
  return {
    ledger,
    fanout,
    drops,
    letters,
    epoch,
    outbox: {
      append(appId, events) {
        for (const event of events) ledger.append(appId, event);
      },
      kept: () => undefined,
    },
    settings,
    counts: {
      changed(app, channel) {
        ledger.countChanged(app.config.id, channel);
        counts.set(clock.now() + countsEveryMs);
      },
    },
    slots: {
      take: (appId, limit) => ledger.connectionsOf(appId).take(appId, limit),
      release: (appId) => ledger.connectionsOf(appId).release(appId),
    },
    describeStore: () => undefined,
    truth(appId, endpointId) {
      const isConfigured = apps.byId(appId)?.config.endpoints.some(({ id }) => id === endpointId) === true;
      return Promise.resolve(isConfigured ? unknownTruth(endpointId, options.wallTime.now()) : undefined);
    },
    reconcile: () => undefined,
    lanes: (appId, endpointId) => dispatching.dispatcher()?.lanes(appId, endpointId),
    target: (appId, endpointId) => dispatching.dispatcher()?.target(appId, endpointId),
    webhookLife: () => ({
      kept: 'redis',
      epoch: epoch(),
      starts: undefined,
      lastEnd: undefined,
      lost: undefined,
      queues: dispatching.dispatcher()?.readQueues(),
      partitions: { here: dispatch.partitions, all: partitionCount },
    }),
    started() {
      // Not before: endpoints that were set at run time are known by now.
      // Apart: a lease must not wait until all that is to be dispatched was read.
      beats.push(beat(() => dispatching.beat(), dispatching.leaseMs));
    },
    describe: () => ({
      isWhole: ledger.isWhole,
      isFull: ledger.isFull,
      isDispatching: dispatch.isDispatching,
      partitions: dispatch.partitions,
      partitionCount,
      keepsLetters: dispatching.keepsLetters(),
    }),
    readQueues: () => dispatching.dispatcher()?.readQueues() ?? [],
    replace(changed) {
      ledger.limitConnections(limitedApps(apps));
      dispatching.replace(changed);
    },
    forget() {
      throw new Error('what several nodes know cannot be forgotten by one of them');
    },
    async close() {
      counts.stop();
      sweeper.stop();
      letters.stop();
      for (const stop of beats) stop();
      const within = (work: Promise<unknown>, ms: Millis): Promise<unknown> =>
        Promise.race([work, new Promise<void>((resolve) => void clock.after(ms, resolve))]);
      const { shutdownTimeoutMs } = config;
      const { shutdownGraceMs, disconnectGraceMs } = config.webhooks;
      await within(Promise.all([dispatch.close(shutdownTimeoutMs), ledger.flushed()]), shutdownTimeoutMs);
      // Should Redis not answer, others find this node dead after a lease.
      await within(ledger.close(shutdownGraceMs ?? disconnectGraceMs), farewellMs);
      link.close();
    },
    abandon: () => dispatching.abandon(),
  };
}

/** Where Redis is, without a password. */
function addressOf(connection: RedisConfig['connection']): string {
  const urls = connection.kind === 'single' ? [connection.url] : connection.urls;
  return urls.map((url) => new URL(url).host).join(', ');
}

/** The apps of which it matters how many connections there are on all nodes. */
function limitedApps(apps: LocalApps): readonly string[] {
  return [...apps].flatMap(({ config }) => (config.limits.connections === Infinity ? [] : config.id));
}

/** Does something at once and again and again, never twice at a time. Returns how to end it. */
function every(clock: Clock, intervalMs: Millis, work: () => Promise<unknown>): () => void {
  let isStopped = false;
  let cancel = (): void => {};
  const run = async (): Promise<void> => {
    await work();
    if (!isStopped) cancel = clock.after(intervalMs, () => void run());
  };
  void run();
  return () => {
    isStopped = true;
    cancel();
  };
}

function createDrops(ledger: () => RedisLedger): Drops {
  return {
    add(appId, dropped) {
      const subject = `${dropped.endpoint}\n${dropped.channel}`;
      ledger()
        .drops(appId)
        .add(appId, dropKind(dropped), { subject, json: JSON.stringify(dropped) });
    },
    async read(appId): Promise<DropReport | Unavailable> {
      const kept = await ledger().drops(appId).read(appId);
      if (isUnavailable(kept)) return kept;
      return { dropped: kept.dropped.map(parseDrop), forgotten: kept.forgotten };
    },
  };
}

function parseDrop(json: string): DroppedEvent {
  const dropped: DroppedEvent = JSON.parse(json);
  return dropped;
}
