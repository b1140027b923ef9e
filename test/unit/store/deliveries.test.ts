import { expect, test } from 'vitest';
import { RedisDeliveries } from '../../../src/store/redis/deliveries/deliveries.ts';
import { allPartitions, LeadKeys } from '../../../src/store/redis/keys.ts';
import type { RedisLink } from '../../../src/store/redis/link/link.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { nextTurn } from '../../support/turns.ts';
import { channelName } from '../../support/unit/application.ts';

const requestTimeoutMs = 4000;
const batch = { id: 'msg_1', appId: '1', endpointId: 'e', timeMs: 0, refs: ['3:1-0', '7:1-0'] };

/** Deliveries of a node that has all rights for a while. The test determines the answers of Redis. */
function stage() {
  const clock = new FakeClock();
  const calls: { readonly name: string; readonly args: readonly (string | number)[] }[] = [];
  const answers: (() => Promise<readonly number[]>)[] = [];
  const run: RedisLink['run'] = (name, _keys, args) => {
    calls.push({ name, args });
    return answers.shift()?.() ?? Promise.resolve([1]);
  };
  const deliveries = new RedisDeliveries({
    link: { run } as RedisLink,
    clock,
    lead: new LeadKeys(''),
    partitions: allPartitions(''),
    nodeId: 'n',
    present: () => '',
    requestTimeoutMs,
    superseded: () => {},
  });
  const partitions = new Map([3, 7].map((index) => [index, { token: 5, attemptsEndAt: 0 }]));
  deliveries.grantRights({ token: 9, at: 0, nodes: new Map(), partitions }, 60_000);
  /** What was kept: the number of attempts begun, the delay, and the time by which the first has ended. */
  const kept = () => calls.filter(({ name }) => name === 'keep').map(({ args }) => args.slice(5));
  const names = () => calls.map(({ name }) => name);
  return { clock, deliveries, answers, kept, names };
}

test('an attempt that begins immediately has a known end', async () => {
  const { deliveries, kept } = stage();
  expect(await deliveries.keep(batch)).toBe(true);
  expect(kept()).toEqual([[1, 0, 500 + requestTimeoutMs]]);
});

test('if Redis was slow and an attempt begins later, its end is kept as unknown for the next owner', async () => {
  const { clock, deliveries, answers, kept } = stage();
  answers.push(async () => {
    await clock.advance(501);
    return [1];
  });
  expect(await deliveries.keep(batch)).toBe(true);
  expect(kept()).toEqual([
    [1, 0, 500 + requestTimeoutMs],
    [1, 0, 0],
  ]);
});

test('no further attempt begins before it is recorded', async () => {
  const { clock, deliveries, answers, kept } = stage();
  await deliveries.keep(batch);
  answers.push(() => Promise.reject(new Error('connection lost')));
  deliveries.postpone('msg_1', 1, 1000);
  await clock.advance(999);
  expect(deliveries.mayAttempt()).toBe(true);
  await clock.advance(1);
  expect(deliveries.mayAttempt()).toBe(false);
  expect(await deliveries.flush()).toBe(true);
  expect(deliveries.mayAttempt()).toBe(true);
  expect(kept().slice(1)).toEqual([
    [1, 1000, 0],
    [1, 0, 0],
  ]);
});

test('a batch ties its partitions together while it waits, and after a halt until its attempt has ended', async () => {
  const { deliveries } = stage();
  await deliveries.keep(batch);
  expect([...deliveries.ties(false)]).toEqual([]);
  expect([...deliveries.ties(true)]).toEqual([[3, 7]]);
  deliveries.postpone('msg_1', 1, 1000);
  expect([...deliveries.ties(false)]).toEqual([[3, 7]]);
  deliveries.settle({
    ...{ appId: '1', endpointId: 'e', batchId: 'msg_1' },
    events: batch.refs.map((ref) => ({ ref, isLast: true })),
  });
  expect([...deliveries.ties(true)]).toEqual([]);
});

test('nothing begins once the right has expired, whatever is in progress', async () => {
  const { clock, deliveries } = stage();
  await clock.advance(59_999);
  expect(deliveries.mayAttempt()).toBe(true);
  await clock.advance(1);
  expect(deliveries.mayAttempt()).toBe(false);
});

test('what an endpoint has missed is noted before the events are settled, or both later', async () => {
  const { deliveries, answers, names } = stage();
  // The node may be killed after any of these calls.
  answers.push(() => Promise.reject(new Error('connection lost')));
  const channel = channelName('news');
  deliveries.debts.changed({ appId: '1', endpointId: 'e', channel }, () => undefined);
  const events = [{ ref: '3:1-0', isLast: true }];
  deliveries.settle({ appId: '1', endpointId: 'e', batchId: undefined, events });
  await nextTurn();
  expect(names()).toEqual(['owe']);
  expect(await deliveries.flush()).toBe(true);
  expect(names()).toEqual(['owe', 'owe', 'settle']);
});

test('while nothing is missing, events are settled as if there were no debts', async () => {
  const { deliveries, names } = stage();
  deliveries.settle({
    ...{ appId: '1', endpointId: 'e', batchId: undefined },
    events: [{ ref: '3:1-0', isLast: true }],
  });
  await nextTurn();
  expect(names()).toEqual(['settle']);
});

test('a flush waits until what is being written is kept', async () => {
  const { deliveries, answers } = stage();
  let end = (): void => {};
  answers.push(() => new Promise((resolve) => (end = () => resolve([1]))));
  const place = { appId: '1', endpointId: 'e', channel: channelName('room') };
  deliveries.debts.changed(place, () => undefined);
  await nextTurn();
  let isKept: boolean | undefined;
  void deliveries.flush().then((kept) => (isKept = kept));
  await nextTurn();
  expect(isKept).toBeUndefined();
  end();
  await nextTurn();
  expect(isKept).toBe(true);
});
