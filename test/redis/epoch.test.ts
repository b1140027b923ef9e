import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { leaseMs } from '../support/redis/walk-node.ts';
import { startRedis, type RedisServer } from '../support/redis/server.ts';
import { startWalk } from '../support/redis/start-walk.ts';
import type { Walk } from '../support/redis/walk.ts';

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

/** The epoch that every node reports for the state. */
function lifeOf(walk: Walk): string {
  const [life = '', ...others] = new Set(walk.nodes.map(({ ledger }) => ledger.epoch));
  expect(others).toEqual([]);
  expect(life).toMatch(/^[0-9a-f]{32}$/);
  return life;
}

/** The epochs that the nodes report until all agree on another one, in the order of appearance. */
async function livesAfter(walk: Walk, former: string): Promise<readonly string[]> {
  const seen = new Set<string>();
  const look = (): boolean => {
    for (const { ledger } of walk.nodes) seen.add(ledger.epoch);
    return walk.nodes.every(({ ledger }) => ledger.epoch !== former);
  };
  for (let turns = 0; turns < 50 && !look(); turns += 1) await walk.advance(500);
  await walk.settle();
  look();
  seen.delete(former);
  return [...seen];
}

describe('the epoch of the shared state', () => {
  test('is the same on every node, and continues when any or all of them are killed', async () => {
    const walk = await startWalk(redis, 2);
    await walk.join(0, 'presence-a', 'u1');
    const life = lifeOf(walk);
    await walk.crash(0);
    await walk.advance(4 * leaseMs);
    expect(lifeOf(walk)).toBe(life);
    for (const node of walk.nodes) node.crash();
    await walk.silence(10 * leaseMs);
    for (const index of [0, 1]) await walk.addNode(index);
    await walk.advance(leaseMs);
    expect(lifeOf(walk)).toBe(life);
  });

  test('continues through a silence of Redis that loses nothing', async () => {
    const walk = await startWalk(redis, 2);
    const life = lifeOf(walk);
    await walk.silence(3 * leaseMs);
    await walk.settle();
    expect(lifeOf(walk)).toBe(life);
  });

  test('changes once after Redis was emptied', async () => {
    const walk = await startWalk(redis, 2);
    await walk.join(0, 'presence-a', 'u1');
    const life = lifeOf(walk);
    await walk.flush();
    expect(await livesAfter(walk, life)).toEqual([lifeOf(walk)]);
  });

  test('changes on every node after a failover to a replica that lacks the last writes', async () => {
    const walk = await startWalk(redis, 2);
    const life = lifeOf(walk);
    await walk.loseWrites(async () => {
      await walk.join(0, 'presence-a', 'u1');
      await walk.quiet();
    });
    expect((await livesAfter(walk, life)).at(-1)).toBe(lifeOf(walk));
    expect(lifeOf(walk)).not.toBe(life);
  });
});
