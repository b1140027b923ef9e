import { expect, test } from 'vitest';
import { createInterestTable, indicesOf, Interest } from '../../../../src/node/workers/interest.ts';

test('a channel has those workers that have added it and not removed it', () => {
  const table = createInterestTable(1024);
  const [keeper, one, two] = [0, 1, 2].map((index) => new Interest(table, index));
  one?.add('1', 'news');
  two?.add('1', 'news');
  two?.add('1', 'news');
  expect([...indicesOf(keeper?.others('1', 'news') ?? 0)]).toEqual([1, 2]);
  expect([...indicesOf(one?.others('1', 'news') ?? 0)]).toEqual([2]);
  two?.remove('1', 'news');
  one?.remove('1', 'news');
  expect([...indicesOf(keeper?.others('1', 'news') ?? 0)]).toEqual([2]);
  two?.remove('1', 'news');
  expect(keeper?.others('1', 'news')).toBe(0);
  expect(keeper?.others('2', 'news')).toBe(0);
});

test('two channels of one slot do not affect each other', () => {
  const table = createInterestTable(1);
  const keeper = new Interest(table, 0);
  const one = new Interest(table, 1);
  one.add('1', 'a');
  one.add('1', 'b');
  one.remove('1', 'a');
  expect([...indicesOf(keeper.others('1', 'b'))]).toEqual([1]);
});

test('the last of 31 workers has a bit, too', () => {
  const table = createInterestTable(16);
  new Interest(table, 31).add('1', 'a');
  new Interest(table, 1).add('1', 'a');
  expect([...indicesOf(new Interest(table, 0).others('1', 'a'))]).toEqual([1, 31]);
});
