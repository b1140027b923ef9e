import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startRedis, type RedisServer } from '../support/redis/server.ts';
import { startWalk } from '../support/redis/start-walk.ts';

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

async function walkOf(nodes: number) {
  const walk = await startWalk(redis, nodes);
  const [node] = walk.nodes;
  if (node === undefined) throw new Error('there is a node');
  return { walk, node };
}

describe('a client event is reported between the join and the leave of its sender', () => {
  const presence = [
    'channel_occupied',
    'member_added u1',
    'client_event u1',
    'member_removed u1',
    'channel_vacated',
  ];

  const gone = presence.filter((fact) => fact !== 'client_event u1');

  test('also if the sender joined and left while Redis was away', async () => {
    const { walk, node } = await walkOf(2);
    await node.loseRedis();
    await walk.join(0, 'presence-a', 'u1');
    walk.say(0, 0);
    walk.leave(0, 0);
    await walk.join(0, 'private-b');
    walk.say(0, 0);
    walk.leave(0, 0);
    await node.caughtUp();
    await walk.settle();
    expect(walk.reportedOf('presence-a')).toEqual(presence);
    expect(walk.reportedOf('private-b')).toEqual(['channel_occupied', 'client_event', 'channel_vacated']);
    expect(walk.contradictions).toEqual([]);
  });

  test('also if the other nodes considered its node dead meanwhile', async () => {
    const { walk, node } = await walkOf(2);
    await walk.join(0, 'presence-a', 'u1');
    await walk.quiet();
    await node.goAway();
    const [id = ''] = node.clients.keys();
    node.say(id);
    node.leave(id);
    await walk.advance(30_000);
    await walk.readFacts();
    expect(walk.reportedOf('presence-a')).toEqual(gone);
    await node.comeBack();
    await walk.settle();
    expect(walk.reportedOf('presence-a')).toEqual([...gone, ...presence]);
  });

  test('also if the sender moved to another node, and only once', async () => {
    const { walk, node } = await walkOf(2);
    await node.loseRedis();
    await walk.join(0, 'presence-a', 'u1');
    walk.say(0, 0);
    walk.leave(0, 0);
    await node.caughtUp();
    await walk.advance(1000);
    await walk.join(1, 'presence-a', 'u1');
    await walk.settle();
    expect(walk.reportedOf('presence-a')).toEqual(presence.slice(0, 3));
  });

  test('also if there was no memory for either', async () => {
    const { walk, node } = await walkOf(1);
    await walk.fill();
    await walk.advance(500);
    await walk.join(0, 'presence-a', 'u1');
    walk.say(0, 0);
    await walk.advance(1000);
    await walk.free();
    await walk.settle();
    expect(walk.reportedOf('presence-a')).toEqual(presence.slice(0, 3));
    // The node sends what it has first.
    expect(node.suppressed).toBe(0);
  });
});
