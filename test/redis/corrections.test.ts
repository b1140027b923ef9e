import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { partitionOf } from '../../src/store/redis/keys.ts';
import { startRedis, type RedisServer } from '../support/redis/server.ts';
import { startWalk } from '../support/redis/start-walk.ts';
import { leaseMs, partitions } from '../support/redis/walk-node.ts';
import type { Walk } from '../support/redis/walk.ts';
import { channelName, endpoint } from '../support/unit/application.ts';

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
beforeEach(async () => {
  const client = new Redis(redis.url);
  await client.flushall();
  client.disconnect();
});
afterAll(() => redis.stop());

const room = channelName('presence-room');
const index = partitionOf('a1', room, partitions);
/** Other channels of the same partition. */
const [neighbour = '', otherNeighbour = ''] = Array.from(
  { length: 100 },
  (_, number) => `room-${number}`,
).filter((name) => partitionOf('a1', name, partitions) === index);

async function start() {
  const walk: Walk = await startWalk(redis, 2);
  const client = new Redis(redis.url);
  onTestFinished(() => client.disconnect());
  const keyOf = async (name: string) => (await client.keys(`*{${index}}:${name}`))[0] ?? '';
  const entries = async () => client.xrange(await keyOf('outbox'), '-', '+');
  const lastId = async () => (await entries()).at(-1)?.[0] ?? '0-0';
  /** What is appended for the endpoint; undefined if it is unknown what is missing. */
  const correct = async (
    believed: Readonly<Record<string, boolean | undefined>>,
    {
      takenUntil,
      token = 1,
      eventTypes,
    }: { takenUntil?: string; token?: number; eventTypes?: readonly string[] } = {},
  ) => {
    const position = { token, takenUntil: takenUntil ?? (await lastId()) };
    const believer = {
      appId: 'a1',
      endpoint: endpoint({ id: 'main', ...(eventTypes && { eventTypes }) }),
      channel: room,
      believed: new Map(Object.entries(believed)),
    };
    const count = await walk.nodes[0]?.ledger.correct(believer, position);
    if (count === undefined) return undefined;
    const events = (await entries()).map(
      ([, [, , , json = '']]) => JSON.parse(json) as Record<string, unknown>,
    );
    return (count === 0 ? [] : events.slice(-count)).map(({ name, userId = '', channel, onlyFor }) =>
      [name, channel, userId, onlyFor].join(' '),
    );
  };
  return { walk, client, keyOf, lastId, correct };
}

test('an endpoint is sent what it does not believe, in order', async () => {
  const { walk, correct } = await start();
  await Promise.all([walk.join(0, room, 'u1'), walk.join(1, room, 'u2')]);
  walk.leave(1, 0);
  await walk.advance(500);
  // u2 has left, which is not reported yet.
  expect(await correct({ u1: false, u2: undefined, u3: true, u4: false, '': false })).toEqual([
    'channel_occupied presence-room  main',
    'member_added presence-room u1 main',
    'member_added presence-room u2 main',
    'member_removed presence-room u3 main',
  ]);
  expect(await correct({ u1: true, '': true })).toEqual([]);
  const eventTypes = ['member_removed', 'channel_vacated'];
  expect(await correct({ u1: false, u3: true, '': false }, { eventTypes })).toEqual([
    'member_removed presence-room u3 main',
  ]);
  walk.leave(0, 0);
  await walk.advance(10_000);
  expect(await correct({ u1: true, u2: true, '': true })).toEqual([
    'member_removed presence-room u1 main',
    'member_removed presence-room u2 main',
    'channel_vacated presence-room  main',
  ]);
});

test('nothing is sent while an event of the channel waits that was not taken into account', async () => {
  const { walk, lastId, correct } = await start();
  await walk.join(0, neighbour);
  const before = await lastId();
  await walk.join(0, otherNeighbour);
  await walk.advance(500);
  expect(await correct({ u1: true }, { takenUntil: before })).toEqual([
    'member_removed presence-room u1 main',
  ]);
  const next = await lastId();
  await walk.join(1, room, 'u1');
  await walk.advance(500);
  expect(await correct({ u1: false }, { takenUntil: next })).toBeUndefined();
  expect(await correct({ u1: false })).toEqual(['member_added presence-room u1 main']);
});

test('nothing is sent while so many events wait that it would take long to look at them', async () => {
  const { walk, client, keyOf, lastId, correct } = await start();
  await walk.join(0, room, 'u1');
  const takenUntil = await lastId();
  const event = JSON.stringify({ name: 'channel_occupied', channel: neighbour });
  for (let count = 0; count < 99; count += 1)
    await client.xadd(await keyOf('outbox'), '*', 'a', 'a1', 'j', event);
  expect(await correct({ u1: true }, { takenUntil })).toEqual([]);
  await client.xadd(await keyOf('outbox'), '*', 'a', 'a1', 'j', event);
  expect(await correct({ u1: true }, { takenUntil })).toBeUndefined();
});

test('nothing is sent if another node owns the partition by now', async () => {
  const { walk, client, keyOf, correct } = await start();
  await walk.join(0, room, 'u1');
  await client.set((await keyOf('outbox')).replace(/outbox$/, 'fence'), '7');
  expect(await correct({ u1: false }, { token: 6 })).toBeUndefined();
  expect(await correct({ u1: false }, { token: 7 })).toEqual(['member_added presence-room u1 main']);
});

test('nothing is sent before every node has reported what it holds to a Redis that was emptied', async () => {
  const { walk, correct } = await start();
  await Promise.all([walk.join(0, neighbour), walk.join(1, room, 'u1')]);
  await walk.advance(500);
  expect(await correct({ u1: true, '': true })).toEqual([]);
  await walk.nodes[1]?.goAway();
  await walk.flush();
  expect(await correct({ u1: true, '': true })).toBeUndefined();
  await walk.advance(1000);
  // This node is registered again.
  expect(await correct({ u1: true, '': true })).toBeUndefined();
  await walk.nodes[1]?.comeBack();
  await walk.advance(2 * leaseMs);
  expect(await correct({ u1: true, '': true })).toEqual([]);
});
