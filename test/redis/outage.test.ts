import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import type { ChannelName } from '../../src/protocol/channel-name.ts';
import { startRedis, type RedisServer } from '../support/redis/server.ts';
import { Walk } from '../support/redis/walk.ts';
import { known } from '../support/known.ts';

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

async function walkOf(nodes: number): Promise<Walk> {
  const walk = await new Walk(redis.url).start(nodes);
  onTestFinished(() => walk.dispose());
  await walk.advance(500);
  return walk;
}

test.each(['a step of the channel', 'a sweep'])(
  'nobody who came back while Redis was away is reported as gone by %s that comes first',
  async (first) => {
    const walk = await walkOf(2);
    await walk.join(0, 'presence-a', 'u1');
    await walk.join(0, 'presence-a', 'u2');
    walk.leave(0, 0);
    await walk.quiet();
    await walk.silence(20_000);
    if (first === 'a sweep') await walk.nodes[0]?.ledger.sweep();
    else await walk.join(0, 'presence-a', 'u3');
    await walk.join(1, 'presence-a', 'u1');
    await walk.settle();
    expect(walk.told).not.toContain('member_removed u1');
    expect(walk.contradictions).toEqual([]);
  },
);

test('what fell due while Redis was away is reported a lease after it is back', async () => {
  const walk = await walkOf(1);
  await walk.join(0, 'room');
  walk.leave(0, 0);
  await walk.quiet();
  await walk.silence(20_000);
  await walk.advance(9000);
  await walk.readFacts();
  expect(walk.told).toEqual(['channel_occupied']);
  await walk.advance(2000);
  await walk.readFacts();
  expect(walk.told).toEqual(['channel_occupied', 'channel_vacated']);
});

test('the clients of a node that ends before it is registered again have the grace of its end', async () => {
  const walk = await walkOf(2);
  await walk.join(0, 'presence-a', 'u1');
  const [ending] = walk.nodes;
  if (ending === undefined) throw new Error('there are two nodes');
  ending.cutOff();
  await ending.ledger.beat();
  await ending.heard();
  walk.leave(0, 0);
  await ending.ledger.close(8000);
  await walk.advance(7500);
  await walk.readFacts();
  expect(walk.told).toEqual(['channel_occupied', 'member_added u1']);
  await walk.advance(1500);
  await walk.readFacts();
  expect(walk.told.slice(2)).toEqual(['member_removed u1', 'channel_vacated']);
});

test('subscribers that were told an event before Redis knew it are not told the one before once more', async () => {
  const walk = await walkOf(1);
  const [node] = walk.nodes;
  if (node === undefined) throw new Error('there is a node');
  const channel = 'presence-cache-a' as ChannelName;
  await walk.join(0, channel, 'u1');
  await node.ledger.cacheEvent('a1', channel, { name: 'e', data: 'before' });
  await walk.quiet();
  node.cutOff();
  await node.ledger.beat();
  await node.ledger.cacheEvent('a1', channel, { name: 'e', data: 'after' });
  await node.heard();
  await walk.advance(3000);
  expect(node.events).toEqual(['before', 'after']);
  expect(known(await node.ledger.channel('a1', channel)).cache?.data).toBe('after');
});

test('who comes while Redis is away is told the event that was published before, once it is back', async () => {
  const walk = await walkOf(1);
  const [node] = walk.nodes;
  if (node === undefined) throw new Error('there is a node');
  const channel = 'presence-cache-a' as ChannelName;
  node.cutOff();
  await node.ledger.beat();
  await node.ledger.cacheEvent('a1', channel, { name: 'e', data: 'early' });
  await walk.join(0, channel, 'u1');
  await node.heard();
  await walk.advance(3000);
  expect(node.events).toEqual(['early']);
});
