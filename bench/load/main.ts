import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { canReadCpu, separateCores } from './measure/cpu.ts';
import { faultOfTracer } from './measure/syscalls.ts';
import { readOptions, type Options } from './options.ts';
import { runFacts } from './report/facts.ts';
import { renderPage } from './report/page.ts';
import type { BenchResult, ScenarioResult } from './report/result.ts';
import { hasFaults } from './report/summary.ts';
import { formatCase } from './report/table.ts';
import { runScenario, type Run } from './run.ts';
import type { Scenario } from './scenario.ts';
import { scenarios } from './scenarios/all.ts';
import { chooseTarget } from './servers/choose.ts';
import { emulatorOf } from './servers/emulator.ts';
import { external } from './servers/external.ts';
import { killProcesses } from './servers/process.ts';
import { faultOfRedis } from './servers/redis.ts';
import type { TargetKind } from './servers/target.ts';

const resultsFolder = fileURLToPath(new URL('../results/', import.meta.url));

// Ended in so many words: a case that failed may have left connections open.
process.exit(await main(process.argv.slice(2)));

async function main(args: readonly string[]): Promise<number> {
  const options = readOptions(
    args,
    scenarios.map(({ name }) => name),
  );
  if (typeof options === 'string') {
    process.stdout.write(options);
    return options.startsWith('npm') ? 0 : 2;
  }
  if (options.render !== undefined) {
    const earlier = JSON.parse(readFileSync(options.render, 'utf8')) as BenchResult;
    writeFileSync(options.render.replace(/\.json$/, '.html'), renderPage(earlier));
    return 0;
  }
  endWithProcess();
  return measure(options);
}

async function measure(options: Options): Promise<number> {
  const placement = separateCores(options.cores);
  const targets = targetsOf(options, placement.serverPrefix);
  const facts = runFacts({
    placement: placement.description,
    rounds: options.rounds,
    seconds: options.seconds,
    targets: targets.map(({ name, version }) => ({ name, version })),
  });
  const source = canReadCpu ? 'CPU from /proc' : 'no CPU: it is read from /proc, on Linux only';
  say(`node ${facts.node}, ${placement.description}, ${source}`);
  const tracerFault = options.countsSystemCalls ? faultOfTracer() : undefined;
  const leftOut = tracerFault === undefined ? [] : [tracerFault];
  const run: Run = {
    ...options,
    targets,
    prefix: placement.serverPrefix,
    countsSystemCalls: options.countsSystemCalls && tracerFault === undefined,
    onCase: (result) => say(formatCase(result)),
  };
  const results: ScenarioResult[] = [];
  for (const scenario of scenarios.filter(({ name }) => options.scenarios.includes(name))) {
    const why = faultOf(scenario, targets);
    if (!scenario.cases.some(({ name }) => name.includes(options.only))) continue;
    if (why !== undefined) {
      leftOut.push(`${scenario.name} was left out. ${why}`);
      continue;
    }
    say(`\n${scenario.name}: ${scenario.question}`);
    results.push(await runScenario(scenario, run));
    keep({ facts, scenarios: results, leftOut }, options.keep);
  }
  const result = { facts, scenarios: results, leftOut };
  if (leftOut.length > 0) say(`\n${leftOut.join('\n')}`);
  say(`\nKept in bench/results/${options.keep}.json and ${options.keep}.html`);
  keep(result, options.keep);
  return hasFaults(result) ? 1 : 0;
}

function targetsOf(
  { targets, external: running, before, profileDir, sockudo }: Options,
  prefix: readonly string[],
): TargetKind[] {
  const launch = { prefix, profileDir, sockudo };
  return [
    ...targets.map((name) => chooseTarget(name, launch)),
    ...(before === undefined ? [] : [emulatorOf(before, 'before', launch)]),
    ...(running === undefined ? [] : [external(running)]),
  ];
}

/** Why nothing of the scenario can be run, in one sentence. */
function faultOf(scenario: Scenario, targets: readonly TargetKind[]): string | undefined {
  if (scenario.needsRedis === true && faultOfRedis() !== undefined) return faultOfRedis();
  const { needs = [], needsOne } = scenario;
  if (needsOne !== undefined && !targets.some(({ abilities }) => abilities.has(needsOne.ability))) {
    return needsOne.otherwise;
  }
  const isPossible = targets.some(({ abilities }) => needs.every((ability) => abilities.has(ability)));
  return isPossible ? undefined : 'None of the targets can do what it asks for.';
}

/** After each scenario, so that a run that is interrupted leaves what it has measured. */
function keep(result: BenchResult, name: string): void {
  mkdirSync(resultsFolder, { recursive: true });
  writeFileSync(`${resultsFolder}${name}.json`, `${JSON.stringify(result)}\n`);
  writeFileSync(`${resultsFolder}${name}.html`, renderPage(result));
}

/** Whatever happens, no server outlives this process. */
function endWithProcess(): void {
  const giveUp = (why: string, code: number): void => {
    process.stderr.write(`\n${why}\n`);
    killProcesses();
    process.exit(code);
  };
  process.once('SIGINT', () => giveUp('Interrupted.', 130));
  process.once('SIGTERM', () => giveUp('Terminated.', 143));
  process.once('exit', killProcesses);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
