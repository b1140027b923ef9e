import type { Divergence } from './checks.ts';
import { formatFigures, legendOf, type Figure } from './figures.ts';
import type { Dated, Findings } from './findings.ts';
import type { Journal } from './journal.ts';
import type { Disturbances } from './disturbances.ts';
import type { Receiver } from './receiver.ts';

/** What a run has shown. */
export interface Outcome {
  readonly seed: number;
  /** The figures that only this kind of run has. */
  readonly figures: readonly Figure[];
  readonly findings: Findings;
  readonly journal: Journal;
  readonly disturbances: Disturbances;
  readonly receivers: readonly Receiver[];
  /** The last lines of the nodes' logs, by node. */
  readonly logs: ReadonlyMap<string, readonly string[]>;
}

const shownDivergences = 40;

/** Whether everybody believed in the end what was true, and nothing else went wrong. */
export function isTrue({ findings, journal }: Outcome): boolean {
  return findings.divergences.length === 0 && journal.problems.length === 0;
}

/** What a person wants to read after a run: figures, and all about what was wrong. */
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

/** The last lines of each node's log. */
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
    ...receivers.map(({ id, taken }) => ({
      what: `events taken by ${id}`,
      figure: taken.length,
      legend: 'by this endpoint with 2xx, each once; many are wanted',
    })),
    {
      what: 'deliveries that came again after a failure',
      figure: sum(({ retries }) => retries),
      legend: 'to endpoints that had not taken them; any number',
    },
    {
      what: 'duplicates',
      figure: sum(({ duplicates }) => duplicates),
      legend:
        'deliveries that came again although taken, with the same id and bytes; any number, receivers drop them',
    },
    ...findings.excuses,
    { what: 'problems', figure: journal.problems.length, legend: 'what must never happen; 0 is wanted' },
    {
      what: 'divergences',
      figure: findings.divergences.length,
      legend: 'somebody believes what is not so, and ARCHITECTURE does not say that they may; 0 is wanted',
    },
  ];
}

/** What is wrong in the end goes before what was wrong on the way. */
function firstDivergences({ findings: { divergences } }: Outcome): Dated[] {
  const isOnTheWay = ({ evidence }: Divergence) => evidence !== undefined;
  return [
    ...divergences.filter((divergence) => !isOnTheWay(divergence)),
    ...divergences.filter(isOnTheWay),
  ].slice(0, shownDivergences);
}

function formatDivergence(seed: number, { when, ...divergence }: Dated): string {
  const { where, subject, believed, truth, evidence = [] } = divergence;
  const dated = when === '' ? `seed ${seed}` : `seed ${seed}, ${when}`;
  const lines = [`${dated}: ${subject}: ${where}: ${believed}; the truth: ${truth}`, ...evidence];
  return lines.join('\n      ');
}

/** What had happened last on the channels of which something wrong is believed. */
function formatHistories({ findings }: Outcome): string[] {
  return [...findings.histories].map(([channel, lines]) => section(`The last on ${channel}`, lines));
}

function formatFaults({ disturbances, journal }: Outcome): string[] {
  return disturbances.faults.map(({ kind, target, startedAt, endedAt }) => {
    const until = endedAt === undefined ? 'not ended' : journal.stamp(endedAt).trim();
    return `${journal.stamp(startedAt)} ${kind} of ${target}, until ${until}`;
  });
}

function section(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : `${title}\n  ${lines.join('\n  ')}`;
}
