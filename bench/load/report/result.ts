import type { Sample } from '../measure/sample.ts';
import type { SystemCalls } from '../measure/syscalls.ts';
import type { Wanted } from '../scenario.ts';
import type { RunFacts } from './facts.ts';

/** All results of a run. The JSON file contains this, and table and page are rendered from it. */
export interface BenchResult {
  readonly facts: RunFacts;
  readonly scenarios: readonly ScenarioResult[];
  /** What was left out and why, in complete sentences. */
  readonly leftOut: readonly string[];
}

/** A scenario on all targets. */
export interface ScenarioResult {
  readonly name: string;
  readonly question: string;
  readonly notes: readonly string[];
  readonly cases: readonly CaseResult[];
}

/** A case on all targets. */
export interface CaseResult {
  readonly name: string;
  readonly operation: string;
  /** The figure by which the case is judged; null means the server's CPU per operation. */
  readonly judge: string | null;
  readonly wanted: Wanted | null;
  readonly scale: { readonly of: string; readonly size: number } | null;
  readonly targets: readonly TargetResult[];
}

/** All rounds of a case on one target. */
export interface TargetResult {
  readonly target: string;
  readonly samples: readonly Sample[];
  readonly systemCalls: SystemCalls | null;
  /** Why the target could not be measured completely. */
  readonly fault: string | null;
}
