import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { app } from '../support/e2e/config.ts';
import { startServer, type Server } from '../support/e2e/server.ts';
import { startRedis, type RedisServer } from '../support/redis/server.ts';

/** A node with a short lease, so that it discovers changes quickly. */
async function startNode(redis: RedisServer): Promise<Server> {
  const server = await startServer({ apps: [app], redis: { url: redis.url, leaseMs: 1000 } });
  onTestFinished(() => server.stop());
  return server;
}

/** The log entries of a node about Redis. */
const linesOf = ({ log }: Server): readonly (string | undefined)[] =>
  log.items.map(({ msg }) => msg).filter((msg) => msg?.includes('Redis'));

const lost = 'Redis lost: clients are served from what this node knows, webhooks wait';
const emptied = 'Redis has lost data: this node writes again what it holds';

const patience = { timeout: 20_000, interval: 50 };

test('a Redis that is lost and returns empty causes three log entries per node, however often', async () => {
  await using redis = await startRedis();
  const node = await startNode(redis);
  for (const round of [1, 2]) {
    await redis.kill();
    await expect.poll(() => linesOf(node).at(-1), patience).toBe(lost);
    await redis.restart();
    await expect.poll(() => linesOf(node).at(-1), patience).toBe('Redis is back');
    const said = linesOf(node);
    expect(said.filter((line) => line === lost)).toHaveLength(round);
    expect(said.filter((line) => line === 'Redis is back')).toHaveLength(round);
    expect(said.filter((line) => line === emptied)).toHaveLength(round);
    expect(said).toHaveLength(3 * round);
  }
});

test('a frozen Redis is logged as lost, and as back once it continues', async () => {
  await using redis = await startRedis();
  const node = await startNode(redis);
  redis.freeze();
  await expect.poll(() => linesOf(node), patience).toEqual([lost]);
  redis.thaw();
  await expect.poll(() => linesOf(node).at(-1), patience).toBe('Redis is back');
});

test('a full Redis is logged once, and so is its recovery', async () => {
  await using redis = await startRedis();
  const node = await startNode(redis);
  const admin = new Redis(redis.url);
  onTestFinished(() => admin.disconnect());
  await admin.config('SET', 'maxmemory', '1');
  const full = 'Redis is full: new channels, members and users are announced once there is memory';
  await expect.poll(() => linesOf(node), patience).toEqual([full]);
  await admin.config('SET', 'maxmemory', '0');
  await expect.poll(() => linesOf(node), patience).toEqual([full, 'Redis has room again']);
});
