import { readServerCpu } from './cpu.ts';
import type { Target } from './target.ts';

/** What one round of one case gave. Counts are of this round only. */
export interface Sample {
  /** What the rate and the CPU are divided by: deliveries, requests, connections or events. */
  readonly operations: number;
  readonly seconds: number;
  /** Null where it cannot be read. */
  readonly serverCpuSeconds: number | null;
  readonly driverCpuSeconds: number;
  /** Publishes that the server answered with 2xx; null where the case publishes nothing. */
  readonly accepted: number | null;
  /** Frames or webhook events that arrived; null where the case delivers nothing. */
  readonly delivered: number | null;
  readonly missing: number;
  readonly duplicated: number;
  readonly errors: number;
  /** A further figure worth printing, such as POSTs per 1,000 events. */
  readonly note?: string;
}

type Counts = Omit<Sample, 'seconds' | 'serverCpuSeconds' | 'driverCpuSeconds'>;

/**
 * Reads clocks and CPU now; the returned function reads them again and adds the counts. Where the round went on
 * to wait for stragglers, `endedAt` is when it really ended.
 */
export function beginSample(target: Target): (counts: Counts, endedAt?: number) => Sample {
  const startedAt = performance.now();
  const serverBefore = readServerCpu(target.pid);
  const driverBefore = process.cpuUsage();
  return (counts, endedAt = performance.now()) => {
    const driver = process.cpuUsage(driverBefore);
    const serverAfter = readServerCpu(target.pid);
    return {
      ...counts,
      seconds: (endedAt - startedAt) / 1000,
      serverCpuSeconds: serverBefore === null || serverAfter === null ? null : serverAfter - serverBefore,
      driverCpuSeconds: (driver.user + driver.system) / 1e6,
    };
  };
}

/** Median with the range around it. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** The spread of at least one value. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (index: number): number => sorted[index] ?? Number.NaN;
  const middle = Math.floor(sorted.length / 2);
  const median = sorted.length % 2 === 1 ? at(middle) : (at(middle - 1) + at(middle)) / 2;
  return { median, min: at(0), max: at(sorted.length - 1) };
}

/**
 * Waits until `isDone`, or until `progress` has not changed for `stallMs`; the caller counts what is then missing.
 * Resolves to when the progress was last seen to change, on the clock of `performance.now()`.
 */
export async function settle(
  isDone: () => boolean,
  progress: () => number,
  stallMs: number,
): Promise<number> {
  let last = progress();
  let lastAt = performance.now();
  while (!isDone() && performance.now() - lastAt < stallMs) {
    await pause(2);
    const current = progress();
    if (current === last) continue;
    last = current;
    lastAt = performance.now();
  }
  return lastAt;
}

/** Resolves after `ms`. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms));
}
