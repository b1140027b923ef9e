import { createHistogram } from 'node:perf_hooks';

/** Milliseconds. */
export interface Percentiles {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
  /** The distribution for a plot: a share of the operations, and the most milliseconds that they took. */
  readonly curve: readonly (readonly [percent: number, ms: number])[];
  readonly count: number;
}

const curvePercents = [0.1, 1, 5, 10, 25, 50, 75, 90, 95, 99, 99.5, 99.9, 99.99, 100];

/** Collects latencies in bounded memory, with a precision of three digits. */
export class Latencies {
  readonly #micros = createHistogram({ figures: 3 });

  record(ms: number): void {
    this.#micros.record(Math.max(1, Math.round(ms * 1000)));
  }

  /** Returns null if nothing was recorded. */
  percentiles(): Percentiles | null {
    const { count } = this.#micros;
    if (count === 0) return null;
    const at = (percent: number): number => this.#micros.percentile(percent) / 1000;
    return {
      p50: at(50),
      p90: at(90),
      p99: at(99),
      p999: at(99.9),
      max: this.#micros.max / 1000,
      curve: curvePercents.map((percent) => [percent, at(percent)] as const),
      count,
    };
  }
}
