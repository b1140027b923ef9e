import { described, flag, listOf, millis, object, text, type Schema } from '../../operations/schema.ts';
import { eventNames } from '../../webhooks/event.ts';
import type { RecordEntry } from '../record/run-record.ts';

/** A schema of `components`. */
export function ref(name: keyof typeof schemas): Schema {
  return { $ref: `#/components/schemas/${name}` };
}

/** The app, in a query. */
export const appQuery = { app: 'The id of the app; without it, all apps.' };

/** The app, in a body. */
export const appField = described(text, 'The id of the app; without it, all apps.');

/** The event after which others count. */
export const afterField: Schema = { type: 'integer', description: 'Only events after the one with this id.' };

const expression = object({ $regex: text, $flags: text }, ['$regex']);
const textOrExpression: Schema = { anyOf: [text, expression] };

const times: Schema = {
  type: 'integer',
  minimum: 1,
  description: 'How many times it applies; without it, until it is cleared.',
};
const closeCode: Schema = { type: 'integer', minimum: 4000, maximum: 4299 };

const eventFields = {
  name: { type: 'string', enum: eventNames },
  channel: text,
  user_id: text,
  event: described(text, 'Client events: their name.'),
  data: described(text, 'Client events: their data.'),
  socket_id: described(text, 'Client events: their sender.'),
  subscription_count: { type: 'integer' },
} as const satisfies Record<string, Schema>;

const answerHeaders = described(
  { type: 'object', additionalProperties: text },
  'Header fields of the response: content-type, location, retry-after, server, www-authenticate.',
);
const answer = described(text, 'The beginning of the response body, up to 4 KB; absent if it was empty.');

const attemptFields = {
  number: { type: 'integer' },
  atMs: millis('When it began, on the clock of the emulator.'),
  elapsedMs: millis('How long it took; absent while it is in progress.'),
  outcome: { type: 'string', enum: ['pending', 'success', 'refused', 'timeout', 'unreachable'] },
  status: { type: 'integer' },
  answerHeaders,
  answer,
  error: text,
} as const satisfies Record<string, Schema>;

const recordedAttempt = object(attemptFields, ['number', 'atMs', 'outcome']);

const attempt = object(
  {
    ...attemptFields,
    timeMs: millis('When it began, time of day.'),
    headers: { type: 'object', additionalProperties: text },
  },
  ['number', 'atMs', 'timeMs', 'outcome', 'headers'],
);

const entryKinds: readonly RecordEntry['kind'][] = [
  'connected',
  'disconnected',
  'signed in',
  'subscribed',
  'unsubscribed',
  'client event',
  'published',
  'refused',
  'clock advanced',
  'fault injected',
  'fault cleared',
  'faults cleared',
  'delivered',
  'dropped',
];

const endpointFate = object(
  {
    endpoint: text,
    url: text,
    status: { type: 'string', enum: ['pending', 'delivered', 'dropped', 'filtered'] },
    reason: text,
    deliveries: listOf(text),
    attempts: { type: 'integer' },
    lastAttempt: object(
      {
        outcome: { type: 'string', enum: ['success', 'refused', 'timeout', 'unreachable'] },
        status: { type: 'integer' },
        answerHeaders,
        answer,
        error: text,
      },
      ['outcome'],
    ),
  },
  ['endpoint', 'url', 'status', 'deliveries', 'attempts'],
);

/** The components of the document. */
export const schemas = {
  Match: described(
    object({
      ...Object.fromEntries(Object.keys(eventFields).map((name) => [name, textOrExpression])),
      name: { anyOf: [eventFields.name, expression] },
      subscription_count: eventFields.subscription_count,
    }),
    'Fields that the event must have, as texts or as regular expressions.',
  ),
  PublishMatch: described(
    object({
      channel: described(textOrExpression, 'One of its channels.'),
      event: textOrExpression,
      data: described(
        {},
        'The whole text, or a regular expression. Any other value is compared with the parsed JSON: an object matches if the data have its fields.',
      ),
      socket_id: described(textOrExpression, 'The connection that was excluded.'),
    }),
    'Fields that the published event must have.',
  ),
  PublishedEvent: object(
    {
      id: { type: 'integer', description: 'Counts up from 1.' },
      appId: text,
      event: text,
      channels: listOf(text),
      data: described(text, 'The text that subscribers received.'),
      socket_id: described(text, 'The connection that was excluded.'),
      source: { type: 'string', enum: ['api', 'admin'] },
      atMs: millis('When, on the clock of the emulator.'),
      receiverCount: { type: 'integer', description: 'How many connections received it.' },
      receivers: described(
        listOf(object({ socketId: text, userId: text, channels: listOf(text) }, ['socketId', 'channels'])),
        'The first 1000 of them.',
      ),
    },
    ['id', 'appId', 'event', 'channels', 'data', 'source', 'atMs', 'receiverCount', 'receivers'],
  ),
  Event: object(
    {
      id: { type: 'integer', description: 'Counts up from 1.' },
      appId: text,
      ...eventFields,
      atMs: millis('When it happened, on the clock of the emulator.'),
      status: {
        type: 'string',
        enum: ['pending', 'delivered', 'dropped', 'filtered', 'suppressed', 'deduplicated'],
      },
      cause: object(
        {
          kind: {
            type: 'string',
            enum: ['subscribed', 'unsubscribed', 'disconnected', 'client event', 'reconciled', 'unknown'],
          },
          socket_id: text,
          user_id: text,
          atMs: millis('When the connection did it.'),
        },
        ['kind', 'atMs'],
      ),
      why: described(text, 'The cause and the status of the event, as a sentence.'),
      endpoints: listOf(endpointFate),
    },
    ['id', 'appId', 'name', 'channel', 'atMs', 'status', 'cause', 'why', 'endpoints'],
  ),
  Delivery: object(
    {
      id: described(text, 'The webhook-id of the request.'),
      appId: text,
      endpoint: text,
      url: text,
      status: { type: 'string', enum: ['pending', 'delivered', 'dropped'] },
      reason: text,
      eventIds: listOf({ type: 'integer' }),
      body: text,
      attempts: listOf(attempt),
    },
    ['id', 'appId', 'endpoint', 'url', 'status', 'eventIds', 'body', 'attempts'],
  ),
  Record: object(
    {
      format: { type: 'string', const: 'soketify-record' },
      version: { type: 'integer', const: 1 },
      clock: { $ref: '#/components/schemas/Clock' },
      seed: { type: 'integer' },
      apps: listOf(
        object({ id: text, key: text, endpoints: listOf(object({ id: text, url: text }, ['id', 'url'])) }, [
          'id',
          'key',
          'endpoints',
        ]),
      ),
      lost: described(
        object({ entries: { type: 'integer' }, deliveries: { type: 'integer' } }, ['entries', 'deliveries']),
        'How many of the oldest are no longer kept.',
      ),
      entries: described(
        listOf({
          type: 'object',
          properties: {
            atMs: millis('When, on the clock of the emulator.'),
            appId: text,
            kind: { type: 'string', enum: entryKinds },
          },
          required: ['atMs', 'kind'],
        }),
        'What happened, in order. Further fields depend on the kind.',
      ),
      deliveries: described(
        listOf(
          object(
            {
              id: described(text, 'The webhook-id of the request.'),
              appId: text,
              endpoint: text,
              status: { type: 'string', enum: ['pending', 'delivered', 'dropped'] },
              reason: text,
              body: text,
              attempts: listOf(recordedAttempt),
            },
            ['id', 'appId', 'endpoint', 'status', 'body', 'attempts'],
          ),
        ),
        'In the order in which they were accepted or dropped; those that are pending are last.',
      ),
    },
    ['format', 'version', 'clock', 'apps', 'lost', 'entries', 'deliveries'],
  ),
  Clock: object(
    {
      mode: { type: 'string', enum: ['real', 'virtual'] },
      nowMs: millis('Since the start.'),
    },
    ['mode', 'nowMs'],
  ),
  App: object({ id: text, key: text, secret: text, env: { type: 'object', additionalProperties: text } }, [
    'id',
    'key',
    'env',
  ]),
  Endpoint: object(
    {
      id: text,
      url: text,
      enabled: flag,
      eventTypes: listOf({ type: 'string', enum: eventNames }),
      channels: object({ startsWith: text, endsWith: text }),
      headers: { type: 'object', additionalProperties: text },
      standardSignature: flag,
      reconcile: flag,
      batch: object({
        maxEvents: { type: 'integer' },
        maxDelayMs: { type: 'integer' },
        maxBytes: { type: 'integer' },
      }),
    },
    ['id', 'url', 'enabled', 'eventTypes', 'channels', 'standardSignature', 'reconcile'],
  ),
  Channel: object(
    { name: text, subscriptionCount: { type: 'integer' }, userIds: listOf(text), cached: text },
    ['name', 'subscriptionCount'],
  ),
  Connection: object(
    { socketId: text, userId: text, channels: listOf(object({ name: text, userId: text }, ['name'])) },
    ['socketId', 'channels'],
  ),
  WebhookFault: object({
    app: appField,
    endpoint: described(text, 'Only requests to this endpoint: its id or its URL.'),
    times,
    status: { type: 'integer', minimum: 200, maximum: 599 },
    retryAfterMs: millis('With a status: its Retry-After.'),
    reset: flag,
    refuse: flag,
    timeout: flag,
    duplicate: flag,
    delayMs: millis('Delays the request by this time.'),
    delivered: described(flag, 'The endpoint still receives the request.'),
  }),
  ConnectionFault: object({
    app: appField,
    drop: {
      oneOf: [
        { const: 'all' },
        object({ socketId: text }, ['socketId']),
        object({ userId: text }, ['userId']),
        object({ channel: text }, ['channel']),
      ],
      description: 'Closes these connections now.',
    },
    code: described(closeCode, 'With drop: the close code; without it the connection is cut.'),
    refuse: described(closeCode, 'Refuses new connections.'),
    times,
  }),
  ApiFault: object(
    { app: appField, status: { type: 'integer', minimum: 400, maximum: 599 }, path: text, body: text, times },
    ['status'],
  ),
  Fault: object(
    {
      id: { type: 'integer', description: 'The id for clearing it; 0: there is nothing to clear.' },
      hits: { type: 'integer', description: 'How often it has applied.' },
    },
    ['id', 'hits'],
  ),
  Error: object({ error: object({ code: text, message: text }, ['code', 'message']) }, ['error']),
} as const satisfies Record<string, Schema>;
