import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { patienceMs, runs, seeded } from '../support/property/seeded.ts';
import { step, type Step } from '../support/property/step.ts';
import { ReconcileWorld } from '../support/redis/reconcile-world.ts';
import { startRedis, type RedisServer } from '../support/redis/server.ts';

// What webhooks reported before an endpoint was added, whatever happens meanwhile.

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

function expectTruth(world: ReconcileWorld, ...ids: readonly string[]): void {
  for (const id of ids) {
    const { believed, truth } = world.compare(id);
    expect(believed, `what ${id} believes`).toEqual(truth);
  }
}

/** A step of a walk. */
type WorldStep = Step<ReconcileWorld>;

const index = fc.nat(2);
const places = fc.constantFrom<readonly [string, string?]>(
  ['room'],
  ['presence-a', 'u1'],
  ['presence-a', 'u2'],
  ['presence-b', 'u1'],
  ['presence-c', 'u3'],
);
const changes = [
  {
    weight: 6,
    arbitrary: fc
      .tuple(index, places)
      .map(([at, [channel, user]]) =>
        step<ReconcileWorld>(`join(${at}, ${channel}, ${user})`, (world) => world.join(at, channel, user)),
      ),
  },
  {
    weight: 6,
    arbitrary: fc
      .tuple(index, fc.nat(5))
      .map(([at, which]) =>
        step<ReconcileWorld>(`leave(${at}, ${which})`, (world) => world.leave(at, which)),
      ),
  },
  {
    weight: 2,
    arbitrary: fc
      .boolean()
      .map((isDown) => step<ReconcileWorld>(`setDown(${isDown})`, (world) => world.setDown(isDown, 'all'))),
  },
  {
    weight: 6,
    arbitrary: fc
      .constantFrom(0, 500, 1500, 4000, 9000, 21_000)
      .map((ms) => step<ReconcileWorld>(`advance(${ms})`, (world) => world.advance(ms))),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(index, fc.nat(20)).map(([at, turns]) =>
      step<ReconcileWorld>(`killAmid(${at}, ${turns})`, async (world) => {
        await world.killAmid(at, turns);
        await world.addNode();
      }),
    ),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(index, fc.nat(12))
      .map(([at, turns]) =>
        step<ReconcileWorld>(`cutOffAmid(${at}, ${turns})`, (world) => world.cutOffAmid(at, turns)),
      ),
  },
  {
    weight: 1,
    arbitrary: index.map((at) => step<ReconcileWorld>(`stop(${at})`, (world) => world.stop(at))),
  },
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
        expectTruth(world, 'all', 'members');
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
