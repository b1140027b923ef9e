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
  /** Further figures worth printing; those of a case have the same names in each round. */
  readonly figures?: readonly Figure[];
}

/** One more number, such as `5 POSTs per 1,000 events`: the name says what it counts and in which unit. */
export interface Figure {
  readonly name: string;
  readonly value: number;
}

type Counts = Omit<Sample, 'seconds' | 'serverCpuSeconds' | 'driverCpuSeconds'>;

/**
 * Reads clocks and CPU now; the returned function reads them again and adds the counts. Where the round went on
 * to wait for stragglers, `endedAt` is when it really ended.
 */
export function beginSample(
  ...targets: readonly Pick<Target, 'pid'>[]
): (counts: Counts, endedAt?: number) => Sample {
  const startedAt = performance.now();
  const serverBefore = cpuOfAll(targets);
  const driverBefore = process.cpuUsage();
  return (counts, endedAt = performance.now()) => {
    const driver = process.cpuUsage(driverBefore);
    const serverAfter = cpuOfAll(targets);
    return {
      ...counts,
      seconds: (endedAt - startedAt) / 1000,
      serverCpuSeconds: serverBefore === null || serverAfter === null ? null : serverAfter - serverBefore,
      driverCpuSeconds: (driver.user + driver.system) / 1e6,
    };
  };
}

/** CPU seconds of all of them together; null where they cannot be read. */
function cpuOfAll(targets: readonly Pick<Target, 'pid'>[]): number | null {
  return targets
    .map(({ pid }) => readServerCpu(pid))
    .reduce((sum, seconds) => (sum === null || seconds === null ? null : sum + seconds), 0);
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
