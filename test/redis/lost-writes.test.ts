import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startRedis, type RedisServer } from '../support/redis/server.ts';
import { startWalk } from '../support/redis/start-walk.ts';
import { expectTrueViews } from '../support/redis/walk-steps.ts';

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

  // The numbers of the lost notices were used again, and the nodes that had received those took the new ones for them.
  test('subscribers receive the notices that follow the lost ones, also before the next heartbeat', async () => {
    const walk = await startWalk(redis, 3, { beatEveryMs: 1000 });
    await walk.join(1, 'cache-room');
    await walk.join(2, 'presence-b', 'u1');
    await walk.join(0, 'presence-b', 'u1');
    await walk.loseWrites(async () => {
      walk.leave(0, 0);
      await walk.join(1, 'cache-room');
    });
    await walk.settle();
    await expectTrueViews(walk);
  });

  // Its node had lost no step, and the next notice of another node had the number of the lost one.
  test('a termination that is among them is written again', async () => {
    const walk = await startWalk(redis, 3);
    await walk.loseWrites(async () => {
      walk.nodes[1]?.cutOff();
      void walk.join(0, 'cache-room');
      await walk.terminate(0, 'u1');
    });
    await walk.settle();
    expect(walk.missedTerminations).toEqual([]);
  });
});
