import type { Sample } from './measure/sample.ts';
import type { BenchRedis } from './servers/redis.ts';
import type { Ability, ServerSettings, Target } from './servers/target.ts';

/** One question to servers, in several situations. */
export interface Scenario {
  readonly name: string;
  readonly question: string;
  /** What a target must be able to do; others are left out of this scenario. */
  readonly needs?: readonly Ability[];
  /** What one target must be able to do, the others being there for comparison; left out, saying `otherwise`, without. */
  readonly needsOne?: { readonly ability: Ability; readonly otherwise: string };
  /** Left out, visibly, where no Redis can be started. */
  readonly needsRedis?: boolean;
  readonly cases: readonly Case[];
  /** What a reader should know beside the figures: how a case is meant, or why two figures cannot be compared. */
  readonly notes?: readonly string[];
}

/** One measured situation; it is opened anew for each target, and its targets then take turns. */
export interface Case {
  readonly name: string;
  /** What a target must be able to do beyond what the scenario needs. */
  readonly needs?: readonly Ability[];
  /** What is counted, in the singular: `delivery`, `request`, `connection`, `event`. */
  readonly operation: string;
  /** The number by which the case is judged; less is better. Default: the server's CPU per operation. */
  readonly judge?: { readonly figure: string };
  /** What the number should be for this project. */
  readonly wanted?: Wanted;
  /** How much there is of what grows from case to case, such as channels; such cases make one plot. */
  readonly scale?: { readonly of: string; readonly size: number };
  /** Cases that stand one behind the other with the same value take turns with each other, not only their targets. */
  readonly turns?: string;
  /** Begins with no more than this; the default is a warm-up of one second. */
  readonly warmUpSeconds?: number;
  open(bench: Bench): Promise<Opened>;
}

/** A bound for the median: against the median of the floor, against that of another target of the run, or for itself. */
export interface Wanted {
  /** The target of which it is wanted; the default is `emulator`. */
  readonly of?: string;
  readonly timesRaw?: number;
  readonly timesOther?: { readonly target: string; readonly atMost: number };
  readonly atMost?: number;
}

/** A case with its server started and its clients connected. */
export interface Opened {
  /** The server, where its system calls can be counted during a round. */
  readonly pid?: number | undefined;
  /** Loads the server for about this long, waits for what is under way, and says what came of it. */
  round(seconds: number): Promise<Sample>;
  close(): Promise<void>;
}

/** What a case gets from the runner; whatever it starts is ended with the run, however that ends. */
export interface Bench {
  start(settings: ServerSettings): Promise<Target>;
  startRedis(): Promise<BenchRedis>;
  /** Length of a soak. */
  readonly minutes: number;
}
