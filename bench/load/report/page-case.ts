import { colorOf } from './color.ts';
import { count, number, percent } from './format.ts';
import { barOf, escape } from './plot.ts';
import type { CaseResult } from './result.ts';
import { busyDriver, judgedBy, rivalOf, summarize, verdictOf, type Summary } from './summary.ts';

/** Renders a case: its name, and a bar with remarks for each target. */
export function caseRows(result: CaseResult): string {
  const summaries = summarize(result);
  const full = Math.max(...summaries.map(({ judged }) => judged?.max ?? 0));
  const bound = boundOf(result, summaries);
  const rows = summaries.map((summary) => row(summary, result, full, bound)).join('');
  return `<h3>${escape(result.name)}<small>${escape(judgedBy(result))}</small></h3><div class="rows">${rows}</div>`;
}

/** The bound on the scale of the bars; null if it depends on a target that was not measured. */
function boundOf({ wanted }: CaseResult, summaries: readonly Summary[]): number | null {
  if (wanted?.atMost !== undefined) return wanted.atMost;
  const [other, times] =
    wanted?.timesOther === undefined
      ? ['raw', wanted?.timesRaw]
      : [wanted.timesOther.target, wanted.timesOther.atMost];
  const judged = summaries.find(({ target }) => target === other)?.judged;
  return times === undefined || !judged ? null : judged.median * times;
}

function row(summary: Summary, result: CaseResult, full: number, bound: number | null): string {
  const { target, judged, timesFloor, timesRival } = summary;
  const verdict = verdictOf(result, summary);
  const bar =
    judged === null || full <= 0
      ? ''
      : barOf({ ...judged, color: colorOf(target), full, bound: verdict === null ? null : bound });
  const times = timesFloor === null ? '' : `${timesFloor.toFixed(2)} × raw`;
  const wanted =
    verdict === null
      ? ''
      : `<span class="${verdict.isMet === true ? 'good' : verdict.isMet === false ? 'bad' : 'soft'}">wanted ${escape(verdict.wanted)}${verdict.isMet === null ? '' : verdict.isMet ? ' ✓' : ' ✗'}</span>`;
  const rival = timesRival === null ? '' : `${timesRival.toFixed(2)} × ${escape(rivalOf(result))}`;
  const more = [wanted, rival, ...remarks(summary)].filter((text) => text !== '').join(' · ');
  const value = judged === null ? '-' : number(judged.median);
  return `<div>${escape(target)}</div><div>${bar}</div><div class="value">${value}</div><div class="times">${times}</div><div class="more">${more}</div>`;
}

function remarks(summary: Summary): string[] {
  const { fault, perSecond, latency, missing, duplicated, errors, driverShare } = summary;
  const lost = [
    ...(missing > 0 ? [`${count(missing)} missing`] : []),
    ...(duplicated > 0 ? [`${count(duplicated)} twice`] : []),
    ...(errors > 0 ? [`${count(errors)} errors`] : []),
  ];
  return [
    ...(fault === null ? [] : [`<span class="bad">failed: ${escape(fault)}</span>`]),
    ...(lost.length === 0 ? [] : [`<span class="bad">${lost.join(', ')}</span>`]),
    ...(perSecond === null || perSecond.median < 10 ? [] : [`${count(perSecond.median)}/s`]),
    ...(latency === null ? [] : [`p50 ${number(latency.p50)}, p99 ${number(latency.p99)} ms`]),
    ...(driverShare > busyDriver ? [`driver busy (${percent(driverShare)})`] : []),
  ];
}
