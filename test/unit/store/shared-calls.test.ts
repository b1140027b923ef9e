import { expect, test } from 'vitest';
import { SharedCalls, type CallScript } from '../../../src/store/redis/link/shared-calls.ts';

type Call = Parameters<CallScript>;

/** Answers each partition with its first argument, except the argument `bad`. */
function record(isCluster = false) {
  const made: Call[] = [];
  const call: CallScript = (...one) => {
    made.push(one);
    const [, , [keys = 0, args = 0, ...rest]] = one;
    expect(one[1].length / Number(keys)).toBe(rest.length / Number(args));
    const firsts = rest.filter((_, index) => index % Number(args) === 0);
    return Promise.resolve(firsts.map((first) => (first === 'bad' ? [0, 'WRONGTYPE'] : [1, first, 'ok'])));
  };
  return { made, calls: new SharedCalls(call, isCluster) };
}

const beat = (calls: SharedCalls, name: string) =>
  calls.run('heartbeat', [`{${name}}:state`, 'x'], [name, 1]);
const names = Array.from({ length: 40 }, (_, index) => `p${index}`);

test('partitions share a call, up to sixteen of them, and each gets its own answer', async () => {
  const { made, calls } = record();
  const replies = await Promise.all(names.map((name) => beat(calls, name)));
  expect(replies).toEqual(names.map((name) => [name, 'ok']));
  expect(made.map(([, keys]) => keys.length / 2)).toEqual([16, 16, 8]);
});

test('requests of another turn have a call of their own, and so has another script', async () => {
  const { made, calls } = record();
  await Promise.all([beat(calls, 'a'), calls.run('register', ['k'], ['b'])]);
  await beat(calls, 'c');
  expect(made.map(([script, , args]) => [script, args])).toEqual([
    ['heartbeat', [2, 2, 'a', 1]],
    ['register', [1, 1, 'b']],
    ['heartbeat', [2, 2, 'c', 1]],
  ]);
});

test('in a cluster each partition has its own call', async () => {
  const { made, calls } = record(true);
  await Promise.all(names.map((name) => beat(calls, name)));
  expect(made).toHaveLength(names.length);
});

test('a script that fails for one partition does not disturb the others', async () => {
  const { calls } = record();
  const done = await Promise.allSettled(['a', 'bad', 'c'].map((name) => beat(calls, name)));
  expect(done.map((one) => (one.status === 'rejected' ? String(one.reason) : one.value))).toEqual([
    ['a', 'ok'],
    'Error: WRONGTYPE',
    ['c', 'ok'],
  ]);
});

test('a call without an answer fails for all of its partitions', async () => {
  const calls = new SharedCalls(() => Promise.reject(new Error('Connection is closed.')), false);
  const done = await Promise.allSettled(['a', 'b'].map((name) => beat(calls, name)));
  expect(done.map((one) => one.status === 'rejected' && String(one.reason))).toEqual([
    'Error: Connection is closed.',
    'Error: Connection is closed.',
  ]);
});
