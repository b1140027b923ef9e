import { randomUUID } from 'node:crypto';
import { createAlarm } from '../structures/alarm.ts';
import type { LocalApps } from '../apps/local-app.ts';
import { sendsCount } from '../connections/subscription-counts.ts';
import { createSweeper } from './sweeper.ts';
import type { Backplane, BackplaneOptions } from './backplane.ts';
import type { RedisConfig } from '../config/schema/redis-schema.ts';
import type { Clock, Millis } from '../ports/clock.ts';
import type { ConnectionSlots } from '../ports/connection-slots.ts';
import type { Fanout } from '../ports/fanout.ts';
import { StartError } from '../ports/start-error.ts';
import { createRedisClients } from '../store/redis/link/connect.ts';
import type { HeldChannelsListener } from '../store/redis/fanout/channel-topics.ts';
import { RedisFanout } from '../store/redis/fanout/fanout.ts';
import { allPartitions, type PartitionKeys } from '../store/redis/keys.ts';
import { RedisLedger } from '../store/redis/ledger.ts';
import { RedisLink } from '../store/redis/link/link.ts';
import { describeFailure } from '../store/redis/link/health-log.ts';
import { TurnBudget } from '../structures/turn-budget.ts';
import { systemNextTurn } from '../system/clock.ts';

/** The shortest interval between two reports of changed counts. */
const countsEveryMs: Millis = 250;

/** How long a node that shuts down waits for Redis to accept its departure. */
const leaveTimeoutMs: Millis = 1000;

/** The number of script calls in one turn of the event loop for work that can wait. */
const callsPerTurn = 40;

/** The number of heartbeats in each lease. */
export const beatsPerLease = 10;

/** A process with several nodes on Redis: each of its worker threads is one. */
export interface NodeProcess {
  /** The id of the process, the same for all its nodes. */
  readonly id: string;
  /** Reaches the clients of all nodes of the process, without Redis. */
  readonly fanout: Fanout;
  /** Receives which channels this node holds; undefined: it has no clients. */
  readonly holds?: HeldChannelsListener;
}

/** The dependencies of a node on Redis. */
export interface RedisNodeOptions extends Pick<
  BackplaneOptions,
  'config' | 'apps' | 'local' | 'notifier' | 'countSubscribers' | 'clock' | 'log' | 'metrics' | 'slices'
> {
  /** The process, if it runs several nodes; undefined: this node is the only one. */
  readonly process?: NodeProcess | undefined;
  /** Called when the node has registered in a partition, perhaps on another server than before, which may have lost something. */
  readonly registered?: (partition: number, isLost: boolean) => void;
}

/** The connection of one node's clients to the state that all nodes share. */
export interface RedisNode extends Pick<Backplane, 'fanout' | 'outbox' | 'counts'> {
  /** A random id. A restarted node gets another one. */
  readonly id: string;
  readonly link: RedisLink;
  readonly partitions: readonly PartitionKeys[];
  readonly ledger: RedisLedger;
  readonly slots: ConnectionSlots;
  /**
   * Connects and registers, runs `alongside`, then starts the heartbeats. Rejects with a StartError (`ERR_REDIS`) when Redis
   * cannot be used.
   */
  start(alongside?: () => Promise<void>): Promise<void>;
  /** Starts to count the connections of apps that now have a limit, and stops for the others. */
  limitConnections(): void;
  /** Leaves the cluster when Redis has accepted all steps of this node and `work` is done, or after `shutdownTimeoutMs`. */
  close(work?: Promise<unknown>): Promise<void>;
}

/** Creates a node that shares the state on Redis. Sending webhooks is not part of it. */
export function createRedisNode(redis: RedisConfig, options: RedisNodeOptions): RedisNode {
  const { config, apps, clock, local, log, metrics, slices, process } = options;
  const { keyPrefix, leaseMs, connection, tls } = redis;
  const id = randomUUID();
  // No app can have larger messages.
  const messageBytes = config.maxBackpressureBytes;
  const link = new RedisLink(createRedisClients({ location: connection, tls, silenceMs: leaseMs }), {
    messageBytes,
    onError(error) {
      if (log.isDebug) log.debug({ error: describeFailure(error) }, 'connection to Redis failed');
    },
  });
  const partitions = allPartitions(keyPrefix);
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
    pace: new TurnBudget(callsPerTurn, systemNextTurn),
    near: process?.holds,
    newEpoch: () => `${id}.${(epochs += 1)}`,
    terminate: (appId, userId, longerAgoThanMs) => local.terminateOlder(appId, userId, longerAgoThanMs),
    wake: (dueAt) => sweeper.wake(dueAt),
    registered: (partition, isLost) => options.registered?.(partition, isLost),
    countSubscribers: options.countSubscribers,
    countConnections: (appId) => apps.byId(appId)?.sessions.size ?? 0,
    sendsCounts(appId, channel) {
      const app = apps.byId(appId);
      return app && sendsCount(app, channel);
    },
  });
  const fanout = new RedisFanout({
    link,
    ledger,
    partitions,
    local,
    near: process?.fanout ?? local,
    processId: process?.id ?? id,
  });
  const counts = createAlarm(clock, () => ledger.reportCounts());
  const beats: (() => void)[] = [];
  return {
    id,
    link,
    partitions,
    ledger,
    fanout,
    outbox: {
      append(appId, events) {
        for (const event of events) ledger.append(appId, event);
      },
      kept: () => undefined,
    },
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
    async start(alongside) {
      try {
        link.topics.handleOthers((message) => fanout.receive(message));
        await ledger.start();
        await alongside?.();
      } catch (error) {
        link.close();
        const cause = error instanceof Error ? error.message : String(error);
        throw new StartError(
          'ERR_REDIS',
          `cannot use Redis (${addressOf(connection)}): ${cause}. Start it, or correct "redis" in the configuration; version 7 or later is required.`,
          error,
        );
      }
      this.limitConnections();
      beats.push(
        inEachLease(clock, leaseMs, () => ledger.beat()),
        inEachLease(clock, leaseMs, async () => ledger.watch()),
      );
    },
    limitConnections: () => ledger.limitConnections(limitedApps(apps)),
    async close(work) {
      counts.stop();
      sweeper.stop();
      for (const stop of beats) stop();
      const within = (waited: Promise<unknown>, ms: Millis): Promise<unknown> =>
        Promise.race([waited, new Promise<void>((resolve) => void clock.after(ms, resolve))]);
      const { shutdownGraceMs, disconnectGraceMs } = config.webhooks;
      await within(Promise.all([work, ledger.flushed()]), config.shutdownTimeoutMs);
      // If Redis does not answer, the other nodes notice the departure when the lease has expired.
      await within(ledger.close(shutdownGraceMs ?? disconnectGraceMs), leaveTimeoutMs);
      link.close();
    },
  };
}

/** Runs `work` immediately and then several times in each lease, never concurrently. Returns a function that stops it. */
export function inEachLease(clock: Clock, leaseMs: Millis, work: () => Promise<unknown>): () => void {
  return repeat(clock, leaseMs / beatsPerLease, work);
}

/** Runs `work` immediately, and again after each pause, never concurrently. Returns a function that stops it. */
export function repeat(clock: Clock, pauseMs: Millis, work: () => Promise<unknown>): () => void {
  let isStopped = false;
  let cancel = (): void => {};
  const run = async (): Promise<void> => {
    await work();
    if (!isStopped) cancel = clock.after(pauseMs, () => void run());
  };
  void run();
  return () => {
    isStopped = true;
    cancel();
  };
}

/** The hosts of Redis, without a password. */
function addressOf(connection: RedisConfig['connection']): string {
  const urls = connection.kind === 'single' ? [connection.url] : connection.urls;
  return urls.map((url) => new URL(url).host).join(', ');
}

/** The ids of the apps with `limits.connections`. */
function limitedApps(apps: LocalApps): readonly string[] {
  return [...apps].flatMap(({ config }) => (config.limits.connections === Infinity ? [] : config.id));
}
