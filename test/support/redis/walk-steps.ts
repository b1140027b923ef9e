import * as fc from 'fast-check';
import { expect } from 'vitest';
import type { ChannelName } from '../../../src/protocol/channel-name.ts';
import { known } from '../known.ts';
import { nextTurn } from '../turns.ts';
import type { RedisServer } from './server.ts';
import { leaseMs } from './walk-node.ts';
import { Walk } from './walk.ts';

/** A step of a walk. */
export type Step = (walk: Walk) => Promise<unknown> | void;

const print = (run: Step, text: string): Step & { toString(): string } =>
  Object.assign(run, { toString: () => text, [fc.toStringMethod]: () => text });

const cacheRoom = 'cache-room' as ChannelName;
const node = fc.constantFrom(0, 1, 2);
const place = fc.constantFrom<readonly [string, string?]>(
  ['room'],
  ['cache-room'],
  ['presence-a', 'u1'],
  ['presence-a', 'u2'],
  ['presence-a', 'u3'],
  ['presence-b', 'u1'],
  ['presence-b', 'u2'],
);

/** Joins whose answers may have to wait for a reconnection. */
const pending = new WeakMap<Walk, Promise<unknown>[]>();
const join = fc
  .tuple(node, place)
  .map(([index, [channel, userId]]) =>
    print(
      (walk) => void pending.get(walk)?.push(walk.join(index, channel, userId) ?? Promise.resolve()),
      `join(${index}, ${channel}, ${userId})`,
    ),
  );
const leave = fc
  .tuple(node, fc.nat(5))
  .map(([index, which]) => print((walk) => walk.leave(index, which), `leave(${index}, ${which})`));
const users = ['u1', 'u2', 'u3'];
const signIn = fc.tuple(node, fc.constantFrom(...users)).map(([index, userId]) =>
  print((walk) => {
    pending.get(walk)?.push(walk.signIn(index, userId, users) ?? Promise.resolve());
    return nextTurn();
  }, `signIn(${index}, ${userId})`),
);
const signOut = fc
  .tuple(node, fc.nat(5))
  .map(([index, which]) => print((walk) => walk.signOut(index, which), `signOut(${index}, ${which})`));
const say = fc
  .tuple(node, fc.nat(5))
  .map(([index, which]) => print((walk) => walk.say(index, which), `say(${index}, ${which})`));
const publish = node.map((index) =>
  print(async (walk) => {
    // In the server, each command comes in another turn of the event loop.
    await nextTurn();
    pending.get(walk)?.push(walk.publish(index) ?? Promise.resolve());
    await nextTurn();
  }, `publish(${index})`),
);
const connect = fc
  .tuple(node, fc.integer({ min: 1, max: 5 }))
  .map(([index, limit]) =>
    print(
      (walk) => void pending.get(walk)?.push(walk.connect(index, limit) ?? Promise.resolve()),
      `connect(${index}, ${limit})`,
    ),
  );
const disconnect = node.map((index) => print((walk) => walk.disconnect(index), `disconnect(${index})`));
const terminate = fc
  .tuple(node, fc.constantFrom(...users))
  .map(([index, userId]) =>
    print(
      (walk) => void pending.get(walk)?.push(walk.terminate(index, userId)),
      `terminate(${index}, ${userId})`,
    ),
  );
const advance = fc
  .constantFrom(500, 1000, 2500, 3000, 6000, 15_000, 30_000)
  .map((ms) => print((walk) => walk.advance(ms), `advance(${ms})`));
const crash = node.map((index) => print((walk) => walk.crash(index), `crash(${index})`));
const cutOff = node.map((index) => print((walk) => walk.nodes[index]?.cutOff(), `cutOff(${index})`));
const freeze = node.map((index) =>
  print((walk) => {
    const one = walk.nodes[index];
    if (one !== undefined) one.isFrozen = !one.isFrozen;
  }, `freezeOrThaw(${index})`),
);
/** The walks in which some node did not send counts for a while. */
const switched = new WeakSet<Walk>();
/** The nodes learn one after the other whether their app sends counts. */
const switchCounts = node.map((index) =>
  print((walk) => {
    const one = walk.nodes[index];
    if (one !== undefined) one.sendsCounts = one.sendsCounts !== true;
    switched.add(walk);
  }, `switchCounts(${index})`),
);
const leaveOrReturn = node.map((index) =>
  print((walk) => {
    const one = walk.nodes[index];
    return one?.isAway === true ? one.comeBack() : one?.goAway();
  }, `leaveOrReturn(${index})`),
);
/** No node reports a present client as absent. */
async function look(walk: Walk): Promise<void> {
  for (const index of walk.nodes.keys()) expect(await walk.lies(index)).toEqual([]);
}
const fillOrFree = fc.boolean().map((isFull) =>
  print(
    async (walk) => {
      await (isFull ? walk.fill() : walk.free());
      await look(walk);
    },
    isFull ? 'fill()' : 'free()',
  ),
);

/** What nodes report again if Redis loses it. */
const remembered = [
  { arbitrary: join, weight: 5 },
  { arbitrary: leave, weight: 4 },
  { arbitrary: signIn, weight: 3 },
  { arbitrary: signOut, weight: 2 },
  { arbitrary: say, weight: 2 },
  { arbitrary: connect, weight: 3 },
  { arbitrary: disconnect, weight: 2 },
  { arbitrary: terminate, weight: 1 },
  { arbitrary: cutOff, weight: 1 },
];
const usual = [
  ...remembered,
  { arbitrary: publish, weight: 2 },
  { arbitrary: advance, weight: 4 },
  fc.constant(print(look, 'look()')),
  crash,
  freeze,
  switchCounts,
  leaveOrReturn,
  fillOrFree,
];
/** Crashes, freezes, lost connections and a full Redis, between joins, leaves and client events. */
export const faults = fc.array(fc.oneof(...usual), { maxLength: 40, size: 'max' });
const flush = fc.constant(
  print(async (walk) => {
    await walk.flush();
    await look(walk);
  }, 'flush()'),
);
/** The same, and Redis loses everything now and then. */
export const faultsWithLoss = fc.array(fc.oneof(...usual, flush), { maxLength: 40, size: 'max' });

const loseWrites = fc.array(fc.oneof(...remembered), { maxLength: 8 }).map((steps) =>
  print(
    async (walk) => {
      await walk.wake();
      await walk.loseWrites(async () => {
        for (const step of steps) await step(walk);
      });
      // If a node died before it has registered again, nobody would know what has left it.
      await walk.advance(2000);
      await look(walk);
    },
    `loseWrites(${steps.join(', ')})`,
  ),
);
/** The same, and Redis loses the latest writes now and then. */
export const faultsWithFailover = fc.array(fc.oneof(...usual, loseWrites), { maxLength: 40, size: 'max' });

/** Nothing is to happen any more: Redis has memory, every join is answered, every lease and grace is over. */
export async function settled(walk: Walk): Promise<void> {
  await walk.free();
  await walk.settle();
  await Promise.all(pending.get(walk) ?? []);
  await walk.settle();
  if (!switched.has(walk)) return;
  // Subscribers who missed a count are sent the next change of it.
  for (const one of walk.nodes) one.sendsCounts = true;
  for (const [index, { clients }] of walk.nodes.entries()) {
    for (const { channel, userId } of [...clients.values()]) await walk.join(index, channel, userId);
  }
  await walk.settle();
}

/** The beliefs of the clients of all nodes, and the answers over HTTP. */
export async function expectTrueViews(walk: Walk): Promise<void> {
  const { occupied } = walk.truth();
  for (const view of [...walk.views(), ...walk.watchlists()]) expect(view.believed).toEqual(view.true);
  await expectLatestEvent(walk);
  await expectTrueConnections(walk);
  expect(walk.missedTerminations).toEqual([]);
  const trueCounts = walk.trueCounts();
  for (const { ledger, clients, counts } of walk.nodes) {
    for (const [channel, count] of trueCounts) {
      const state = known(await ledger.channel('a1', channel as ChannelName));
      expect([channel, state.subscriptionCount]).toEqual([channel, count]);
    }
    for (const { channel } of clients.values())
      expect([channel, counts.get(channel)]).toEqual([channel, trueCounts.get(channel)]);
    expect(known(await ledger.occupiedChannels('a1', '')).toSorted()).toEqual([...occupied].toSorted());
  }
}

/** The last event that each client of the cache channel received is the one that late subscribers will receive. */
async function expectLatestEvent(walk: Walk): Promise<void> {
  const states = await Promise.all(walk.nodes.map(({ ledger }) => ledger.channel('a1', cacheRoom)));
  for (const state of states) {
    const latest = known(state).cache?.data;
    if (latest === undefined) continue;
    for (const received of walk.received(cacheRoom)) expect(received.at(-1)).toBe(latest);
  }
}

/** Every node knows how many connections there are: it accepts one more only if that is allowed. */
async function expectTrueConnections(walk: Walk): Promise<void> {
  const count = walk.nodes.reduce((sum, { connected }) => sum + connected, 0);
  for (const one of walk.nodes) {
    expect([count, await one.connect(count)]).toEqual([count, false]);
    expect([count, await one.connect(count + 1)]).toEqual([count, true]);
    one.disconnect();
    await walk.clock.advance(1);
    await walk.quiet();
  }
}

/** What webhooks say is what the clients hold, and no event contradicts those before. */
export function expectTrueFacts(walk: Walk): void {
  expect(walk.contradictions).toEqual([]);
  expectTrueState(walk);
}

/** What webhooks say is what the clients hold. */
export function expectTrueState(walk: Walk): void {
  const { occupied, members } = walk.truth();
  expect([...walk.occupied].toSorted()).toEqual([...occupied].toSorted());
  expect([...walk.members].toSorted()).toEqual([...members].toSorted());
}

/** Runs this with three nodes on this Redis, which end after it. */
export async function walkOf(
  redis: Pick<RedisServer, 'url'>,
  run: (walk: Walk) => Promise<void>,
): Promise<void> {
  const walk = await new Walk(redis.url, { beatEveryMs: leaseMs / 10 }).start(3);
  pending.set(walk, []);
  try {
    await run(walk);
  } finally {
    await walk.free();
    walk.dispose();
  }
}
