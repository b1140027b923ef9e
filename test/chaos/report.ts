import type { Divergence } from './checks.ts';
import { formatFigures, legendOf, type Figure } from './figures.ts';
import type { Dated, Findings } from './findings.ts';
import type { Journal } from './journal.ts';
import type { Disturbances } from './disturbances.ts';
import type { Receiver } from './receiver.ts';

/** The result of a run. */
export interface Outcome {
  readonly seed: number;
  /** The figures that only this kind of run has. */
  readonly figures: readonly Figure[];
  readonly findings: Findings;
  readonly journal: Journal;
  readonly disturbances: Disturbances;
  readonly receivers: readonly Receiver[];
  /** The last log lines of each node. */
  readonly logs: ReadonlyMap<string, readonly string[]>;
}

const shownDivergences = 40;

/** Whether the run found no divergence and no fault. */
export function isTrue({ findings, journal }: Outcome): boolean {
  return findings.divergences.length === 0 && journal.problems.length === 0;
}

/** Formats the report: figures, and everything about each divergence. */
export function formatOutcome(outcome: Outcome): string {
  const parts = [formatFigures(figuresOf(outcome))];
  if (!isTrue(outcome)) {
    parts.push(
      section('Problems', outcome.journal.problems),
      section(
        'Divergences',
        firstDivergences(outcome).map((divergence) => formatDivergence(outcome.seed, divergence)),
      ),
      ...formatHistories(outcome),
      section('Faults', formatFaults(outcome)),
    );
  }
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

/** The last log lines of each node. */
export function formatLogs({ logs }: Outcome): string {
  return [...logs].map(([node, lines]) => `${section(`Log of ${node}`, lines)}\n`).join('\n');
}

function figuresOf({ figures, journal, receivers, findings }: Outcome): Figure[] {
  const sum = (count: (receiver: (typeof receivers)[number]) => number) =>
    receivers.reduce((total, receiver) => total + count(receiver), 0);
  const counts = [...journal.counts].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return [
    ...figures,
    ...counts.map(([what, figure]) => ({ what, figure, legend: legendOf(what) })),
    ...receivers.map(({ id, accepted }) => ({
      what: `events accepted by ${id}`,
      figure: accepted.length,
      legend: 'answered with 2xx by this endpoint, each counted once; should be high',
    })),
    {
      what: 'deliveries retried after a failure',
      figure: sum(({ retries }) => retries),
      legend: 'to endpoints that had not accepted them; any number is fine',
    },
    {
      what: 'duplicates',
      figure: sum(({ duplicates }) => duplicates),
      legend:
        'deliveries repeated after acceptance, with the same id and bytes; receivers drop them; any number is fine',
    },
    ...findings.allowed,
    { what: 'problems', figure: journal.problems.length, legend: 'what must never happen; should be 0' },
    {
      what: 'divergences',
      figure: findings.divergences.length,
      legend: 'beliefs that differ from the truth, and that ARCHITECTURE does not allow; should be 0',
    },
  ];
}

/** Divergences at the end come before those found during the run. */
function firstDivergences({ findings: { divergences } }: Outcome): Dated[] {
  const isDuringRun = ({ evidence }: Divergence) => evidence !== undefined;
  return [
    ...divergences.filter((divergence) => !isDuringRun(divergence)),
    ...divergences.filter(isDuringRun),
  ].slice(0, shownDivergences);
}

function formatDivergence(seed: number, { when, ...divergence }: Dated): string {
  const { where, subject, believed, truth, evidence = [] } = divergence;
  const dated = when === '' ? `seed ${seed}` : `seed ${seed}, ${when}`;
  const lines = [`${dated}: ${subject}: ${where}: ${believed}; the truth: ${truth}`, ...evidence];
  return lines.join('\n      ');
}

/** The last entries of the channels with divergences. */
function formatHistories({ findings }: Outcome): string[] {
  return [...findings.histories].map(([channel, lines]) => section(`Last entries of ${channel}`, lines));
}

function formatFaults({ disturbances, journal }: Outcome): string[] {
  return disturbances.faults.map(({ kind, target, startedAt, endedAt }) => {
    const until = endedAt === undefined ? 'still active' : journal.stamp(endedAt).trim();
    return `${journal.stamp(startedAt)} ${kind} of ${target}, until ${until}`;
  });
}

function section(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : `${title}\n  ${lines.join('\n  ')}`;
}
