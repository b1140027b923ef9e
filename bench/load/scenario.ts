import type { Sample } from './measure.ts';
import type { BenchRedis } from './redis.ts';
import type { StartTarget } from './target.ts';

/** One measured situation; a row of the table. */
interface Case {
  readonly name: string;
  /** What is counted, in the singular: `delivery`, `request`, `connection`, `event`. */
  readonly operation: string;
  /** Loads the server for about this long, waits for what is under way, and says what came of it. */
  round(seconds: number): Promise<Sample>;
}

/** A scenario with its server started and its clients connected. */
interface Prepared {
  readonly cases: readonly Case[];
  close(): Promise<void>;
}

/** One question to a server. `prepare` is called once per target; the runner then alternates the rounds. */
export interface Scenario {
  readonly name: string;
  readonly question: string;
  /** Left out, visibly, where no Redis can be started. */
  readonly needsRedis?: boolean;
  prepare(start: StartTarget, startRedis: () => Promise<BenchRedis>): Promise<Prepared>;
}
