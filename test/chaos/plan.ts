import type { Random } from './random.ts';
import { graceMs, leaseMs } from './settings.ts';

/** What may go wrong, by the names of the command line. */
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
  /** How often it is drawn, compared with others. */
  readonly weight: number;
  /** How long it lasts, at least and at most. */
  readonly lastsMs: readonly [number, number];
  /** Whether another node may take over what a node had begun, so that the order becomes best effort. */
  readonly mayReorder: boolean;
  /** Whether it means something for a single node that keeps its state in memory. */
  readonly suitsMemory: boolean;
}

/** What is known of each kind of fault. */
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
  /** From [0, 1): which of the nodes, endpoints or ways that there are then. */
  readonly draw: number;
}

/** Many clients lose their connections at once. */
export interface PlannedStorm {
  readonly atMs: number;
  /** Which part of the clients. */
  readonly share: number;
  /** Within how long they come back: some of the time before their grace is over. */
  readonly returnWithinMs: number;
}

export interface Plan {
  readonly faults: readonly PlannedFault[];
  readonly storms: readonly PlannedStorm[];
}

/** What goes wrong in a run of this length, and when: the same for the same seed. */
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
