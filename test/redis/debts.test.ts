import { afterAll, beforeAll, expect, test } from 'vitest';
import { partitionOf } from '../../src/store/redis/keys.ts';
import { Debts } from '../../src/webhooks/debts.ts';
import type { StateEvent } from '../../src/webhooks/last-sent.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { append, connectTo, startStage } from '../support/redis/dispatch-stage.ts';
import { startRedis, type RedisServer } from '../support/redis/server.ts';
import { nextTurn } from '../support/turns.ts';
import { channelName } from '../support/unit/application.ts';

let redis: RedisServer;
let stages = 0;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

const room = channelName('presence-room');
const place = { appId: '1', endpointId: 'main', channel: room };
const added = (userId: string): StateEvent => ({ name: 'member_added', channel: room, userId });
const removed = (userId: string): StateEvent => ({ name: 'member_removed', channel: room, userId });

/** Two nodes, of which the first owns everything, and what an endpoint has missed. */
async function start() {
  const keyPrefix = `debts-${(stages += 1)}:`;
  const clock = new FakeClock();
  const one = await startStage(redis, keyPrefix, clock);
  await one.dispatch.beat();
  const two = await startStage(redis, keyPrefix, clock);
  const debts = new Debts(3);
  const change = (userId?: string) =>
    one.keepers[0]?.changed(place, (subjects) => debts.keep(room, subjects), userId);
  const keys = one.partitions[partitionOf('1', room)] ?? expect.fail('there is no such partition');
  const ask = (endpointId: string, wake = keys.wake) =>
    two.link.run('ask', [keys.debts, keys.asked], [wake, `1\n${endpointId}\n`]);
  return { one, two, debts, change, keys, ask, keyPrefix, clock, to: connectTo(redis) };
}

test('what an endpoint has missed of a channel is kept by subject, and known to the next owner', async () => {
  const { one, two, debts, change, keys, to } = await start();
  debts.dropped(removed('u1'), 4);
  change('u1');
  debts.dropped(added('u2\n='), 5);
  debts.delivered(removed('u2\n='), 6);
  debts.dropped({ name: 'channel_vacated', channel: room }, 7);
  change();
  await one.dispatch.beat();
  expect(Object.keys(await to.hgetall(keys.debt(`1\nmain\n${room}`))).toSorted()).toEqual([
    '=',
    '=u1',
    'flags',
  ]);
  debts.dropped(added('u3'), 9, undefined, true);
  change('u3');
  await one.dispatch.close(0);
  await two.dispatch.beat();
  expect(two.debts).toEqual([
    { appId: '1', endpointId: 'main', debt: { ...debts.keep(room), isRequested: false } },
  ]);
  const restored = new Debts(3);
  restored.restore(two.debts[0]?.debt ?? expect.fail('nothing was kept'), 0);
  expect(restored.keep(room)).toEqual(debts.keep(room));
});

test('nothing is left of a debt that is settled', async () => {
  const { one, debts, change, keys, to } = await start();
  debts.dropped(removed('u1'), 4);
  change('u1');
  await one.dispatch.beat();
  debts.settled(room);
  change();
  await one.dispatch.beat();
  expect(await to.exists(keys.debts, keys.debt(`1\nmain\n${room}`))).toBe(0);
});

test('a node that has lost a partition cannot note anything there', async () => {
  const { one, debts, change, keys, to } = await start();
  await to.set(keys.fence, '9'.repeat(15));
  debts.dropped(removed('u1'), 4);
  change('u1');
  await one.dispatch.beat();
  expect(await to.exists(keys.debts)).toBe(0);
});

test('that there was no room for a debt is known to the next owner', async () => {
  const { one, two } = await start();
  one.keepers[0]?.overflowed?.(place, 17);
  await one.dispatch.close(0);
  await two.dispatch.beat();
  const restored = new Debts(3);
  for (const { debt } of two.debts) restored.restore(debt, 0);
  expect(restored.hasOverflowed).toBe(true);
  // An endpoint that does not exist any more has missed nothing.
  two.keepers[0]?.received('1', 'main', undefined);
  await two.dispatch.close(0);
  await one.dispatch.beat();
  expect(one.debts).toEqual([]);
});

test('a request is answered with the number of channels, reaches the owner, and is known to the next one', async () => {
  const { one, two, debts, change, ask } = await start();
  expect(await ask('main')).toEqual([0]);
  debts.dropped(removed('u1'), 4);
  change('u1');
  await one.dispatch.beat();
  expect(await ask('mai')).toEqual([0]);
  expect(await ask('main')).toEqual([1]);
  // Also requests without debts, because the owner may be about to find some.
  await expect.poll(() => one.asked.map(([, id]) => id)).toEqual(['main', 'mai', 'main']);
  // The debt changes, and is still requested.
  debts.dropped(removed('u2'), 6);
  change('u2');
  await one.dispatch.close(0);
  await two.dispatch.beat();
  expect(two.debts).toMatchObject([{ debt: { isRequested: true } }]);
});

test('a request whose message is lost reaches the owner within ten seconds, once', async () => {
  const { one, debts, change, ask, clock } = await start();
  debts.dropped(removed('u1'), 4);
  change('u1');
  await one.dispatch.beat();
  expect(await ask('main', 'nobody listens here')).toEqual([1]);
  for (let times = 0; times < 3; times += 1) {
    await clock.advance(10_000);
    await one.dispatch.beat();
    await one.dispatch.beat();
  }
  await expect.poll(() => one.asked).toEqual([['1', 'main']]);
});

test('a request whose message is lost reaches the owner when it has connected again', async () => {
  const { one, debts, change, ask, clock } = await start();
  debts.dropped(removed('u1'), 4);
  change('u1');
  await one.dispatch.beat();
  expect(await ask('main', 'nobody listens here')).toEqual([1]);
  one.dispatch.reread();
  await clock.advance(1000);
  await one.dispatch.beat();
  await expect.poll(() => one.asked).toEqual([['1', 'main']]);
});

test('a request that arrives while a node takes over reaches it', async () => {
  const { one, debts, change, ask, keyPrefix, clock } = await start();
  debts.dropped(removed('u1'), 4);
  change('u1');
  await one.dispatch.close(0);
  const next = await startStage(redis, keyPrefix, clock, {
    letters: {
      // The debts have been read by then.
      async take() {
        await ask('main');
        for (let turn = 0; turn < 20; turn += 1) await nextTurn();
      },
      leave() {},
    },
  });
  await next.dispatch.beat();
  expect(next.debts).toMatchObject([{ debt: { isRequested: false } }]);
  await expect.poll(() => next.asked).toContainEqual(['1', 'main']);
});

test('the next owner gives events the sequence numbers that they had, whatever was settled meanwhile', async () => {
  const { one, two, keys, to } = await start();
  for (let count = 0; count < 5; count += 1) await append(to, keys, 'room');
  await expect.poll(() => one.seqs).toHaveLength(5);
  expect(one.seqs.toSorted((a, b) => a - b)).toEqual(one.seqs);
  const events = one.refs.slice(0, 3).map((ref) => ({ ref, isLast: true }));
  one.stores[0]?.settle({ appId: '1', endpointId: 'main', batchId: undefined, events });
  await one.dispatch.close(0);
  await two.dispatch.beat();
  expect(two.seqs).toEqual(one.seqs.slice(3));
});

test('a correction knows the last event that was taken, unless it is uncertain which were', async () => {
  const { one, two, keys, to } = await start();
  const index = one.partitions.indexOf(keys);
  expect(two.dispatch.positionOf(index, '1', room)).toBeUndefined();
  expect(one.dispatch.positionOf(index, '1', room)?.takenUntil).toBe('0-0');
  const last = await append(to, keys, room);
  await expect.poll(() => one.dispatch.positionOf(index, '1', room)?.takenUntil).toBe(last);
  // An event of another version waits here, and nobody knows what it means.
  await to.xadd(keys.outbox, '*', 'a', '1', 'j', JSON.stringify({ name: 'unknown', channel: 'other' }));
  await to.spublish(keys.wake, '');
  await expect.poll(() => one.dispatch.positionOf(index, '1', 'other')).toBeUndefined();
  expect(one.dispatch.positionOf(index, '1', room)).toBeDefined();
  one.dispatch.reread(index);
  expect(one.dispatch.positionOf(index, '1', room)).toBeUndefined();
});

test('after a new connection, it is known again what was taken, even of an empty outbox', async () => {
  const { one, keys } = await start();
  const index = one.partitions.indexOf(keys);
  one.dispatch.reread();
  await expect.poll(() => one.dispatch.positionOf(index, '1', room)?.takenUntil).toBe('0-0');
});
