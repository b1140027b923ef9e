import { Redis } from 'ioredis';
import Backend from 'pusher';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { RunTimeSettings } from '../../src/configuration/run-time-settings.ts';
import type { Server } from '../../src/node/server.ts';
import { systemWallTime } from '../../src/system/clock.ts';
import { randomNames } from '../../src/system/fresh-names.ts';
import { Client } from '../integration/support/client.ts';
import { startServer } from '../integration/support/server.ts';
import { Receiver } from '../support/receiver.ts';
import { signedQuery } from '../support/sign-request.ts';
import { startRedis, type RedisServer } from '../support/redis/server.ts';
import { waitFor } from '../support/redis/wait.ts';

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

const settingsOf = ({ configuration }: Server) =>
  new RunTimeSettings({ configuration, names: randomNames, wallTime: systemWallTime });

test('the endpoints of a removed app receive departures whose grace period is longer than retries are made', async () => {
  const hooks = await Receiver.start();
  const node = await startServer({
    redis: { url: redis.url, keyPrefix: 'late:', leaseMs: 1000 },
    webhooks: { disconnectGraceMs: 2000, retry: { maxElapsedMs: 1000 } },
  });
  const settings = settingsOf(node);
  await settings.addApp({ id: '9', key: 'nine', webhooks: [{ id: 'hook', url: hooks.url }] });
  const client = await Client.connect(node, '/app/nine?protocol=7');
  await client.subscribe('news');
  const isReported = (name: string) => async () => hooks.requests.some(({ body }) => body.includes(name));
  await waitFor('the arrival', isReported('channel_occupied'));
  await settings.removeApp('9');
  await waitFor('the departure', isReported('channel_vacated'));
  expect(hooks.requests).toHaveLength(2);
});

test('what is left of a removed app has an end, and its drops have none while a node knows it', async () => {
  const keyPrefix = 'gone:';
  const given = {
    redis: { url: redis.url, keyPrefix, leaseMs: 1000 },
    // What its endpoints have missed is forgotten once nothing can be sent to them any more.
    webhooks: { disconnectGraceMs: 100, retry: { maxElapsedMs: 1000 } },
  };
  const node = await startServer(given);
  const app = { id: 'nine', key: 'nine-key', secret: 'nine-secret' };
  const webhooks = [{ id: 'off', url: 'http://127.0.0.1:9/', enabled: false }];
  const limits = { connections: 10, triggersPerSecond: 10 };
  await settingsOf(node).addApp({ ...app, webhooks, limits });
  const client = await Client.connect(node, '/app/nine-key?protocol=7');
  const backend = new Backend({
    appId: app.id,
    ...app,
    host: '127.0.0.1',
    port: String(node.port),
    useTLS: false,
  });
  client.send('pusher:signin', backend.authenticateUser(client.socketId, { id: 'u1' }));
  await client.next('pusher:signin_success');
  await client.subscribe('cache-news');
  await backend.trigger('cache-news', 'headline', {});
  await client.subscribe(
    'presence-room',
    backend.authorizeChannel(client.socketId, 'presence-room', { user_id: 'u1' }),
  );
  const to = new Redis(redis.url);
  onTestFinished(() => to.disconnect());
  const keysOf = () => to.keys(`${keyPrefix}*nine*`);
  /** In how many days the keys of the app end. */
  const found = async (): Promise<Record<string, number | 'never'>> => {
    const ends = (await keysOf()).map(async (key) => {
      const ms = await to.pttl(key);
      return [key.replace(/^.*\}:/, ''), ms < 0 ? 'never' : Math.ceil(ms / 86_400_000)] as const;
    });
    return Object.fromEntries(await Promise.all(ends));
  };
  const drops = {
    'drops:nine:disabled': 30,
    'drop-order:nine:disabled': 30,
    'drop-numbers:nine:disabled': 30,
  };
  await expect.poll(found).toMatchObject({
    ...drops,
    'user:nine:u1': 'never',
    'connections:nine': 'never',
    'debt:nine:off:presence-room': 'never',
  });
  for (const key of await keysOf()) if (key.includes('}:drop')) await to.pexpire(key, 60_000);
  expect(await found()).toMatchObject({ 'drops:nine:disabled': 1 });
  // A node renews them when it starts, and every day.
  await startServer(given);
  await expect.poll(found).toMatchObject(drops);
  await settingsOf(node).removeApp('nine');
  await waitFor('the departures', async () => !Object.values(await found()).includes('never'));
  expect(await found()).toMatchObject(drops);
});

test('an app that is added again does not have the cached events that it had before', async () => {
  const node = await startServer({ redis: { url: redis.url, keyPrefix: 'again:', leaseMs: 1000 } });
  const settings = settingsOf(node);
  const added = { id: '9', key: 'nine', secret: 'secret' };
  const join = async () => {
    const client = await Client.connect(node, '/app/nine?protocol=7');
    await client.subscribe('cache-news');
    await client.ping();
    return client.of('news').length;
  };
  await settings.addApp(added);
  const body = JSON.stringify({ name: 'news', channels: ['cache-news'], data: '{}' });
  const query = signedQuery(added, { method: 'POST', path: '/apps/9/events', body });
  const url = `http://127.0.0.1:${node.port}/apps/9/events?${query}`;
  expect((await fetch(url, { method: 'POST', body })).status).toBe(200);
  expect(await join()).toBe(1);
  await settings.removeApp('9');
  await settings.addApp(added);
  expect(await join()).toBe(0);
});
