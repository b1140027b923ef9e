import { number, optional } from './format.ts';
import { escape } from './plot.ts';
import type { BenchResult, CaseResult } from './result.ts';
import { judgedBy, rivalOf, summarize, verdictOf, wantedOf, type Summary } from './summary.ts';

const peerNames = ['soketi', 'sockudo'];

/** Renders the most important results: the cases that have a bound, and whether anything was lost. */
export function overview(result: BenchResult): string {
  const bounded = result.scenarios.flatMap(({ name, cases }) =>
    cases.filter(({ wanted }) => wanted !== null).map((entry) => ({ name, entry })),
  );
  const others = result.facts.targets.map(({ name }) => name).filter((name) => name !== 'emulator');
  if (bounded.length === 0) return `<p>${faults(result)}</p>${peers(result)}`;
  const titles = ['emulator', ...others].map((name) => `<th>${escape(name)}</th>`).join('');
  const rows = bounded.map(({ name, entry }) => row(name, entry, others)).join('');
  return `<h2>At a glance</h2><p>${faults(result)}</p>${peers(result)}
<div class="wide"><table><tr><th>case with a bound for the emulator</th>${titles}<th>× raw</th><th>× other</th><th>wanted</th><th></th></tr>${rows}</table></div>`;
}

function row(scenario: string, entry: CaseResult, others: readonly string[]): string {
  const summaries = summarize(entry);
  const find = (name: string): Summary | undefined => summaries.find(({ target }) => target === name);
  const own = find(wantedOf(entry));
  const verdict = own === undefined ? null : verdictOf(entry, own);
  const cells = ['emulator', ...others]
    .map(find)
    .map((one) => `<td>${median(one)}</td>`)
    .join('');
  const mark =
    verdict === null || verdict.isMet === null
      ? ''
      : verdict.isMet
        ? '<span class="good">✓ met</span>'
        : '<span class="bad">✗ missed</span>';
  const times = optional(own?.timesFloor ?? null, (value) => value.toFixed(2));
  const timesRival = optional(own?.timesRival ?? null, (value) => `${value.toFixed(2)} × ${rivalOf(entry)}`);
  return `<tr><td>${scenario}: ${escape(entry.name)}<br><small>${escape(judgedBy(entry))}</small></td>${cells}<td>${times}</td><td>${escape(timesRival)}</td><td>${escape(verdict?.wanted ?? '')}</td><td>${mark}</td></tr>`;
}

function median(summary: Summary | undefined): string {
  return optional(summary?.judged ?? null, (judged) => number(judged.median));
}

/** Lists the cases in which each similar server (not the floor) is better than the emulator. */
function peers({ scenarios, facts }: BenchResult): string {
  const judged = scenarios.flatMap(({ name, cases }) =>
    cases.map((entry) => ({ title: `${name}: ${entry.name}`, summaries: summarize(entry) })),
  );
  return peerNames
    .filter((peer) => facts.targets.some(({ name }) => name === peer))
    .map((peer) => {
      const compared = judged.flatMap(({ title, summaries }) => {
        const medianOf = (name: string): number | undefined =>
          summaries.find(({ target }) => target === name)?.judged?.median;
        const [own, theirs] = [medianOf('emulator'), medianOf(peer)];
        return own === undefined || theirs === undefined ? [] : [{ title, isBetter: theirs < own }];
      });
      const better = compared.filter(({ isBetter }) => isBetter).map(({ title }) => escape(title));
      const where = better.length === 0 ? '' : `: ${better.join('; ')}`;
      return `<p><b>${peer}</b> is better than the emulator in ${better.length} of ${compared.length} cases${where}.</p>`;
    })
    .join('');
}

/** Summarizes lost, duplicated and refused deliveries of each target. */
function faults({ facts, scenarios }: BenchResult): string {
  const summaries = scenarios.flatMap(({ cases }) => cases.flatMap(summarize));
  return facts.targets
    .map(({ name }) => {
      const own = summaries.filter(({ target }) => target === name);
      const sum = (pick: (summary: Summary) => number): number =>
        own.reduce((all, one) => all + pick(one), 0);
      const counts = [
        [sum(({ missing }) => missing), 'missing'],
        [sum(({ duplicated }) => duplicated), 'twice'],
        [sum(({ errors }) => errors), 'errors'],
        [own.filter(({ fault }) => fault !== null).length, 'cases failed'],
      ] as const;
      const bad = counts.filter(([amount]) => amount > 0);
      const text = bad.map(([amount, what]) => `${amount.toLocaleString('en-US')} ${what}`).join(', ');
      return `<b>${escape(name)}</b>: ${bad.length === 0 ? 'nothing lost, duplicated or refused' : `<span class="bad">${text}</span>`}`;
    })
    .join(' · ');
}
