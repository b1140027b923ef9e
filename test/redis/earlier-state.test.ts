import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { ReconcileWorld, type WorldOptions } from '../support/redis/reconcile-world.ts';
import { expectTruthOf } from '../support/redis/world-walk.ts';
import { startRedis, type RedisServer } from '../support/redis/server.ts';

// What webhooks reported before an endpoint was added, or before it selected such events.

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

/** Two nodes with an endpoint for members. The one for everything is added later. */
async function startWorld(options?: WorldOptions): Promise<ReconcileWorld> {
  const world = new ReconcileWorld(redis.url, { configured: ['members'], ...options });
  onTestFinished(() => world.dispose());
  for (let count = 0; count < 2; count += 1) await world.addNode();
  await world.advance(5000);
  return world;
}

/** Members and a channel without any, on each node. */
async function populate(world: ReconcileWorld): Promise<void> {
  world.join(0, 'presence-a', 'u1');
  world.join(1, 'presence-a', 'u2');
  world.join(0, 'presence-b', 'u1');
  world.join(1, 'room');
  await world.advance(5000);
}

test('a new endpoint is sent the present state, and nothing twice', async () => {
  const world = await startWorld();
  await populate(world);
  world.configure('all', 'members');
  await world.advance(5000);
  expectTruthOf(world, 'all', 'members');
  expect(world.compare('all').truth.members).toHaveLength(3);
  expect(world.receiver.contradictions).toEqual([]);
  await world.advance(100_000);
  expect(await world.debts()).toEqual([]);
  expect(world.receiver.events).toHaveLength(6);
  // From now on it is like the others, whoever owns the partitions.
  world.join(0, 'presence-b', 'u2');
  world.kill(0);
  await world.addNode();
  await world.advance(30_000);
  expectTruthOf(world, 'all', 'members');
  expect(world.receiver.contradictions).toEqual([]);
});

test('an endpoint that is new at the start of a node is sent the present state', async () => {
  const world = await startWorld();
  await populate(world);
  world.configureFuture('all', 'members');
  await world.addNode();
  await world.advance(5000);
  await world.stop(0);
  await world.stop(0);
  await world.advance(30_000);
  await populate(world);
  await world.advance(30_000);
  expect(world.compare('all').truth.members).toHaveLength(3);
  expectTruthOf(world, 'all', 'members');
});

test('so is the first endpoint of all, also by a node that takes partitions over just then', async () => {
  const world = await startWorld({ configured: [] });
  await populate(world);
  world.configureFuture('all');
  await world.addNode();
  await world.advance(20_000);
  world.kill(0);
  world.kill(0);
  await world.advance(10_000);
  await populate(world);
  await world.advance(5000);
  expect(world.compare('all').truth.members).toHaveLength(3);
  expectTruthOf(world, 'all');
});

test('a member who was absent for a moment when the endpoint was added is sent too', async () => {
  const world = await startWorld();
  world.join(0, 'presence-a', 'u1');
  await world.advance(5000);
  world.leave(0, 0);
  await world.advance(500);
  world.configure('all', 'members');
  await world.advance(1000);
  world.join(1, 'presence-a', 'u1');
  await world.advance(30_000);
  expect(world.compare('all').truth.members).toEqual(['presence-a u1']);
  expectTruthOf(world, 'all', 'members');
});

test('without reconcile, a new endpoint is sent the state on request', async () => {
  const world = await startWorld({ reconcile: false });
  await populate(world);
  world.configure('all', 'members');
  await world.advance(70_000);
  expect(world.receiver.events).toEqual([]);
  expect(await world.reconcile(1, 'all')).toBe(3);
  await world.advance(5000);
  expectTruthOf(world, 'all', 'members');
});

test('a request that comes before the search is over is not forgotten', async () => {
  const world = await startWorld({ reconcile: false });
  await populate(world);
  world.configure('all', 'members');
  await world.reconcile(1, 'all');
  await world.advance(1500);
  expectTruthOf(world, 'all', 'members');
});

test('an endpoint that selects more events is sent what they would have reported', async () => {
  const world = await startWorld({ configured: ['all'] });
  world.select('channel_occupied', 'channel_vacated');
  await populate(world);
  world.select('channel_occupied', 'channel_vacated', 'member_added', 'member_removed');
  await world.advance(5000);
  expectTruthOf(world, 'all');
  expect(world.receiver.contradictions).toEqual([]);
  expect(world.receiver.events).toHaveLength(6);
});

test('an endpoint that was missing while others were notified is sent who is there', async () => {
  const world = await startWorld({ configured: ['all', 'members'] });
  await populate(world);
  world.configure('members');
  world.join(1, 'presence-c', 'u4');
  await world.advance(5000);
  world.configure('all', 'members');
  await world.advance(5000);
  expectTruthOf(world, 'all', 'members');
});

test('while only one node knows the endpoint, it receives what this node sends; later, everything', async () => {
  const world = await startWorld();
  await populate(world);
  world.configureFuture('all', 'members');
  world.adopt(0);
  await world.advance(5000);
  expect(world.compare('all').believed).not.toEqual(world.compare('all').truth);
  world.adopt(1);
  await world.advance(5000);
  expectTruthOf(world, 'all', 'members');
});

test('who joins and leaves while the new endpoint fails is known to it at the end', async () => {
  const world = await startWorld();
  await populate(world);
  world.setDown(true, 'all');
  world.configure('all', 'members');
  // The first ones leave before anything of them was found.
  world.leave(0, 0);
  await world.advance(30_000);
  world.join(0, 'presence-a', 'u1');
  await world.advance(30_000);
  await world.settle();
  expectTruthOf(world, 'all', 'members');
  expect(await world.debts()).toEqual([]);
});

test('who left before anything of them was found is not taken for known, even if the event of that was dropped', async () => {
  const world = await startWorld();
  const rooms = Array.from({ length: 8 }, (_, number) => `presence-${number}`);
  for (const room of rooms) world.join(1, room, 'u1');
  await world.advance(5000);
  world.setDown(true, 'all');
  for (let left = 0; left < rooms.length; left += 1) world.leave(1, 0);
  // Nobody sends the webhooks of half of the channels until the other node takes over, and reads that everybody has left.
  world.kill(0);
  world.configureFuture('all', 'members');
  world.adopt(0);
  await world.advance(40_000);
  for (const room of rooms) world.join(0, room, 'u1');
  await world.advance(40_000);
  await world.settle();
  expect(world.compare('all').truth.members).toHaveLength(8);
  expectTruthOf(world, 'all', 'members');
});

test('a node that is killed during the search is replaced by one that searches again', async () => {
  for (let turns = 0; turns < 30; turns += 3) {
    const world = await startWorld();
    await populate(world);
    world.configure('all', 'members');
    await world.killAmid(0, turns);
    world.kill(0);
    await world.addNode();
    await populate(world);
    await world.advance(30_000);
    expectTruthOf(world, 'all', 'members');
    world.dispose();
  }
});

test('an endpoint that is added while a node takes over its first partitions is sent the present state', async () => {
  const channels = ['presence-a', 'presence-b', 'presence-c'];
  for (let turns = 0; turns < 40; turns += 2) {
    const world = new ReconcileWorld(redis.url, { configured: ['members'] });
    onTestFinished(() => world.dispose());
    await world.addNode();
    for (const channel of channels) world.join(0, channel, 'u1');
    await world.advance(5000);
    world.kill(0);
    await world.addNode();
    for (const channel of channels) world.join(0, channel, 'u1');
    // One step later, the lease of the other node ends.
    await world.advance(3500);
    expect(world.shares).toEqual([0]);
    world.configureFuture('all', 'members');
    await world.adoptAmid(0, turns);
    expect(world.shares).toEqual([4]);
    await world.advance(30_000);
    expect(world.compare('all').truth.members).toHaveLength(3);
    expectTruthOf(world, 'all', 'members');
    world.dispose();
  }
});

test('a node that has just connected to Redis again, and whose outboxes are empty, searches too', async () => {
  const world = new ReconcileWorld(redis.url, { configured: ['members'] });
  onTestFinished(() => world.dispose());
  for (let count = 0; count < 2; count += 1) await world.addNode();
  world.join(0, 'room');
  await world.advance(1500);
  await world.cutOffAmid(0, 0);
  world.configure('all', 'members');
  await world.advance(5000);
  expectTruthOf(world, 'all', 'members');
});

test('if Redis was emptied, the endpoints still count as known', async () => {
  const world = await startWorld({ configured: ['all', 'members'] });
  await populate(world);
  await world.flush();
  await world.advance(15_000);
  world.receiver.events.length = 0;
  await world.addNode();
  await world.advance(30_000);
  expect(world.receiver.events).toEqual([]);
  expectTruthOf(world, 'all', 'members');
});
