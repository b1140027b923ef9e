import { afterAll, beforeAll, expect, test } from 'vitest';
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
