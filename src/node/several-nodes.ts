import type { LocalApps } from '../apps/local-app.ts';
import type { DroppedEvent, DropReport } from '../delivery-log/drop-journal.ts';
import { unknownTruth } from '../reconcile/truth.ts';
import type { Backplane, BackplaneOptions } from './backplane.ts';
import type { RedisConfig } from '../config/schema/redis-schema.ts';
import { createDispatching, type DispatchingOptions } from './dispatching.ts';
import type { Millis } from '../ports/clock.ts';
import { isUnavailable, type Unavailable } from '../ports/unavailable.ts';
import { createRedisNode, inEachLease, repeat } from './redis-node.ts';
import { LeadKeys, partitionCount } from '../store/redis/keys.ts';
import type { RedisLedger } from '../store/redis/ledger.ts';
import { RedisSettings } from '../store/redis/settings.ts';
import { dropKind } from '../webhooks/drop-kind.ts';

/**
 * The longest lease of a right to dispatch, whatever a node's lease is. It can be short, because no departures are reported when
 * it expires, and a takeover costs little.
 */
const mostDispatchLeaseMs: Millis = 4000;

/** How often the drops of the configured apps are renewed. */
const renewDropsEveryMs: Millis = 86_400_000;

/** Creates one of several nodes that share their state on Redis. Rejects with a StartError when Redis cannot be used. */
export async function createOneOfSeveral(redis: RedisConfig, options: BackplaneOptions): Promise<Backplane> {
  const { apps, clock, config } = options;
  const { leaseMs } = redis;
  const node = createRedisNode(redis, {
    ...options,
    registered(partition, isLost) {
      dispatch.reread(partition);
      if (isLost) dispatching.storeAgain(partition);
    },
  });
  const { ledger, link } = node;
  const lead = new LeadKeys(redis.keyPrefix);
  const settings = new RedisSettings(link, lead);
  const drops = createDrops(ledger);
  const epoch = (): string => ledger.epoch;
  const dispatching = createDispatching({
    ...options,
    link,
    lead,
    partitions: node.partitions,
    nodeId: node.id,
    leaseMs: Math.min(leaseMs, mostDispatchLeaseMs),
    ledger: () => ledger,
    drops,
    epoch,
  });
  const { dispatch, letters } = dispatching;
  link.onReady(() => {
    dispatch.reread();
    settings.check();
  });
  await node.start(() => settings.start());
  const beats = [inEachLease(clock, leaseMs, async () => settings.check())];
  const threads = () => [ledger, ...(options.otherThreads?.() ?? [])];
  return {
    ledger,
    fanout: node.fanout,
    drops,
    letters,
    epoch,
    outbox: node.outbox,
    settings,
    counts: node.counts,
    slots: node.slots,
    describeStore: () => undefined,
    truth(appId, endpointId) {
      const isConfigured = apps.byId(appId)?.config.endpoints.some(({ id }) => id === endpointId) === true;
      return Promise.resolve(isConfigured ? unknownTruth(endpointId, options.wallTime.now()) : undefined);
    },
    reconcile: (appId, endpointId) => ledger.askForDebts(appId, endpointId),
    lanes: (appId, endpointId) => dispatching.dispatcher()?.lanes(appId, endpointId),
    target: (appId, endpointId) => dispatching.dispatcher()?.target(appId, endpointId),
    webhookState: () => ({
      kept: 'redis',
      epoch: epoch(),
      starts: undefined,
      lastEnd: undefined,
      lost: undefined,
      queues: dispatching.dispatcher()?.readQueues(),
      partitions: { here: dispatch.partitions, all: partitionCount },
    }),
    started() {
      // Endpoints that were added at run time are known now.
      // This loop is separate because a lease must not wait until all outboxes have been read.
      beats.push(inEachLease(clock, dispatching.leaseMs, () => dispatching.beat()));
      beats.push(repeat(clock, renewDropsEveryMs, () => renewDrops(ledger, apps).catch(() => {})));
    },
    describe: () => ({
      isWhole: threads().every(({ isWhole }) => isWhole),
      isFull: threads().some(({ isFull }) => isFull),
      isDispatching: dispatch.isDispatching,
      partitions: dispatch.partitions,
      partitionCount,
      keepsLetters: dispatching.keepsLetters(),
    }),
    readQueues: () => dispatching.dispatcher()?.readQueues() ?? [],
    replace(changed) {
      node.limitConnections();
      dispatching.replace(changed);
    },
    forget() {
      throw new Error('one of several nodes cannot forget what all of them share');
    },
    async close() {
      letters.stop();
      for (const stop of beats) stop();
      await node.close(dispatch.close(config.shutdownTimeoutMs));
    },
    abandon: () => dispatching.abandon(),
  };
}

/** Renews what is kept of the drops of all apps, one app after the other. The next renewal makes up for one that fails. */
async function renewDrops(ledger: RedisLedger, apps: LocalApps): Promise<void> {
  const ids = Array.from(apps, ({ config }) => config.id);
  for (const id of ids) await ledger.drops(id).renew(id);
}

function createDrops(ledger: RedisLedger): DispatchingOptions['drops'] {
  return {
    resolve(appId, endpoint, channel) {
      for (const reason of ['disabled', 'expired']) {
        const kind = dropKind({ channel, name: 'channel_occupied', reason });
        ledger.drops(appId).resolve(appId, kind, `${endpoint}\n${channel}`);
      }
    },
    add(appId, dropped) {
      const subject = `${dropped.endpoint}\n${dropped.channel}`;
      ledger.drops(appId).add(appId, dropKind(dropped), { subject, json: JSON.stringify(dropped) });
    },
    async read(appId): Promise<DropReport | Unavailable> {
      const kept = await ledger.drops(appId).read(appId);
      if (isUnavailable(kept)) return kept;
      return { dropped: kept.dropped.map(parseDrop), forgotten: kept.forgotten };
    },
  };
}

function parseDrop(json: string): DroppedEvent {
  const dropped: DroppedEvent = JSON.parse(json);
  return dropped;
}
