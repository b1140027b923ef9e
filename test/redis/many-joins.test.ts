import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ChannelName } from '../../src/protocol/channel-name.ts';
import { app, quick, type Config } from '../support/e2e/config.ts';
import { startReceiver } from '../support/e2e/receiver.ts';
import { startServer } from '../support/e2e/server.ts';
import { connectSocket } from '../support/e2e/socket.ts';
import { startRedis, type RedisServer } from '../support/redis/server.ts';
import { startWalk } from '../support/redis/start-walk.ts';
import { cacheTtlMs } from '../support/redis/walk-node.ts';

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

test.each([1, 2])(
  'a client that returns with 1,000 channels at once gets them all, in order, and webhooks report each, with %i workers',
  async (workers) => {
    await using hooks = await startReceiver();
    const config: Config = {
      apps: [{ ...app, webhooks: [{ url: hooks.url, eventTypes: ['channel_occupied', 'channel_vacated'] }] }],
      webhooks: quick,
      redis: { url: redis.url, keyPrefix: `workers-${workers}:` },
      workers,
    };
    const server = await startServer(config);
    const other = await connectSocket(server);
    const channels = Array.from(
      { length: 1000 },
      (_, index) => `${['', 'cache-', 'presence-'][index % 3]}${index}`,
    );
    // The node answers known channels without Redis, but no earlier for that.
    for (const channel of channels.filter((_, index) => index % 5 === 0)) {
      await other.subscribe(channel, { user_id: 'other' });
      if (channel.startsWith('cache-')) await other.nextFrame();
    }
    const socket = await connectSocket(server);
    for (const channel of channels) socket.requestSubscription(channel, { user_id: 'u1' });
    const answered: string[] = [];
    while (answered.length < channels.length) {
      const { event, channel = '' } = await socket.nextFrame();
      if (event === 'pusher_internal:subscription_succeeded') answered.push(channel);
      else expect(event).toBe('pusher:cache_miss');
    }
    expect(answered).toEqual(channels);
    for (const one of [socket, other]) one.close();
    await hooks.events.count(channels.length, ({ name }) => name === 'channel_vacated');
    await server.stop();
  },
);

test('a client that joins many channels at once receives the count of each', async () => {
  const config: Config = { apps: [{ ...app, subscriptionCount: true }], redis: { url: redis.url } };
  const server = await startServer(config);
  const socket = await connectSocket(server);
  const channels = Array.from({ length: 100 }, (_, index) => `counted-${index}`);
  for (const channel of channels) socket.requestSubscription(channel);
  const received = new Map<string, string[]>(channels.map((channel) => [channel, []]));
  while ([...received.values()].some(({ length }) => length < 2)) {
    const { event, channel = '' } = await socket.nextFrame();
    received.get(channel)?.push(event);
  }
  for (const events of received.values()) {
    expect(events.slice(0, 2)).toEqual([
      'pusher_internal:subscription_succeeded',
      'pusher_internal:subscription_count',
    ]);
  }
  await server.stop();
});

test.each(['is occupied on this node', 'is new on this node'])(
  'a join behind another one, of a channel that %s, is answered after it, and with the state at that time',
  async (which) => {
    const walk = await startWalk(redis, 2);
    const [here, there] = walk.nodes;
    if (here === undefined || there === undefined) throw new Error('there are two nodes');
    const channel = 'presence-cache-a' as ChannelName;
    const publish = (data: string) => there.ledger.cacheEvent('a1', channel, { name: 'e', data });
    await there.join('first', channel, 'u1');
    await publish('1');
    if (which === 'is occupied on this node') await here.join('held', channel, 'u2');
    let release = (): void => {};
    const before = new Promise<void>((resolve) => (release = resolve));
    const joined = here.join('late', channel, 'u2', before);
    const late = here.clients.get('late');
    await walk.quiet();
    await there.join('meanwhile', channel, 'u3');
    there.leave('first');
    await publish('2');
    await walk.quiet();
    expect(late?.isSubscribed).toBe(false);
    release();
    await joined;
    await publish('3');
    await walk.quiet();
    expect([...(late?.view ?? [])].toSorted()).toEqual(['u2', 'u3']);
    expect(late?.events).toEqual(['2', '3']);
  },
);

test('webhooks report a cache miss when the cached event expires while a join waits for its turn', async () => {
  const walk = await startWalk(redis, 1);
  const [here] = walk.nodes;
  if (here === undefined) throw new Error('there is a node');
  const channel = 'cache-a' as ChannelName;
  await here.ledger.cacheEvent('a1', channel, { name: 'e', data: '1' });
  await here.join('held', channel);
  let release = (): void => {};
  const before = new Promise<void>((resolve) => (release = resolve));
  const joined = here.join('late', channel, undefined, before);
  await walk.advance(cacheTtlMs);
  release();
  await joined;
  await walk.readFacts();
  expect(here.clients.get('late')?.events).toEqual([]);
  expect(walk.reportedOf(channel)).toEqual(['channel_occupied', 'cache_miss']);
});
