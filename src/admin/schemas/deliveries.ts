import { described, flag, listOf, millis, text, type Schema } from '../../operations/schema.ts';
import type {
  AttemptResult,
  AttemptView,
  CauseView,
  DeliveryDetail,
  DeliveryView,
  EventView,
  FateView,
  PageOf,
} from '../../views/deliveries.ts';
import { keptSince } from './server.ts';
import { answerBody, attemptResult, eventName, httpStatus } from './settings.ts';
import {
  count,
  oneOf,
  ref,
  texts,
  viewOf,
  type OptionalFields,
  type RequiredFields,
  type SchemaName,
} from './view-schema.ts';

/** How far a delivery is. */
export const deliveryStatus = oneOf<DeliveryView['status']>({
  pending: true,
  delivered: true,
  dropped: true,
});

const result = described(
  oneOf<AttemptResult | 'pending'>({
    pending: true,
    success: true,
    refused: true,
    timeout: true,
    unreachable: true,
  }),
  `pending: it is under way; ${String(attemptResult['description'])}`,
);
const error = described(text, 'Why there was no answer.');

/** The number of an attempt. */
export const attemptNumber = described(count, 'Which attempt it is, counted from 1.');

/** When an attempt began, how long it took, and what came of it. */
export const attemptCourse = {
  atMs: millis('When it began.'),
  elapsedMs: millis('How long it took; absent while it is under way.'),
  result,
  status: httpStatus,
} as const satisfies Partial<Record<keyof AttemptView, Schema>>;

const { atMs: attemptAtMs, elapsedMs: attemptElapsedMs } = attemptCourse;

const attempt = described(
  viewOf<AttemptView>(
    {
      number: attemptNumber,
      atMs: attemptAtMs,
      result,
      headers: described(texts, "The request's headers as sent, with the signature."),
    },
    {
      resend: described(count, 'It was made on demand: which of those, counted from 1.'),
      elapsedMs: attemptElapsedMs,
      status: httpStatus,
      error,
      answer: answerBody,
    },
  ),
  'One POST.',
);

const deliveryHas = {
  id: described(text, 'The webhook-id of the request.'),
  appId: text,
  endpoint: text,
  url: text,
  status: deliveryStatus,
  atMs: millis('When it was made.'),
  events: described(
    listOf(viewOf<DeliveryView['events'][number]>({ name: eventName, channel: text }, { user_id: text })),
    'The names of its events, each once, and the channels.',
  ),
  eventCount: count,
  attempts: described(count, 'How many were made.'),
  isResent: described(flag, 'Whether it was sent again on demand.'),
} as const satisfies RequiredFields<DeliveryView>;

const deliveryMayHave = {
  reason: described(text, 'Why it was dropped.'),
  lastAttempt: viewOf<NonNullable<DeliveryView['lastAttempt']>>({ result }, { status: httpStatus, error }),
  elapsedMs: millis('How long it took.'),
  nextAttemptAtMs: millis('When the next attempt is due.'),
} as const satisfies OptionalFields<DeliveryView>;

const deliveryDetail = viewOf<DeliveryDetail>(
  {
    ...deliveryHas,
    body: described(text, 'The body of the request.'),
    attemptList: listOf(ref('Attempt')),
    eventIds: described(listOf(count), 'Ids of its events in the list of events.'),
  },
  deliveryMayHave,
);

const cause = described(
  viewOf<CauseView>(
    {
      kind: oneOf<CauseView['kind']>({
        subscribed: true,
        unsubscribed: true,
        disconnected: true,
        'client event': true,
        reconciled: true,
        unknown: true,
      }),
      atMs: millis('When the connection did it.'),
    },
    { socket_id: text, user_id: text },
  ),
  'What caused an event.',
);

const fate = described(
  viewOf<FateView>(
    {
      endpoint: text,
      url: text,
      status: oneOf<FateView['status']>({ pending: true, delivered: true, dropped: true, filtered: true }),
      deliveries: described(listOf(text), 'Ids of the deliveries that hold it.'),
      attempts: count,
    },
    { reason: described(text, 'Why it was not delivered.') },
  ),
  'What became of an event at one endpoint.',
);

const event = described(
  viewOf<EventView>(
    {
      id: described(count, 'Counts up.'),
      appId: text,
      name: eventName,
      channel: text,
      atMs: millis('When it happened.'),
      status: oneOf<EventView['status']>({
        pending: true,
        delivered: true,
        dropped: true,
        filtered: true,
        suppressed: true,
        deduplicated: true,
      }),
      cause: ref('Cause'),
      why: described(text, 'The cause and what became of it, as a sentence.'),
      endpoints: listOf(ref('Fate')),
    },
    {
      user_id: text,
      event: described(text, 'Client events: their name.'),
      data: described(text, 'Client events: their data.'),
      socket_id: described(text, 'Client events: their sender.'),
      subscription_count: count,
    },
  ),
  'Something that webhooks tell or would have told, and why.',
);

function pageOf(item: SchemaName): Schema {
  return described(
    viewOf<PageOf<unknown>>(
      {
        items: listOf(ref(item)),
        keptSinceMs: keptSince,
        skipped: described(count, 'What was not kept since then, because more happened than is recorded.'),
      },
      { next: described(text, 'The before of the items that follow; absent: there are none.') },
    ),
    'A part of a list, newest first.',
  );
}

/** The schemas of views/deliveries.ts. */
export const deliverySchemas = {
  Delivery: described(
    viewOf<DeliveryView>(deliveryHas, deliveryMayHave),
    'A request, over all its attempts.',
  ),
  DeliveryDetail: deliveryDetail,
  DeliveryPage: pageOf('Delivery'),
  Attempt: attempt,
  Event: event,
  EventPage: pageOf('Event'),
  Cause: cause,
  Fate: fate,
} as const satisfies Record<string, Schema>;
