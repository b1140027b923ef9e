import { describe, expect, test } from 'vitest';
import { Activity } from '../../../src/emulator/time/activity.ts';
import { MovableClock } from '../../../src/emulator/time/movable-clock.ts';
import { Pace } from '../../../src/emulator/time/pace.ts';
import { settle } from '../../support/fake-clock.ts';
import { FakeRealTime } from '../../support/unit/fake-real-time.ts';

const patienceMs = 1000;

function stage() {
  const real = new FakeRealTime();
  const clock = new MovableClock('virtual', real);
  const activity = new Activity(real, patienceMs);
  return { real, clock, activity, pace: new Pace({ clock, real, activity, refuseClosed: () => {} }) };
}

/** Whether a promise has settled by now. */
function watch(promise: Promise<unknown>): () => Promise<boolean> {
  let isDone = false;
  void promise.then(() => {
    isDone = true;
  });
  return async () => {
    await settle();
    return isDone;
  };
}

describe('activity', () => {
  test('has settled once the event loop has turned a few times without anything happening', async () => {
    const { real, activity } = stage();
    await activity.settled();
    expect(real.turns).toBeGreaterThan(2);
  });

  test('has not settled while a request is in progress', async () => {
    const { activity } = stage();
    let answer = (): void => {};
    void activity.track(new Promise<void>((resolve) => (answer = resolve)));
    const isSettled = watch(activity.settled());
    expect(await isSettled()).toBe(false);
    answer();
    expect(await isSettled()).toBe(true);
  });

  test('does not wait longer for a request than its patience lasts', async () => {
    const { real, activity } = stage();
    void activity.track(new Promise(() => {}));
    const isSettled = watch(activity.settled());
    await real.advance(patienceMs - 1);
    expect(await isSettled()).toBe(false);
    await real.advance(1);
    expect(await isSettled()).toBe(true);
    await activity.settled();
  });

  test('stops waiting for a server that never becomes idle', async () => {
    const { real, activity } = stage();
    const turn = real.turn.bind(real);
    real.turn = () => {
      activity.note();
      return turn();
    };
    await activity.settled();
    expect(real.turns).toBeGreaterThan(100);
  });

  test('reports a change, or none when the time is over, and leaves no timer', async () => {
    const { real, activity } = stage();
    const changed = activity.changed(10);
    activity.note();
    expect(await changed).toBe(true);
    const unchanged = activity.changed(10);
    await real.advance(10);
    expect(await unchanged).toBe(false);
    expect(real.pending).toBe(0);
  });
});

describe('the pace', () => {
  test('lets a request end before the clock moves on', async () => {
    const { clock, activity, pace } = stage();
    const ran: string[] = [];
    let answer = (): void => {};
    clock.after(10, () => {
      ran.push('request');
      void activity.track(new Promise<void>((resolve) => (answer = resolve)).then(() => ran.push('answer')));
    });
    clock.after(20, () => ran.push('next'));
    const advanced = pace.advance(100);
    await settle();
    expect([ran, clock.now()]).toEqual([['request'], 10]);
    answer();
    await advanced;
    expect([ran, clock.now()]).toEqual([['request', 'answer', 'next'], 100]);
  });

  test('stops moving the clock as soon as it finds what it looks for', async () => {
    const { real, clock, pace } = stage();
    let found: string | undefined;
    clock.after(10, () => (found = 'here'));
    clock.after(20, () => (found = 'too late'));
    const until = pace.until(() => found, { timeoutMs: 1000, withinMs: 1000, refuse: () => {} });
    await real.advance(50);
    expect([await until, clock.now()]).toEqual(['here', 10]);
  });

  test('gives up if nothing is due within the bound and nothing happens in real time', async () => {
    const { real, clock, pace } = stage();
    clock.after(1001, () => {});
    const until = pace.until(() => undefined, { timeoutMs: 500, withinMs: 1000, refuse: () => {} });
    const isDone = watch(until);
    await real.advance(499);
    expect(await isDone()).toBe(false);
    await real.advance(1);
    expect(await until).toBeUndefined();
    expect(clock.now()).toBe(0);
  });
});
