import { afterAll, beforeAll, expect, test } from 'vitest';
import { RunTimeSettings } from '../../src/configuration/run-time-settings.ts';
import type { Server } from '../../src/node/server.ts';
import { systemWallTime } from '../../src/system/clock.ts';
import { randomNames } from '../../src/system/fresh-names.ts';
import { Client } from '../integration/support/client.ts';
import { startServer } from '../integration/support/server.ts';
import { Receiver } from '../support/receiver.ts';
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
