import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { patienceMs, runs, seeded } from '../support/property/seeded.ts';
import { startRedis, type RedisServer } from '../support/redis/server.ts';
import { expectTrueViews, faultsWithLoss, settled, walkOf } from '../support/redis/walk-steps.ts';

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

describe(seeded('three nodes, whose clocks are minutes apart'), () => {
  test(
    'converge after Redis has lost everything: all present users are reported, and clients see them',
    async () => {
      await fc.assert(
        fc.asyncProperty(faultsWithLoss, (steps) =>
          walkOf(redis, async (walk) => {
            for (const step of steps) await step(walk);
            await settled(walk);
            const { occupied, members } = walk.truth();
            expect([...occupied].filter((channel) => !walk.occupied.has(channel))).toEqual([]);
            expect([...members].filter((member) => !walk.members.has(member))).toEqual([]);
            await expectTrueViews(walk);
          }),
        ),
        runs(10),
      );
    },
    10 * patienceMs,
  );
});
