import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { startRedis, type RedisServer } from '../support/redis/server.ts';
import { Walk } from '../support/redis/walk.ts';
import { leaseMs, type WalkNode } from '../support/redis/walk-node.ts';

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

const limit = 5;
const connect = (node: WalkNode): Promise<boolean> => node.connect(limit);

async function twoNodes() {
  const walk = await new Walk(redis.url).start(2);
  onTestFinished(() => walk.dispose());
  await walk.advance(500);
  const [one, two] = walk.nodes;
  if (one === undefined || two === undefined) throw new Error('there are two nodes');
  const connectAll = async (nodes: readonly WalkNode[]) =>
    (await Promise.all(nodes.map(connect))).filter(Boolean).length;
  return { walk, one, two, connectAll };
}

describe('of an app that may have 5 connections', () => {
  test('two nodes accept 5, however many arrive at the same time', async () => {
    const { one, two, connectAll } = await twoNodes();
    expect(await connectAll(Array.from({ length: 6 }).flatMap(() => [one, two]))).toBe(limit);
    expect(one.connected + two.connected).toBe(limit);
    expect(await connect(one)).toBe(false);
  });

  test('another is accepted immediately when one has closed, on whichever node', async () => {
    const { walk, one, two, connectAll } = await twoNodes();
    expect(await connectAll([one, one, one, two, two])).toBe(5);
    one.disconnect();
    // On the same node even within the same turn.
    expect(await connectAll([one, one])).toBe(1);
    one.disconnect();
    two.disconnect();
    await walk.advance(1);
    await walk.quiet();
    expect(await connectAll([two, one, two])).toBe(2);
  });

  test('those of a killed node are free once its lease has ended', async () => {
    const { walk, one, two, connectAll } = await twoNodes();
    expect(await connectAll([one, one, one, two])).toBe(4);
    one.crash();
    one.isFrozen = true;
    expect(await connectAll([two, two])).toBe(1);
    await walk.advance(leaseMs + 1000);
    expect(await connectAll([two, two, two, two])).toBe(3);
  });

  test('a node that registers again counts as many as before, and never more', async () => {
    const { walk, one, two, connectAll } = await twoNodes();
    expect(await connectAll([one, one, one, two])).toBe(4);
    await one.loseRedis();
    await one.caughtUp();
    const epochs = one.epochs;
    while (one.epochs === epochs) await walk.clock.advance(50);
    expect(await connectAll([two, two])).toBe(1);
    await walk.settle();
    expect(await connectAll([one, two])).toBe(0);
  });

  // A walk found this: the answers to the connection and to the registration can arrive together.
  test('one that is accepted while its node registers again counts', async () => {
    for (let round = 0; round < 15; round += 1) {
      const walk = await new Walk(redis.url).start(2);
      await walk.flush();
      // The new node finds that the data is gone, and the other one learns it.
      await walk.crash(0);
      const accepted = walk.connect(1, 1);
      await walk.settle();
      expect(await accepted).toBe(true);
      expect(await walk.connect(0, 1)).toBe(false);
      walk.dispose();
    }
  });

  test('each node counts its own connections while Redis is unreachable, and all of them stay connected and count afterwards', async () => {
    const { walk, one, two, connectAll } = await twoNodes();
    expect(await connectAll([one, two])).toBe(2);
    await walk.quiet();
    await one.goAway();
    expect(await connectAll(Array.from({ length: 6 }, () => one))).toBe(3);
    expect(await connectAll([two, two])).toBe(2);
    await one.comeBack();
    await walk.settle();
    expect(await connectAll([one, two])).toBe(0);
    // Seven are connected.
    for (const isLetIn of [false, false, true]) {
      one.disconnect();
      await walk.advance(1);
      await walk.quiet();
      expect(await connect(two)).toBe(isLetIn);
    }
  });

  test('one that a slow Redis decides on too late counts as the node decided', async () => {
    const { walk, one, two, connectAll } = await twoNodes();
    expect(await connectAll([two, two, two])).toBe(3);
    await walk.quiet();
    redis.freeze();
    const coming = connectAll([one, one, one, two, two, two]);
    await walk.clock.advance(2000);
    redis.thaw();
    // As far as each node knows, two places are free.
    expect(await coming).toBe(4);
    await walk.settle();
    // Seven are connected.
    for (const isLetIn of [false, false, true]) {
      two.disconnect();
      await walk.advance(1);
      await walk.quiet();
      expect(await connect(one)).toBe(isLetIn);
    }
  });

  test('those that were open before the limit count, and none once it is removed', async () => {
    const { walk, one, two, connectAll } = await twoNodes();
    expect(await connectAll([one, one, one])).toBe(3);
    one.ledger.limitConnections([]);
    await walk.quiet();
    expect(await connectAll([two, two, two, two, two])).toBe(5);
    one.ledger.limitConnections(['a1']);
    await walk.quiet();
    for (let index = 0; index < 3; index += 1) two.disconnect();
    await walk.advance(1);
    await walk.quiet();
    expect(await connect(two)).toBe(false);
  });
});
