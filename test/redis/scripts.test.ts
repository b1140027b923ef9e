import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { createRedisClients, type RedisLocation } from '../../src/store/redis/link/connect.ts';
import { RedisLink } from '../../src/store/redis/link/link.ts';
import { loadScripts } from '../../src/store/redis/scripts.ts';
import { systemClock } from '../../src/system/clock.ts';
import { startRedisCluster } from '../support/redis/cluster.ts';
import { startRedis, type RedisServer } from '../support/redis/server.ts';
import { Redis } from 'ioredis';

const digests = [...loadScripts().values()].map(({ digest }) => digest);

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

async function connect(location: RedisLocation): Promise<RedisLink> {
  const link = new RedisLink(createRedisClients({ location, silenceMs: 10_000 }));
  onTestFinished(() => link.close());
  await link.ready(systemClock, 10_000);
  return link;
}

/** Whether a server has every script. */
async function hasScripts(server: RedisServer): Promise<boolean> {
  const client = new Redis(server.url);
  const found = (await client.script('EXISTS', ...digests)) as readonly number[];
  client.disconnect();
  return found.every((one) => one === 1);
}

test('a server has every script before the first step is sent, so that no step is sent twice', async () => {
  const link = await connect({ kind: 'single', url: redis.url });
  const found = await link.commands.script('EXISTS', ...digests);
  expect(found).toEqual(digests.map(() => 1));
});

test('a server that has lost its scripts has them again with the next connection', async () => {
  const link = await connect({ kind: 'single', url: redis.url });
  await link.commands.script('FLUSH');
  const client = new Redis(redis.url);
  onTestFinished(() => client.disconnect());
  await client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
  await expect.poll(() => hasScripts(redis), { timeout: 10_000 }).toBe(true);
});

test('every master of a cluster has the scripts', async () => {
  const cluster = await startRedisCluster();
  onTestFinished(() => cluster.stop());
  await connect({ kind: 'cluster', urls: cluster.urls });
  for (const server of cluster.servers) {
    await expect.poll(() => hasScripts(server), { timeout: 10_000 }).toBe(true);
  }
});
