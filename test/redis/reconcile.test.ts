import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { patienceMs, runs, seeded } from '../support/property/seeded.ts';
import { step } from '../support/property/step.ts';
import { ReconcileWorld, type WorldOptions } from '../support/redis/reconcile-world.ts';
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

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

async function startWorld(nodes: number, options?: WorldOptions): Promise<ReconcileWorld> {
  const world = new ReconcileWorld(redis.url, options);
  onTestFinished(() => world.dispose());
  for (let count = 0; count < nodes; count += 1) await world.addNode();
  await world.advance(5000);
  return world;
}

/** Every endpoint believes the truth, no drop is left to be queried, and nothing is owed. */
async function expectTruth(world: ReconcileWorld): Promise<void> {
  expectTruthOf(world, 'all', 'members');
  expect([...world.drops.values()]).toEqual([]);
  expect(await world.debts()).toEqual([]);
}

/** Members come and go while an endpoint fails for longer than events are retried. */
async function fail(world: ReconcileWorld): Promise<void> {
  world.join(0, 'presence-a', 'u1');
  world.join(1, 'presence-a', 'u2');
  world.join(0, 'presence-b', 'u1');
  world.join(1, 'room');
  await world.advance(5000);
  world.setDown(true, 'all', 'members');
  world.leave(0, 0);
  world.leave(0, 0);
  world.join(1, 'presence-a', 'u3');
  world.join(1, 'presence-c', 'u4');
  await world.advance(40_000);
  expect((await world.debts()).length).toBeGreaterThan(3);
}

test('an endpoint that failed for longer than events are retried is sent what brings it to the true state', async () => {
  const world = await startWorld(2);
  expect(world.shares).toEqual([2, 2]);
  await fail(world);
  await world.settle();
  await expectTruth(world);
  expect(world.receiver.contradictions).toEqual([]);
});

test('the node that takes over from a killed one knows what it had dropped', async () => {
  const world = await startWorld(2);
  await fail(world);
  world.kill(0);
  await world.advance(20_000);
  await world.addNode();
  world.kill(0);
  await world.settle();
  await expectTruth(world);
});

test('the nodes that receive partitions of others know what these had dropped', async () => {
  const world = await startWorld(2);
  await fail(world);
  await world.addNode();
  await world.advance(20_000);
  expect(Math.max(...world.shares)).toBe(2);
  await world.stop(0);
  await world.stop(0);
  expect(world.size).toBe(1);
  await world.settle();
  await expectTruth(world);
});

test('a request over any node reaches all of them, and is answered with the number of channels', async () => {
  const world = await startWorld(2, { reconcile: false });
  await fail(world);
  world.setDown(false, 'all', 'members');
  await world.advance(70_000);
  expect(world.compare('members').believed).not.toEqual(world.compare('members').truth);
  const owed = await world.debts();
  const counts = [await world.reconcile(0, 'all'), await world.reconcile(1, 'members')];
  expect(counts).toEqual(
    ['all', 'members'].map((id) => owed.filter((name) => name.startsWith(`a1\n${id}\n`)).length),
  );
  await world.advance(10_000);
  await expectTruth(world);
  expect(await world.reconcile(0, 'all')).toBe(0);
});

test('a request is not forgotten if the node that was to act on it is killed', async () => {
  const world = await startWorld(1, { reconcile: false });
  await fail(world);
  await world.reconcile(0, 'all');
  await world.reconcile(0, 'members');
  world.kill(0);
  await world.addNode();
  await world.settle();
  await expectTruth(world);
});

test('after Redis was emptied, nobody is reported as gone who is there', async () => {
  const world = await startWorld(2);
  const rooms = Array.from({ length: 8 }, (_, number) => `presence-${number}`);
  const joinAll = (): void => rooms.forEach((room, number) => world.join(number, room, 'u1'));
  joinAll();
  await world.advance(5000);
  world.setDown(true, 'all', 'members');
  for (let count = 0; count < rooms.length; count += 1) world.leave(count, 0);
  await world.advance(5000);
  joinAll();
  await world.advance(30_000);
  // The endpoints believe that all are there, but the nodes know only that they have missed something.
  expect(await world.debts()).toHaveLength(2 * rooms.length);
  world.join(0, 'presence-late', 'u1');
  await world.advance(5000);
  await world.flush();
  world.setDown(false, 'all', 'members');
  const before = world.receiver.events.length;
  await world.advance(60_000);
  const names = new Set(world.receiver.events.slice(before).map(({ name }) => name));
  expect([...names].toSorted()).toEqual(['channel_occupied', 'member_added']);
  await world.settle();
  await expectTruth(world);
});

test('after Redis was emptied, the next owner knows what endpoints have missed', async () => {
  const world = await startWorld(1);
  await fail(world);
  const owed = await world.debts();
  await world.flush();
  await world.advance(15_000);
  expect(await world.debts()).toEqual(owed);
  await world.addNode();
  world.kill(0);
  await world.settle();
  await expectTruth(world);
});

test('nothing is left of what a removed endpoint has missed', async () => {
  const world = await startWorld(2);
  await fail(world);
  world.configure('members');
  await world.advance(30_000);
  const owed = await world.debts();
  expect(owed.length).toBeGreaterThan(0);
  expect(owed.filter((name) => name.includes('\nall\n'))).toEqual([]);
});

test('while nothing is missing, reconciling calls no script', async () => {
  const world = await startWorld(2);
  await fail(world);
  await world.settle();
  expect(world.calls.get('owe')).toBeGreaterThan(0);
  expect(world.calls.get('reconcile')).toBeGreaterThan(0);
  world.calls.clear();
  for (let count = 0; count < 5; count += 1) {
    world.join(count, 'presence-a', `v${count}`);
    world.leave(count + 1, 0);
    await world.advance(5000);
  }
  expect(world.calls.get('settle')).toBeGreaterThan(0);
  expect([...world.calls.keys()]).not.toContain('owe');
  expect([...world.calls.keys()]).not.toContain('reconcile');
});

const places = [
  ['room'],
  ['presence-a', 'u1'],
  ['presence-a', 'u2'],
  ['presence-b', 'u1'],
  ['presence-b', 'u2'],
  ['presence-c', 'u3'],
] as const;
const endpoints = fc.constantFrom(['all'], ['members'], ['all', 'members']);
const steps = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: joins(places) },
    { weight: 5, arbitrary: leaves },
    {
      weight: 3,
      arbitrary: fc
        .tuple(fc.boolean(), endpoints)
        .map(([isDown, ids]) =>
          step<ReconcileWorld>(`setDown(${isDown}, ${ids.join(', ')})`, (world) =>
            world.setDown(isDown, ...ids),
          ),
        ),
    },
    { weight: 5, arbitrary: advances([0, 500, 1500, 4000, 9000, 21_000, 30_000]) },
    {
      weight: 2,
      arbitrary: index.map((at) =>
        step<ReconcileWorld>(`kill(${at})`, async (world) => {
          world.kill(at);
          await world.addNode();
        }),
      ),
    },
    { weight: 1, arbitrary: cutsOffAmid },
    { weight: 2, arbitrary: killsAmid(12) },
    { weight: 1, arbitrary: stops },
    {
      weight: 1,
      arbitrary: fc.constant(
        step<ReconcileWorld>('addNode()', async (world) => {
          if (world.size < 3) await world.addNode();
        }),
      ),
    },
  ),
  { maxLength: 40, size: 'max' },
);

async function walk(sequence: readonly WorldStep[]): Promise<void> {
  // A few events fill a queue, so that later ones are dropped before those that wait for another attempt.
  const world = new ReconcileWorld(redis.url, { queueMaxBytes: 2500 });
  try {
    for (let count = 0; count < 2; count += 1) await world.addNode();
    for (const one of sequence) await one(world);
    await world.settle();
    await expectTruth(world);
  } finally {
    world.dispose();
  }
}

describe(seeded('endpoints that are reconciled'), () => {
  test(
    'believe the truth once they work again, whatever was dropped, and whoever sent their webhooks',
    async () => fc.assert(fc.asyncProperty(steps, walk), runs(15)),
    patienceMs,
  );
});
