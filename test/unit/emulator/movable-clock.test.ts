import { describe, expect, test, vi } from 'vitest';
import { MovableClock } from '../../../src/emulator/time/movable-clock.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { heapGrowth } from '../../support/unit/heap.ts';

function stage(mode: 'real' | 'virtual') {
  const real = new FakeClock(1000);
  const clock = new MovableClock(mode, real);
  const ran: string[] = [];
  const after = (ms: number, name: string) =>
    clock.after(ms, () => void ran.push(`${name} at ${clock.now()}`));
  return { real, clock, ran, after };
}

describe('a virtual clock', () => {
  test('stands still while real time passes, except for what is due immediately', () => {
    const { real, clock, ran, after } = stage('virtual');
    after(0, 'now');
    after(1, 'later');
    real.advanceSync(10_000);
    expect([clock.now(), ran]).toEqual([0, ['now at 0']]);
  });

  test('moves to the next due moment and runs one timer, the one that was set first', () => {
    const { clock, ran, after } = stage('virtual');
    after(20, 'c');
    after(10, 'a');
    after(10, 'b');
    expect(clock.runNext(5)).toBe(false);
    expect(clock.runNext(20)).toBe(true);
    expect(ran).toEqual(['a at 10']);
    clock.runNext(20);
    clock.runNext(20);
    expect(ran).toEqual(['a at 10', 'b at 10', 'c at 20']);
    expect(clock.nextDueAt).toBeUndefined();
  });

  test('runs no cancelled timer, however many there are', () => {
    const { clock, ran, after } = stage('virtual');
    after(5000, 'kept');
    for (let count = 0; count < 5000; count += 1) after(count + 1, 'cancelled')();
    expect(clock.hasDueBy(4999)).toBe(false);
    expect(clock.nextDueAt).toBe(5000);
    clock.runNext(Infinity);
    expect(ran).toEqual(['kept at 5000']);
  });

  test('keeps little memory for cancelled timers, although it stands still', () => {
    const { clock, after } = stage('virtual');
    after(5000, 'kept');
    const grown = heapGrowth(() => {
      for (let count = 0; count < 200_000; count += 1) clock.after(6000, () => {})();
    });
    // All of them would take about 20 MB.
    expect(grown).toBeLessThan(2 * 1024 * 1024);
    expect(clock.nextDueAt).toBe(5000);
  });

  test('runs background timers, which do not count as a reason to move on', () => {
    const { clock } = stage('virtual');
    const run = vi.fn();
    clock.background.after(10, run);
    expect([clock.hasDueBy(Infinity), clock.nextDueAt]).toEqual([false, 10]);
    clock.runNext(10);
    expect(run).toHaveBeenCalledOnce();
  });
});

describe('a real clock', () => {
  test('runs by itself from 0', () => {
    const { real, clock, ran, after } = stage('real');
    after(10, 'a');
    real.advanceSync(9);
    expect(ran).toEqual([]);
    real.advanceSync(1);
    expect([clock.now(), ran]).toEqual([10, ['a at 10']]);
    expect(real.pending).toBe(0);
  });

  test('can be moved on, and then the remaining time passes in real time', () => {
    const { real, clock, ran, after } = stage('real');
    after(10, 'a');
    after(100, 'b');
    expect(clock.runNext(50)).toBe(true);
    clock.moveTo(50);
    expect(ran).toEqual(['a at 10']);
    real.advanceSync(49);
    expect(ran).toHaveLength(1);
    real.advanceSync(1);
    expect(ran).toEqual(['a at 10', 'b at 100']);
  });

  test('never goes back', () => {
    const { real, clock } = stage('real');
    real.advanceSync(10);
    clock.moveTo(5);
    expect(clock.now()).toBe(10);
  });
});

test.each(['real', 'virtual'] as const)(
  'a %s clock that has stopped runs nothing and holds no timer',
  (mode) => {
    const { real, clock, ran, after } = stage(mode);
    after(0, 'a');
    after(10, 'b');
    clock.stop();
    after(0, 'c');
    expect(real.pending).toBe(0);
    expect(clock.runNext(Infinity)).toBe(false);
    expect(ran).toEqual([]);
  },
);
