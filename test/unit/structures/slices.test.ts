import { expect, test } from 'vitest';
import { Slices } from '../../../src/structures/slices.ts';
import { TurnBudget } from '../../../src/structures/turn-budget.ts';
import { settle } from '../../support/fake-clock.ts';
import { FakeTurns } from '../../support/turns.ts';

function stage(perTurn: number) {
  const turns = new FakeTurns();
  const done: string[] = [];
  const slices = new Slices(perTurn, turns.nextTurn);
  function* work(name: string, count: number): Generator<void, void> {
    for (let step = 0; step < count; step += 1) {
      done.push(name);
      yield;
    }
  }
  return { turns, slices, work, take: () => done.splice(0).join('') };
}

test('what fits into a turn is done immediately, the rest in the following turns, in order', () => {
  const { turns, slices, work, take } = stage(3);
  slices.add(work('a', 4));
  slices.add(work('b', 3));
  expect(take()).toBe('aaa');
  turns.turn();
  expect(take()).toBe('abb');
  turns.turn();
  expect(take()).toBe('b');
});

test('nothing is done immediately while something waits', () => {
  const { turns, slices, work, take } = stage(2);
  expect(slices.take(2)).toBe(true);
  expect(slices.take(1)).toBe(false);
  slices.add(work('a', 1));
  expect(take()).toBe('');
  turns.turn();
  expect(take()).toBe('a');
});

test('a step that adds work has it done last', () => {
  const { turns, slices, work, take } = stage(1);
  slices.add(
    (function* () {
      slices.add(work('b', 2));
      yield;
      yield* work('a', 1);
    })(),
  );
  while (turns.isAwaited) turns.turn();
  expect(take()).toBe('abb');
});

test('callers are notified when everything is done, or that there is nothing to wait for', async () => {
  const { turns, slices, work, take } = stage(1);
  expect(slices.done()).toBeUndefined();
  slices.add(work('a', 3));
  let isTold = false;
  void slices.done()?.then(() => (isTold = true));
  turns.turn();
  await settle();
  expect(isTold).toBe(false);
  slices.finish();
  await settle();
  expect([isTold, take(), slices.done()]).toEqual([true, 'aaa', undefined]);
});

test('all callers that take steps of a budget wait for a turn that has room', async () => {
  const turns = new FakeTurns();
  const budget = new TurnBudget(2, turns.nextTurn);
  const started: string[] = [];
  const run = (name: string) =>
    budget.each([1, 2], async (number) => {
      started.push(`${name}${number}`);
      return number;
    });
  const results = Promise.all([run('a'), run('b')]);
  await settle();
  expect(started).toEqual(['a1', 'b1']);
  turns.turn();
  await settle();
  expect(started).toEqual(['a1', 'b1', 'a2', 'b2']);
  expect(await results).toEqual([
    [1, 2],
    [1, 2],
  ]);
});

test('a failure is reported once all have started, and none is left unhandled', async () => {
  const turns = new FakeTurns();
  const budget = new TurnBudget(1, turns.nextTurn);
  const result = budget.each([1, 2], (number) => Promise.reject(new Error(`${number}`)));
  await settle();
  turns.turn();
  await expect(result).rejects.toThrow('1');
});
