import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { patienceMs, runs, seeded } from '../support/property/seeded.ts';
import { startRedis, type RedisServer } from '../support/redis/server.ts';
import { expectTrueFacts, expectTrueViews, faults, settled, walkOf } from '../support/redis/walk-steps.ts';

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

describe(seeded('three nodes, whose clocks are minutes apart'), () => {
  test(
    'through crashes, freezes, lost connections and want of memory the facts say what is true, each once, and so do the clients views',
    async () => {
      await fc.assert(
        fc.asyncProperty(faults, (steps) =>
          walkOf(redis, async (walk) => {
            for (const step of steps) await step(walk);
            await settled(walk);
            expectTrueFacts(walk);
            await expectTrueViews(walk);
          }),
        ),
        runs(30),
      );
    },
    10 * patienceMs,
  );
});
