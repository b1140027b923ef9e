import { afterEach, describe, expect, test, vi } from 'vitest';
import { createSystemClock, systemClock, systemWallTime } from '../../../src/system/clock.ts';
import { createRandomIds } from '../../../src/system/ids.ts';
import { readOpenFiles, shareFiles, warnOfOpenFileLimit } from '../../../src/system/open-files.ts';

const needs = { attempts: 512, workers: 0, redisServers: 0 };

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

  test('runs nothing early and nothing that was cancelled, and can cancel repeatedly', () => {
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

  test('does not immediately run what is further off than timers can wait', () => {
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

  test('returns the time of day as wall time', () => {
    const before = Date.now();
    expect(systemWallTime.now()).toBeGreaterThanOrEqual(before);
  });
});

describe('the limit of open files', () => {
  const limitsFile = (soft: string) =>
    `Limit                     Soft Limit           Hard Limit           Units     \nMax processes             63432                63432                processes \nMax open files            ${soft.padEnd(20)} 1048576              files     \n`;

  test.runIf(process.platform === 'linux')('is read from the system', () => {
    expect(readOpenFiles(() => limitsFile('256'))).toEqual({
      limit: 256,
      open: expect.any(Number) as number,
    });
    expect(readOpenFiles()?.open).toBeGreaterThan(2);
  });

  test('is unknown if the system does not provide it', () => {
    expect(readOpenFiles(() => '')).toBeUndefined();
    expect(readOpenFiles(() => limitsFile('unlimited'))).toBeUndefined();
    const missing = () => {
      throw new Error('ENOENT');
    };
    expect(readOpenFiles(missing)).toBeUndefined();
  });

  test.each([256, 1024, 9999])('of %i causes a warning, with its meaning and what to do', (limit) => {
    const warning = warnOfOpenFileLimit({ limit, open: 30 }, needs);
    expect(warning).toContain(`the limit of open files is ${limit}`);
    expect(warning).toMatch(/at most \d+ clients are accepted and \d+ webhooks sent/);
    expect(warning).toContain('ulimit -n 10000');
  });

  test('of 10000, or unknown, causes no warning', () => {
    expect(warnOfOpenFileLimit({ limit: 10_000, open: 30 }, needs)).toBeUndefined();
    expect(warnOfOpenFileLimit(undefined, needs)).toBeUndefined();
  });

  test.each([
    [256, { clients: 138, metrics: 146, attempts: 12 }],
    [1024, { clients: 714, metrics: 746, attempts: 51 }],
    [1_000_000, { clients: 997_386, metrics: 997_706, attempts: 512 }],
  ])('of %i leaves clients what webhooks do not need', (limit, shares) => {
    expect(shareFiles({ limit, open: 30 }, needs)).toEqual(shares);
  });

  test('keeps the files of worker threads and of their connections to Redis', () => {
    const clients = (workers: number, redisServers: number): number =>
      shareFiles({ limit: 1024, open: 30 }, { ...needs, workers, redisServers }).clients;
    expect(clients(4, 0)).toBe(714 - 4 * 6);
    // The thread that keeps the state has connections, too.
    expect(clients(4, 1)).toBe(714 - 4 * 6 - 5 * 2);
    expect(clients(0, 6)).toBe(714 - 6 * 2);
  });

  test('always allows at least one client', () => {
    expect(shareFiles({ limit: 40, open: 39 }, needs)).toMatchObject({ clients: 1, attempts: 2 });
  });
});
