import { expect, test } from 'vitest';
import { Sampler } from '../../../src/structures/sampler.ts';
import { FakeClock } from '../../support/fake-clock.ts';

function stage() {
  const clock = new FakeClock();
  const emitted: (readonly [at: number, sum: string])[] = [];
  const sampler = new Sampler<string>(clock, (sum) => void emitted.push([clock.now(), sum]));
  const add = (key: string, what: string): void => sampler.add(key, (unsaid = '') => unsaid + what);
  return { clock, emitted, sampler, add };
}

test('the first is reported immediately, those that follow within a second together at its end', () => {
  const { clock, emitted, add } = stage();
  add('a', '1');
  clock.advanceSync(400);
  add('a', '2');
  clock.advanceSync(400);
  add('a', '3');
  clock.advanceSync(200);
  expect(emitted).toEqual([
    [0, '1'],
    [1000, '23'],
  ]);
});

test('a flood is one sum a second while it lasts, and then nothing', () => {
  const { clock, emitted, add } = stage();
  for (let time = 0; time < 30; time += 1) {
    add('a', 'x');
    clock.advanceSync(100);
  }
  clock.advanceSync(10_000);
  expect(emitted.map(([at, { length }]) => [at, length])).toEqual([
    [0, 1],
    [1000, 9],
    [2000, 10],
    [3000, 10],
  ]);
  expect(clock.pending).toBe(0);
});

test('the first after a quiet second is reported immediately again', () => {
  const { clock, emitted, add } = stage();
  add('a', '1');
  clock.advanceSync(1000);
  add('a', '2');
  expect(emitted.map(([, sum]) => sum)).toEqual(['1', '2']);
});

test('different things do not wait for each other', () => {
  const { emitted, add } = stage();
  add('a', '1');
  add('b', '2');
  expect(emitted.map(([, sum]) => sum)).toEqual(['1', '2']);
});

test('at the end everything unreported is reported, and no timer is left', () => {
  const { clock, emitted, sampler, add } = stage();
  add('a', '1');
  add('a', '2');
  add('b', '3');
  sampler.close();
  expect(emitted.map(([, sum]) => sum)).toEqual(['1', '3', '2']);
  expect(clock.pending).toBe(0);
});
