import type {
  DifferenceView,
  LaneBatchView,
  LanesView,
  LaneView,
  TruthView,
} from '../../../../src/views/truth.ts';
import { pause, queue } from './settings.ts';
import type { Full } from './full.ts';

const difference: Full<DifferenceView> = {
  channel: 'presence-a',
  userId: 'u',
  believed: 'unknown',
  actual: 'gone',
  why: 'member_removed was dropped.',
  heals: false,
};

const truth: Full<TruthView> = {
  endpoint: 'e',
  atMs: 1,
  unknown: 'Another node sends the webhooks.',
  channels: 1,
  members: 1,
  differences: [difference],
  differing: 1,
  limits: ['It does not select members.'],
  canReconcile: true,
};

const lane: Full<LaneView> = { channel: 'a', events: 1, oldestAgeMs: 2, blockedBy: 'msg_1' };

const laneBatch: Full<LaneBatchView> = {
  id: 'msg_1',
  channels: ['a'],
  events: 1,
  attempts: 2,
  state: 'in-flight',
  ageMs: 3,
  nextAttemptInMs: -1,
  deadlineInMs: 4,
};

const lanes: Full<LanesView> = {
  endpoint: 'e',
  queue,
  pause,
  lanes: [lane],
  laneCount: 1,
  batches: [laneBatch],
  batchCount: 1,
};

/** Samples of the schemas of schemas/truth.ts. */
export const truthSamples = {
  Truth: truth,
  Difference: difference,
  Lanes: lanes,
  Lane: lane,
  LaneBatch: laneBatch,
} as const;
