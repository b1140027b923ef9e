import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { connectClient, membersOf } from '../support/e2e/client.ts';
import { app, quick, type Config } from '../support/e2e/config.ts';
import { answered, callApi } from '../support/e2e/http.ts';
import { startReceiver, type Receiver } from '../support/e2e/receiver.ts';
import { sdkFor } from '../support/e2e/sdk.ts';
import { runWithConfig, startServer, type Server } from '../support/e2e/server.ts';
import { startRedisCluster } from '../support/redis/cluster.ts';
import { startWatchedRedis } from '../support/redis/sentinel.ts';
import { startOnFreePort, startRedis } from '../support/redis/server.ts';
import { waitFor } from '../support/redis/wait.ts';
import { replay } from '../support/webhook-state.ts';

const leaseMs = 2000;

interface Pair {
  readonly one: Server;
  readonly two: Server;
  readonly hooks: Receiver;
}

/** Two nodes on this Redis, with one endpoint. They end with the test. */
async function startPair(redis: NonNullable<Config['redis']>, given: Config = {}): Promise<Pair> {
  const hooks = await startReceiver();
  onTestFinished(() => hooks.close());
  const config = {
    apps: [{ ...app, webhooks: [{ url: hooks.url }] }],
    webhooks: quick,
    redis: { leaseMs, ...redis },
    ...given,
  };
  const start = async (): Promise<Server> => {
    const server = await startServer(config);
    onTestFinished(() => server.stop());
    return server;
  };
  return { one: await start(), two: await start(), hooks };
}

const as = (user_id: string) => ({ member: { user_id } });

/**
 * Checks that members on both nodes know each other and receive what either node publishes, and that webhooks
 * report them.
 */
async function expectOneService({ one, two, hooks }: Pair, room: string): Promise<void> {
  const anna = await connectClient(one, as('anna'));
  const bert = await connectClient(two, as('bert'));
  const first = await anna.subscribePresence(room);
  const second = await bert.subscribePresence(room);
  expect(Object.keys(membersOf(second)).toSorted()).toEqual(['anna', 'bert']);
  await sdkFor(two).trigger(room, 'hello', 1);
  expect(await first.data('hello')).toBe(1);
  bert.pusher.disconnect();
  await first.data('pusher:member_removed');
  anna.pusher.disconnect();
  await hooks.events.first(({ name, channel }) => name === 'channel_vacated' && channel === room);
  expect(await hooks.namesOf(room, 6)).toEqual([
    'channel_occupied',
    'member_added',
    'member_added',
    'member_removed',
    'member_removed',
    'channel_vacated',
  ]);
}

const healthOf = async ({ url }: Server): Promise<{ status: string; redis: string }> =>
  (await (await fetch(`${url}/healthz`)).json()) as { status: string; redis: string };

const areWhole = async ({ one, two }: Pick<Pair, 'one' | 'two'>): Promise<boolean> =>
  (await Promise.all([healthOf(one), healthOf(two)])).every(({ status }) => status === 'ready');

/**
 * Checks a failover of Redis to a replica: clients stay connected and receive each other's events, health is
 * degraded until it is over, and later departures are reported.
 */
async function expectToOutlive(pair: Pair, loseServer: () => Promise<void>): Promise<void> {
  const { one, two, hooks } = pair;
  const anna = await connectClient(one, as('anna'));
  const bert = await connectClient(two, as('bert'));
  const rooms = Array.from({ length: 20 }, (_, index) => `presence-room-${index}`);
  for (const room of rooms) {
    await anna.subscribePresence(room);
    await bert.subscribePresence(room);
  }
  const members = rooms.flatMap((room) => [`${room} anna`, `${room} bert`]).toSorted();
  const state = () => replay(hooks.events.items);
  await waitFor('webhooks of all members', async () => state().members.length === members.length);

  await loseServer();
  await waitFor('degraded health', async () => {
    const { status, redis } = await healthOf(one);
    return status === 'degraded' && redis === 'unreachable';
  });
  await waitFor('health', () => areWhole(pair));
  expect([anna, bert].map(({ pusher }) => pusher.connection.socket_id)).toEqual([
    anna.socketId,
    bert.socketId,
  ]);
  await expectOneService(pair, 'presence-afterwards');
  expect(state().members).toEqual(members);
  anna.pusher.disconnect();
  bert.pusher.disconnect();
  await waitFor('webhooks of all departures', async () => state().members.length === 0);
  await waitFor('webhooks of all vacated channels', async () => state().occupied.length === 0);
}

test('nodes with another key prefix on the same Redis are independent', async () => {
  await using redis = await startRedis();
  const mine = await startPair({ url: redis.url, keyPrefix: 'mine:' });
  const theirs = await startPair({ url: redis.url, keyPrefix: 'theirs:' });
  const here = await connectClient(mine.one, as('anna'));
  const there = await connectClient(theirs.one, as('bert'));
  const [room] = [
    await here.subscribePresence('presence-room'),
    await there.subscribePresence('presence-room'),
  ];
  expect(Object.keys(membersOf(room))).toEqual(['anna']);
  await sdkFor(theirs.two).trigger('presence-room', 'hello', 1);
  await sdkFor(mine.two).trigger('presence-room', 'hello', 2);
  expect(await room.data('hello')).toBe(2);
  expect(await mine.hooks.namesOf('presence-room', 2)).toEqual(['channel_occupied', 'member_added']);
  const client = new Redis(redis.url);
  const keys = await client.keys('*');
  client.disconnect();
  expect(keys.filter((key) => !/^(mine|theirs):\{/.test(key))).toEqual([]);
});

test('a user with minimal rights is enough, over TLS with a private authority', async () => {
  const pem = (name: string) =>
    fileURLToPath(new URL(`../support/tls/localhost.${name}.pem`, import.meta.url));
  await using redis = await startOnFreePort((port) => [
    ...['--port', '0', '--tls-port', `${port}`, '--tls-auth-clients', 'no'],
    ...['--tls-cert-file', pem('cert'), '--tls-key-file', pem('key'), '--tls-ca-cert-file', pem('cert')],
    ...['--user', 'default', 'off'],
    ...['--user', 'node', 'on', '>p:w/d', '~soketify:*', '&soketify:*', '+@all', '-@dangerous', '+info'],
  ]);
  const url = `rediss://node:p%3Aw%2Fd@localhost:${redis.port}`;
  await expectOneService(await startPair({ url, tls: { caFile: pem('cert') } }), 'presence-room');
  const { code, stderr } = await runWithConfig({ apps: [app], redis: { url } });
  expect(code).toBe(1);
  expect(stderr).toMatch(/^ERR_REDIS: .*self-signed certificate/);
});

test('of two events that two nodes publish on a cache channel while Redis does not answer, the last is kept', async () => {
  await using redis = await startRedis();
  // Long enough that the nodes do not give up their connections meanwhile.
  const { one, two } = await startPair({ url: redis.url, leaseMs: 20_000 });
  const client = await connectClient(one);
  await sdkFor(one).trigger('cache-news', 'news', 'before');
  redis.freeze();
  // Each is accepted after two seconds, while the script is still in Redis' input buffer.
  await sdkFor(one).trigger('cache-news', 'news', 'first');
  await sdkFor(one).trigger('cache-news', 'news', 'second');
  await sdkFor(two).trigger('cache-news', 'news', 'last');
  redis.thaw();
  await waitFor('health', () => areWhole({ one, two }));
  const ask = () => callApi(two, { path: '/apps/1/channels/cache-news', params: { info: 'cache' } });
  await waitFor('an answer', async () => (await ask()).status === 200);
  expect(await answered(ask())).toMatchObject({ cache: { data: 'last' } });
  const late = await client.subscribe('cache-news');
  expect(await late.data('news')).toBe('last');
}, 60_000);

test('an endpoint receives channel_occupied before the events of the channel, also from a node that shuts down while Redis is frozen', async () => {
  await using redis = await startRedis();
  // The node waits before it exits until Redis has its data.
  const { one, two, hooks } = await startPair({ url: redis.url }, { shutdownTimeoutMs: 30_000 });
  redis.freeze();
  await waitFor('degraded health', async () => (await healthOf(one)).redis === 'unreachable');
  const before = await connectClient(one);
  const { channel } = await before.subscribe('private-talk');
  channel.trigger('client-typing', 1);
  // A later message on the same connection is answered after it.
  await before.subscribe('private-other');
  const ended = one.stop();
  const after = await connectClient(two);
  await after.subscribe('private-talk');
  redis.thaw();
  await ended;
  await waitFor('health', async () => (await healthOf(two)).status === 'ready');
  expect(await hooks.namesOf('private-talk', 2)).toEqual(['channel_occupied', 'client_event']);
}, 60_000);

test('on a full cluster departures are reported, and joins once there is memory again', async () => {
  await using cluster = await startRedisCluster();
  const pair = await startPair({ cluster: cluster.urls });
  const { one, two, hooks } = pair;
  const limitMemory = async (bytes: number): Promise<void> => {
    for (const { url } of cluster.servers) {
      const client = new Redis(url);
      await client.config('SET', 'maxmemory', bytes);
      client.disconnect();
    }
  };
  const [anna, bert] = [await connectClient(one, as('anna')), await connectClient(two, as('bert'))];
  await Promise.all([anna.subscribePresence('presence-a'), bert.subscribePresence('presence-b')]);
  await waitFor('webhooks of both', async () => replay(hooks.events.items).members.length === 2);
  await limitMemory(1);
  await waitFor('degraded health', async () => (await healthOf(one)).status === 'degraded');
  expect((await healthOf(one)).redis).toBe('full');
  anna.pusher.disconnect();
  await hooks.events.first(({ name, channel }) => name === 'channel_vacated' && channel === 'presence-a');
  const carl = await connectClient(one, as('carl'));
  const members = membersOf(await carl.subscribePresence('presence-b'));
  expect(Object.keys(members).toSorted()).toEqual(['bert', 'carl']);
  expect(replay(hooks.events.items).members).toEqual(['presence-b bert']);
  await limitMemory(0);
  await waitFor('health', () => areWhole(pair));
  await waitFor('webhooks of all', async () => replay(hooks.events.items).members.length === 2);
  expect(replay(hooks.events.items).members).toEqual(['presence-b bert', 'presence-b carl']);
}, 60_000);

test('on a cluster, a replica takes the place of a lost master', async () => {
  await using cluster = await startRedisCluster({ replicas: 1 });
  const pair = await startPair({ cluster: cluster.urls.slice(0, 2) });
  await expectOneService(pair, 'presence-before');
  await expectToOutlive(pair, async () => cluster.servers[0]?.kill());
}, 120_000);

test('where sentinels watch, a replica takes the place of a lost master', async () => {
  await using redis = await startWatchedRedis();
  const pair = await startPair({ sentinel: { name: redis.name, urls: [redis.sentinelUrl] } });
  await expectOneService(pair, 'presence-before');
  await expectToOutlive(pair, () => redis.loseMaster());
}, 120_000);
