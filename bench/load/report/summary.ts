import type { Percentiles } from '../measure/latencies.ts';
import type { Sample } from '../measure/sample.ts';
import { spreadOf, type Spread } from '../measure/spread.ts';
import { counterpartOf } from '../servers/target.ts';
import type { BenchResult, CaseResult, TargetResult } from './result.ts';

/** The results of one target in a case. */
export interface Summary {
  readonly target: string;
  readonly fault: string | null;
  /** The figure by which the case is judged; less is better. Null if it could not be read. */
  readonly judged: Spread | null;
  /** The median divided by the floor's; null if the floor was not measured in the same run. */
  readonly timesFloor: number | null;
  /** The median divided by that of the target that `rivalOf` names. */
  readonly timesRival: number | null;
  readonly perSecond: Spread | null;
  /** Microseconds of server CPU per operation, which is also seconds per million operations. */
  readonly cpuMicros: Spread | null;
  /** Each percentile is the median of the rounds. */
  readonly latency: Omit<Percentiles, 'curve' | 'count'> | null;
  readonly figures: readonly { readonly name: string; readonly spread: Spread }[];
  readonly accepted: number | null;
  readonly delivered: number | null;
  readonly missing: number;
  readonly duplicated: number;
  readonly errors: number;
  /** The share of its core that the driver used. */
  readonly driverShare: number;
}

/** Whether a target meets its bound; `isMet` is null if this is unknown. */
export interface Verdict {
  readonly wanted: string;
  readonly isMet: boolean | null;
}

/** Above this share of one core, the driver may have limited the rate. */
export const busyDriver = 0.9;

/** The name of the figure by which the case is judged, with its unit. */
export function judgedBy(result: CaseResult): string {
  return result.judge ?? `µs of CPU per ${result.operation}`;
}

/** The target that a case is compared with besides the floor. */
export function rivalOf({ wanted }: CaseResult): string {
  return wanted?.timesOther?.target ?? 'sockudo';
}

/** Summarizes all targets of a case. */
export function summarize(result: CaseResult): Summary[] {
  const judged = new Map(result.targets.map((target) => [target.target, judgedOf(result, target)]));
  return result.targets.map((target) => {
    const own = judged.get(target.target) ?? null;
    const times = (base: string): number | null => {
      const name = counterpartOf(target.target, base);
      const other = judged.get(name) ?? null;
      return own === null || other === null || name === target.target ? null : own.median / other.median;
    };
    return {
      ...numbersOf(target),
      judged: own,
      timesFloor: times('raw'),
      timesRival: times(rivalOf(result)),
    };
  });
}

/** The target that the bound applies to; by default the emulator without variants. */
export function wantedOf({ wanted }: CaseResult): string {
  return wanted?.of ?? 'emulator';
}

/** Compares a target with its bound. Returns null if it has none. */
export function verdictOf(result: CaseResult, summary: Summary): Verdict | null {
  const { wanted } = result;
  if (wanted === null || summary.target !== wantedOf(result)) return null;
  const { judged, timesFloor, timesRival } = summary;
  const { timesRaw, timesOther } = wanted;
  if (timesRaw !== undefined) return againstOther('raw', timesRaw, timesFloor);
  if (timesOther !== undefined) return againstOther(timesOther.target, timesOther.atMost, timesRival);
  if (wanted.atMost === undefined) return null;
  return { wanted: `≤ ${wanted.atMost}`, isMet: judged === null ? null : judged.median <= wanted.atMost };
}

function againstOther(target: string, atMost: number, times: number | null): Verdict {
  return { wanted: `≤ ${atMost} × ${target}`, isMet: times === null ? null : times <= atMost };
}

/** Whether the emulator failed, or lost, duplicated or refused anything. Its figures are then not valid. */
export function hasFaults({ scenarios }: BenchResult): boolean {
  const summaries = scenarios.flatMap(({ cases }) => cases.flatMap(summarize));
  return summaries
    .filter(({ target }) => target.startsWith('emulator'))
    .some((summary) => summary.fault !== null || summary.missing + summary.duplicated + summary.errors > 0);
}

function judgedOf({ judge }: CaseResult, { samples }: TargetResult): Spread | null {
  return judge === null ? cpuOf(samples) : spreadOrNull(figureValues(samples, judge));
}

function numbersOf({
  target,
  fault,
  samples,
}: TargetResult): Omit<Summary, 'judged' | 'timesFloor' | 'timesRival'> {
  const total = (pick: (sample: Sample) => number): number =>
    samples.reduce((sum, sample) => sum + pick(sample), 0);
  const totalOrNull = (pick: (sample: Sample) => number | null): number | null =>
    samples.length === 0 || samples.some((sample) => pick(sample) === null)
      ? null
      : total((sample) => pick(sample) ?? 0);
  const names = (samples[0]?.figures ?? []).map(({ name }) => name);
  return {
    target,
    fault,
    perSecond: spreadOrNull(samples.map((sample) => sample.operations / sample.seconds)),
    cpuMicros: cpuOf(samples),
    latency: latencyOf(samples),
    figures: names.map((name) => ({ name, spread: spreadOf(figureValues(samples, name)) })),
    accepted: totalOrNull((sample) => sample.accepted),
    delivered: totalOrNull((sample) => sample.delivered),
    missing: total((sample) => sample.missing),
    duplicated: total((sample) => sample.duplicated),
    errors: total((sample) => sample.errors),
    driverShare:
      spreadOrNull(samples.map((sample) => sample.driverCpuSeconds / sample.seconds))?.median ?? Number.NaN,
  };
}

function cpuOf(samples: readonly Sample[]): Spread | null {
  return spreadOrNull(
    samples.flatMap(({ serverCpuSeconds, operations }) =>
      serverCpuSeconds === null || operations === 0 ? [] : [(serverCpuSeconds / operations) * 1e6],
    ),
  );
}

function figureValues(samples: readonly Sample[], name: string): number[] {
  return samples
    .flatMap(({ figures = [] }) => figures.filter((figure) => figure.name === name))
    .map(({ value }) => value)
    .filter((value) => !Number.isNaN(value));
}

function latencyOf(samples: readonly Sample[]): Summary['latency'] {
  const all = samples.flatMap(({ latency }) => (latency === null || latency === undefined ? [] : [latency]));
  if (all.length === 0) return null;
  const median = (pick: (one: Percentiles) => number): number => spreadOf(all.map(pick)).median;
  return {
    p50: median(({ p50 }) => p50),
    p90: median(({ p90 }) => p90),
    p99: median(({ p99 }) => p99),
    p999: median(({ p999 }) => p999),
    max: Math.max(...all.map(({ max }) => max)),
  };
}

function spreadOrNull(values: readonly number[]): Spread | null {
  return values.length === 0 ? null : spreadOf(values);
}
