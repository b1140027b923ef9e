import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectClientEvents, expectTruth } from '../support/property/replay.ts';
import { patienceMs, runs, seeded } from '../support/property/seeded.ts';
import type { StackClient } from '../support/property/stack-client.ts';
import { Stack, type StackOptions } from '../support/property/stack.ts';
import { allFates, graces, stackPolicy, twoApps, walk, type World } from '../support/property/stack-walk.ts';
import type { Step } from '../support/property/step.ts';

async function take(
  steps: readonly Step<World>[],
  options: Omit<StackOptions, 'applications'>,
): Promise<World> {
  const world = {
    stack: new Stack({ applications: twoApps, ...options }),
    clients: [] as StackClient[],
    clientEvents: [],
  };
  for (const app of [...twoApps, ...twoApps]) world.clients.push(world.stack.connect(app));
  for (const step of steps) await step(world);
  return world;
}

/** Endpoints work again, and enough time passes for everything to be done. */
async function quieten({ stack }: World): Promise<void> {
  for (const receiver of stack.receivers.values()) receiver.heal();
  await stack.clock.advance(700_000);
  for (const { events, bytes } of stack.dispatcher.readQueues())
    expect({ events, bytes }).toEqual({ events: 0, bytes: 0 });
}

describe(seeded('truth'), () => {
  it(
    'equals the replay of the received webhooks, once all is quiet',
    async () => {
      await fc.assert(
        fc.asyncProperty(walk, allFates, stackPolicy, graces, async (steps, fates, policy, grace) => {
          const world = await take(steps, { fates, policy, grace });
          await quieten(world);
          expectTruth(world.stack, world.clients);
          expectClientEvents(world.stack, world.clientEvents);
        }),
        runs(150),
      );
    },
    patienceMs,
  );

  it(
    'is empty for every endpoint after the shutdown of the server',
    async () => {
      await fc.assert(
        fc.asyncProperty(walk, allFates, stackPolicy, graces, async (steps, fates, policy, grace) => {
          const world = await take(steps, { fates, policy, grace });
          await world.stack.close(10_000);
          expectTruth(world.stack, []);
        }),
        runs(100),
      );
    },
    patienceMs,
  );

  it(
    'survives a ledger that answers late',
    async () => {
      const delays = fc.array(fc.constantFrom(0, 1, 10, 300, 5000), { minLength: 1, maxLength: 10 });
      await fc.assert(
        fc.asyncProperty(walk, allFates, stackPolicy, delays, async (steps, fates, policy, ledgerDelays) => {
          const world = await take(steps, { fates, policy, ledgerDelays });
          await quieten(world);
          expectTruth(world.stack, world.clients);
        }),
        runs(150),
      );
    },
    patienceMs,
  );

  it(
    'is the same when connections leave their channels in slices, and in the end everybody has left',
    async () => {
      const given = fc.record({
        fates: allFates,
        policy: stackPolicy,
        grace: graces,
        leavesPerTurn: fc.constantFrom(1, 2, 3),
      });
      await fc.assert(
        fc.asyncProperty(walk, given, fc.boolean(), async (steps, options, isClosed) => {
          const world = await take(steps, options);
          if (isClosed) await world.stack.close(10_000);
          else await quieten(world);
          expectTruth(world.stack, isClosed ? [] : world.clients);
        }),
        runs(150),
      );
    },
    patienceMs,
  );
});
