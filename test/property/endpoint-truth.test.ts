import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Application } from '../../src/app/application.ts';
import type { Endpoint } from '../../src/webhooks/endpoint.ts';
import { Receiver } from '../support/property/fake-receivers.ts';
import { patienceMs, runs, seeded } from '../support/property/seeded.ts';
import type { StackClient } from '../support/property/stack-client.ts';
import { allFates, graces, stackPolicy, twoApps, walk, type World } from '../support/property/stack-walk.ts';
import { Stack, type StackOptions } from '../support/property/stack.ts';
import { step, type Step } from '../support/property/step.ts';
import { expectTruthSaid } from '../support/property/truth-world.ts';

/** A program whose endpoints are switched, come and go. */
interface TruthWorld extends World {
  stack: Stack;
  apps: readonly Application[];
  late: number;
}

function edit(world: TruthWorld, change: (endpoints: readonly Endpoint[], app: Application) => Endpoint[]): void {
  world.apps = world.apps.map((app) => ({ ...app, endpoints: change(app.endpoints, app) }));
  for (const { key, secret, endpoints } of world.apps) {
    for (const { url } of endpoints) {
      if (!world.stack.receivers.has(url)) world.stack.receivers.set(url, new Receiver(key, secret, []));
    }
  }
  world.stack.reload(world.apps);
}

const asTruthWorld = (world: World): TruthWorld => world as TruthWorld;

const toggle = fc.nat({ max: 3 }).map((number) =>
  step<World>(`toggle(${number})`, (world) =>
    edit(asTruthWorld(world), (endpoints) =>
      endpoints.map((one, index) => (index === number ? { ...one, isEnabled: !one.isEnabled } : one)),
    ),
  ),
);
const add = fc.nat({ max: 3 }).map((number) =>
  step<World>(`add(like ${number})`, (given) => {
    const world = asTruthWorld(given);
    world.late += 1;
    edit(world, (endpoints, { id }) => {
      const like = endpoints[number] ?? expect.fail('there is no such endpoint');
      const late = `${id}-late-${world.late}`;
      // At most so many: the first four stay.
      return [...endpoints.slice(0, 5), { ...like, id: late, url: `http://receiver/${late}`, isEnabled: true }];
    });
  }),
);
const reconcile = fc.nat({ max: 5 }).map((number) =>
  step<World>(`reconcile(${number})`, async (given) => {
    const { stack, apps } = asTruthWorld(given);
    for (const { id, endpoints } of apps) {
      const endpoint = endpoints[number];
      if (endpoint?.isEnabled === true) await stack.reconciler.reconcile(id, endpoint.id);
    }
  }),
);

/** Apps stay: what is told to endpoints of one that goes is another matter. */
const steps: fc.Arbitrary<Step<World>[]> = fc
  .tuple(
    walk,
    fc.array(
      fc.tuple(
        fc.oneof(
          { arbitrary: toggle, weight: 3 },
          { arbitrary: add, weight: 2 },
          { arbitrary: reconcile, weight: 2 },
        ),
        fc.nat(80),
      ),
      { maxLength: 12 },
    ),
  )
  .map(([ordinary, further]) => {
    const all = ordinary.filter((one) => !one.toString().startsWith('reload('));
    for (const [one, at] of further) all.splice(Math.min(at, all.length), 0, one);
    return all;
  });

async function begin(options: Omit<StackOptions, 'applications'>): Promise<TruthWorld> {
  const world: TruthWorld = {
    stack: new Stack({ applications: twoApps, ...options }),
    apps: twoApps,
    late: 0,
    clients: [] as StackClient[],
    said: [],
  };
  await world.stack.start();
  for (const app of [...twoApps, ...twoApps]) world.clients.push(world.stack.connect(app));
  return world;
}

const options = fc.record({ fates: allFates, policy: stackPolicy, grace: graces });

describe(seeded('what is said of an endpoint'), () => {
  it(
    'is what it believes and where that is not true, at every moment, whatever was dropped and whenever it came',
    async () => {
      await fc.assert(
        fc.asyncProperty(steps, options, async (history, given) => {
          const world = await begin(given);
          for (const one of history) {
            await one(world);
            await world.stack.clock.advance(0);
            await expectTruthSaid(world.stack, world);
          }
        }),
        runs(150),
      );
    },
    patienceMs,
  );

  it(
    'is made true by asking for it, once',
    async () => {
      await fc.assert(
        fc.asyncProperty(steps, options, async (history, given) => {
          const world = await begin(given);
          for (const one of history) await one(world);
          for (const receiver of world.stack.receivers.values()) receiver.heal();
          edit(world, (endpoints) => endpoints.map((one) => ({ ...one, isEnabled: true })));
          await world.stack.clock.advance(700_000);
          for (const { id, endpoints } of world.apps) {
            for (const endpoint of endpoints) await world.stack.reconciler.reconcile(id, endpoint.id);
          }
          await world.stack.clock.advance(200_000);
          for (const { id, endpoints } of world.apps) {
            for (const endpoint of endpoints) {
              expect(await world.stack.truth(id, endpoint.id)).toMatchObject({ differing: 0, differences: [] });
              expect(await world.stack.reconciler.reconcile(id, endpoint.id)).toBe(0);
            }
          }
          await expectTruthSaid(world.stack, world);
        }),
        runs(100),
      );
    },
    patienceMs,
  );
});
