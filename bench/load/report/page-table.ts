import { count, number, optional, percent, range } from './format.ts';
import { escape } from './plot.ts';
import type { CaseResult, ScenarioResult } from './result.ts';
import { judgedBy, summarize, type Summary } from './summary.ts';

const titles = [
  'target',
  'judged by',
  'median',
  'min … max',
  'CPU µs/op',
  'per second',
  'accepted',
  'delivered',
  'missing',
  'twice',
  'errors',
  'driver CPU',
];

/** Renders all numbers in a collapsed table. */
export function scenarioTable({ cases }: ScenarioResult): string {
  const head = titles.map((title) => `<th>${title}</th>`).join('');
  return `<details><summary>All numbers</summary><div class="wide"><table><tr>${head}</tr>${cases.map(rows).join('')}</table></div></details>`;
}

function rows(result: CaseResult): string {
  const name = `<tr><td colspan="${titles.length}"><b>${escape(result.name)}</b></td></tr>`;
  const lines = summarize(result).map((summary, index) => {
    const cells = cellsOf(summary, result).map((text) => `<td>${escape(text)}</td>`);
    const more = [...figures(summary), ...systemCalls(result.targets[index])].join(' · ');
    const note =
      more === '' ? '' : `<tr><td colspan="${titles.length}"><small>${escape(more)}</small></td></tr>`;
    return `<tr>${cells.join('')}</tr>${note}`;
  });
  return name + lines.join('');
}

function cellsOf(summary: Summary, result: CaseResult): string[] {
  const { target, judged, cpuMicros, perSecond, accepted, delivered } = summary;
  return [
    target,
    judgedBy(result),
    optional(judged, ({ median }) => number(median)),
    optional(judged, range),
    optional(cpuMicros, ({ median }) => number(median)),
    optional(perSecond, ({ median }) => number(median)),
    optional(accepted, count),
    optional(delivered, count),
    count(summary.missing),
    count(summary.duplicated),
    count(summary.errors),
    Number.isNaN(summary.driverShare) ? '-' : percent(summary.driverShare),
  ];
}

function figures({ figures: all }: Summary): string[] {
  return all.map(({ name, spread }) => `${number(spread.median)} ${name}`);
}

function systemCalls(target: CaseResult['targets'][number] | undefined): string[] {
  const calls = target?.systemCalls ?? null;
  if (calls === null) return [];
  const most = calls.most.map(([name, often]) => `${name} ${number(often)}`).join(', ');
  return [`${number(calls.perOperation)} system calls per operation: ${most}`];
}
