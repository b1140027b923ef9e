import { count, number, optional, percent, range } from './format.ts';
import type { CaseResult } from './result.ts';
import { busyDriver, judgedBy, rivalOf, summarize, verdictOf, type Summary } from './summary.ts';

interface Column {
  readonly title: string | ((result: CaseResult) => string);
  readonly isText?: boolean;
  readonly cell: (summary: Summary, result: CaseResult) => string;
}

const columns: readonly Column[] = [
  { title: 'target', isText: true, cell: ({ target }) => target },
  { title: 'median', cell: ({ judged }) => optional(judged, ({ median }) => number(median)) },
  { title: 'min … max', cell: ({ judged }) => optional(judged, range) },
  { title: '× raw', cell: ({ timesFloor }) => optional(timesFloor, (times) => times.toFixed(2)) },
  {
    title: (result) => `× ${rivalOf(result)}`,
    cell: ({ timesRival }) => optional(timesRival, (times) => times.toFixed(2)),
  },
  { title: 'wanted', cell: (summary, result) => verdict(result, summary) },
  { title: 'per second', cell: ({ perSecond }) => optional(perSecond, ({ median }) => count(median)) },
  { title: 'p50 ms', cell: ({ latency }) => optional(latency, ({ p50 }) => number(p50)) },
  { title: 'p99 ms', cell: ({ latency }) => optional(latency, ({ p99 }) => number(p99)) },
  { title: 'p99.9 ms', cell: ({ latency }) => optional(latency, ({ p999 }) => number(p999)) },
  { title: 'accepted', cell: ({ accepted }) => optional(accepted, count) },
  { title: 'delivered', cell: ({ delivered }) => optional(delivered, count) },
  { title: 'missing', cell: ({ missing }) => count(missing) },
  { title: 'twice', cell: ({ duplicated }) => count(duplicated) },
  { title: 'errors', cell: ({ errors }) => count(errors) },
  {
    title: 'driver CPU',
    cell: ({ driverShare }) => (Number.isNaN(driverShare) ? '-' : percent(driverShare)),
  },
];

/** Formats a case for the terminal: its name, a line for each target, and notes. */
export function formatCase(result: CaseResult): string {
  const summaries = summarize(result);
  const table = columns
    .map(({ title, isText, cell }) => {
      const head = typeof title === 'string' ? title : title(result);
      const cells = [head, ...summaries.map((summary) => cell(summary, result))];
      return { isText, cells, isEmpty: cells.slice(1).every((text) => text === '-' || text === '') };
    })
    .filter(({ isEmpty }) => !isEmpty)
    .map(({ isText, cells }) => {
      const width = Math.max(...cells.map(({ length }) => length));
      return cells.map((text) => (isText === true ? text.padEnd(width) : text.padStart(width)));
    });
  const lines = [undefined, ...summaries].map((_, row) => table.map((cells) => cells[row]).join('  '));
  const notes = result.targets.flatMap((target, index) => notesOf(summaries[index], target.systemCalls));
  return [`  ${result.name}: ${judgedBy(result)}`, ...[...lines, ...notes].map((line) => `    ${line}`)].join(
    '\n',
  );
}

function verdict(result: CaseResult, summary: Summary): string {
  const found = verdictOf(result, summary);
  if (found === null) return '';
  return found.isMet === null ? found.wanted : `${found.wanted} ${found.isMet ? 'met' : 'missed'}`;
}

function notesOf(
  summary: Summary | undefined,
  calls: CaseResult['targets'][number]['systemCalls'],
): string[] {
  if (summary === undefined) return [];
  const { target, figures, driverShare, fault } = summary;
  const texts = figures.map(({ name, spread }) => `${number(spread.median)} ${name}`);
  return [
    ...(fault === null ? [] : [`${target} failed: ${fault}`]),
    ...(texts.length === 0 ? [] : [`${target}: ${texts.join('; ')}`]),
    ...(calls === null
      ? []
      : [
          `${target}: ${number(calls.perOperation)} system calls per operation, ` +
            calls.most.map(([name, often]) => `${name} ${number(often)}`).join(', '),
        ]),
    ...(driverShare > busyDriver
      ? [
          `${target}: the driver used ${percent(driverShare)} of its core, so the driver may have limited the rate; the server's CPU per operation is still valid`,
        ]
      : []),
  ];
}
