import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ChannelName } from '../../src/protocol/channel-name.ts';
import { startLateNode } from '../support/redis/late-node.ts';
import { startRedis, type RedisServer } from '../support/redis/server.ts';
import { leaseMs } from '../support/redis/walk-node.ts';

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

test("a connection for topics that does not even receive the node's own heartbeats is replaced", async () => {
  const { clock, way, late: deaf, other } = await startLateNode(redis, 'silent:');
  await deaf.join('c1', 'presence-a' as ChannelName, 'u1');
  way.holdUp();
  await other.join('c2', 'presence-a' as ChannelName, 'u2');
  const view = deaf.clients.get('c1')?.view;
  await expect
    .poll(
      async () => {
        clock.advanceSync(leaseMs / 5);
        await Promise.all([deaf.ledger.beat(), other.ledger.beat()]);
        return [...(view ?? [])];
      },
      { timeout: 30_000 },
    )
    .toEqual(['u1', 'u2']);
});
