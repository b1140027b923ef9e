import { describe, expect, test, vi } from 'vitest';
import { createAlarm } from '../../../src/structures/alarm.ts';
import { createSweeper } from '../../../src/node/sweeper.ts';
import { FakeClock } from '../../support/fake-clock.ts';

describe('an alarm', () => {
  function alarm() {
    const clock = new FakeClock(1000);
    const rings: number[] = [];
    return { clock, rings, alarm: createAlarm(clock, () => rings.push(clock.now())) };
  }

  test('rings once, at its time', () => {
    const { clock, rings, alarm: one } = alarm();
    one.set(1500);
    clock.advanceSync(10_000);
    expect(rings).toEqual([1500]);
  });

  test('rings at the earliest of the times that were set', () => {
    const { clock, rings, alarm: one } = alarm();
    one.set(1500);
    one.set(1200);
    one.set(1900);
    clock.advanceSync(10_000);
    expect(rings).toEqual([1200]);
    expect(clock.pending).toBe(0);
  });

  test('rings as soon as possible if its time has passed', () => {
    const { clock, rings, alarm: one } = alarm();
    one.set(-Infinity);
    clock.advanceSync(0);
    expect(rings).toEqual([1000]);
  });

  test('holds no timer if it is set to Infinity', () => {
    const { clock, alarm: one } = alarm();
    one.set(Infinity);
    expect(clock.pending).toBe(0);
  });

  test('can be set again while it rings', () => {
    const clock = new FakeClock();
    const rings: number[] = [];
    const one = createAlarm(clock, () => {
      rings.push(clock.now());
      if (rings.length < 3) one.set(clock.now() + 100);
    });
    one.set(50);
    clock.advanceSync(1000);
    expect(rings).toEqual([50, 150, 250]);
  });

  test('does not ring after it was cleared, until it is set again', () => {
    const { clock, rings, alarm: one } = alarm();
    one.set(1500);
    one.clear();
    expect(clock.pending).toBe(0);
    one.set(1800);
    clock.advanceSync(10_000);
    expect(rings).toEqual([1800]);
  });

  test('never rings after it was stopped', () => {
    const { clock, rings, alarm: one } = alarm();
    one.set(1500);
    one.stop();
    one.set(1200);
    clock.advanceSync(10_000);
    expect(rings).toEqual([]);
    expect(clock.pending).toBe(0);
  });
});

test('an alarm with slack rings once, late and never early, for everything that is due by then', () => {
  const clock = new FakeClock();
  const rung: number[] = [];
  const startedAt = clock.now();
  const alarm = createAlarm(clock, () => rung.push(clock.now()), 20);
  for (const dueInMs of [103, 101, 119, 110]) {
    alarm.set(startedAt + dueInMs);
    clock.advanceSync(1);
  }
  clock.advanceSync(1000);
  expect(rung).toHaveLength(1);
  expect(rung[0]).toBeGreaterThanOrEqual(startedAt + 119);
  expect(rung[0]).toBeLessThan(startedAt + 101 + 20);
  expect(clock.pending).toBe(0);
});

describe('the sweeper', () => {
  test('sweeps when something is due, and again when the ledger says so', () => {
    const clock = new FakeClock();
    const due = [500, undefined];
    const sweep = vi.fn(() => due.shift());
    const sweeper = createSweeper(clock, () => ({ sweep }));
    sweeper.wake(100);
    clock.advanceSync(499);
    expect(sweep).toHaveBeenCalledTimes(1);
    clock.advanceSync(1);
    expect(sweep).toHaveBeenCalledTimes(2);
    expect(clock.pending).toBe(0);
    sweeper.wake(1000);
    sweeper.stop();
    clock.advanceSync(10_000);
    expect(sweep).toHaveBeenCalledTimes(2);
  });

  test('waits for a ledger that answers later', async () => {
    const clock = new FakeClock();
    const sweep = vi.fn(() => Promise.resolve(clock.now() < 300 ? 300 : undefined));
    const sweeper = createSweeper(clock, () => ({ sweep }));
    sweeper.wake(100);
    await clock.advance(1000);
    expect(sweep).toHaveBeenCalledTimes(2);
    expect(clock.pending).toBe(0);
  });
});
