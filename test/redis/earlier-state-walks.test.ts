import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { patienceMs, runs, seeded } from '../support/property/seeded.ts';
import { step } from '../support/property/step.ts';
import { ReconcileWorld } from '../support/redis/reconcile-world.ts';
import {
  advances,
  cutsOffAmid,
  expectTruthOf,
  index,
  joins,
  killsAmid,
  leaves,
  stops,
  type WorldStep,
} from '../support/redis/world-walk.ts';
import { startRedis, type RedisServer } from '../support/redis/server.ts';

// What webhooks reported before an endpoint was added, whatever happens meanwhile.

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

const places = [
  ['room'],
  ['presence-a', 'u1'],
  ['presence-a', 'u2'],
  ['presence-b', 'u1'],
  ['presence-c', 'u3'],
] as const;
const changes = [
  { weight: 6, arbitrary: joins(places) },
  { weight: 6, arbitrary: leaves },
  {
    weight: 2,
    arbitrary: fc
      .boolean()
      .map((isDown) => step<ReconcileWorld>(`setDown(${isDown})`, (world) => world.setDown(isDown, 'all'))),
  },
  { weight: 6, arbitrary: advances([0, 500, 1500, 4000, 9000, 21_000]) },
  { weight: 2, arbitrary: killsAmid(20) },
  { weight: 1, arbitrary: cutsOffAmid },
  { weight: 1, arbitrary: stops },
];

const addition = fc.constant(
  step<ReconcileWorld>('configure()', (world) => world.configure('all', 'members')),
);
/** One node learns of the endpoint, or still has an older configuration. */
const deployment = fc.tuple(index, fc.boolean(), fc.nat(20)).map(([at, isAdded, turns]) =>
  step<ReconcileWorld>(`adoptAmid(${at}, ${isAdded}, ${turns})`, (world) => {
    world.configureFuture(...(isAdded ? ['all', 'members'] : ['members']));
    return world.adoptAmid(at, turns);
  }),
);

/** Redis is replaced by an empty one. */
const loss = fc.constant(step<ReconcileWorld>('flush()', (world) => world.flush()));

function sequenceOf(configuration: fc.Arbitrary<WorldStep>): fc.Arbitrary<readonly WorldStep[]> {
  const steps = fc.oneof(...changes, { weight: 3, arbitrary: configuration });
  return fc.array(steps, { maxLength: 30, size: 'max' });
}

async function walk(
  sequence: readonly WorldStep[],
  check: (world: ReconcileWorld) => Promise<void>,
): Promise<void> {
  // A few events fill a queue, so that some are dropped.
  const world = new ReconcileWorld(redis.url, { configured: ['members'], queueMaxBytes: 2500 });
  try {
    for (let count = 0; count < 2; count += 1) await world.addNode();
    for (const one of sequence) await one(world);
    world.configure('all', 'members');
    await world.settle();
    await check(world);
  } finally {
    world.dispose();
  }
}

describe(seeded('an endpoint that is added at any moment'), () => {
  test(
    'believes the truth in the end, whatever was dropped, and whoever sent its webhooks',
    async () => {
      const check = async (world: ReconcileWorld): Promise<void> => {
        expectTruthOf(world, 'all', 'members');
        expect(await world.debts()).toEqual([]);
      };
      const property = fc.asyncProperty(sequenceOf(addition), (sequence) => walk(sequence, check));
      await fc.assert(property, runs(10));
    },
    patienceMs,
  );

  test(
    'knows in the end who is there, even if some nodes had a configuration without it for a while, or Redis was emptied',
    async () => {
      const check = async (world: ReconcileWorld): Promise<void> => {
        for (const id of ['all', 'members']) {
          const { believed, truth } = world.compare(id);
          expect(believed.occupied).toEqual(expect.arrayContaining([...truth.occupied]));
          expect(believed.members).toEqual(expect.arrayContaining([...truth.members]));
        }
      };
      const configuration = fc.oneof({ weight: 3, arbitrary: deployment }, { weight: 1, arbitrary: loss });
      const property = fc.asyncProperty(sequenceOf(configuration), (sequence) => walk(sequence, check));
      await fc.assert(property, runs(10));
    },
    patienceMs,
  );
});
