import { described, flag, listOf, millis, text, type Schema } from '../../operations/schema.ts';
import type { DifferenceView, LaneBatchView, LanesView, LaneView, TruthView } from '../../views/truth.ts';
import { count, number, oneOf, ref, viewOf } from './view-schema.ts';

const difference = described(
  viewOf<DifferenceView>(
    {
      channel: text,
      believed: described(
        oneOf<DifferenceView['believed']>({ there: true, gone: true, unknown: true }),
        'What the endpoint must believe; unknown: nobody can tell.',
      ),
      actual: oneOf<DifferenceView['actual']>({ there: true, gone: true }),
      why: described(text, 'Why, as a sentence.'),
      heals: described(flag, 'Whether it heals without anybody doing something.'),
    },
    { userId: described(text, 'Absent: it is about the channel itself.') },
  ),
  'A difference between what an endpoint must believe and what is true.',
);

const truth = viewOf<TruthView>(
  {
    endpoint: text,
    atMs: millis('When it was compared.'),
    channels: described(count, 'Channels that were compared.'),
    members: described(count, 'Members that were compared.'),
    differences: described(listOf(ref('Difference')), 'The first differences, at most 200.'),
    differing: described(count, 'How many differences there are.'),
    limits: described(listOf(text), 'What the endpoint does not hear of, one sentence each.'),
    canReconcile: described(flag, 'Whether reconcile can repair what does not heal.'),
  },
  { unknown: described(text, 'Why nothing can be said; then the rest is empty.') },
);

const lane = described(
  viewOf<LaneView>(
    { channel: text, events: count, oldestAgeMs: millis('The age of the oldest event.') },
    {
      blockedBy: described(
        text,
        'The delivery that must be done with before the first of the events is sent.',
      ),
    },
  ),
  'The events of one channel that are in no batch yet.',
);

const laneBatch = described(
  viewOf<LaneBatchView>(
    {
      channels: listOf(text),
      events: count,
      attempts: count,
      state: oneOf<LaneBatchView['state']>({ 'in-flight': true, waiting: true }),
      ageMs: millis('The age of the batch.'),
      // What is overdue is below zero.
      deadlineInMs: described(number, 'After so long it is dropped.'),
    },
    { id: text, nextAttemptInMs: described(number, 'When the next attempt is due.') },
  ),
  'A batch that is not done with.',
);

const lanes = described(
  viewOf<LanesView>(
    {
      endpoint: text,
      lanes: described(listOf(ref('Lane')), 'Those that wait longest first, at most 100.'),
      laneCount: described(count, 'How many lanes there are.'),
      batches: described(
        listOf(ref('LaneBatch')),
        'Batches that are not done with, oldest first, at most 100.',
      ),
      batchCount: described(count, 'How many batches there are.'),
    },
    { queue: ref('Queue'), pause: ref('Pause') },
  ),
  'What waits behind what.',
);

/** The schemas of views/truth.ts. */
export const truthSchemas = {
  Truth: truth,
  Difference: difference,
  Lanes: lanes,
  Lane: lane,
  LaneBatch: laneBatch,
} as const satisfies Record<string, Schema>;
