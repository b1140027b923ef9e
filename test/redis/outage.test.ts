import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { ChannelName } from '../../src/protocol/channel-name.ts';
import { startLateNode } from '../support/redis/late-node.ts';
import { startRedis, type RedisServer } from '../support/redis/server.ts';
import { startWalk } from '../support/redis/start-walk.ts';
import { nextTurn } from '../support/turns.ts';
import { Walk } from '../support/redis/walk.ts';
import { known } from '../support/known.ts';
import { graceMs, leaseMs } from '../support/redis/walk-node.ts';

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

test.each(['a step of the channel', 'a sweep'])(
  'a user who returned while Redis was away is not reported as gone by %s that happens first',
  async (first) => {
    const walk = await startWalk(redis, 2);
    await walk.join(0, 'presence-a', 'u1');
    await walk.join(0, 'presence-a', 'u2');
    walk.leave(0, 0);
    await walk.quiet();
    await walk.silence(20_000);
    if (first === 'a sweep') await walk.nodes[0]?.ledger.sweep();
    else await walk.join(0, 'presence-a', 'u3');
    await walk.join(1, 'presence-a', 'u1');
    await walk.settle();
    expect(walk.reported).not.toContain('member_removed u1');
    expect(walk.contradictions).toEqual([]);
  },
);

describe('a departure that fell due while Redis was away', () => {
  const arrivals = ['channel_occupied', 'member_added u1'];
  const left = async (nodes: number) => {
    const walk = await startWalk(redis, nodes);
    await walk.join(0, 'presence-a', 'u1');
    walk.leave(0, 0);
    await walk.quiet();
    return walk;
  };
  const reportedBy = async (walk: Walk) => {
    await walk.readFacts();
    return walk.reported;
  };

  test('is reported within a second once every node has reported what it holds', async () => {
    const walk = await left(2);
    await walk.silence(20_000);
    await walk.nodes[0]?.ledger.sweep();
    expect(await reportedBy(walk)).toEqual(arrivals);
    await walk.advance(1000);
    expect(await reportedBy(walk)).toEqual([...arrivals, 'member_removed u1', 'channel_vacated']);
  });

  test('waits for a node that is slow to return, which may have the users who returned', async () => {
    const walk = await left(2);
    const [, slow] = walk.nodes;
    await slow?.goAway();
    await walk.silence(20_000);
    await slow?.join('back', 'presence-a' as ChannelName, 'u1');
    await walk.advance(5000);
    expect(await reportedBy(walk)).toEqual(arrivals);
    await slow?.comeBack();
    await walk.settle();
    expect(walk.reported).toEqual(arrivals);
  });

  test('waits for a node that does not return until its lease has ended', async () => {
    const walk = await left(2);
    const [, lost] = walk.nodes;
    lost?.crash();
    if (lost !== undefined) lost.isFrozen = true;
    await walk.silence(20_000);
    await walk.advance(9000);
    expect(await reportedBy(walk)).toEqual(arrivals);
    await walk.advance(2000);
    expect(await reportedBy(walk)).toEqual([...arrivals, 'member_removed u1', 'channel_vacated']);
  });

  test('waits for a dead node only for the rest of its lease', async () => {
    const walk = await startWalk(redis, 2);
    const [, lost] = walk.nodes;
    lost?.crash();
    if (lost !== undefined) lost.isFrozen = true;
    await walk.advance(6000);
    await walk.join(0, 'presence-a', 'u1');
    walk.leave(0, 0);
    await walk.advance(1);
    await walk.silence(20_000);
    await walk.advance(3000);
    expect(await reportedBy(walk)).toEqual(arrivals);
    await walk.advance(2000);
    expect(await reportedBy(walk)).toEqual([...arrivals, 'member_removed u1', 'channel_vacated']);
  });

  test('waits at most one lease, also where a node registers and dies after it', async () => {
    const walk = await left(2);
    const [, lost] = walk.nodes;
    await lost?.goAway();
    await walk.silence(20_000);
    await walk.advance(8000);
    await lost?.comeBack();
    await lost?.caughtUp();
    // It registered, and then stays silent.
    if (lost !== undefined) lost.isFrozen = true;
    await walk.clock.advance(1000);
    lost?.crash();
    await walk.advance(2000);
    expect(await reportedBy(walk)).toEqual([...arrivals, 'member_removed u1', 'channel_vacated']);
  });
});

test('the lease of a dead node is as long as without the outage of Redis', async () => {
  const walk = await startWalk(redis, 2);
  await walk.join(1, 'presence-a', 'u1');
  await walk.quiet();
  const [, lost] = walk.nodes;
  lost?.crash();
  if (lost !== undefined) lost.isFrozen = true;
  await walk.advance(8000);
  await walk.silence(20_000);
  // Two seconds of the lease are left, followed by the grace period.
  await walk.advance(2000 + 3000 + 1500);
  await walk.readFacts();
  expect(walk.reported.slice(2)).toEqual(['member_removed u1', 'channel_vacated']);
});

// Found by a failover after which one node returned later than the other.
test('clients of a node that counts as dead are not told that they left, and its other members stay visible', async () => {
  const walk = await startWalk(redis, 2);
  const views = () => walk.views().map(({ believed }) => believed);
  await walk.join(0, 'presence-a', 'u1');
  await walk.join(0, 'presence-a', 'u2');
  await walk.join(1, 'presence-a', 'u3');
  const [late] = walk.nodes;
  // It does not renew its lease, but still receives what happens.
  if (late !== undefined) late.isFrozen = true;
  await walk.advance(leaseMs + graceMs);
  await late?.caughtUp();
  const everyone = ['u1', 'u2', 'u3'];
  expect(views()).toEqual([everyone, everyone, ['u3']]);
  // One of them leaves before the node has returned.
  late?.leave('c2');
  expect(views()).toEqual([['u1', 'u3'], ['u3']]);
  if (late !== undefined) late.isFrozen = false;
  await walk.settle();
  expect(views()).toEqual([
    ['u1', 'u3'],
    ['u1', 'u3'],
  ]);
});

test('clients of a node that shuts down before it has registered again keep the grace period of the shutdown', async () => {
  const walk = await startWalk(redis, 2);
  await walk.join(0, 'presence-a', 'u1');
  const [ending] = walk.nodes;
  if (ending === undefined) throw new Error('there are two nodes');
  await ending.loseRedis();
  await ending.caughtUp();
  walk.leave(0, 0);
  await ending.ledger.close(8000);
  await walk.advance(7500);
  await walk.readFacts();
  expect(walk.reported).toEqual(['channel_occupied', 'member_added u1']);
  await walk.advance(1500);
  await walk.readFacts();
  expect(walk.reported.slice(2)).toEqual(['member_removed u1', 'channel_vacated']);
});

test('subscribers that received an event before Redis had it do not receive the previous one again', async () => {
  const walk = await startWalk(redis, 1);
  const [node] = walk.nodes;
  if (node === undefined) throw new Error('there is a node');
  const channel = 'presence-cache-a' as ChannelName;
  await walk.join(0, channel, 'u1');
  await node.ledger.cacheEvent('a1', channel, { name: 'e', data: 'before' });
  await walk.quiet();
  await node.loseRedis();
  await node.ledger.cacheEvent('a1', channel, { name: 'e', data: 'after' });
  await node.caughtUp();
  await walk.advance(3000);
  expect(node.events).toEqual(['before', 'after']);
  expect(known(await node.ledger.channel('a1', channel)).cache?.data).toBe('after');
});

// Walks found the following four.
describe('the last event that subscribers of a cache channel receive is the cached one', () => {
  const channel = 'cache-room' as ChannelName;

  async function expectAllEndWith(walk: Walk, event: string): Promise<void> {
    for (const { ledger } of walk.nodes)
      expect(known(await ledger.channel('a1', channel)).cache?.data).toBe(event);
    for (const received of walk.received(channel)) expect(received.at(-1)).toBe(event);
  }

  test('also if another node published it while theirs was away, and their node an earlier one', async () => {
    const walk = await startWalk(redis, 2);
    for (const index of [0, 1]) await walk.join(index, channel);
    const [, away] = walk.nodes;
    await away?.goAway();
    await walk.publish(1);
    await walk.advance(1000);
    await walk.publish(0);
    await away?.comeBack();
    await walk.settle();
    expect(walk.received(channel)).toEqual([['e2'], ['e1', 'e2']]);
    await expectAllEndWith(walk, 'e2');
  });

  test('also if theirs waited for Redis until they had received the later one of another node', async () => {
    for (let round = 0; round < 10; round += 1) {
      const walk = await new Walk(redis.url, { beatEveryMs: leaseMs / 10 }).start(3);
      const [away] = walk.nodes;
      await walk.fill();
      const first = walk.publish(0);
      await nextTurn();
      await away?.goAway();
      await walk.advance(500);
      const second = walk.publish(1);
      await nextTurn();
      const joined = walk.join(0, channel);
      await walk.free();
      await walk.settle();
      await Promise.all([first, second, joined]);
      await walk.settle();
      await expectAllEndWith(walk, 'e2');
      walk.dispose();
    }
  });

  test('also if the notice of an earlier one arrives after it', async () => {
    const { way, clock, late, other, commands } = await startLateNode(redis, 'overtaken:');
    await late.join('first', channel);
    way.holdUp();
    await other.ledger.cacheEvent('a1', channel, { name: 'e', data: 'earlier' });
    await commands.config('SET', 'maxmemory', '1');
    onTestFinished(async () => void (await commands.config('SET', 'maxmemory', '0')));
    await late.ledger.beat();
    await late.ledger.cacheEvent('a1', channel, { name: 'e', data: 'later' });
    way.goOn();
    await late.caughtUp();
    expect(late.clients.get('first')?.events).toEqual(['later', 'earlier']);
    await commands.config('SET', 'maxmemory', '0');
    await clock.advance(1000);
    await late.ledger.beat();
    await late.caughtUp();
    expect(late.clients.get('first')?.events).toEqual(['later', 'earlier', 'later']);
  });

  test('also if they joined after their node had sent it to others, who have left', async () => {
    const walk = await startWalk(redis, 1);
    await walk.fill();
    await walk.join(0, channel);
    await walk.free();
    await walk.publish(0);
    walk.leave(0, 0);
    await walk.join(0, channel);
    await walk.settle();
    expect(walk.received(channel)).toEqual([['e1']]);
  });
});

test('a client that joins while Redis is away receives the earlier event once Redis is back', async () => {
  const walk = await startWalk(redis, 1);
  const [node] = walk.nodes;
  if (node === undefined) throw new Error('there is a node');
  const channel = 'presence-cache-a' as ChannelName;
  await node.loseRedis();
  await node.ledger.cacheEvent('a1', channel, { name: 'e', data: 'early' });
  await walk.join(0, channel, 'u1');
  await node.caughtUp();
  await walk.advance(3000);
  expect(node.events).toEqual(['early']);
});

describe('a client that joins a cache channel while Redis is away', () => {
  const cut = async (name: string, value?: string) => {
    const channel = name as ChannelName;
    const walk = await startWalk(redis, 2);
    const [here, there] = walk.nodes;
    if (here === undefined || there === undefined) throw new Error('there are two nodes');
    if (value !== undefined) await there.ledger.cacheEvent('a1', channel, { name: 'e', data: value });
    await here.loseRedis();
    return { walk, here, channel };
  };

  test.each(['cache-a', 'presence-cache-a'])(
    'of the kind %s receives the event that another node knew, once Redis is back, and only once',
    async (name) => {
      const { walk, here, channel } = await cut(name, 'kept');
      const userOf = (id: string) => (name.startsWith('presence-') ? id : undefined);
      await here.join('early', channel, userOf('u1'));
      await here.join('second', channel, userOf('u2'));
      expect([...here.clients.values()].map(({ events }) => events)).toEqual([[], []]);
      await here.caughtUp();
      await walk.advance(3000);
      await here.join('late', channel, userOf('u3'));
      await walk.advance(3000);
      for (const { events } of here.clients.values()) expect(events).toEqual(['kept']);
      await walk.readFacts();
      expect(walk.reportedOf(name)).not.toContain('cache_miss');
    },
  );

  test('and joins again before the answer receives the event once', async () => {
    const { walk, here, channel } = await cut('cache-a', 'kept');
    await here.join('early', channel);
    // Registered again, but what it holds is not known yet.
    await here.caughtUp();
    const late = here.join('late', channel);
    await walk.advance(3000);
    await late;
    for (const { events } of here.clients.values()) expect(events).toEqual(['kept']);
  });

  test('receives nothing if there is no event, but webhooks report the miss', async () => {
    const { walk, here, channel } = await cut('cache-a');
    await here.join('early', channel);
    await here.caughtUp();
    await walk.advance(3000);
    await walk.readFacts();
    expect(here.clients.get('early')?.events).toEqual([]);
    expect(walk.reportedOf(channel)).toEqual(['channel_occupied', 'cache_miss']);
  });
});
