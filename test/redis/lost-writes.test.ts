import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startRedis, type RedisServer } from '../support/redis/server.ts';
import { startWalk } from '../support/redis/start-walk.ts';

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

describe('after a failover to a replica that lacks the last writes', () => {
  test('subscribers of every node still learn who joins and leaves', async () => {
    const walk = await startWalk(redis, 2);
    await walk.join(0, 'presence-a', 'u1');
    await walk.join(1, 'presence-a', 'u2');
    await walk.quiet();
    await walk.loseWrites(async () => {
      // Received by both nodes and forgotten by Redis, so the numbers of these notices will be used again.
      for (let turn = 0; turn < 5; turn += 1) {
        await walk.join(0, 'presence-a', 'u3');
        walk.leave(0, 1);
        await walk.quiet();
      }
    });
    await walk.advance(5000);
    await walk.join(0, 'presence-a', 'u4');
    await walk.join(0, 'presence-a', 'u5');
    await walk.quiet();
    for (const view of walk.views()) expect(view.believed).toEqual(view.true);
  });

  test('a user who joined and left in the lost writes does not stay online forever', async () => {
    const walk = await startWalk(redis, 2);
    await walk.loseWrites(async () => {
      await walk.join(0, 'presence-a', 'u1');
      walk.leave(0, 0);
      await walk.quiet();
    });
    expect([...walk.members]).toEqual(['presence-a u1']);
    await walk.settle();
    expect([...walk.members, ...walk.occupied]).toEqual([]);
  });
});
