import { colorOf } from './color.ts';
import { caseRows } from './page-case.ts';
import { overview } from './page-overview.ts';
import { scenarioPlots } from './page-plots.ts';
import { scenarioTable } from './page-table.ts';
import { escape } from './plot.ts';
import type { BenchResult, ScenarioResult } from './result.ts';
import type { RunFacts } from './facts.ts';
import { style } from './style.ts';

/** Renders the results as one HTML page that loads no script, font or other file. */
export function renderPage(result: BenchResult): string {
  const { facts, scenarios, leftOut } = result;
  const links = scenarios.map(({ name }) => `<a href="#${name}">${name}</a>`).join(' ');
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>soketify-emulator: load bench</title><style>${style}</style></head><body><main>
<h1>soketify-emulator: load bench</h1>
${head(facts)}
<nav>${links}</nav>
${overview(result)}
${scenarios.map(section).join('\n')}
${leftOut.length === 0 ? '' : `<h2>Left out</h2>${leftOut.map((text) => `<p>${escape(text)}</p>`).join('')}`}
</main></body></html>
`;
}

function head(facts: RunFacts): string {
  const { machine, targets } = facts;
  const busy =
    machine.loadBefore > 0.5
      ? ` <span class="bad">The machine was busy: its load was ${machine.loadBefore.toFixed(1)} before the run.</span>`
      : '';
  const keys = targets
    .map(
      ({ name, version }) =>
        `<span><i style="background:${colorOf(name)}"></i>${escape(name)} <span class="soft">${escape(version)}</span></span>`,
    )
    .join('');
  return `<p class="soft">${escape(facts.at.slice(0, 16).replace('T', ' '))} UTC · ${escape(machine.cpu)}, ${machine.cores} cores,
${Math.round(machine.memoryMb / 1024)} GB · ${escape(machine.kernel)} · Node ${escape(facts.node)} · commit ${escape(facts.commit ?? 'unknown')}</p>
<p class="soft">${escape(facts.placement)} · ${facts.rounds} rounds of ${facts.seconds} s per target, in turn.${busy}</p>
<p class="soft"><code>${escape(facts.command)}</code></p>
<p class="keys">${keys}</p>
<p class="soft">Bars show medians, and the thin line goes from the best round to the worst. Less is better everywhere. CPU is that of
the server's process. <b>raw</b> is the floor: the minimum of code on the same WebSocket library that puts the same frames on the wire.</p>`;
}

function section(scenario: ScenarioResult): string {
  const notes = scenario.notes.map((note) => `<p class="soft">${escape(note)}</p>`).join('');
  return `<section><h2 id="${scenario.name}">${scenario.name}</h2><p>${escape(scenario.question)}</p>${notes}
${scenario.cases.map(caseRows).join('\n')}
${scenarioPlots(scenario)}
${scenarioTable(scenario)}</section>`;
}
