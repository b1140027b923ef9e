import { expect, test } from 'vitest';
import { SampledLog } from '../../../src/app/sampled-log.ts';
import { FakeClock } from '../../support/fake-clock.ts';

function stage() {
  const clock = new FakeClock();
  const lines: unknown[] = [];
  const log = new SampledLog(clock, (fields, message) => void lines.push([message, fields]));
  const take = () => lines.splice(0);
  return { clock, log, take };
}

test('the first of a kind is said at once, those that follow within a second in one line', () => {
  const { clock, log, take } = stage();
  for (let n = 0; n < 500; n += 1) log.add('1', { n }, 'refused');
  expect(take()).toEqual([['refused', { n: 0 }]]);
  clock.advanceSync(1000);
  expect(take()).toEqual([['refused', { n: 499, times: 499 }]]);
});

test('while they go on there is one line a second; after a second without, the next is said at once', () => {
  const { clock, log, take } = stage();
  log.add('1', { n: 0 }, 'refused');
  for (let second = 0; second < 3; second += 1) {
    log.add('1', { second }, 'refused');
    clock.advanceSync(1000);
  }
  expect(take()).toHaveLength(4);
  clock.advanceSync(1000);
  log.add('1', { n: 1 }, 'refused');
  expect(take()).toEqual([['refused', { n: 1 }]]);
});

test('another subject or another message is another kind', () => {
  const { log, take } = stage();
  log.add('1', {}, 'refused');
  log.add('2', {}, 'refused');
  log.add('1', {}, 'closed');
  expect(take()).toHaveLength(3);
});

test('the end says what is unsaid, and leaves no timer', () => {
  const { clock, log, take } = stage();
  log.add('1', { n: 0 }, 'refused');
  log.add('1', { n: 1 }, 'refused');
  log.close();
  expect(take()).toEqual([
    ['refused', { n: 0 }],
    ['refused', { n: 1, times: 1 }],
  ]);
  clock.advanceSync(10_000);
  expect(take()).toEqual([]);
});
