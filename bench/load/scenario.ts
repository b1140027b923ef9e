import type { Sample } from './measure/sample.ts';
import type { BenchRedis } from './servers/redis.ts';
import type { Ability, ServerSettings, Target } from './servers/target.ts';

/** One question about servers, in several situations. */
export interface Scenario {
  readonly name: string;
  readonly question: string;
  /** The abilities that a target needs; other targets skip this scenario. */
  readonly needs?: readonly Ability[];
  /** The ability that at least one target needs; without one, the scenario is left out with the reason `otherwise`. */
  readonly needsOne?: { readonly ability: Ability; readonly otherwise: string };
  /** Whether the report leaves the scenario out, with the reason, if Redis cannot start. */
  readonly needsRedis?: boolean;
  readonly cases: readonly Case[];
  /** What a reader should know besides the figures: what a case means, or why two figures cannot be compared. */
  readonly notes?: readonly string[];
}

/** One measured situation. It is opened once for each target; the targets then take turns. */
export interface Case {
  readonly name: string;
  /** Abilities that a target needs besides those of the scenario. */
  readonly needs?: readonly Ability[];
  /** What the case counts, in the singular: `delivery`, `request`, `connection`, `event`. */
  readonly operation: string;
  /** The figure by which the case is judged; less is better. The default is the server's CPU per operation. */
  readonly judge?: { readonly figure: string };
  /** The project's own bound for this figure. */
  readonly wanted?: Wanted;
  /** The size that grows from case to case, such as the number of channels. Such cases share one plot. */
  readonly scale?: { readonly of: string; readonly size: number };
  /** Consecutive cases with the same value take turns with each other, not only their targets. */
  readonly turns?: string;
  /** Length of the warm-up; the default is one second. */
  readonly warmUpSeconds?: number;
  open(bench: Bench): Promise<Opened>;
}

/** A bound for the median: relative to the floor's, relative to another target's, or absolute. */
export interface Wanted {
  /** The target that the bound applies to; the default is `emulator`. */
  readonly of?: string;
  readonly timesRaw?: number;
  readonly timesOther?: { readonly target: string; readonly atMost: number };
  readonly atMost?: number;
}

/** A case with its server started and its clients connected. */
export interface Opened {
  /** The server's process, if its system calls can be counted during a round. */
  readonly pid?: number | undefined;
  /** Loads the server for about this long, waits for operations in progress, and returns the result. */
  round(seconds: number): Promise<Sample>;
  close(): Promise<void>;
}

/** What the runner offers a case. Everything that it starts stops with the run, however the run ends. */
export interface Bench {
  start(settings: ServerSettings): Promise<Target>;
  startRedis(): Promise<BenchRedis>;
  /** Length of a soak. */
  readonly minutes: number;
}
