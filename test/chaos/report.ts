import type { Divergence } from './checks.ts';
import type { Outcome } from './run.ts';

const shownDivergences = 40;

/** Whether everybody believed in the end what was true, and nothing else went wrong. */
export function isTrue({ findings, journal }: Outcome): boolean {
  return findings.divergences.length === 0 && journal.problems.length === 0;
}

/** What a person wants to read after a run: figures, and all about what was wrong. */
export function formatOutcome(outcome: Outcome): string {
  const parts = [formatFigures(outcome)];
  if (!isTrue(outcome)) {
    parts.push(
      section('Problems', outcome.journal.problems),
      section('Divergences', firstDivergences(outcome).map(formatDivergence)),
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

function formatFigures({ options, journal, receivers, findings }: Outcome): string {
  const sum = (count: (receiver: (typeof receivers)[number]) => number) =>
    receivers.reduce((total, receiver) => total + count(receiver), 0);
  const figures: [string, string | number][] = [
    ['seed', options.seed],
    ['nodes, clients, seconds', `${options.nodes}, ${options.clients}, ${options.seconds}`],
    ...[...journal.counts].toSorted(([a], [b]) => (a < b ? -1 : 1)),
    ...receivers.map(({ id, taken }): [string, number] => [`events taken by ${id}`, taken.length]),
    ['deliveries that came again after a failure', sum(({ retries }) => retries)],
    ['duplicates', sum(({ duplicates }) => duplicates)],
    ['reordered', findings.reordered],
    ['excused by a loss of all data', findings.excused],
    ['problems', journal.problems.length],
    ['divergences', findings.divergences.length],
  ];
  const width = Math.max(...figures.map(([what]) => what.length));
  return figures.map(([what, figure]) => `${what.padEnd(width)}  ${figure}`).join('\n');
}

/** What is wrong in the end goes before what was wrong on the way. */
function firstDivergences({ findings: { divergences } }: Outcome): Divergence[] {
  const isOnTheWay = ({ evidence }: Divergence) => evidence !== undefined;
  return [
    ...divergences.filter((divergence) => !isOnTheWay(divergence)),
    ...divergences.filter(isOnTheWay),
  ].slice(0, shownDivergences);
}

function formatDivergence({ where, subject, believed, truth, evidence = [] }: Divergence): string {
  const lines = [`${subject}: ${where}: ${believed}; the truth: ${truth}`, ...evidence];
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
