import { nextTurn } from '../support/turns.ts';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { unavailable } from '../../src/ports/unavailable.ts';
import type { ChannelName } from '../../src/protocol/channel-name.ts';
import { known } from '../support/known.ts';
import { startRedis, type RedisServer } from '../support/redis/server.ts';
import { startWalk } from '../support/redis/start-walk.ts';
import type { Walk } from '../support/redis/walk.ts';
import { graceMs, leaseMs } from '../support/redis/walk-node.ts';

let redis: RedisServer;
let walk: Walk;
beforeAll(async () => {
  redis = await startRedis();
});
afterEach(() => walk.free());
afterAll(() => redis.stop());

const epochs = (): number[] => walk.nodes.map((node) => node.epochs);
const areWhole = (): boolean[] => walk.nodes.map(({ ledger }) => ledger.isWhole);

describe('while Redis is full', () => {
  test('departures are reported, present users are not reported as gone, and no lease expires', async () => {
    walk = await startWalk(redis, 2);
    await walk.join(0, 'presence-a', 'u1');
    await walk.join(1, 'presence-a', 'u2');
    await walk.join(1, 'room');
    const before = epochs();
    await walk.fill();
    walk.leave(0, 0);
    walk.leave(1, 0);
    await walk.advance(graceMs + 2 * leaseMs);
    await walk.readFacts();
    expect(walk.reported.slice(-3)).toEqual(['member_removed u1', 'member_removed u2', 'channel_vacated']);
    expect([...walk.occupied]).toEqual(['room']);
    expect(walk.contradictions).toEqual([]);
    expect(epochs()).toEqual(before);
  });

  test('a new member is accepted and sees the others, and is reported once there is memory again', async () => {
    walk = await startWalk(redis, 2);
    await walk.join(0, 'presence-a', 'u1');
    await walk.fill();
    const before = epochs();
    await walk.join(0, 'presence-a', 'u2');
    await walk.join(1, 'presence-a', 'u3');
    await walk.join(1, 'presence-new', 'u4');
    const seen = (id: string): string[] => [...(walk.nodes[1]?.clients.get(id)?.view ?? [])].toSorted();
    expect([seen('c3'), seen('c4')]).toEqual([['u1', 'u3'], ['u4']]);
    await walk.advance(2 * leaseMs);
    await walk.readFacts();
    expect(walk.reported).toEqual(['channel_occupied', 'member_added u1']);
    expect(epochs()).toEqual(before);
    await walk.free();
    await walk.settle();
    for (const view of walk.views()) expect(view.believed).toEqual(view.true);
    expect([...walk.members].toSorted()).toEqual([...walk.truth().members].toSorted());
    expect(walk.contradictions).toEqual([]);
    expect(walk.reported.filter((fact) => /removed|vacated/.test(fact))).toEqual([]);
    expect(epochs()).toEqual(before);
  });

  test('new members of one node see each other arrive and leave', async () => {
    walk = await startWalk(redis, 1);
    await walk.fill();
    const views = (): string[][] => walk.views().map(({ believed }) => believed);
    await walk.join(0, 'presence-a', 'u1');
    await walk.join(0, 'presence-a', 'u2');
    expect(views()).toEqual([
      ['u1', 'u2'],
      ['u1', 'u2'],
    ]);
    walk.leave(0, 0);
    expect(views()).toEqual([['u2']]);
    await walk.join(0, 'presence-a', 'u3');
    expect(views()).toEqual([
      ['u2', 'u3'],
      ['u2', 'u3'],
    ]);
  });

  test('a member who leaves one node stays visible if another node has the user too', async () => {
    walk = await startWalk(redis, 2);
    await walk.join(1, 'presence-a', 'u1');
    await walk.join(0, 'presence-a', 'u2');
    await walk.fill();
    await walk.join(0, 'presence-a', 'u1');
    walk.leave(0, 1);
    await walk.advance(leaseMs);
    expect(walk.views().map(({ believed }) => believed)).toEqual([
      ['u1', 'u2'],
      ['u1', 'u2'],
    ]);
  });

  // A walk found this: the notice of the remaining member arrived before the reply, which was then ignored as old.
  test('a member who joined and left meanwhile is gone for the other clients once there is memory again', async () => {
    for (let round = 0; round < 20; round += 1) {
      walk = await startWalk(redis, 1);
      await walk.fill();
      await Promise.all([walk.join(0, 'presence-a', 'u1'), walk.join(0, 'presence-a', 'u2')]);
      walk.leave(0, 0);
      await walk.free();
      await walk.settle();
      expect(walk.views()).toEqual([{ believed: ['u2'], true: ['u2'] }]);
    }
  });

  test('a user who joined and left meanwhile is never reported', async () => {
    walk = await startWalk(redis, 1);
    await walk.fill();
    await walk.join(0, 'presence-a', 'u1');
    walk.leave(0, 0);
    await walk.advance(1000);
    await walk.free();
    await walk.settle();
    expect(walk.reported).toEqual([]);
  });

  test('a user who returns within the grace period is not reported as gone', async () => {
    walk = await startWalk(redis, 2);
    await walk.join(0, 'presence-a', 'u1');
    await walk.fill();
    walk.leave(0, 0);
    await walk.join(1, 'presence-a', 'u1');
    await walk.settle();
    expect(walk.reported).toEqual(['channel_occupied', 'member_added u1']);
  });

  test('no subscriber counts as gone because a connection to Redis was lost', async () => {
    walk = await startWalk(redis, 2);
    await walk.join(0, 'presence-a', 'u1');
    await walk.join(1, 'room');
    await walk.fill();
    for (const node of walk.nodes) node.cutOff();
    await walk.settle();
    expect(walk.reported.toSorted()).toEqual(['channel_occupied', 'channel_occupied', 'member_added u1']);
    expect(walk.views()).toEqual([{ believed: ['u1'], true: ['u1'] }]);
  });

  test('health reports it', async () => {
    walk = await startWalk(redis, 2);
    expect(areWhole()).toEqual([true, true]);
    await walk.fill();
    await walk.advance(leaseMs / 10);
    expect(areWhole()).toEqual([false, false]);
    await walk.free();
    await walk.advance(leaseMs / 10);
    expect(areWhole()).toEqual([true, true]);
  });

  test('a node can start', async () => {
    walk = await startWalk(redis, 1);
    await walk.join(0, 'presence-a', 'u1');
    await walk.fill();
    await walk.addNode(1);
    await walk.join(1, 'presence-a', 'u2');
    await walk.free();
    await walk.settle();
    expect([...walk.members].toSorted()).toEqual(['presence-a u1', 'presence-a u2']);
  });

  // A walk found this: the first event was still waiting for Redis when the second one did not have to wait any more.
  test('events of a cache channel reach the subscribers of their node in order', async () => {
    walk = await startWalk(redis, 1);
    const [node] = walk.nodes;
    if (node === undefined) throw new Error('there is a node');
    const channel = 'cache-a' as ChannelName;
    await walk.join(0, channel);
    await walk.fill();
    const publish = (data: string): Promise<void> =>
      node.ledger.cacheEvent('a1', channel, { name: 'e', data });
    const first = publish('first');
    while (!node.ledger.isFull) await nextTurn();
    const second = publish('second');
    await walk.advance(5000);
    await Promise.all([first, second]);
    expect(node.events).toEqual(['first', 'second']);
  });

  test('events wait, and of a cache channel the last one is kept', async () => {
    walk = await startWalk(redis, 2);
    const [one, two] = walk.nodes;
    if (one === undefined || two === undefined) throw new Error('there are two nodes');
    const channel = 'presence-cache-a' as ChannelName;
    await walk.join(0, channel, 'u1');
    await one.ledger.cacheEvent('a1', channel, { name: 'e', data: 'before' });
    await walk.fill();
    await walk.advance(leaseMs / 10);
    for (const data of ['first', 'second']) {
      await one.ledger.cacheEvent('a1', channel, { name: 'e', data });
      one.ledger.append('a1', { name: 'channel_occupied', channel: `room-${data}` as ChannelName });
    }
    await walk.join(0, channel, 'u2');
    await walk.advance(2 * leaseMs);
    expect(one.events).toEqual(['before', 'first', 'second']);
    expect(await two.ledger.channel('a1', channel)).toBe(unavailable);
    await walk.free();
    await walk.advance(leaseMs / 5);
    await walk.readFacts();
    expect([...walk.occupied].toSorted()).toEqual([channel, 'room-first', 'room-second']);
    await walk.advance(1.5 * leaseMs);
    expect(known(await two.ledger.channel('a1', channel)).cache?.data).toBe('second');
    expect(one.events).toEqual(['before', 'first', 'second']);
    await Promise.all(walk.nodes.map(({ ledger }) => ledger.flushed()));
  });
});
