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

const moved = 'moved: another node has taken it over.';

/** The state of a delivery. */
export const deliveryStatus = described(
  oneOf<DeliveryView['status']>({
    pending: true,
    delivered: true,
    dropped: true,
    moved: true,
  }),
  moved,
);

const result = described(
  oneOf<AttemptResult | 'pending'>({
    pending: true,
    success: true,
    refused: true,
    timeout: true,
    unreachable: true,
  }),
  `pending: in progress; ${String(attemptResult['description'])}`,
);
const error = described(text, 'Why there was no response.');

/** The number of an attempt. */
export const attemptNumber = described(count, 'The number of the attempt, counted from 1.');

/** The start, duration and result of an attempt. */
export const attemptCourse = {
  atMs: millis('When it began.'),
  elapsedMs: millis('How long it took. Absent while it is in progress.'),
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
      headers: described(texts, 'The headers of the request as sent, with the signature.'),
    },
    {
      resend: described(count, 'The number of the resend, counted from 1, if it was one.'),
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
  atMs: millis('When its first kept attempt began.'),
  events: described(
    listOf(viewOf<DeliveryView['events'][number]>({ name: eventName, channel: text }, { user_id: text })),
    'The distinct combinations of name, channel and user among its events.',
  ),
  eventCount: count,
  attempts: described(count, 'How many attempts were made.'),
  isResent: described(flag, 'Whether it was resent.'),
} as const satisfies RequiredFields<DeliveryView>;

const deliveryMayHave = {
  reason: described(text, 'Why it was dropped.'),
  lastAttempt: viewOf<NonNullable<DeliveryView['lastAttempt']>>({ result }, { status: httpStatus, error }),
  elapsedMs: millis('How long the last attempt took.'),
  nextAttemptAtMs: millis('When the next attempt is due.'),
} as const satisfies OptionalFields<DeliveryView>;

const deliveryDetail = viewOf<DeliveryDetail>(
  {
    ...deliveryHas,
    body: described(text, 'The body of the webhook.'),
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
      atMs: millis('When the connection caused it.'),
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
      status: described(
        oneOf<FateView['status']>({
          pending: true,
          delivered: true,
          dropped: true,
          filtered: true,
          moved: true,
        }),
        moved,
      ),
      deliveries: described(listOf(text), 'Ids of the deliveries that contain it.'),
      attempts: count,
    },
    { reason: described(text, 'Why it was not delivered.') },
  ),
  'The outcome of an event at one endpoint.',
);

const event = described(
  viewOf<EventView>(
    {
      id: described(count, 'An ascending number.'),
      appId: text,
      name: eventName,
      channel: text,
      atMs: millis('When it happened.'),
      status: described(
        oneOf<EventView['status']>({
          pending: true,
          delivered: true,
          dropped: true,
          filtered: true,
          suppressed: true,
          deduplicated: true,
          moved: true,
        }),
        moved,
      ),
      cause: ref('Cause'),
      why: described(text, 'The cause and the outcome, as a sentence.'),
      endpoints: listOf(ref('Fate')),
    },
    {
      user_id: text,
      event: described(text, 'The name of a client event.'),
      data: described(text, 'The data of a client event.'),
      socket_id: described(text, 'The sender of a client event.'),
      subscription_count: count,
    },
  ),
  'A webhook event, sent or not, and why.',
);

function pageOf(item: SchemaName): Schema {
  return described(
    viewOf<PageOf<unknown>>(
      {
        items: listOf(ref(item)),
        keptSinceMs: keptSince,
        skipped: described(count, 'Records that were skipped since then, because too much happened at once.'),
      },
      { next: described(text, 'The value of before for the next page. Absent on the last page.') },
    ),
    'One page of a list, newest first.',
  );
}

/** The schemas of views/deliveries.ts. */
export const deliverySchemas = {
  Delivery: described(
    viewOf<DeliveryView>(deliveryHas, deliveryMayHave),
    'A webhook to one endpoint, with all its attempts.',
  ),
  DeliveryDetail: deliveryDetail,
  DeliveryPage: pageOf('Delivery'),
  Attempt: attempt,
  Event: event,
  EventPage: pageOf('Event'),
  Cause: cause,
  Fate: fate,
} as const satisfies Record<string, Schema>;
