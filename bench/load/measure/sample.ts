import { readCpu } from './cpu.ts';
import type { Percentiles } from './latencies.ts';

/** The result of one round of a case. Counts cover only this round. */
export interface Sample {
  /** The divisor for rate and CPU: deliveries, requests, connections or events. */
  readonly operations: number;
  readonly seconds: number;
  /** Null if it cannot be read. */
  readonly serverCpuSeconds: number | null;
  readonly driverCpuSeconds: number;
  /** Publishes that the server answered with 2xx; null if the case publishes nothing. */
  readonly accepted: number | null;
  /** Frames or webhook events that arrived; null if the case delivers nothing. */
  readonly delivered: number | null;
  readonly missing: number;
  readonly duplicated: number;
  readonly errors: number;
  /** Measured from the time at which each operation was due, even if it started late; null without a schedule. */
  readonly latency?: Percentiles | null;
  /** More figures to print. The names are the same in each round of a case. */
  readonly figures?: readonly Figure[];
  /** Values over time, for a plot. */
  readonly series?: readonly Series[];
}

/** An additional number. The name contains what it counts and the unit: `POSTs per 1,000 events`. */
export interface Figure {
  readonly name: string;
  readonly value: number;
}

/** A line of a plot over the seconds of the round. */
export interface Series {
  readonly name: string;
  readonly points: readonly (readonly [seconds: number, value: number])[];
}

/** The part of a sample that the caller adds to clocks and CPU. */
export type Outcome = Omit<Sample, 'seconds' | 'serverCpuSeconds' | 'driverCpuSeconds'>;

/** The counts of a case that publishes and delivers nothing. */
export const nothingLost = { accepted: null, delivered: null, missing: 0, duplicated: 0, errors: 0 } as const;

/** A process whose CPU counts as the server's; `pid` is undefined if its CPU cannot be read. */
export interface Measured {
  readonly pid: number | undefined;
}

/**
 * Reads clocks and CPU now. The returned function reads them again and adds the outcome. If the round waited for
 * late arrivals, pass as `endedAt` when it really ended.
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

/** CPU seconds of all servers together; null if they cannot be read. */
export function cpuOfAll(servers: readonly Measured[]): number | null {
  return servers
    .map(({ pid }) => readCpu(pid))
    .reduce((sum, seconds) => (sum === null || seconds === null ? null : sum + seconds), 0);
}
