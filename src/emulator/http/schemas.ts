import { described, flag, listOf, millis, object, text, type Schema } from '../../operations/schema.ts';
import { eventNames } from '../../webhooks/event.ts';

/** A schema of `components`. */
export function ref(name: keyof typeof schemas): Schema {
  return { $ref: `#/components/schemas/${name}` };
}

/** The app parameter of a query. */
export const appQuery = { app: 'The app id. Default: all apps.' };

/** The app field of a body. */
export const appField = described(text, 'The app id. Default: all apps.');

/** The event after which to look. */
export const afterField: Schema = { type: 'integer', description: 'Only events after the one with this id.' };

const expression = object({ $regex: text, $flags: text }, ['$regex']);
const textOrExpression: Schema = { anyOf: [text, expression] };

const times: Schema = {
  type: 'integer',
  minimum: 1,
  description: 'How many times the fault applies. Default: until it is cleared.',
};
const closeCode: Schema = { type: 'integer', minimum: 4000, maximum: 4299 };

const eventFields = {
  name: { type: 'string', enum: eventNames },
  channel: text,
  user_id: text,
  event: described(text, 'Client events: the name of the event.'),
  data: described(text, 'Client events: the data of the event.'),
  socket_id: described(text, 'Client events: the socket_id of the sender.'),
  subscription_count: { type: 'integer' },
} as const satisfies Record<string, Schema>;

const answerHeaders = described(
  { type: 'object', additionalProperties: text },
  'Header fields of the answer: content-type, location, retry-after, server, www-authenticate.',
);
const answer = described(text, "The beginning of the answer's body, up to 4 KB; absent if it was empty.");

const attempt = object(
  {
    number: { type: 'integer' },
    atMs: millis('When the attempt started, on the emulator clock.'),
    timeMs: millis('When the attempt started, as time of day.'),
    elapsedMs: millis('How long the attempt took. Absent while it is in progress.'),
    outcome: { type: 'string', enum: ['pending', 'success', 'refused', 'timeout', 'unreachable'] },
    status: { type: 'integer' },
    answerHeaders,
    answer,
    error: text,
    headers: { type: 'object', additionalProperties: text },
  },
  ['number', 'atMs', 'timeMs', 'outcome', 'headers'],
);

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

/** The components of the OpenAPI document. */
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
        'The whole text, or a regular expression. Any other JSON value is compared with the parsed data: an object matches if the data have its fields.',
      ),
      socket_id: described(textOrExpression, 'The socket_id of the connection that was excluded.'),
    }),
    'Fields that the published event must have.',
  ),
  PublishedEvent: object(
    {
      id: { type: 'integer', description: 'Counts up.' },
      appId: text,
      event: text,
      channels: listOf(text),
      data: described(text, 'The text that subscribers received.'),
      socket_id: described(text, 'The socket_id of the connection that was excluded.'),
      source: { type: 'string', enum: ['api', 'dashboard'] },
      atMs: millis('When it was published, on the emulator clock.'),
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
      id: { type: 'integer', description: 'Counts up.' },
      appId: text,
      ...eventFields,
      atMs: millis('When it happened, on the emulator clock.'),
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
          atMs: millis('When the connection caused it.'),
        },
        ['kind', 'atMs'],
      ),
      why: described(text, 'A sentence with the cause of the event and its status.'),
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
    retryAfterMs: millis('With a status: the Retry-After header.'),
    reset: flag,
    refuse: flag,
    timeout: flag,
    duplicate: flag,
    delayMs: millis('Delays the request by this time.'),
    delivered: described(flag, 'The endpoint still receives the request; only its response is lost.'),
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
    code: described(
      closeCode,
      'With drop: the close code. Default: the connection is cut without a close frame.',
    ),
    refuse: described(closeCode, 'Refuses new connections with this close code.'),
    times,
  }),
  ApiFault: object(
    { app: appField, status: { type: 'integer', minimum: 400, maximum: 599 }, path: text, body: text, times },
    ['status'],
  ),
  Fault: object(
    {
      id: {
        type: 'integer',
        description: 'The id with which to clear the fault. 0: the fault is already over.',
      },
      hits: { type: 'integer', description: 'How many times it has applied.' },
    },
    ['id', 'hits'],
  ),
  Error: object({ error: object({ code: text, message: text }, ['code', 'message']) }, ['error']),
} as const satisfies Record<string, Schema>;
