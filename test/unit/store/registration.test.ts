import { expect, test } from 'vitest';
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
