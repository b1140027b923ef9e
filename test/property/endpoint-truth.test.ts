import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Application } from '../../src/apps/application.ts';
import type { Endpoint } from '../../src/webhooks/endpoint.ts';
import { eventNames, type EventName } from '../../src/webhooks/event.ts';
import { defaultPolicy } from '../support/property/delivery-shell.ts';
import { FakeDisk } from '../support/property/fake-disk.ts';
import { Receiver } from '../support/property/fake-receivers.ts';
import { patienceMs, runs, seeded } from '../support/property/seeded.ts';
import type { StackClient } from '../support/property/stack-client.ts';
import { allFates, graces, stackPolicy, twoApps, walk, type World } from '../support/property/stack-walk.ts';
import { Stack, type StackOptions } from '../support/property/stack.ts';
import { step, type Step } from '../support/property/step.ts';
import { channelName } from '../support/unit/application.ts';
import { expectReportedTruth, listWaiting } from '../support/property/truth-world.ts';

/** A program whose endpoints are enabled, disabled, added and removed. */
interface TruthWorld extends World {
  stack: Stack;
  apps: readonly Application[];
  /** Ids of the configured apps. */
  present: ReadonlySet<string>;
  late: number;
  /** Ids of endpoints that did not select everything for a while. */
  readonly gaps: Set<string>;
  /** What was under way when the program was killed, as `endpoint channel`: the endpoint may have accepted it. */
  readonly unsure: Set<string>;
  restart: () => void;
}

function edit(
  world: TruthWorld,
  change: (endpoints: readonly Endpoint[], app: Application) => Endpoint[],
): void {
  world.apps = world.apps.map((app) => ({ ...app, endpoints: change(app.endpoints, app) }));
  for (const { key, secret, endpoints } of world.apps) {
    for (const { url } of endpoints) {
      if (!world.stack.receivers.has(url)) world.stack.receivers.set(url, new Receiver(key, secret, []));
    }
  }
  world.stack.reload(world.apps);
  world.present = new Set(world.apps.map(({ id }) => id));
}

const asTruthWorld = (world: World): TruthWorld => world as TruthWorld;

const toggle = fc
  .nat({ max: 3 })
  .map((number) =>
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
      // At most this many: the first four stay.
      return [
        ...endpoints.slice(0, 5),
        { ...like, id: late, url: `http://receiver/${late}`, isEnabled: true },
      ];
    });
  }),
);
const hearings: readonly (readonly EventName[])[] = [
  eventNames,
  ['channel_occupied', 'channel_vacated'],
  ['member_added', 'member_removed'],
  ['channel_occupied', 'member_added', 'member_removed'],
];
const tune = fc
  .tuple(fc.nat({ max: 5 }), fc.constantFrom(...hearings), fc.constantFrom('', 'presence-'))
  .map(([number, names, startsWith]) =>
    step<World>(`tune(${number}, ${names.join(' ')}, ${startsWith})`, (given) => {
      const world = asTruthWorld(given);
      edit(world, (endpoints) =>
        endpoints.map((one, index) => {
          if (index !== number) return one;
          world.gaps.add(one.id);
          return { ...one, eventTypes: new Set(names), channels: { startsWith } };
        }),
      );
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

const further = fc.oneof(
  { arbitrary: toggle, weight: 3 },
  { arbitrary: add, weight: 2 },
  { arbitrary: tune, weight: 1 },
  { arbitrary: reconcile, weight: 2 },
);
const steps: fc.Arbitrary<Step<World>[]> = fc
  .tuple(walk, fc.array(fc.tuple(further, fc.nat(80)), { maxLength: 12 }))
  .map(([ordinary, others]) => {
    const all = [...ordinary];
    for (const [one, at] of others) all.splice(Math.min(at, all.length), 0, one);
    return all;
  });

async function begin(options: Omit<StackOptions, 'applications'>, isReconciled = false): Promise<TruthWorld> {
  const applications = twoApps.map((app) => ({
    ...app,
    endpoints: app.endpoints.map((one) => ({ ...one, reconcile: isReconciled })),
  }));
  const world: TruthWorld = {
    stack: new Stack({
      applications,
      ...options,
      onFact(fact) {
        // An app is removed, and everything for its endpoints is decided: they start afresh if it is added again.
        if (fact.kind !== 'ended' || world.present.has(fact.appId)) return;
        world.stack.receivers.get(fact.endpoint.url)?.acknowledged.splice(0);
      },
    }),
    apps: applications,
    unsure: new Set(),
    restart: () => {
      world.stack = new Stack({ applications, ...options, before: world.stack });
    },
    present: new Set(twoApps.map(({ id }) => id)),
    reconfigure(apps) {
      world.present = new Set(apps.map(({ id }) => id));
      return apps.map((app) => ({
        ...app,
        endpoints: world.apps.find(({ id }) => id === app.id)?.endpoints ?? [],
      }));
    },
    late: 0,
    gaps: new Set(),
    clients: [] as StackClient[],
    clientEvents: [],
  };
  await world.stack.start();
  for (const app of [...twoApps, ...twoApps]) world.clients.push(world.stack.connect(app));
  return world;
}

const kill = fc
  .record({ afterMs: fc.constantFrom(0, 1, 7, 257), downMs: fc.constantFrom(0, 2000, 70_000) })
  .map(({ afterMs, downMs }) =>
    step<World>(`kill(after ${afterMs}, down ${downMs})`, async (given) => {
      const world = asTruthWorld(given);
      await world.stack.clock.advance(afterMs);
      for (const waiting of listWaiting(world)) world.unsure.add(waiting);
      world.stack.kill();
      for (const client of world.clients) if (client.isOpen) client.lose();
      await world.stack.clock.advance(downMs);
      world.restart();
      await world.stack.start();
      // What was dropped right before the kill waits again, because that was not stored yet.
      for (const waiting of listWaiting(world)) world.unsure.add(waiting);
    }),
  );

/** The configuration stays as it is. */
const mortalSteps: fc.Arbitrary<Step<World>[]> = fc
  .tuple(walk, fc.array(fc.tuple(kill, fc.nat(80)), { minLength: 1, maxLength: 3 }))
  .map(([ordinary, kills]) => {
    const all = ordinary.filter((one) => !one.toString().startsWith('reload('));
    for (const [one, at] of kills) all.splice(Math.min(at, all.length), 0, one);
    return all;
  });

const configured = ({ apps, present, clients }: TruthWorld) => ({
  apps: apps.filter(({ id }) => present.has(id)),
  clients,
});
const exceptions = ({ gaps }: TruthWorld) => ({ hasGap: ({ id }: Endpoint) => gaps.has(id) });
/** Whether something of a channel waits for an endpoint. */
const waits =
  ({ apps, stack: { dispatcher } }: TruthWorld) =>
  ({ id }: Endpoint, channel: string): boolean =>
    apps.some(
      (app) => dispatcher.waitingFor(app.id, id, channelName(channel)).length > 0 && id.startsWith(app.id),
    );

const options = fc.record({ fates: allFates, policy: stackPolicy, grace: graces });

describe(seeded('the reported belief of an endpoint'), () => {
  it(
    'is what it believes and where that is not true, at any time, whatever was dropped and whenever it was added',
    async () => {
      await fc.assert(
        fc.asyncProperty(steps, options, async (history, given) => {
          const world = await begin(given);
          for (const one of history) {
            await one(world);
            await world.stack.clock.advance(0);
            await expectReportedTruth(world.stack, configured(world), exceptions(world));
          }
        }),
        runs(80),
      );
    },
    patienceMs,
  );

  it(
    'is never wrong after the program was killed: what is unknown is reported as unknown',
    async () => {
      await fc.assert(
        fc.asyncProperty(mortalSteps, options, fc.boolean(), async (history, given, isReconciled) => {
          const disk = new FakeDisk();
          const world = await begin({ ...given, disk, restartGraceMs: 3000 }, isReconciled);
          for (const one of history) {
            await one(world);
            await world.stack.clock.advance(0);
            // Responses right before a kill that were not recorded any more: the events wait again.
            const skips = waits(world);
            const mayNotKnow = ({ id }: Endpoint, channel: string): boolean =>
              world.unsure.has(`${id} ${channel}`);
            await expectReportedTruth(world.stack, world, { skips, mayNotKnow });
          }
        }),
        runs(50),
      );
    },
    patienceMs,
  );

  it('contains a user whose leave waits behind a client event that is not safe yet', async () => {
    const { batch } = defaultPolicy;
    const policy = { ...defaultPolicy, batch: { ...batch, maxEvents: 1 }, queueMaxBytes: 600 };
    const world = await begin({ policy, disk: new FakeDisk(), restartGraceMs: 3000 });
    const { stack } = world;
    const [client = expect.fail('there is no client')] = world.clients;
    const differences = async (): Promise<readonly string[]> => {
      await expectReportedTruth(world.stack, world);
      const view = (await world.stack.truth('a', 'a-all')) ?? expect.fail('it is not known');
      return view.differences.map(
        ({ userId = 'channel', believed, actual }) => `${userId}: ${believed}, ${actual}`,
      );
    };
    client.subscribe('presence-room', 'u1');
    await stack.clock.advance(1000);
    // There was room for one event: `channel_occupied` was accepted, `member_added` dropped.
    expect(await differences()).toEqual(['u1: gone, there']);
    client.send('client-typing', 'presence-room', '0');
    client.unsubscribe('presence-room');
    await stack.clock.advance(0);
    expect([...client.leaving]).toEqual([['presence-room', 'u1']]);
    expect(await differences()).toEqual(['u1: gone, there']);
    await stack.clock.advance(2);
    expect([...client.leaving]).toEqual([]);
    expect(await differences()).toEqual(['channel: there, gone']);
    stack.kill();
    for (const one of world.clients) one.lose();
    world.restart();
    await world.stack.start();
    expect(await differences()).toEqual(['channel: there, gone']);
  });

  it('knows after a kill that a channel was vacated after the leave of its member was dropped', async () => {
    const policy = { ...defaultPolicy, concurrency: 1, queueMaxBytes: 600 };
    const world = await begin({ policy, disk: new FakeDisk(), restartGraceMs: 3000 }, true);
    const { stack, clients } = world;
    const [first = expect.fail('there is no client'), , second = expect.fail('there is no other')] = clients;
    second.subscribe('presence-cache-hall', 'u1');
    second.disconnect();
    first.subscribe('presence-room', 'u1');
    await stack.clock.advance(250);
    first.disconnect();
    await stack.clock.advance(3100);
    const taken = stack.receivers.get('http://receiver/a-all')?.acknowledged ?? [];
    const ofHall = taken.filter(({ channel }) => channel === 'presence-cache-hall').map(({ name }) => name);
    expect(ofHall).toEqual(['member_added', 'channel_occupied', 'channel_vacated']);
    stack.kill();
    for (const one of clients) one.lose();
    world.restart();
    await world.stack.start();
    await expectReportedTruth(world.stack, world, { skips: waits(world) });
  });

  it(
    'becomes true by one request',
    async () => {
      await fc.assert(
        fc.asyncProperty(steps, options, async (history, given) => {
          const world = await begin(given);
          for (const one of history) {
            await one(world);
            await world.stack.clock.advance(0);
          }
          for (const receiver of world.stack.receivers.values()) receiver.heal();
          edit(world, (endpoints) => endpoints.map((one) => ({ ...one, isEnabled: true })));
          await world.stack.clock.advance(700_000);
          for (const { id, endpoints } of world.apps) {
            for (const endpoint of endpoints) await world.stack.reconciler.reconcile(id, endpoint.id);
          }
          await world.stack.clock.advance(200_000);
          for (const { id, endpoints } of world.apps) {
            for (const endpoint of endpoints) {
              expect(await world.stack.truth(id, endpoint.id)).toMatchObject({
                differing: 0,
                differences: [],
              });
              expect(await world.stack.reconciler.reconcile(id, endpoint.id)).toBe(0);
            }
          }
          await expectReportedTruth(world.stack, world, exceptions(world));
        }),
        runs(50),
      );
    },
    patienceMs,
  );
});
