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
    "keep the facts true and free of repetitions, and the clients' views too, through crashes, freezes, lost connections and lack of memory",
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
