import { readCpu } from './cpu.ts';
import type { Percentiles } from './latencies.ts';

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
  /** From the moment at which each operation was due, however late it began; null where there is no schedule. */
  readonly latency?: Percentiles | null;
  /** Further figures worth printing; those of a case have the same names in each round. */
  readonly figures?: readonly Figure[];
  /** Values over time, for a plot. */
  readonly series?: readonly Series[];
}

/** One more number; the name says what it counts and in which unit: `POSTs per 1,000 events`. */
export interface Figure {
  readonly name: string;
  readonly value: number;
}

/** A line of a plot over the seconds of the round. */
export interface Series {
  readonly name: string;
  readonly points: readonly (readonly [seconds: number, value: number])[];
}

/** What the caller of a round adds to clocks and CPU. */
export type Outcome = Omit<Sample, 'seconds' | 'serverCpuSeconds' | 'driverCpuSeconds'>;

/** A case that publishes nothing and delivers nothing, so that nothing can be lost. */
export const nothingLost = { accepted: null, delivered: null, missing: 0, duplicated: 0, errors: 0 } as const;

/** A process whose CPU counts as the server's; `pid` is undefined where it cannot be read. */
export interface Measured {
  readonly pid: number | undefined;
}

/**
 * Reads clocks and CPU now; the returned function reads them again and adds the outcome. Where the round went on
 * to wait for stragglers, `endedAt` is when it really ended.
 */
export function beginSample(...servers: readonly Measured[]): (outcome: Outcome, endedAt?: number) => Sample {
  const startedAt = performance.now();
  const serverBefore = cpuOfAll(servers);
  const driverBefore = process.cpuUsage();
  return (outcome, endedAt = performance.now()) => {
    const driver = process.cpuUsage(driverBefore);
    const serverAfter = cpuOfAll(servers);
    return {
      ...outcome,
      seconds: (endedAt - startedAt) / 1000,
      serverCpuSeconds: serverBefore === null || serverAfter === null ? null : serverAfter - serverBefore,
      driverCpuSeconds: (driver.user + driver.system) / 1e6,
    };
  };
}

/** CPU seconds of all of them together; null where they cannot be read. */
export function cpuOfAll(servers: readonly Measured[]): number | null {
  return servers
    .map(({ pid }) => readCpu(pid))
    .reduce((sum, seconds) => (sum === null || seconds === null ? null : sum + seconds), 0);
}
