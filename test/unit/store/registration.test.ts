import { describe, expect, test } from 'vitest';
import { PartitionKeys } from '../../../src/store/redis/keys.ts';
import { Registration } from '../../../src/store/redis/channels/registration.ts';
import { FakeClock, settle } from '../../support/fake-clock.ts';

const mebibyte = 1024 * 1024;

/** A registration on a Redis that accepts every script. It registers when the test calls `register`. */
function stage(messageBytes: number) {
  const registration = new Registration({
    run: async (name) => (name === 'register' ? ['data', 1, -1, 0] : ['ok']),
    keys: new PartitionKeys('test:', 0),
    clock: new FakeClock(),
    present: () => '',
    leaseMs: 10_000,
    messageBytes,
    newEpoch: () => 'epoch',
    revision: () => 0,
    registered() {},
    memoryIsBack() {},
    failed() {},
  });
  const outcomes: boolean[] = [];
  const record = (bytes: number) =>
    void registration.record(async () => ['ok'], bytes).then((isTaken) => outcomes.push(isTaken));
  return { registration, record, outcomes };
}

test('16 MB of events wait for Redis, and the oldest are discarded beyond that', async () => {
  const { registration, record, outcomes } = stage(mebibyte);
  for (let count = 0; count < 3; count += 1) record(8 * mebibyte);
  await settle();
  expect(outcomes).toEqual([false]);
  await registration.register();
  await settle();
  expect(outcomes).toEqual([false, true, true]);
});

test('10,000 events wait for Redis, and the oldest are discarded beyond that', async () => {
  const { registration, record, outcomes } = stage(mebibyte);
  for (let count = 0; count < 10_002; count += 1) record(1);
  await settle();
  expect(outcomes).toEqual([false, false]);
  await registration.register();
  await settle();
  expect(outcomes.filter(Boolean)).toHaveLength(10_000);
});

test('two of the largest events wait in any case', async () => {
  const { registration, record, outcomes } = stage(20 * mebibyte);
  for (let count = 0; count < 2; count += 1) record(20 * mebibyte);
  await registration.register();
  await settle();
  expect(outcomes).toEqual([true, true]);
});

/** A registration in data that the test can lose, with the `lostSince` of each registration. */
function stageWithLoss() {
  const clock = new FakeClock();
  const redis = { data: 'a', lost: '', isReachable: true, isFull: false };
  const noted: (number | undefined)[] = [];
  const registration = new Registration({
    run: async (name) => {
      if (!redis.isReachable) throw new Error('Connection is closed.');
      if (name === 'register') return [redis.data, 1, -1, 0, redis.lost];
      return ['ok', -1, '', 0, redis.isFull ? 1 : 0, 0, redis.data, redis.lost];
    },
    keys: new PartitionKeys('test:', 0),
    clock,
    present: () => '',
    leaseMs: 10_000,
    newEpoch: () => 'epoch',
    revision: () => 0,
    registered: ({ lostSince }) => noted.push(lostSince),
    memoryIsBack() {},
    failed() {},
  });
  /** The connection is lost and found again, and the node registers. */
  const reconnect = async (): Promise<void> => {
    redis.isReachable = false;
    await registration.beat();
    redis.isReachable = true;
    await clock.advance(1000);
  };
  return { clock, redis, noted, registration, reconnect };
}

describe('a loss of data', () => {
  test('counts until Redis has answered a heartbeat after it', async () => {
    const { clock, redis, noted, registration, reconnect } = stageWithLoss();
    await registration.register();
    await clock.advance(5000);
    await registration.beat();
    redis.data = 'b';
    await reconnect();
    await reconnect();
    expect(noted).toEqual([undefined, 5000, 5000]);

    await registration.beat();
    await reconnect();
    expect(noted).toEqual([undefined, 5000, 5000, undefined]);
  });

  test('is what any node has found in the same data', async () => {
    const { redis, noted, registration, reconnect } = stageWithLoss();
    await registration.register();
    await registration.beat();
    redis.lost = 'epoch of another node';
    await reconnect();
    expect(noted).toEqual([undefined, 0]);
  });

  test('counts until Redis has memory, and then everything is asserted again', async () => {
    const { clock, redis, noted, registration, reconnect } = stageWithLoss();
    await registration.register();
    await registration.beat();
    redis.data = 'b';
    redis.isFull = true;
    await reconnect();
    await registration.beat();
    expect(noted).toEqual([undefined, 0]);

    redis.isFull = false;
    await registration.beat();
    await clock.advance(0);
    expect(noted).toEqual([undefined, 0, 0]);
  });
});
