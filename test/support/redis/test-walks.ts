import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { patienceMs, runs, seeded } from '../property/seeded.ts';
import { startRedis, type RedisServer } from './server.ts';
import { expectTrueViews, settled, walkOf, type Step } from './walk-steps.ts';
import type { Walk } from './walk.ts';

interface Walks {
  readonly steps: fc.Arbitrary<readonly Step[]>;
  /** How many sequences are tried by default. */
  readonly count: number;
  /** Expects that webhooks have reported the state as it is now. */
  readonly expectTrueFacts: (walk: Walk) => void;
}

/**
 * Declares a test of three nodes on a Redis of their own. It takes sequences of steps until nothing happens any more. Then the facts and
 * the clients' views must be true.
 */
export function testWalks(title: string, { steps, count, expectTrueFacts }: Walks): void {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());

  const property = fc.asyncProperty(steps, (sequence) =>
    walkOf(redis, async (walk) => {
      for (const step of sequence) await step(walk);
      await settled(walk);
      expectTrueFacts(walk);
      await expectTrueViews(walk);
    }),
  );
  describe(seeded('three nodes, whose clocks are minutes apart'), () => {
    test(title, async () => fc.assert(property, runs(count)), 10 * patienceMs);
  });
}
