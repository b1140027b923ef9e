import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { patienceMs, runs, seeded } from '../support/property/seeded.ts';
import { startRedis, type RedisServer } from '../support/redis/server.ts';
import { expectTrueViews, faultsWithFailover, settled, walkOf } from '../support/redis/walk-steps.ts';

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

describe(seeded('three nodes, whose clocks are minutes apart'), () => {
  test(
    'converge after Redis has lost its latest writes: webhooks and clients report who is present, and nobody else',
    async () => {
      await fc.assert(
        fc.asyncProperty(faultsWithFailover, (steps) =>
          walkOf(redis, async (walk) => {
            for (const step of steps) await step(walk);
            await settled(walk);
            const { occupied, members } = walk.truth();
            expect([...walk.occupied].toSorted()).toEqual([...occupied].toSorted());
            expect([...walk.members].toSorted()).toEqual([...members].toSorted());
            await expectTrueViews(walk);
          }),
        ),
        runs(10),
      );
    },
    10 * patienceMs,
  );
});
