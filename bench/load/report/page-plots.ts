import { spreadOf } from '../measure/spread.ts';
import { colorOf } from './color.ts';
import { linesOf, type Line } from './plot.ts';
import type { CaseResult, ScenarioResult, TargetResult } from './result.ts';
import { judgedBy, summarize } from './summary.ts';

/** Percentiles are drawn on a logarithmic scale of slower operations, so that 90, 99 and 99.9 have equal distances. */
const shares = [50, 75, 90, 95, 99, 99.5, 99.9];

/** Renders the plots of a scenario: cost by size, latency of scheduled operations, and values over time. */
export function scenarioPlots(scenario: ScenarioResult): string {
  const plots = [
    ...scalePlot(scenario),
    ...scenario.cases.flatMap(latencyPlot),
    ...scenario.cases.flatMap(seriesPlots),
  ];
  return plots.length === 0 ? '' : `<div class="plots">${plots.join('')}</div>`;
}

function scalePlot({ cases }: ScenarioResult): string[] {
  const scaled = cases.flatMap((entry) => (entry.scale === null ? [] : [{ entry, scale: entry.scale }]));
  const first = scaled[0];
  if (first === undefined || scaled.length < 2) return [];
  const names = first.entry.targets.map(({ target }) => target);
  const lines = names.map((name): Line => ({
    name,
    color: colorOf(name),
    points: scaled.flatMap(({ entry, scale }) => {
      const judged = summarize(entry).find(({ target }) => target === name)?.judged;
      return judged ? [[scale.size, judged.median] as const] : [];
    }),
  }));
  return draw(lines, {
    title: `cost by number of ${first.scale.of}`,
    xName: first.scale.of,
    yName: judgedBy(first.entry),
    isXLog: true,
    ticks: scaled.map(({ scale }) => [scale.size, scale.size.toLocaleString('en-US')] as const),
  });
}

function latencyPlot(entry: CaseResult): string[] {
  const lines = entry.targets.flatMap((target) => latencyLine(target));
  return draw(lines, {
    title: entry.name,
    xName: 'percentile',
    yName: 'ms since due',
    isYLog: true,
    ticks: [50, 90, 99, 99.9].map((percent) => [slowness(percent), `p${percent}`] as const),
  });
}

function latencyLine({ target, samples }: TargetResult): Line[] {
  const curves = samples.flatMap(({ latency }) => (latency ? [latency.curve] : []));
  const points = shares.flatMap((share) => {
    const values = curves.flatMap((curve) =>
      curve.filter(([percent]) => percent === share).map(([, ms]) => ms),
    );
    return values.length === 0 ? [] : [[slowness(share), spreadOf(values).median] as const];
  });
  return points.length === 0 ? [] : [{ name: target, color: colorOf(target), points }];
}

function slowness(percent: number): number {
  return -Math.log10(1 - percent / 100);
}

function seriesPlots(entry: CaseResult): string[] {
  const names = entry.targets[0]?.samples[0]?.series?.map(({ name }) => name) ?? [];
  return names.flatMap((name) => {
    const lines = entry.targets.flatMap(({ target, samples }) =>
      samples.flatMap(({ series = [] }) =>
        series
          .filter((one) => one.name === name)
          .map(({ points }): Line => ({ name: target, color: colorOf(target), points })),
      ),
    );
    return draw(lines, { title: entry.name, xName: 'seconds', yName: name });
  });
}

function draw(lines: readonly Line[], axes: Parameters<typeof linesOf>[1]): string[] {
  const drawn = lines.filter(({ points }) => points.length > 0);
  return drawn.length === 0 ? [] : [linesOf(drawn, axes)];
}
