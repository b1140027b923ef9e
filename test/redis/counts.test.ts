import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { isUnavailable, unavailable } from '../../src/ports/unavailable.ts';
import type { ChannelName } from '../../src/protocol/channel-name.ts';
import { known } from '../support/known.ts';
import { startRedis, type RedisServer } from '../support/redis/server.ts';
import { leaseMs } from '../support/redis/walk-node.ts';
import { Walk } from '../support/redis/walk.ts';

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

const room = 'room' as ChannelName;

async function twoNodes() {
  const walk = await new Walk(redis.url).start(2);
  onTestFinished(() => walk.dispose());
  await walk.advance(500);
  const [here, there] = walk.nodes;
  if (here === undefined || there === undefined) throw new Error('there are two nodes');
  const counted = async () =>
    Promise.all(
      [here, there].map(async ({ ledger }) => known(await ledger.channel('a1', room)).subscriptionCount),
    );
  return { walk, here, there, counted };
}

test('a node counts its own subscribers immediately, and those of the others once they have reported them', async () => {
  const { walk, here, there, counted } = await twoNodes();
  for (const id of ['1', '2', '3']) await here.join(id, room);
  await there.join('4', room);
  expect(await counted()).toEqual([4, 2]);
  here.ledger.countChanged('a1', room);
  here.ledger.reportCounts();
  await walk.quiet();
  expect(await counted()).toEqual([4, 4]);
  here.leave('1');
  here.leave('2');
  expect(await counted()).toEqual([2, 4]);
  here.leave('3');
  await walk.quiet();
  expect(await counted()).toEqual([1, 1]);
});

test('a node that has registered again counts no subscriber twice', async () => {
  const { walk, here, counted } = await twoNodes();
  await here.join('1', room);
  await here.join('2', room);
  await walk.quiet();
  await here.loseRedis();
  await here.caughtUp();
  await here.join('3', room);
  const epochs = here.epochs;
  while (here.epochs === epochs) await walk.clock.advance(50);
  // By now everything of it is registered, asserted and released.
  for (let times = 0; times < 20; times += 1) {
    const answer = await here.ledger.channel('a1', room);
    if (!isUnavailable(answer)) expect(answer.subscriptionCount).toBe(3);
  }
  await walk.settle();
  expect(await counted()).toEqual([3, 3]);
});

test('nobody is told that a node that has registered again has its subscribers twice', async () => {
  const { walk, here, there, counted } = await twoNodes();
  for (const id of ['1', '2']) await here.join(id, room);
  await there.join('3', room);
  await walk.advance(500);
  await walk.readFacts();
  const told = [here.allCounts, there.allCounts, walk.reportedCounts];
  for (const counts of told) counts.length = 0;
  const epochs = here.epochs;
  await here.loseRedis();
  await here.caughtUp();
  while (here.epochs === epochs) await walk.clock.advance(50);
  await walk.settle();
  expect(told).toEqual([[], [], []]);
  expect(await counted()).toEqual([3, 3]);
  here.leave('1');
  here.leave('2');
  await walk.quiet();
  await walk.readFacts();
  expect(walk.reportedCounts).toEqual(['room 1']);
});

// A walk found this: the subscribers kept the count of before the loss.
// A walk found this: the count of the refused join was taken for a reported one.
test('a subscriber that joins while another one is refused counts', async () => {
  const { walk, here, there } = await twoNodes();
  const channel = 'presence-b' as ChannelName;
  await here.join('1', channel, 'u1');
  const refused = here.join('2', channel, 'u2');
  await here.join('3', channel, 'u1');
  await refused;
  expect([...here.clients.keys()]).toEqual(['1', '3']);
  await walk.advance(500);
  expect(known(await there.ledger.channel('a1', channel)).subscriptionCount).toBe(2);
});

test('subscribers of a node that missed a notice are sent the count that changed meanwhile', async () => {
  const { walk, here, there } = await twoNodes();
  await here.join('1', room);
  await walk.advance(500);
  expect(here.counts.get(room)).toBe(1);
  await here.loseConnections();
  await there.join('2', room);
  await here.caughtUp();
  await walk.settle();
  expect([here.counts.get(room), there.counts.get(room)]).toEqual([2, 2]);
});

test('the state of a channel is unknown while Redis has no memory, even on the node of its subscribers', async () => {
  const { walk, here } = await twoNodes();
  await walk.fill();
  onTestFinished(() => walk.free());
  await here.join('1', room);
  expect(await here.ledger.channel('a1', room)).toBe(unavailable);
});

test('a client that leaves and returns immediately is not sent the 0 of the time between', async () => {
  const { walk, here } = await twoNodes();
  await here.join('1', room);
  await walk.quiet();
  here.leave('1');
  await here.join('2', room);
  await walk.quiet();
  await walk.readFacts();
  expect(here.allCounts).not.toContain('room 0');
  expect(here.counts.get(room)).toBe(1);
  expect(walk.reportedCounts).toEqual(['room 1', 'room 0', 'room 1']);
});

describe('when the app does not send counts any more', () => {
  async function switchedOff(subscribers = 1) {
    const { walk, here, there } = await twoNodes();
    for (let count = 1; count <= subscribers; count += 1) await here.join(`h${count}`, room);
    await there.join('t1', room);
    await walk.advance(500);
    // Repeats what came before the answer to a join.
    for (const { ledger } of walk.nodes) ledger.countChanged('a1', room);
    const all = async () => {
      await walk.quiet();
      await walk.readFacts();
      const told = [here.allCounts, there.allCounts, walk.reportedCounts];
      return told.map((counts) => counts.splice(0));
    };
    await all();
    const send = (isSent: boolean) => {
      for (const node of walk.nodes) node.sendsCounts = isSent;
    };
    send(false);
    return { walk, here, there, all, send };
  }

  test('nobody is sent the count of a change, and everybody that of the first one after it sends them again', async () => {
    const { walk, here, there, all, send } = await switchedOff();
    there.leave('t1');
    await walk.advance(500);
    await here.join('h2', room);
    await walk.advance(500);
    await there.join('t2', room);
    await walk.advance(500);
    expect(await all()).toEqual([[], [], []]);
    send(true);
    here.leave('h1');
    await walk.advance(500);
    expect(await all()).toEqual([['room 2'], ['room 2'], ['room 2']]);
  });

  test('webhooks are told that the last subscriber leaves after it sends them again', async () => {
    const { here, there, all, send } = await switchedOff();
    there.leave('t1');
    send(true);
    here.leave('h1');
    expect(await all()).toEqual([[], [], ['room 0']]);
  });

  test('a count that was postponed is not sent', async () => {
    const { walk, here, all, send } = await switchedOff(105);
    await walk.advance(5000);
    expect(await all()).toEqual([[], [], []]);
    send(true);
    await here.join('h106', room);
    await walk.advance(6000);
    expect(await all()).toEqual([['room 107'], ['room 107'], ['room 107']]);
  });

  test('a node that still sends them tells only its own subscribers', async () => {
    const { walk, here, there, all } = await switchedOff();
    there.sendsCounts = true;
    await there.join('t2', room);
    await walk.advance(500);
    expect(await all()).toEqual([[], ['room 3'], ['room 3']]);
    await here.join('h2', room);
    await walk.advance(500);
    expect(await all()).toEqual([[], [], []]);
  });

  test('those of a killed node leave without a count', async () => {
    const { walk, there, all, send } = await switchedOff();
    await walk.crash(0);
    send(false);
    await walk.advance(3 * leaseMs);
    expect(await all()).toEqual([[], [], []]);
    expect(known(await there.ledger.channel('a1', room)).subscriptionCount).toBe(1);
  });
});

test('a node that does not know the app reports the counts that others send', async () => {
  const { walk, here, there } = await twoNodes();
  there.sendsCounts = undefined;
  for (let count = 1; count <= 105; count += 1) await here.join(`${count}`, room);
  await walk.advance(500);
  await walk.readFacts();
  expect(walk.reportedCounts.splice(0)).toEqual(['room 1']);
  here.isFrozen = true;
  await walk.advance(leaseMs / 2);
  await walk.readFacts();
  expect(walk.reportedCounts).toEqual(['room 105']);
  here.crash();
  await walk.advance(3 * leaseMs);
  await walk.readFacts();
  expect(walk.reportedCounts).toEqual(['room 105', 'room 0']);
});
