import { afterAll, beforeAll, expect, test } from 'vitest';
import { LeadKeys, partitionCount } from '../../src/store/redis/keys.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { append, connectTo, startStage } from '../support/redis/dispatch-stage.ts';
import { startRedis, type RedisServer } from '../support/redis/server.ts';

const leaseMs = 4000;
const requestTimeoutMs = 3000;

let redis: RedisServer;
let stages = 0;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

type Stage = Awaited<ReturnType<typeof startStage>>;

/** Starts nodes on keys of their own. The first one dispatches everything. */
async function startNodes(count: number) {
  const keyPrefix = `sharing-${(stages += 1)}:`;
  const clock = new FakeClock();
  const start = () => startStage(redis, keyPrefix, clock, { leaseMs, requestTimeoutMs });
  const nodes = await Promise.all(Array.from({ length: count }, start));
  const [first, ...others] = nodes as [Stage, ...Stage[]];
  await first.dispatch.beat();
  const to = connectTo(redis);
  const sharesOf = (some: readonly Stage[]) => some.map(({ dispatch }) => dispatch.partitions);
  const beat = async (some: readonly Stage[]) => {
    for (const { dispatch } of some) await dispatch.beat();
  };
  return { clock, nodes, first, others, to, lead: new LeadKeys(keyPrefix), start, sharesOf, beat };
}

/** Saves a batch with one event of each of these partitions, and fails its first attempt. */
async function keepBatch(
  stage: Stage,
  to: ReturnType<typeof connectTo>,
  id: string,
  indices: readonly number[],
) {
  const refs: string[] = [];
  for (const index of indices) {
    const keys = stage.partitions[index];
    if (keys !== undefined) refs.push(`${index}:${await append(to, keys, `${id}-${index}`)}`);
  }
  const batch = { id, appId: '1', endpointId: 'e', timeMs: 7, refs };
  expect(await stage.stores.at(-1)?.keep(batch)).toBe(true);
  return batch;
}

const everyPartition = Array.from({ length: partitionCount }, (_, index) => index);

test('new nodes receive an even share, and each event is taken by one node, in the order of its channel', async () => {
  const { nodes, first, to, beat, sharesOf } = await startNodes(3);
  expect(sharesOf(nodes)).toEqual([64, 0, 0]);
  await beat(nodes);
  await beat(nodes);
  await beat(nodes);
  expect(sharesOf(nodes).toSorted((a, b) => a - b)).toEqual([21, 21, 22]);
  for (const round of [1, 2, 3]) {
    for (const keys of first.partitions) await append(to, keys, `${keys.outbox} ${round}`);
  }
  const taken = () => nodes.flatMap((node) => node.taken);
  await expect.poll(() => taken().length).toBe(3 * partitionCount);
  expect(new Set(taken()).size).toBe(3 * partitionCount);
  for (const node of nodes) {
    for (const keys of node.partitions) {
      const own = node.taken.filter((channel) => channel.startsWith(`${keys.outbox} `));
      expect(own).toEqual(own.length === 0 ? [] : [1, 2, 3].map((round) => `${keys.outbox} ${round}`));
    }
  }
});

test('a node that shuts down gives everything to the node with the fewest partitions, which continues immediately', async () => {
  const { nodes, first, others, beat, sharesOf, to } = await startNodes(2);
  await beat(nodes);
  await beat(nodes);
  await first.dispatch.close(1000);
  const [keys] = first.partitions;
  if (keys !== undefined) await append(to, keys, 'left');
  await beat(others);
  expect(sharesOf(nodes)).toEqual([0, 64]);
  expect(others[0]?.taken).toContain('left');
});

test('while batches wait for a failing endpoint, the partitions they connect do not move; then the batches are split', async () => {
  const { clock, nodes, first, others, beat, sharesOf, to, lead } = await startNodes(2);
  const batch = await keepBatch(first, to, 'msg_whole', everyPartition);
  first.stores[0]?.postpone('msg_whole', 2, 60_000);
  await beat(nodes.toReversed());
  expect(sharesOf(nodes)).toEqual([64, 0]);
  for (let waited = 0; waited < 10_000; waited += 1000) {
    await clock.advance(1000);
    await beat(nodes);
  }
  await beat(nodes);
  expect(sharesOf(nodes)).toEqual([32, 32]);
  const kept = await to.hgetall(lead.batches);
  expect(kept).not.toHaveProperty('msg_whole');
  expect(Object.keys(kept)).toHaveLength(2);
  const parts = [first.batches, others[0]?.batches ?? []].map((batches) => batches.at(-1));
  expect(parts.flatMap((part) => part?.refs ?? []).toSorted()).toEqual(batch.refs.toSorted());
  for (const part of parts) {
    expect(part).toMatchObject({ attempts: 2, timeMs: 7, appId: '1', endpointId: 'e' });
    expect(part?.id).toMatch(/^part-/);
    const refs = part?.refs ?? [];
    // Its channels keep their order.
    expect(refs).toEqual(batch.refs.filter((ref) => refs.includes(ref)));
    expect(part?.delayMs).toBeGreaterThan(30_000);
  }
});

test('a batch whose partitions stay together keeps its id when a node joins while an endpoint fails', async () => {
  const { nodes, first, others, beat, to, lead } = await startNodes(2);
  await keepBatch(first, to, 'msg_a', [1, 2, 3]);
  first.stores[0]?.postpone('msg_a', 1, 1000);
  await beat(nodes);
  await beat(nodes);
  await beat(nodes);
  expect(Object.keys(await to.hgetall(lead.batches))).toEqual(['msg_a']);
  const owners = [first, ...others].map(({ batches }) => batches.map(({ id }) => id));
  expect(owners.flat()).toEqual(['msg_a']);
});

test('a new owner waits with what was under way until it has ended, and with nothing else', async () => {
  const { clock, first, others, beat, to } = await startNodes(2);
  await beat(others);
  await first.dispatch.beat();
  await beat(others);
  // The first node dies with two batches, one of which has failed once. Another event is not behind them.
  await clock.advance(1000);
  await first.dispatch.beat();
  const mine = await partitionsOf(to, first);
  const [a = 0, b = 0, c = 0] = mine;
  await keepBatch(first, to, 'msg_begun', [a]);
  await keepBatch(first, to, 'msg_failed', [b]);
  first.stores.at(-1)?.postpone('msg_failed', 1, 0);
  const keys = first.partitions[c];
  if (keys !== undefined) await append(to, keys, 'free');
  for (let waited = 0; waited < leaseMs; waited += 400) {
    await beat(others);
    await clock.advance(400);
  }
  await beat(others);
  const [second] = others;
  expect(second?.dispatch.partitions).toBe(partitionCount);
  expect(second?.taken).toContain('free');
  const delays = new Map(second?.batches.map(({ id, delayMs }) => [id, delayMs]));
  // An attempt that started right after its batch was saved has ended half a second and its timeout later.
  expect(delays.get('msg_begun')).toBe(500 + requestTimeoutMs - leaseMs);
  // Of another one only the lease shows when it may have started.
  expect(delays.get('msg_failed')).toBe(requestTimeoutMs);
});

test('a node that was frozen finds its partitions with other nodes, and cannot settle anything of them', async () => {
  const { clock, first, others, beat, to } = await startNodes(2);
  const [keys] = first.partitions;
  if (keys === undefined) throw new Error('there are partitions');
  const id = await append(to, keys, 'a');
  await expect.poll(() => first.taken).toEqual(['a']);
  await beat(others);
  for (let waited = 0; waited <= leaseMs; waited += 400) {
    await clock.advance(400);
    await beat(others);
  }
  expect(others[0]?.taken).toEqual(['a']);
  expect(first.stores[0]?.mayAttempt()).toBe(false);
  first.stores[0]?.settle({
    appId: '1',
    endpointId: 'e',
    batchId: undefined,
    events: [{ ref: `0:${id}`, isLast: true }],
  });
  await expect.poll(() => first.dispatch.isDispatching).toBe(false);
  expect(first.stops()).toBe(1);
  expect(await to.xlen(keys.outbox)).toBe(1);
  const batch = { id: 'late', appId: '1', endpointId: 'e', timeMs: 0, refs: [`0:${id}`] };
  expect(await first.stores[0]?.keep(batch)).toBe(false);
});

test('after Redis has lost all data, each node owns again what it had, including what is in its memory', async () => {
  const { nodes, beat, sharesOf, to } = await startNodes(3);
  await beat(nodes);
  await beat(nodes);
  await beat(nodes);
  const shares = sharesOf(nodes);
  const stops = nodes.map((node) => node.stops());
  await to.flushall();
  await beat(nodes.toReversed());
  await beat(nodes);
  expect(sharesOf(nodes)).toEqual(shares);
  expect(nodes.map((node) => node.stops())).toEqual(stops);
});

test('after that a node that keeps a batch before it has asked for its rights waits, and loses nothing', async () => {
  const { first, others, nodes, beat, sharesOf, to } = await startNodes(2);
  await beat(others);
  await beat(nodes);
  await beat(nodes);
  const shares = sharesOf(nodes);
  const stops = nodes.map((node) => node.stops());
  await to.flushall();
  await beat(others);
  const batch = { id: 'kept', appId: '1', endpointId: 'e', timeMs: 7, refs: ['0:1-0'] };
  expect(await first.stores.at(-1)?.keep(batch)).toBe(false);
  await beat([first]);
  await beat(nodes);
  expect(sharesOf(nodes)).toEqual(shares);
  expect(nodes.map((node) => node.stops())).toEqual(stops);
  expect(await first.stores.at(-1)?.keep(batch)).toBe(true);
});

test('a node gives partitions away without waiting for a hanging endpoint; the new owner waits with that batch only', async () => {
  const { clock, nodes, first, others, beat, sharesOf, to } = await startNodes(2);
  await keepBatch(first, to, 'msg_hanging', [5]);
  first.hang();
  await others[0]?.dispatch.beat();
  const giving = first.dispatch.beat();
  await expect.poll(() => clock.pending).toBeGreaterThan(0);
  await clock.advance(1000);
  await giving;
  await beat(others);
  expect(sharesOf(nodes)).toEqual([32, 32]);
  const restored = nodes.flatMap(({ batches }) => batches);
  expect(restored.map(({ id }) => id)).toEqual(['msg_hanging']);
  expect(restored[0]?.delayMs).toBeGreaterThanOrEqual(requestTimeoutMs - 500);
});

async function partitionsOf(to: ReturnType<typeof connectTo>, stage: Stage): Promise<readonly number[]> {
  const [keys] = stage.partitions;
  const prefix = keys?.outbox.replace(/\{0\}:outbox$/, '') ?? '';
  const fields = await to.hgetall(new LeadKeys(prefix).lead);
  return everyPartition.filter((index) => fields[`p:${index}`]?.startsWith(`${stage.nodeId} `));
}
