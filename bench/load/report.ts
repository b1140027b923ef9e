import { execFileSync } from 'node:child_process';
import { cpus, release, totalmem } from 'node:os';
import { spreadOf, type Sample, type Spread } from './measure.ts';

/** All rounds of one case on one target. */
export interface CaseResult {
  readonly scenario: string;
  readonly target: string;
  readonly name: string;
  readonly operation: string;
  readonly samples: readonly Sample[];
}

/** What a reader needs to judge or repeat a run. */
export interface RunFacts {
  readonly at: string;
  readonly command: string;
  readonly commit: string | null;
  readonly node: string;
  readonly machine: {
    readonly cpu: string;
    readonly cores: number;
    readonly memoryMb: number;
    readonly kernel: string;
  };
  readonly placement: string;
  readonly rounds: number;
  readonly seconds: number;
}

/** A case in a few numbers; what is written to JSON beside the samples. */
interface Summary {
  readonly perSecond: Spread;
  /** Microseconds of server CPU per operation, which is also seconds per million operations. */
  readonly serverCpuMicros: Spread | null;
  readonly driverCpuShare: Spread;
  readonly accepted: number | null;
  readonly delivered: number | null;
  readonly missing: number;
  readonly duplicated: number;
  readonly errors: number;
}

/** Above this share of one core the driver may have been what limited the rate. */
const busyDriver = 0.9;

/** Gathers what describes this run. */
export function runFacts(run: Pick<RunFacts, 'placement' | 'rounds' | 'seconds'>): RunFacts {
  const cores = cpus();
  return {
    at: new Date().toISOString(),
    command: ['npm run bench --', ...process.argv.slice(2)].join(' '),
    commit: commit(),
    node: process.version,
    machine: {
      cpu: cores[0]?.model ?? 'unknown',
      cores: cores.length,
      memoryMb: Math.round(totalmem() / 2 ** 20),
      kernel: `${process.platform} ${release()}`,
    },
    ...run,
  };
}

interface Column {
  readonly title: string;
  readonly isText?: boolean;
  readonly cell: (result: CaseResult, summary: Summary) => string;
}

const columns: readonly Column[] = [
  { title: 'scenario', isText: true, cell: ({ scenario }) => scenario },
  { title: 'case', isText: true, cell: ({ name }) => name },
  { title: 'counted', isText: true, cell: ({ operation }) => operation },
  { title: 'per second', cell: (_, { perSecond }) => count(perSecond.median) },
  { title: '(min … max)', cell: (_, { perSecond }) => range(perSecond, count) },
  { title: 'server CPU µs/op', cell: (_, { serverCpuMicros: cpu }) => (cpu ? micros(cpu.median) : '-') },
  { title: '(min … max)', cell: (_, { serverCpuMicros: cpu }) => (cpu ? range(cpu, micros) : '') },
  { title: 'accepted', cell: (_, { accepted }) => optional(accepted) },
  { title: 'delivered', cell: (_, { delivered }) => optional(delivered) },
  { title: 'missing', cell: (_, { missing }) => count(missing) },
  { title: 'twice', cell: (_, { duplicated }) => count(duplicated) },
  { title: 'errors', cell: (_, { errors }) => count(errors) },
  { title: 'driver CPU', cell: (_, { driverCpuShare }) => percent(driverCpuShare.median) },
];

/** The table for the terminal, with one line of notes for each case that has any. */
export function formatTable(results: readonly CaseResult[]): string {
  const table = columns.map(({ title, isText, cell }) => {
    const cells = [title, ...results.map((result) => cell(result, summarise(result.samples)))];
    const width = Math.max(...cells.map(({ length }) => length));
    return cells.map((text) => (isText === true ? text.padEnd(width) : text.padStart(width)));
  });
  const lines = [undefined, ...results].map((_, row) => table.map((cells) => cells[row]).join('  '));
  const notes = results.flatMap(notesOf);
  return [...lines, ...(notes.length === 0 ? [] : ['', ...notes])].join('\n');
}

/** The same figures for a program to read. */
export function toJson(facts: RunFacts, results: readonly CaseResult[]): string {
  const cases = results.map((result) => ({ ...result, summary: summarise(result.samples) }));
  return `${JSON.stringify({ ...facts, cases }, null, 2)}\n`;
}

/** Whether anything was lost, doubled or refused: the figures then describe a server that failed. */
export function hasFaults(results: readonly CaseResult[]): boolean {
  return results.some(({ samples }) => {
    const { missing, duplicated, errors } = summarise(samples);
    return missing + duplicated + errors > 0;
  });
}

function notesOf(result: CaseResult): string[] {
  const name = `${result.scenario}, ${result.name}`;
  const figures = (result.samples[0]?.figures ?? []).map((figure, index) => {
    const values = result.samples.map((sample) => sample.figures?.[index]?.value ?? Number.NaN);
    return `${spreadOf(values).median.toFixed(2)} ${figure.name}`;
  });
  const share = summarise(result.samples).driverCpuShare.median;
  return [
    ...(figures.length === 0 ? [] : [`${name}: ${figures.join('; ')}`]),
    ...(share <= busyDriver
      ? []
      : [
          `${name}: the driver used ${percent(share)} of its core, so the rate may be its limit; the server CPU per operation is not`,
        ]),
  ];
}

function summarise(samples: readonly Sample[]): Summary {
  const total = (pick: (sample: Sample) => number): number => samples.reduce((sum, s) => sum + pick(s), 0);
  const totalOrNull = (pick: (sample: Sample) => number | null): number | null =>
    samples.some((sample) => pick(sample) === null) ? null : total((sample) => pick(sample) ?? 0);
  const cpu = samples.flatMap(({ serverCpuSeconds, operations }) =>
    serverCpuSeconds === null ? [] : [(serverCpuSeconds / Math.max(1, operations)) * 1e6],
  );
  return {
    perSecond: spreadOf(samples.map((sample) => sample.operations / sample.seconds)),
    serverCpuMicros: cpu.length === 0 ? null : spreadOf(cpu),
    driverCpuShare: spreadOf(samples.map((sample) => sample.driverCpuSeconds / sample.seconds)),
    accepted: totalOrNull((sample) => sample.accepted),
    delivered: totalOrNull((sample) => sample.delivered),
    missing: total((sample) => sample.missing),
    duplicated: total((sample) => sample.duplicated),
    errors: total((sample) => sample.errors),
  };
}

function range(spread: Spread, format: (value: number) => string): string {
  return `(${format(spread.min)} … ${format(spread.max)})`;
}

function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

function micros(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(2);
}

function optional(value: number | null): string {
  return value === null ? '-' : count(value);
}

function commit(): string | null {
  try {
    return execFileSync('git', ['rev-parse', 'HEAD'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return null; // Not a repository, or no git here: the figure is optional.
  }
}
