import type { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { silentLog } from '../../src/ports/log.ts';
import type { DispatchOptions } from '../../src/store/redis/deliveries/dispatch.ts';
import { LeadKeys, type PartitionKeys } from '../../src/store/redis/keys.ts';
import { TurnBudget } from '../../src/structures/turn-budget.ts';
import { systemRealTime } from '../../src/system/clock.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { append, connectTo, startStage, wallStart } from '../support/redis/dispatch-stage.ts';
import { startRedis, type RedisServer } from '../support/redis/server.ts';
import { FakeTurns } from '../support/turns.ts';

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

const stage = (keyPrefix: string, clock?: FakeClock, options?: Partial<DispatchOptions>) =>
  startStage(redis, keyPrefix, clock, options);

const client = (): Redis => connectTo(redis);

test('a node that could not read when it took over reads once it can', async () => {
  const { link, dispatch, taken, partitions } = await stage('listen:');
  const subscribe = link.subscribe.bind(link);
  link.subscribe = () => Promise.reject(new Error('cut off'));
  await dispatch.beat();
  link.subscribe = subscribe;
  await dispatch.beat();
  expect(dispatch.isDispatching).toBe(true);
  const [first] = partitions;
  if (first !== undefined) await append(client(), first, 'a');
  await expect.poll(() => taken).toEqual(['a']);
});

test('after Redis has lost its data a partition stays with its owner', async () => {
  const clock = new FakeClock();
  const [one, two] = [await stage('flushed:', clock), await stage('flushed:', clock)];
  await one.dispatch.beat();
  await two.dispatch.beat();
  expect([one.dispatch.isDispatching, two.dispatch.isDispatching]).toEqual([true, false]);
  await client().flushall();
  const batch = { id: 'msg_1', appId: '1', endpointId: 'e', timeMs: 0, refs: [] };
  const [store] = one.stores;
  // It must not be sent now, but the owner keeps what it holds.
  expect(await store?.keep(batch)).toBe(false);
  await two.dispatch.beat();
  await one.dispatch.beat();
  expect(await store?.keep(batch)).toBe(true);
  expect([one.dispatch.isDispatching, two.dispatch.isDispatching]).toEqual([true, false]);
  expect(one.stops()).toBe(0);
});

test('if that node is gone as well, another takes the partition a lease later', async () => {
  const clock = new FakeClock();
  const [one, two] = [await stage('flushed:', clock), await stage('flushed:', clock)];
  await one.dispatch.beat();
  await two.dispatch.beat();
  await client().flushall();
  await two.dispatch.beat();
  await clock.advance(9999);
  await two.dispatch.beat();
  expect(two.dispatch.isDispatching).toBe(false);
  await clock.advance(1);
  await two.dispatch.beat();
  expect(two.dispatch.isDispatching).toBe(true);
});

test('an event whose settlement Redis has lost is not sent again, but settled', async () => {
  const { dispatch, taken, partitions, stores } = await stage('unsettled:');
  await dispatch.beat();
  const [keys] = partitions;
  if (keys === undefined) throw new Error('there are partitions');
  const to = client();
  await append(to, keys, 'a');
  await expect.poll(() => taken).toEqual(['a']);
  const [[id, fields] = ['', []]] = await to.xrange(keys.outbox, '-', '+');
  const left = () => to.xlen(keys.outbox);
  const events = [{ ref: `0:${id}`, isLast: true }];
  stores[0]?.settle({ appId: '1', endpointId: 'e', batchId: undefined, events });
  await expect.poll(left).toBe(0);
  await dispatch.beat();

  await to.del(keys.outbox);
  await to.xadd(keys.outbox, id, ...fields);
  dispatch.reread(0);
  await expect.poll(left).toBe(0);
  await append(to, keys, 'b');
  await expect.poll(() => taken).toEqual(['a', 'b']);
});

test("setting a server's clock back does not delay a takeover", async () => {
  const clock = new FakeClock();
  const options = { present: () => '', leaseMs: 200, requestTimeoutMs: 100 };
  const [one, two] = [await stage('back:', clock, options), await stage('back:', clock, options)];
  await one.dispatch.beat();
  await two.dispatch.beat();
  const { lead } = new LeadKeys('back:');
  const hourMs = 3_600_000;
  const rights = (await client().hget(lead, `node:${one.nodeId}`)) ?? '';
  const [ends, calm, token] = rights.split(' ').map(Number);
  await client().hset(
    lead,
    `node:${one.nodeId}`,
    `${Number(ends) + hourMs} ${Number(calm) + hourMs} ${token}`,
  );
  await client().hincrby(lead, 't', hourMs);
  await expect
    .poll(async () => {
      await two.dispatch.beat();
      return two.dispatch.isDispatching;
    })
    .toBe(true);
});

test('the age of an event is computed from the clock of its server', async () => {
  const clock = new FakeClock();
  const { link, dispatch, taken, agesMs, partitions } = await stage('skewed:', clock);
  const aheadMs = 600_000;
  const [ahead] = partitions;
  if (ahead === undefined) throw new Error('there are partitions');
  const { run } = link;
  const runAsIfAhead: typeof run = (name, keys, args) => {
    const [present, ...others] = args;
    const isAhead = name === 'fence' && keys[0] === ahead.fence;
    return run(name, keys, isAhead ? [Number(present) + aheadMs, ...others] : args);
  };
  Object.assign(link, { run: runAsIfAhead });
  const addAt = (ms: number, channel: string) =>
    client().xadd(
      ahead.outbox,
      `${ms}-0`,
      'a',
      '1',
      'j',
      JSON.stringify({ name: 'channel_occupied', channel }),
    );
  await addAt(wallStart + aheadMs, 'before');
  await clock.advance(1000);
  await dispatch.beat();
  await clock.advance(1000);
  await addAt(wallStart + aheadMs + 500, 'after');
  await dispatch.beat();
  await expect.poll(() => taken).toEqual(['before', 'after']);
  expect(agesMs).toEqual([1000, 1500]);
});

test('entries of another version are held together with later ones on their channel, and logged once', async () => {
  const warn = vi.fn();
  const {
    dispatch,
    taken,
    batches: restored,
    partitions,
  } = await stage('unknown:', new FakeClock(), {
    log: { ...silentLog, warn },
  });
  const [keys] = partitions;
  if (keys === undefined) throw new Error('there are partitions');
  const to = client();
  const { batches } = new LeadKeys('unknown:');
  const add = async (event: object) =>
    `0:${await to.xadd(keys.outbox, '*', 'a', '1', 'j', JSON.stringify(event))}`;
  const keep = (id: string, ...refs: string[]) =>
    to.hset(batches, id, JSON.stringify({ appId: '1', endpointId: 'e', timeMs: 0, refs }));
  // A user without an id must not be sent as `undefined`.
  const strange = await add({ name: 'member_added', channel: 'presence-a', user: { id: 'u1' } });
  const withIt = await add({ name: 'channel_occupied', channel: 'b' });
  const apart = await add({ name: 'channel_occupied', channel: 'c' });
  await keep('held', strange, withIt);
  await keep('known', apart);
  await to.hset(batches, 'garbled', '{"refs":[1]}');
  await dispatch.beat();
  expect(restored.map(({ id }) => id)).toEqual(['known']);
  for (const channel of ['presence-a', 'b', 'd']) await append(to, keys, channel);
  await add({ name: 'channel_renamed', channel: 'e' });
  for (const channel of ['e', 'f']) await append(to, keys, channel);
  await expect.poll(() => taken).toEqual(['c', 'd', 'f']);
  expect(warn).toHaveBeenCalledTimes(1);
  expect(await to.xlen(keys.outbox)).toBe(9);
  expect((await to.hkeys(batches)).toSorted()).toEqual(['garbled', 'held', 'known']);
});

test('a new owner takes pending events in slices, oldest first, and later events after them', async () => {
  const clock = new FakeClock();
  const turns = new FakeTurns();
  const { dispatch, taken, partitions } = await stage('slices:', clock, {
    pace: new TurnBudget(10, turns.nextTurn),
  });
  const to = client();
  const [first, second] = partitions;
  if (first === undefined || second === undefined) throw new Error('there are partitions');
  const addAt = (keys: PartitionKeys, ms: number, channel: string) =>
    to.xadd(keys.outbox, `${ms}-0`, 'a', '1', 'j', JSON.stringify({ name: 'channel_occupied', channel }));
  const count = 40;
  for (let index = 0; index < count; index += 1) {
    await addAt(index % 3 === 0 ? first : second, wallStart - 1000 + index, `room-${index}`);
  }
  const begun = dispatch.beat();
  let most = 0;
  let isAdded = false;
  while (taken.length < count) {
    await settleReal();
    const before = taken.length;
    if (turns.isAwaited) turns.turn();
    await settleReal();
    most = Math.max(most, taken.length - before);
    if (taken.length > 10 && !isAdded) {
      isAdded = true;
      await append(to, first, 'late');
    }
  }
  await begun;
  expect(most).toBe(10);
  expect(taken.slice(0, count)).toEqual(Array.from({ length: count }, (_, index) => `room-${index}`));
  await expect
    .poll(() => {
      turns.turn();
      return taken.slice(count);
    })
    .toEqual(['late']);
});

test('the lease is renewed while many events are taken, and nothing more is taken once it is lost', async () => {
  const clock = new FakeClock();
  const turns = new FakeTurns();
  const given = { pace: new TurnBudget(1, turns.nextTurn) };
  const [one, two] = [await stage('renewed:', clock, given), await stage('renewed:', clock)];
  const [keys] = one.partitions;
  if (keys === undefined) throw new Error('there are partitions');
  const to = client();
  for (let index = 0; index < 30; index += 1) await append(to, keys, `room-${index}`);
  const begun = one.dispatch.beat();
  // Each turn takes a second, and all turns more than two leases.
  while (one.taken.length < 15) {
    await settleReal();
    turns.turn();
    await settleReal();
    await clock.advance(1000);
    await two.dispatch.beat();
  }
  expect([one.dispatch.isDispatching, two.dispatch.isDispatching]).toEqual([true, false]);
  // The silence may be Redis' fault, so the other node could still return for a while.
  await clock.advance(20_000);
  await two.dispatch.beat();
  expect(two.dispatch.isDispatching).toBe(false);
  await clock.advance(5000);
  await two.dispatch.beat();
  expect(two.dispatch.isDispatching).toBe(true);
  const taken = one.taken.length;
  turns.turn();
  await begun;
  expect(one.dispatch.isDispatching).toBe(false);
  expect(one.taken.length).toBe(taken);
  expect(two.taken).toHaveLength(30);
});

/** Answers of Redis arrive. */
async function settleReal(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await systemRealTime.turn();
}
