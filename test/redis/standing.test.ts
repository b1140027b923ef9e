import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { app } from '../support/e2e/config.ts';
import { startServer, type Server } from '../support/e2e/server.ts';
import { startRedis, type RedisServer } from '../support/redis/server.ts';

/** A node whose lease is short, so that what it finds out comes soon. */
async function startNode(redis: RedisServer): Promise<Server> {
  const server = await startServer({ apps: [app], redis: { url: redis.url, leaseMs: 1000 } });
  onTestFinished(() => server.stop());
  return server;
}

/** The lines of a node that speak of Redis. */
const linesOf = ({ log }: Server): readonly (string | undefined)[] =>
  log.items.map(({ msg }) => msg).filter((msg) => msg?.includes('Redis'));

const lost = 'Redis lost: clients are served on what this node knows, webhooks wait';
const emptied = 'Redis has lost data: this node writes down again what it holds';

const patience = { timeout: 20_000, interval: 50 };

test('a Redis that is lost and comes back empty is three lines for a node, however often', async () => {
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

test('a Redis that is frozen is lost, and back once it goes on', async () => {
  await using redis = await startRedis();
  const node = await startNode(redis);
  redis.freeze();
  await expect.poll(() => linesOf(node), patience).toEqual([lost]);
  redis.thaw();
  await expect.poll(() => linesOf(node).at(-1), patience).toBe('Redis is back');
});

test('a Redis that is full is said once, and that it has room again', async () => {
  await using redis = await startRedis();
  const node = await startNode(redis);
  const admin = new Redis(redis.url);
  onTestFinished(() => admin.disconnect());
  await admin.config('SET', 'maxmemory', '1');
  const full = 'Redis is full: who comes is told of once there is room, what is there stays';
  await expect.poll(() => linesOf(node), patience).toEqual([full]);
  await admin.config('SET', 'maxmemory', '0');
  await expect.poll(() => linesOf(node), patience).toEqual([full, 'Redis has room again']);
});
