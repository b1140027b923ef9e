import type { Random } from '../random.ts';
import type { Moment } from './moments.ts';
import type { Timing } from './timing.ts';

interface KillTrait {
  /** How often it is drawn, relative to the others. */
  readonly weight: number;
  /** The moment to wait for. Undefined for none. */
  readonly moment?: Moment;
  /** The shortest and the longest delay after it. */
  readonly afterMs: (timing: Timing) => readonly [number, number];
  /** Whether the node is killed while it starts. */
  readonly isOfStart?: true;
}

/** About how long a start takes. */
const startMs = 300;

const atOnce = (): [number, number] => [0, 0];

/**
 * The points at which a node is killed. They are timed by what the node does, so that the program needs no
 * hooks.
 */
export const killPoints = {
  'at any moment': { weight: 4, afterMs: () => [0, 0] },
  'around a commit': { weight: 5, moment: 'requested', afterMs: () => [0, 8] },
  'POST under way': { weight: 3, moment: 'received', afterMs: atOnce },
  'POST answered, not settled': { weight: 3, moment: 'accepted', afterMs: () => [0, 3] },
  'POST failed, not postponed': { weight: 2, moment: 'rejected', afterMs: () => [0, 3] },
  'cached publish answered': { weight: 2, moment: 'published', afterMs: atOnce },
  'client event received': { weight: 3, moment: 'client-event', afterMs: atOnce },
  'end of a grace period': {
    weight: 2,
    moment: 'requested',
    afterMs: ({ graceMs }) => [graceMs, graceMs + 30],
  },
  'before it opens its store': { weight: 1, moment: 'start', afterMs: () => [0, startMs], isOfStart: true },
  'while it reads its store': { weight: 2, moment: 'opening', afterMs: () => [0, 10], isOfStart: true },
  'while it restores': { weight: 2, moment: 'listening', afterMs: () => [0, 15], isOfStart: true },
} as const satisfies Readonly<Record<string, KillTrait>>;

export type KillPoint = keyof typeof killPoints;

/** The traits of a point. */
export function traitOf(point: KillPoint): KillTrait {
  return killPoints[point];
}

export interface PlannedKill {
  readonly point: KillPoint;
  /** How long the node runs before the wait for the moment begins. */
  readonly upMs: number;
  readonly afterMs: number;
  /** How long the node stays down. */
  readonly downMs: number;
}

/** Plans the kills. The same seed gives the same plan. */
export function planKills(random: Random, count: number, timing: Timing): readonly PlannedKill[] {
  const points = Object.keys(killPoints) as KillPoint[];
  const weights = Object.fromEntries(points.map((point) => [point, killPoints[point].weight]));
  return Array.from({ length: count }, () => {
    const point = random.weighted(weights) as KillPoint;
    const [least, most] = traitOf(point).afterMs(timing);
    const upMs = random.next() < 0.5 ? random.below(150) : random.between(150, timing.longestUpMs);
    const downMs = random.next() < 0.6 ? 0 : random.between(1, timing.longestDownMs);
    return { point, upMs, afterMs: random.between(least, most), downMs };
  });
}
