import { Redis } from 'ioredis';
import { onTestFinished } from 'vitest';
import type { RestoredBatch } from '../../../src/ports/delivery-source.ts';
import type { DeliveryStore } from '../../../src/ports/delivery-store.ts';
import { silentLog } from '../../../src/ports/log.ts';
import { createRedisClients } from '../../../src/store/redis/link/connect.ts';
import { RedisDispatch, type DispatchOptions } from '../../../src/store/redis/deliveries/dispatch.ts';
import type { OwedDebt } from '../../../src/store/redis/deliveries/debts.ts';
import { allPartitions, LeadKeys, type PartitionKeys } from '../../../src/store/redis/keys.ts';
import { RedisLink } from '../../../src/store/redis/link/link.ts';
import { systemClock } from '../../../src/system/clock.ts';
import type { DebtKeeper } from '../../../src/webhooks/debt-keeper.ts';
import { FakeClock } from '../fake-clock.ts';
import { noSlices } from '../turns.ts';
import type { RedisServer } from './server.ts';

/** The time of day when the virtual clock of these tests starts. */
export const wallStart = 1_700_000_000_000;

let stages = 0;
let parts = 0;

/** A node's part in dispatching, with a delivery queue that only records what it receives. */
export async function startStage(
  redis: RedisServer,
  keyPrefix: string,
  clock = new FakeClock(),
  options: Partial<DispatchOptions> = {},
) {
  const link = new RedisLink(
    createRedisClients({ location: { kind: 'single', url: redis.url }, silenceMs: 60_000 }),
  );
  onTestFinished(() => link.close());
  await link.ready(systemClock, 10_000);
  const taken: string[] = [];
  const refs: string[] = [];
  const batches: RestoredBatch[] = [];
  const agesMs: number[] = [];
  const debts: OwedDebt[] = [];
  const asked: (readonly [appId: string, endpointId: string])[] = [];
  const stores: DeliveryStore[] = [];
  const keepers: DebtKeeper[] = [];
  const seqs: number[] = [];
  const nodeId = `node-${(stages += 1)}`;
  let stops = 0;
  let halt = (): Promise<void> => Promise.resolve();
  const partitions = allPartitions(keyPrefix);
  const dispatch = new RedisDispatch({
    link,
    clock,
    partitions,
    lead: new LeadKeys(keyPrefix),
    nodeId,
    leaseMs: 10_000,
    requestTimeoutMs: 4000,
    log: silentLog,
    pace: noSlices().pace,
    letters: { take: async () => {}, leave() {} },
    present: () => String(wallStart + clock.now()),
    newId: () => `part-${(parts += 1)}`,
    applications: () => [],
    startDispatcher(store, keeper) {
      stores.push(store);
      keepers.push(keeper);
      return {
        restore: (batch) => void batches.push(batch),
        take(_appId, event, { ageMs, ref, seq }) {
          taken.push(event.channel);
          seqs.push(seq ?? 0);
          refs.push(ref ?? '');
          agesMs.push(ageMs);
        },
        resume: () => {},
        owe: (owed) => void debts.push(...owed),
        missedBefore: () => {},
        found: () => {},
        reconcile: (...of) => void asked.push(of),
        halt: () => halt(),
        stop: () => (stops += 1),
      };
    },
    ...options,
  });
  return {
    ...{ link, nodeId, dispatch, partitions, stores, keepers },
    ...{ taken, refs, seqs, batches, agesMs, debts, asked },
    stops: () => stops,
    /** Attempts under way never end. */
    hang: () => (halt = () => new Promise<void>(() => {})),
  };
}

/** A connection of the test's own. */
export function connectTo(redis: RedisServer): Redis {
  const made = new Redis(redis.url);
  onTestFinished(() => made.disconnect());
  return made;
}

/** Appends an event to a partition as of now. Returns its position. */
export async function append(to: Redis, { outbox, wake }: PartitionKeys, channel: string): Promise<string> {
  const event = JSON.stringify({ name: 'channel_occupied', channel });
  const id = await to.xadd(outbox, '*', 'a', '1', 'j', event);
  await to.spublish(wake, '');
  return id ?? '';
}
