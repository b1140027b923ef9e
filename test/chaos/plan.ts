import type { Random } from './random.ts';
import { graceMs, leaseMs } from './settings.ts';

/** The faults, by their names on the command line. */
export const faultKinds = [
  'kill',
  'freeze-short',
  'freeze-long',
  'restart',
  'rolling',
  'add',
  'redis-kill',
  'redis-freeze',
  'redis-clients',
  'script-flush',
  'flushall',
  'endpoint',
] as const;

export type FaultKind = (typeof faultKinds)[number];

interface FaultTrait {
  /** How often it is drawn, relative to the others. */
  readonly weight: number;
  /** The shortest and the longest duration. */
  readonly lastsMs: readonly [number, number];
  /** Whether another node may take over pending work, which makes the order best effort. */
  readonly mayReorder: boolean;
  /** Whether it applies to a single node that keeps its state in memory. */
  readonly suitsMemory: boolean;
}

/** The traits of each kind of fault. */
export const faultTraits: Readonly<Record<FaultKind, FaultTrait>> = {
  kill: { weight: 3, lastsMs: [0, 2000], mayReorder: true, suitsMemory: false },
  'freeze-short': { weight: 2, lastsMs: [200, leaseMs * 0.6], mayReorder: true, suitsMemory: true },
  'freeze-long': { weight: 2, lastsMs: [leaseMs * 1.5, leaseMs * 3], mayReorder: true, suitsMemory: true },
  restart: { weight: 2, lastsMs: [0, 500], mayReorder: false, suitsMemory: false },
  rolling: { weight: 1, lastsMs: [0, 500], mayReorder: false, suitsMemory: false },
  add: { weight: 2, lastsMs: [500, 6000], mayReorder: false, suitsMemory: false },
  'redis-kill': { weight: 1, lastsMs: [200, 2500], mayReorder: true, suitsMemory: false },
  'redis-freeze': { weight: 1, lastsMs: [500, leaseMs * 2.5], mayReorder: true, suitsMemory: false },
  'redis-clients': { weight: 2, lastsMs: [0, 0], mayReorder: false, suitsMemory: false },
  'script-flush': { weight: 1, lastsMs: [0, 0], mayReorder: false, suitsMemory: false },
  flushall: { weight: 1, lastsMs: [0, 0], mayReorder: true, suitsMemory: false },
  endpoint: { weight: 3, lastsMs: [1000, 6000], mayReorder: false, suitsMemory: true },
};

export interface PlannedFault {
  readonly kind: FaultKind;
  /** From the start of the run. */
  readonly atMs: number;
  readonly lastsMs: number;
  /** From [0, 1): selects the node, or the endpoint and how it fails, once the fault begins. */
  readonly draw: number;
}

/** Many clients lose their connections at once. */
export interface PlannedStorm {
  readonly atMs: number;
  /** The fraction of clients. */
  readonly share: number;
  /** How long they take to reconnect. Some return before the grace period is over. */
  readonly returnWithinMs: number;
}

export interface Plan {
  readonly faults: readonly PlannedFault[];
  readonly storms: readonly PlannedStorm[];
}

/** Plans faults and storms for a run of this length. The same seed gives the same plan. */
export function planRun(random: Random, kinds: readonly FaultKind[], lengthMs: number): Plan {
  const weights = Object.fromEntries(kinds.map((kind) => [kind, faultTraits[kind].weight]));
  const faultsRandom = random.fork();
  const stormsRandom = random.fork();
  const faults: PlannedFault[] = [];
  let atMs = 1000 + faultsRandom.below(1500);
  while (kinds.length > 0 && atMs < lengthMs) {
    const kind = faultsRandom.weighted(weights) as FaultKind;
    const [least, most] = faultTraits[kind].lastsMs;
    faults.push({ kind, atMs, lastsMs: faultsRandom.between(least, most), draw: faultsRandom.next() });
    atMs += faultsRandom.between(500, 4000);
  }
  const storms: PlannedStorm[] = [];
  atMs = 3000 + stormsRandom.below(3000);
  while (atMs < lengthMs) {
    const share = 0.2 + 0.8 * stormsRandom.next();
    storms.push({ atMs, share, returnWithinMs: stormsRandom.between(50, 3 * graceMs) });
    atMs += stormsRandom.between(4000, 12_000);
  }
  return { faults, storms };
}
