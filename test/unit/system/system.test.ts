import { afterEach, describe, expect, test, vi } from 'vitest';
import { createSystemClock, systemClock, systemWallTime } from '../../../src/system/clock.ts';
import { createRandomIds } from '../../../src/system/ids.ts';
import { warnOfOpenFileLimit } from '../../../src/system/open-files.ts';

describe('ids', () => {
  test('of sockets are digits.digits, and all different', () => {
    const ids = createRandomIds();
    const made = Array.from({ length: 10_000 }, () => ids.socketId());
    expect(made.every((id) => /^\d+\.\d+$/.test(id))).toBe(true);
    expect(new Set(made).size).toBe(10_000);
  });

  test('of webhooks are all different', () => {
    const ids = createRandomIds();
    const made = Array.from({ length: 1000 }, () => ids.webhookId());
    expect(made.every((id) => /^msg_[\w-]{20,}$/.test(id))).toBe(true);
    expect(new Set(made).size).toBe(1000);
  });

  test('of requests are all different', () => {
    const ids = createRandomIds();
    const made = Array.from({ length: 1000 }, () => ids.requestId());
    expect(made.every((id) => /^req_[\w-]{20,}$/.test(id))).toBe(true);
    expect(new Set(made).size).toBe(1000);
  });
});

describe('the clock', () => {
  afterEach(() => void vi.useRealTimers());

  test('never goes back', () => {
    let last = systemClock.now();
    for (let count = 0; count < 1000; count += 1) {
      const now = systemClock.now();
      expect(now).toBeGreaterThanOrEqual(last);
      last = now;
    }
  });

  test('runs what is due, at least one turn later', async () => {
    let hasRun = false;
    await new Promise<void>((resolve) => {
      systemClock.after(0, () => {
        hasRun = true;
        resolve();
      });
      expect(hasRun).toBe(false);
    });
  });

  test('runs nothing early, nothing that was cancelled, and cancels more than once', () => {
    vi.useFakeTimers();
    const clock = createSystemClock(globalThis);
    const runs: string[] = [];
    clock.after(10.2, () => runs.push('late'));
    const cancel = clock.after(5, () => runs.push('cancelled'));
    cancel();
    cancel();
    vi.advanceTimersByTime(10);
    expect(runs).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(runs).toEqual(['late']);
    cancel();
  });

  test('does not run at once what is further off than timers can wait', () => {
    vi.useFakeTimers();
    const run = vi.fn();
    createSystemClock(globalThis).after(2 ** 40, run);
    vi.advanceTimersByTime(86_400_000);
    expect(run).not.toHaveBeenCalled();
  });

  test('is not stopped by the fake timers of a test framework', async () => {
    vi.useFakeTimers();
    const startedAt = systemClock.now();
    await new Promise<void>((resolve) => void systemClock.after(1, resolve));
    expect(systemClock.now()).toBeGreaterThan(startedAt);
    vi.setSystemTime(0);
    expect(systemWallTime.now()).toBeGreaterThan(0);
  });

  test('of the wall tells the time of day', () => {
    const before = Date.now();
    expect(systemWallTime.now()).toBeGreaterThanOrEqual(before);
  });
});

describe('the limit of open files', () => {
  const limitsFile = (soft: string) =>
    `Limit                     Soft Limit           Hard Limit           Units     \nMax processes             63432                63432                processes \nMax open files            ${soft.padEnd(20)} 1048576              files     \n`;

  test.each(['256', '1024', '9999'])('of %s is warned of, with what to do', (soft) => {
    const warning = warnOfOpenFileLimit(() => limitsFile(soft));
    expect(warning).toContain(`the limit of open files is ${soft}`);
    expect(warning).toContain('ulimit -n 10000');
  });

  test.each(['10000', '1048576', 'unlimited'])('of %s is not warned of', (soft) => {
    expect(warnOfOpenFileLimit(() => limitsFile(soft))).toBeUndefined();
  });

  test('that is not known is not warned of', () => {
    expect(warnOfOpenFileLimit(() => '')).toBeUndefined();
    expect(
      warnOfOpenFileLimit(() => {
        throw new Error('ENOENT');
      }),
    ).toBeUndefined();
  });
});
