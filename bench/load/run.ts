import type { Sample } from './measure/sample.ts';
import { countSystemCalls, type SystemCalls } from './measure/syscalls.ts';
import type { CaseResult, ScenarioResult, TargetResult } from './report/result.ts';
import type { Bench, Case, Opened, Scenario } from './scenario.ts';
import { startRedis } from './servers/redis.ts';
import type { TargetKind } from './servers/target.ts';

/** How to run scenarios. */
export interface Run {
  readonly targets: readonly TargetKind[];
  /** Words before the command of each server. */
  readonly prefix: readonly string[];
  readonly rounds: number;
  readonly seconds: number;
  readonly minutes: number;
  readonly only: string;
  readonly countsSystemCalls: boolean;
  /** Called with each case as soon as it is measured. */
  readonly onCase: (result: CaseResult) => void;
}

const warmUpSeconds = 1;

/** Measures a scenario case by case; its targets take turns. Leaves out cases without a target. */
export async function runScenario(scenario: Scenario, run: Run): Promise<ScenarioResult> {
  const results: CaseResult[] = [];
  for (const group of groupsOf(scenario, run.only)) {
    for (const result of await runGroup(scenario, group, run)) {
      if (result.targets.length === 0) continue;
      results.push(result);
      run.onCase(result);
    }
  }
  const { name, question, notes = [] } = scenario;
  return { name, question, notes, cases: results };
}

/** Groups the cases that take turns with each other, in their order. */
function groupsOf({ cases }: Scenario, only: string): Case[][] {
  const groups: Case[][] = [];
  for (const one of cases.filter(({ name }) => name.includes(only))) {
    const last = groups.at(-1);
    if (one.turns !== undefined && last?.[0]?.turns === one.turns) last.push(one);
    else groups.push([one]);
  }
  return groups;
}

/** A case on one target. */
interface Turn {
  readonly measured: Case;
  readonly target: TargetKind;
  readonly samples: Sample[];
  readonly opened: Opened;
  systemCalls: SystemCalls | null;
  fault: string | null;
}

async function runGroup(scenario: Scenario, group: readonly Case[], run: Run): Promise<CaseResult[]> {
  const turns: Turn[] = [];
  const faults: { readonly measured: Case; readonly result: TargetResult }[] = [];
  for (const measured of group) {
    for (const target of run.targets.filter((kind) => canRun(scenario, measured, kind))) {
      try {
        const opened = await measured.open(benchOf(target, run));
        turns.push({ measured, target, opened, samples: [], systemCalls: null, fault: null });
      } catch (error) {
        faults.push({ measured, result: failed(target, error) });
      }
    }
  }
  for (const turn of turns) await warmUp(turn);
  for (let round = 0; round < run.rounds; round += 1) {
    // Each round starts with a different target, so no target always runs after the same neighbour.
    for (const turn of rotated(turns, round)) await take(turn, run.seconds);
  }
  if (run.countsSystemCalls) for (const turn of turns) await trace(turn, run.seconds);
  for (const turn of turns) await turn.opened.close();
  return group.map((measured) => resultOf(measured, turns, faults));
}

function canRun(scenario: Scenario, measured: Case, { abilities }: TargetKind): boolean {
  return [...(scenario.needs ?? []), ...(measured.needs ?? [])].every((ability) => abilities.has(ability));
}

function benchOf(target: TargetKind, run: Run): Bench {
  return {
    start: (settings) => target.start(settings),
    startRedis: () => startRedis(run.prefix),
    minutes: run.minutes,
  };
}

function warmUp(turn: Turn): Promise<void> {
  const seconds = turn.measured.warmUpSeconds ?? warmUpSeconds;
  return attempt(turn, async () => {
    if (seconds > 0) await turn.opened.round(seconds);
  });
}

function take(turn: Turn, seconds: number): Promise<void> {
  return attempt(turn, async () => void turn.samples.push(await turn.opened.round(seconds)));
}

function trace(turn: Turn, seconds: number): Promise<void> {
  return attempt(turn, async () => {
    const { pid } = turn.opened;
    if (pid === undefined) return;
    turn.systemCalls = await countSystemCalls(pid, async () => (await turn.opened.round(seconds)).operations);
  });
}

/** Keeps the error of a target that fails for the report; the others continue. */
async function attempt(turn: Turn, act: () => Promise<void>): Promise<void> {
  if (turn.fault !== null) return;
  try {
    await act();
  } catch (error) {
    turn.fault = messageOf(error);
  }
}

function rotated<Item>(items: readonly Item[], by: number): Item[] {
  const from = items.length === 0 ? 0 : by % items.length;
  return [...items.slice(from), ...items.slice(0, from)];
}

function resultOf(
  measured: Case,
  turns: readonly Turn[],
  faults: readonly { readonly measured: Case; readonly result: TargetResult }[],
): CaseResult {
  const { name, operation, judge, wanted, scale } = measured;
  const targets = turns
    .filter((turn) => turn.measured === measured)
    .map(({ target, samples, systemCalls, fault }) => ({ target: target.name, samples, systemCalls, fault }));
  const failures = faults.filter((entry) => entry.measured === measured).map(({ result }) => result);
  return {
    name,
    operation,
    judge: judge?.figure ?? null,
    wanted: wanted ?? null,
    scale: scale ?? null,
    targets: [...targets, ...failures],
  };
}

function failed(target: TargetKind, error: unknown): TargetResult {
  return { target: target.name, samples: [], systemCalls: null, fault: messageOf(error) };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
