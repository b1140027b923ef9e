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

// Exit explicitly: a case that failed may have left connections open.
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
  stopServersOnExit();
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
  const source = canReadCpu ? 'CPU from /proc' : 'no CPU: it comes from /proc, which only Linux has';
  print(`node ${facts.node}, ${placement.description}, ${source}`);
  const tracerFault = options.countsSystemCalls ? faultOfTracer() : undefined;
  const leftOut = tracerFault === undefined ? [] : [tracerFault];
  const run: Run = {
    ...options,
    targets,
    prefix: placement.serverPrefix,
    countsSystemCalls: options.countsSystemCalls && tracerFault === undefined,
    onCase: (result) => print(formatCase(result)),
  };
  const results: ScenarioResult[] = [];
  for (const scenario of scenarios.filter(({ name }) => options.scenarios.includes(name))) {
    const fault = faultOf(scenario, targets);
    if (!scenario.cases.some(({ name }) => name.includes(options.only))) continue;
    if (fault !== undefined) {
      leftOut.push(`${scenario.name} was left out. ${fault}`);
      continue;
    }
    print(`\n${scenario.name}: ${scenario.question}`);
    results.push(await runScenario(scenario, run));
    save({ facts, scenarios: results, leftOut }, options.keep);
  }
  const result = { facts, scenarios: results, leftOut };
  if (leftOut.length > 0) print(`\n${leftOut.join('\n')}`);
  print(`\nSaved as bench/results/${options.keep}.json and ${options.keep}.html`);
  save(result, options.keep);
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

/** Why no case of the scenario can run, in one sentence. */
function faultOf(scenario: Scenario, targets: readonly TargetKind[]): string | undefined {
  if (scenario.needsRedis === true && faultOfRedis() !== undefined) return faultOfRedis();
  const { needs = [], needsOne } = scenario;
  if (needsOne !== undefined && !targets.some(({ abilities }) => abilities.has(needsOne.ability))) {
    return needsOne.otherwise;
  }
  const isPossible = targets.some(({ abilities }) => needs.every((ability) => abilities.has(ability)));
  return isPossible ? undefined : 'None of the targets supports it.';
}

/** Saves the results after each scenario, so that an interrupted run keeps what it has measured. */
function save(result: BenchResult, name: string): void {
  mkdirSync(resultsFolder, { recursive: true });
  writeFileSync(`${resultsFolder}${name}.json`, `${JSON.stringify(result)}\n`);
  writeFileSync(`${resultsFolder}${name}.html`, renderPage(result));
}

/** Ensures that no server outlives this process. */
function stopServersOnExit(): void {
  const exit = (reason: string, code: number): void => {
    process.stderr.write(`\n${reason}\n`);
    killProcesses();
    process.exit(code);
  };
  process.once('SIGINT', () => exit('Interrupted.', 130));
  process.once('SIGTERM', () => exit('Terminated.', 143));
  process.once('exit', killProcesses);
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
