import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { unavailable } from '../../src/ports/unavailable.ts';
import type { ChannelName } from '../../src/protocol/channel-name.ts';
import type { RedisLedger } from '../../src/store/redis/ledger.ts';
import { known } from '../support/known.ts';
import { startRedis, type RedisServer } from '../support/redis/server.ts';
import { Walk } from '../support/redis/walk.ts';
import { leaseMs, type WalkNode } from '../support/redis/walk-node.ts';

const room = 'presence-room' as ChannelName;
const drop = { subject: 'main\nroom', json: '{"channel":"room"}' };

let redis: RedisServer;
beforeEach(async () => {
  redis = await startRedis({ persistent: true });
  onTestFinished(() => redis.stop());
});

/** Two nodes. Someone is in the room on the second, and the first is asked. */
async function stage() {
  const walk = await new Walk(redis.url).start(2);
  onTestFinished(() => walk.dispose());
  await walk.advance(500);
  await walk.join(1, room, 'anna');
  const [asked, other] = walk.nodes;
  if (asked === undefined || other === undefined) throw new Error('there are two nodes');
  return { walk, asked, other };
}

/** Every query about the whole app. */
const ask = (ledger: RedisLedger) =>
  Promise.all([ledger.channel('a1', room), ledger.occupiedChannels('a1', ''), ledger.drops('a1').read('a1')]);
const allUnavailable = [unavailable, unavailable, unavailable];
const truth = [
  { occupied: true, userIds: ['anna'], subscriptionCount: 1 },
  [room],
  { dropped: [], forgotten: 0 },
];

describe('the state of the whole app', () => {
  test('is known immediately when the first nodes start, together or one after the other', async () => {
    const { asked, other } = await stage();
    expect(await ask(asked.ledger)).toEqual(truth);
    expect(await ask(other.ledger)).toEqual(truth);
  });

  test('is known immediately when all nodes were stopped and start again on the same Redis', async () => {
    const { walk } = await stage();
    for (const { ledger } of walk.nodes) await ledger.close(0);
    for (const node of walk.nodes) node.crash();
    await walk.silence(10 * leaseMs);
    await walk.addNode(0);
    await walk.addNode(1);
    await walk.join(1, room, 'anna');
    expect(await ask((walk.nodes[0] as WalkNode).ledger)).toEqual(truth);
  });

  test('is unavailable two seconds after Redis stops answering, and no request waits longer', async () => {
    const { walk, asked } = await stage();
    redis.freeze();
    const answers = ask(asked.ledger);
    const terminated = asked.ledger.terminate('a1', 'anna');
    const admitted = asked.ledger.admitTriggers('a1', 1, 1);
    await walk.clock.advance(2000);
    expect(await answers).toEqual(allUnavailable);
    expect(await terminated).toBe(unavailable);
    expect(await admitted).toBe(true);
    redis.thaw();
    await walk.advance(500);
    expect(await ask(asked.ledger)).toEqual(truth);
  });

  test('is unavailable while Redis is away, and for one lease after its return, until other nodes have reported their joins', async () => {
    const { walk, asked, other } = await stage();
    await redis.kill();
    await other.ledger.beat();
    await walk.join(1, 'room');
    expect(await ask(asked.ledger)).toEqual(allUnavailable);
    expect(await asked.ledger.terminate('a1', 'anna')).toBe(unavailable);
    await redis.restart();
    await asked.caughtUp();
    await asked.ledger.beat();
    // The other node has not returned yet.
    expect(await ask(asked.ledger)).toEqual(allUnavailable);
    await other.caughtUp();
    await walk.advance(leaseMs / 2);
    expect(await ask(asked.ledger)).toEqual(allUnavailable);
    await walk.advance(leaseMs);
    expect(await asked.ledger.channel('a1', room)).toEqual(truth[0]);
    expect(known(await asked.ledger.occupiedChannels('a1', '')).toSorted()).toEqual([room, 'room']);
  });

  test('is unavailable after a long silence of all nodes, until a lease later', async () => {
    const { walk, asked } = await stage();
    await walk.silence(leaseMs + 1);
    expect(await ask(asked.ledger)).toEqual(allUnavailable);
    await walk.advance(leaseMs / 2);
    expect(await ask(asked.ledger)).toEqual(allUnavailable);
    await walk.advance(leaseMs);
    expect(await ask(asked.ledger)).toEqual(truth);
  });

  test('is unavailable after Redis was emptied, until every node has had one lease to restore what it holds', async () => {
    const { walk, asked, other } = await stage();
    await walk.flush();
    expect(await ask(asked.ledger)).toEqual(allUnavailable);
    await asked.ledger.beat();
    await asked.caughtUp();
    expect(await ask(asked.ledger)).toEqual(allUnavailable);
    other.isFrozen = true;
    await walk.advance(leaseMs / 2);
    expect(await ask(asked.ledger)).toEqual(allUnavailable);
    other.isFrozen = false;
    await walk.advance(leaseMs);
    expect(await ask(asked.ledger)).toEqual(truth);
  });

  test('is unavailable to a node that starts after Redis was emptied', async () => {
    const { walk } = await stage();
    await walk.flush();
    await walk.addNode(2);
    const started = walk.nodes[2] as WalkNode;
    for (const node of walk.nodes) await node.caughtUp();
    expect((await ask(started.ledger)).slice(0, 2)).toEqual(allUnavailable.slice(0, 2));
    await walk.advance(1.5 * leaseMs);
    expect(await ask(started.ledger)).toEqual(truth);
  });

  test('is unavailable when Redis has lost the last writes, until a lease later', async () => {
    const { walk, asked } = await stage();
    await walk.loseWrites(async () => {
      await walk.join(0, room, 'bert');
      await walk.quiet();
    });
    await asked.caughtUp();
    expect(await asked.ledger.channel('a1', room)).toBe(unavailable);
    await walk.advance(leaseMs / 2);
    expect(await asked.ledger.channel('a1', room)).toBe(unavailable);
    await walk.advance(leaseMs);
    expect(await asked.ledger.channel('a1', room)).toMatchObject({ userIds: ['anna', 'bert'] });
  });

  test('is unavailable while Redis is full, and for one lease after it rejected a node', async () => {
    const { walk, asked } = await stage();
    await walk.fill();
    await walk.join(1, 'room');
    expect(await ask(asked.ledger)).toEqual(allUnavailable);
    await walk.free();
    // The other node has not reported it again yet.
    expect(await asked.ledger.channel('a1', 'room' as ChannelName)).toBe(unavailable);
    expect(await asked.ledger.occupiedChannels('a1', '')).toBe(unavailable);
    await walk.advance(1.5 * leaseMs);
    expect(await asked.ledger.channel('a1', 'room' as ChannelName)).toMatchObject({ occupied: true });
  });
});

describe('a termination', () => {
  test('is complete once Redis has it, also when Redis is full, and every node carries it out', async () => {
    const { walk, asked, other } = await stage();
    await walk.fill();
    expect(await asked.ledger.terminate('a1', 'anna')).toBe('done');
    await walk.quiet();
    expect([asked.ended, other.ended]).toEqual([['anna 0'], ['anna 0']]);
  });

  test('reaches a node that returns minutes later', async () => {
    const { walk, asked, other } = await stage();
    await asked.ledger.terminate('a1', 'anna');
    await walk.quiet();
    await walk.silence(300_000);
    await other.loseRedis();
    await other.caughtUp();
    await walk.advance(1000);
    expect(other.ended).toEqual(['anna 0', expect.stringMatching(/^anna 30\d{4}$/)]);
  });

  test('that Redis has lost is sent again, with its original time', async () => {
    const { walk, asked, other } = await stage();
    await asked.ledger.terminate('a1', 'anna');
    await walk.quiet();
    await walk.flush();
    await walk.advance(2000);
    expect(other.ended[0]).toBe('anna 0');
    expect(other.ended.at(-1)).toMatch(/^anna [1-9]\d+$/);
  });
});

describe('drops', () => {
  test('are kept for all nodes, the latest last, and the expendable ones separately', async () => {
    const { walk, asked, other } = await stage();
    const drops = asked.ledger.drops('a1');
    drops.add('a1', 'expendable', { subject: 'main\nroom', json: '{"n":1}' });
    drops.add('a1', 'presence', { subject: 'main\nroom', json: '{"n":2}' });
    drops.add('a1', 'presence', { subject: 'main\nother', json: '{"n":3}' });
    drops.add('a1', 'presence', { subject: 'main\nroom', json: '{"n":4}' });
    await walk.quiet();
    expect(await other.ledger.drops('a1').read('a1')).toEqual({
      dropped: ['{"n":3}', '{"n":4}', '{"n":1}'],
      forgotten: 0,
    });
  });

  test('that happen while Redis is away or full are kept afterwards', async () => {
    const { walk, asked, other } = await stage();
    await walk.fill();
    await walk.advance(leaseMs / 10);
    asked.ledger.drops('a1').add('a1', 'presence', drop);
    await walk.advance(leaseMs / 10);
    expect(await other.ledger.drops('a1').read('a1')).toBe(unavailable);
    await walk.free();
    await walk.advance(1.5 * leaseMs);
    expect(await other.ledger.drops('a1').read('a1')).toEqual({ dropped: [drop.json], forgotten: 0 });
  });

  test('that Redis has lost are stored again by the node that dropped the events', async () => {
    const { walk, asked, other } = await stage();
    asked.ledger.drops('a1').add('a1', 'presence', drop);
    await walk.quiet();
    await walk.flush();
    expect(await other.ledger.drops('a1').read('a1')).toBe(unavailable);
    await walk.advance(1.5 * leaseMs);
    expect(await other.ledger.drops('a1').read('a1')).toEqual({ dropped: [drop.json], forgotten: 0 });
  });

  test('that another node has resolved are not stored again', async () => {
    const { walk, asked, other } = await stage();
    asked.ledger.drops('a1').add('a1', 'presence', drop);
    await walk.quiet();
    other.ledger.drops('a1').resolve('a1', 'presence', drop.subject);
    await walk.quiet();
    await walk.flush();
    await walk.advance(1.5 * leaseMs);
    expect(await other.ledger.drops('a1').read('a1')).toEqual({ dropped: [], forgotten: 0 });
  });

  test('that another node has resolved while the node was away are not stored again', async () => {
    const { walk, asked, other } = await stage();
    const unresolved = { subject: 'main\nother', json: '{"channel":"other"}' };
    for (const one of [drop, unresolved]) asked.ledger.drops('a1').add('a1', 'presence', one);
    await walk.quiet();
    await asked.goAway();
    other.ledger.drops('a1').resolve('a1', 'presence', drop.subject);
    await walk.quiet();
    await asked.comeBack();
    await walk.advance(1.5 * leaseMs);
    await walk.flush();
    await walk.advance(1.5 * leaseMs);
    expect(await other.ledger.drops('a1').read('a1')).toEqual({ dropped: [unresolved.json], forgotten: 0 });
  });

  test('that were made before a late notice that an earlier one is resolved are stored again', async () => {
    const { walk, asked, other } = await stage();
    const later = { ...drop, json: '{"channel":"room","n":2}' };
    const drops = asked.ledger.drops('a1');
    drops.add('a1', 'presence', later);
    drops.resolved('a1', drop.subject, drop.json);
    await walk.quiet();
    await walk.flush();
    await walk.advance(1.5 * leaseMs);
    expect(await other.ledger.drops('a1').read('a1')).toEqual({ dropped: [later.json], forgotten: 0 });
  });
});
