import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { canReadServerCpu, separateCores, type Placement } from './cpu.ts';
import type { Sample } from './measure.ts';
import { readOptions, type Options } from './options.ts';
import { formatTable, hasFaults, runFacts, toJson, type CaseResult } from './report.ts';
import type { Scenario } from './scenario.ts';
import { connectSubscribe } from './scenarios/connect-subscribe.ts';
import { fanOut } from './scenarios/fan-out.ts';
import { httpTrigger } from './scenarios/http-trigger.ts';
import { webhooks } from './scenarios/webhooks.ts';
import { killProcesses } from './process.ts';
import { faultOfRedis, startRedis } from './redis.ts';
import { ledger } from './scenarios/ledger.ts';
import { nodes } from './scenarios/nodes.ts';
import { startEmulator, type Launch } from './target.ts';

const scenarios: readonly Scenario[] = [fanOut, httpTrigger, connectSubscribe, webhooks, ledger, nodes];
const program = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const warmUpSeconds = 1;

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const options = readOptions(
    args,
    scenarios.map(({ name }) => name),
  );
  if (typeof options === 'string') {
    process.stdout.write(options);
    return options.startsWith('npm') ? 0 : 2;
  }
  const chosen = scenarios.filter(
    ({ name }) => options.scenarios.length === 0 || options.scenarios.includes(name),
  );
  const placement = separateCores();
  guard(chosen.length, options);
  announce(placement);
  const launch = { program, prefix: placement.serverPrefix, profileDir: options.profileDir };
  const results: CaseResult[] = [];
  const skipped: string[] = [];
  for (const scenario of chosen) {
    const fault = scenario.needsRedis === true ? faultOfRedis() : undefined;
    if (fault === undefined) results.push(...(await measure(scenario, launch, options)));
    else skipped.push(`${scenario.name}: left out. ${fault}`);
  }
  process.stdout.write(`\n${formatTable(results)}\n`);
  if (skipped.length > 0) process.stdout.write(`\n${skipped.join('\n')}\n`);
  const facts = runFacts({
    placement: placement.description,
    rounds: options.rounds,
    seconds: options.seconds,
  });
  if (options.jsonFile !== undefined) writeFileSync(options.jsonFile, toJson(facts, results));
  return hasFaults(results) ? 1 : 0;
}

/** Runs one scenario: a warm-up of each case, then the rounds, its cases taking turns. */
async function measure(scenario: Scenario, launch: Launch, options: Options): Promise<CaseResult[]> {
  process.stdout.write(`${scenario.name}: ${scenario.question}\n`);
  let target = 'emulator';
  const prepared = await scenario.prepare(
    async (settings) => {
      const started = await startEmulator(launch, settings);
      target = started.name;
      return started;
    },
    () => startRedis(launch.prefix),
  );
  const measured = prepared.cases.map((entry) => ({ entry, samples: [] as Sample[] }));
  for (const { entry } of measured) await entry.round(warmUpSeconds);
  for (let round = 1; round <= options.rounds; round += 1) {
    process.stdout.write(`  round ${round} of ${options.rounds}\n`);
    for (const { entry, samples } of measured) samples.push(await entry.round(options.seconds));
  }
  await prepared.close();
  return measured.map(({ entry: { name, operation }, samples }) => ({
    scenario: scenario.name,
    target,
    name,
    operation,
    samples,
  }));
}

/** Whatever happens, no server outlives this process, and this process ends. */
function guard(scenarioCount: number, options: Options): void {
  const casesAtMost = 18;
  const perRound = options.seconds + 10;
  const limitSeconds = scenarioCount * (60 + casesAtMost * (perRound * options.rounds + warmUpSeconds + 10));
  const giveUp = (why: string, code: number): void => {
    process.stderr.write(`\n${why}\n`);
    killProcesses();
    process.exit(code);
  };
  setTimeout(() => giveUp(`Not finished after ${limitSeconds} s.`, 1), limitSeconds * 1000).unref();
  process.once('SIGINT', () => giveUp('Interrupted.', 130));
  process.once('SIGTERM', () => giveUp('Terminated.', 143));
  process.once('exit', killProcesses);
}

function announce(placement: Placement): void {
  const cpu = canReadServerCpu
    ? 'server CPU from /proc'
    : 'no server CPU: it is read from /proc, on Linux only';
  process.stdout.write(`node ${process.version}, ${placement.description}, ${cpu}\n\n`);
}
