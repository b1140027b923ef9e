import { described, flag, listOf, millis, text, type Schema } from '../../operations/schema.ts';
import type { DifferenceView, LaneBatchView, LanesView, LaneView, TruthView } from '../../views/truth.ts';
import { count, number, oneOf, ref, viewOf } from './view-schema.ts';

const difference = described(
  viewOf<DifferenceView>(
    {
      channel: text,
      believed: described(
        oneOf<DifferenceView['believed']>({ there: true, gone: true, unknown: true }),
        'What the endpoint must believe. unknown if that is not known.',
      ),
      actual: oneOf<DifferenceView['actual']>({ there: true, gone: true }),
      why: described(text, 'Why, as a sentence.'),
      heals: described(flag, 'Whether the difference will go away without a repair.'),
    },
    { userId: described(text, 'Absent if the difference concerns the channel itself.') },
  ),
  'A difference between what an endpoint must believe and the true state.',
);

const truth = viewOf<TruthView>(
  {
    endpoint: text,
    atMs: millis('When it was compared.'),
    channels: described(count, 'Channels that were compared.'),
    members: described(count, 'Members that were compared.'),
    differences: described(listOf(ref('Difference')), 'The first differences, at most 200.'),
    differing: described(count, 'How many differences there are.'),
    limits: described(
      listOf(text),
      'What the endpoint does not receive because of its event types and channel filter, one sentence each.',
    ),
    canReconcile: described(flag, 'Whether reconcile can repair lasting differences.'),
  },
  { unknown: described(text, 'Why nothing can be compared. The other fields are empty then.') },
);

const lane = described(
  viewOf<LaneView>(
    { channel: text, events: count, oldestAgeMs: millis('The age of the oldest event.') },
    {
      blockedBy: described(text, 'The delivery that must finish before the first of these events is sent.'),
    },
  ),
  'The events of one channel that are not in a batch yet.',
);

const laneBatch = described(
  viewOf<LaneBatchView>(
    {
      channels: listOf(text),
      events: count,
      attempts: count,
      state: oneOf<LaneBatchView['state']>({ 'in-flight': true, waiting: true }),
      ageMs: millis('The age of the batch.'),
      // Negative if the batch is overdue.
      deadlineInMs: described(number, 'The time until the batch is dropped.'),
    },
    { id: text, nextAttemptInMs: described(number, 'The time until the next attempt is due.') },
  ),
  'An unfinished batch.',
);

const lanes = described(
  viewOf<LanesView>(
    {
      endpoint: text,
      lanes: described(listOf(ref('Lane')), 'At most 100 lanes, those that have waited longest first.'),
      laneCount: described(count, 'How many lanes there are.'),
      batches: described(listOf(ref('LaneBatch')), 'At most 100 unfinished batches, oldest first.'),
      batchCount: described(count, 'How many batches there are.'),
    },
    { queue: ref('Queue'), pause: ref('Pause') },
  ),
  'The queue of an endpoint by channel.',
);

/** The schemas of views/truth.ts. */
export const truthSchemas = {
  Truth: truth,
  Difference: difference,
  Lanes: lanes,
  Lane: lane,
  LaneBatch: laneBatch,
} as const satisfies Record<string, Schema>;
