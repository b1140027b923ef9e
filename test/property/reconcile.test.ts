import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import type { Application } from '../../src/apps/application.ts';
import { defaultPolicy } from '../support/property/delivery-shell.ts';
import { FakeDisk } from '../support/property/fake-disk.ts';
import { filterBelief, truthOf } from '../support/property/replay.ts';
import { patienceMs, runs, seeded } from '../support/property/seeded.ts';
import type { StackClient } from '../support/property/stack-client.ts';
import { allFates, graces, stackPolicy, twoApps, walk, type World } from '../support/property/stack-walk.ts';
import { Stack, type StackOptions } from '../support/property/stack.ts';
import { step, type Step } from '../support/property/step.ts';
import { replay } from '../support/webhook-state.ts';

/** For each endpoint: whether it is reconciled. */
const reconciled = (apps: readonly Application[]): readonly Application[] =>
  apps.map((app) => ({ ...app, endpoints: app.endpoints.map((one) => ({ ...one, reconcile: true })) }));

interface MutableWorld extends World {
  stack: Stack;
}

/** What an endpoint is at first. Later it selects everything and is reconciled. */
const beginnings = ['whole', 'absent', 'narrow', 'not reconciled'] as const;
type Beginning = (typeof beginnings)[number];

/** The apps with their endpoints as they are at first, in turn; the first of these beginnings are over. */
function begun(apps: readonly Application[], given: readonly Beginning[], over: number): Application[] {
  let index = -1;
  return apps.map((app) => ({
    ...app,
    endpoints: app.endpoints.flatMap((endpoint): Application['endpoints'] => {
      index += 1;
      const beginning = index < over ? 'whole' : (given[index % given.length] ?? 'whole');
      if (beginning === 'absent') return [];
      if (beginning === 'not reconciled') return [{ ...endpoint, reconcile: false }];
      if (beginning === 'whole') return [endpoint];
      return [{ ...endpoint, eventTypes: new Set(['channel_occupied', 'channel_vacated'] as const) }];
    }),
  }));
}

/** Every endpoint believes the truth, of every channel, whatever was dropped, and no drop is left to be queried. */
function expectWholeTruth(stack: Stack, clients: readonly StackClient[]): void {
  expectBeliefs(stack, clients);
  for (const app of stack.applications) {
    const left = stack.drops.read(app.id).dropped.filter(({ name }) => /^(channel|member)_/.test(name));
    expect(left).toEqual([]);
  }
}

function expectBeliefs(stack: Stack, clients: readonly StackClient[]): void {
  expect(stack.sender.faults).toEqual([]);
  const all = (): boolean => true;
  for (const app of stack.applications) {
    for (const endpoint of app.endpoints) {
      const taken = stack.receivers.get(endpoint.url)?.taken ?? [];
      // A reconciled endpoint trusts each event: drops may cause contradictions.
      const belief = filterBelief(replay(taken), endpoint, all);
      expect(belief, `what endpoint ${endpoint.id} believes`).toEqual(
        filterBelief(truthOf(app.id, clients), endpoint, all),
      );
    }
  }
}

/** The endpoint works again, and enough time passes for it to be tried even if nothing waits for it. */
async function quieten({ stack }: World): Promise<void> {
  for (const receiver of stack.receivers.values()) receiver.heal();
  await stack.clock.advance(1_000_000);
}

const kill = fc
  .record({ afterMs: fc.constantFrom(0, 1, 2, 5, 7, 22, 257), downMs: fc.constantFrom(0, 2000, 70_000) })
  .map(({ afterMs, downMs }) =>
    step<World>(`kill(after ${afterMs}, down ${downMs})`, async (given) => {
      const world = given as MutableWorld & { readonly restart: () => void };
      await world.stack.clock.advance(afterMs);
      world.stack.kill();
      for (const client of world.clients) if (client.isOpen) client.lose();
      await world.stack.clock.advance(downMs);
      world.restart();
      await world.stack.start();
    }),
  );

const mortalWalk: fc.Arbitrary<Step<World>[]> = fc
  .tuple(walk, fc.array(fc.tuple(kill, fc.nat(80)), { maxLength: 3 }))
  .map(([steps, kills]) => {
    const all = [...steps];
    for (const [one, at] of kills) all.splice(Math.min(at, all.length), 0, one);
    return all;
  });

interface Restarts {
  readonly begins?: readonly Beginning[];
  /** For each restart, in turn: whether an app is not configured then. */
  readonly absences?: readonly boolean[];
}

async function take(
  steps: readonly Step<World>[],
  given: Omit<StackOptions, 'applications'>,
  disk?: FakeDisk,
  { begins = ['whole'], absences = [] }: Restarts = {},
): Promise<World & { readonly restart: (isComplete?: boolean) => void }> {
  const applications = reconciled(twoApps);
  const options = { ...given, ...(disk && { disk }) };
  let over = 0;
  let restarts = 0;
  const world = {
    stack: new Stack({ applications: begun(applications, begins, over), ...options }),
    clients: [] as StackClient[],
    clientEvents: [],
    // An endpoint that is removed for a while is not served: it never gets what it is not sent then.
    reconfigure: () => begun(applications, begins, over),
    restart: (isComplete = false) => {
      over += 2;
      restarts += 1;
      const isAbsent = !isComplete && absences[restarts % absences.length] === true;
      world.stack = new Stack({
        applications: begun(applications, begins, over).filter(({ id }) => !isAbsent || id === 'a'),
        ...options,
        before: world.stack,
      });
    },
  };
  await world.stack.start();
  for (const app of [...twoApps, ...twoApps]) world.clients.push(world.stack.connect(app));
  for (const one of steps) await one(world);
  return world;
}

const options = fc.record({ fates: allFates, policy: stackPolicy, grace: graces });

describe(seeded('an endpoint that is reconciled'), () => {
  it(
    'believes the whole truth once it works again, whatever was dropped meanwhile',
    async () => {
      await fc.assert(
        fc.asyncProperty(walk, options, async (steps, given) => {
          const world = await take(steps, given);
          await quieten(world);
          expectWholeTruth(world.stack, world.clients);
        }),
        runs(150),
      );
    },
    patienceMs,
  );

  it(
    'does so even if the program is killed now and then',
    async () => {
      await fc.assert(
        fc.asyncProperty(mortalWalk, options, async (steps, given) => {
          const world = await take(steps, given, new FakeDisk());
          await quieten(world);
          expectWholeTruth(world.stack, world.clients);
        }),
        runs(150),
      );
    },
    patienceMs,
  );
});

describe(
  seeded('an endpoint that changes from one run to the next, or whose app is absent for a run'),
  () => {
    it(
      'believes the whole truth after that',
      async () => {
        await fc.assert(
          fc.asyncProperty(
            mortalWalk,
            options,
            fc.record({
              begins: fc.array(fc.constantFrom(...beginnings), { minLength: 1, maxLength: 4 }),
              absences: fc.array(fc.boolean(), { minLength: 1, maxLength: 3 }),
            }),
            async (steps, given, restarts) => {
              const world = await take(steps, given, new FakeDisk(), restarts);
              // With the last of these restarts, every endpoint is whole.
              for (let count = 0; count < 4; count += 1) {
                world.stack.kill();
                for (const client of world.clients) if (client.isOpen) client.lose();
                world.restart(true);
                await world.stack.start();
              }
              for (const app of twoApps) world.clients.push(world.stack.connect(app));
              world.clients.at(-1)?.subscribe('presence-a', 'u9');
              await quieten(world);
              // Drops of an endpoint that was not reconciled are listed even if later events have made up for them.
              expectBeliefs(world.stack, world.clients);
            },
          ),
          runs(150),
        );
      },
      patienceMs,
    );
  },
);

describe('an endpoint that is reconciled after a restart', () => {
  const [app] = twoApps;
  const endpoint = (app.endpoints[0] ?? expect.fail('there is no endpoint')).url;

  /** Much was reported in the previous run, and then one channel was dropped. */
  async function begin() {
    const disk = new FakeDisk();
    const given = { applications: reconciled(twoApps), policy: defaultPolicy, disk, restartGraceMs: 300 };
    const before = new Stack(given);
    await before.start();
    const first = before.connect(app);
    for (let number = 0; number < 100; number += 1) {
      first.subscribe(`room-${number}`);
      await before.clock.advance(30);
    }
    await before.clock.advance(1000);
    for (const receiver of before.receivers.values()) receiver.downUntil(before.clock.now() + 400_000);
    before.connect(app).subscribe('presence-late', 'u1');
    // Given up, and not yet retried: nothing waits.
    await before.clock.advance(280_000);
    expect(disk.keys('outbox')).toEqual([]);
    before.kill();
    const after = new Stack({ ...given, before });
    await after.start();
    return after;
  }

  it('is sent what it has missed once, however much was reported before', async () => {
    const stack = await begin();
    const clients = [stack.connect(app), stack.connect(app)];
    clients[0]?.subscribe('presence-late', 'u1');
    await stack.clock.advance(1_000_000);
    const { taken = [] } = stack.receivers.get(endpoint) ?? {};
    const events = taken.filter(({ channel }) => channel === 'presence-late').map(({ name }) => name);
    expect(events).toEqual(['channel_occupied', 'member_added']);
    expectWholeTruth(stack, clients);
  });

  it('is not assumed to know what was dropped in this run', async () => {
    const stack = await begin();
    const client = stack.connect(app);
    client.subscribe('room-1');
    await stack.clock.advance(200);
    // Still down: its departure is dropped, too.
    client.unsubscribe('room-1');
    await stack.clock.advance(1_000_000);
    expectWholeTruth(stack, [client]);
  });
});

test.each([
  { how: 'an endpoint answers too late', outcome: { kind: 'answered', status: 200 }, takesMs: 60_000 },
  {
    how: 'its connection ends without an answer',
    outcome: { kind: 'unreachable', code: 'ECONNRESET' },
    takesMs: 5,
  },
] as const)('what arrived although $how is corrected as well', async ({ outcome, takesMs }) => {
  const fates = [[{ outcome, received: true, takesMs }]];
  const disk = new FakeDisk();
  const given = {
    applications: reconciled(twoApps),
    policy: defaultPolicy,
    disk,
    fates,
    restartGraceMs: 300,
  };
  const stack = new Stack(given);
  await stack.start();
  const [app] = twoApps;
  const receiver = stack.receivers.get(app.endpoints[0]?.url ?? '') ?? expect.fail('there is no receiver');
  const client = stack.connect(app);
  client.subscribe('presence-a', 'u1');
  await stack.clock.advance(1000);
  expect(replay(receiver.seen).members).toEqual(['presence-a u1']);
  expect(receiver.taken).toEqual([]);
  // It learns nothing of the departure.
  receiver.downUntil(stack.clock.now() + 700_000);
  client.unsubscribe('presence-a');
  await stack.clock.advance(650_000);
  receiver.heal();
  await stack.clock.advance(200_000);
  expect(replay(receiver.seen)).toMatchObject({ occupied: [], members: [] });
});
