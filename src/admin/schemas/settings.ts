import { described, flag, listOf, millis, text, type Schema } from '../../operations/schema.ts';
import { forEachLimit } from '../../protocol/limits.ts';
import { eventNames } from '../../webhooks/event.ts';
import type { AttemptResult, RequestView } from '../../views/deliveries.ts';
import type {
  AppInput,
  AppSettings,
  AppView,
  BatchInput,
  EndpointInput,
  EndpointView,
  KeyPairView,
  KeyView,
  PauseView,
  QueueView,
  SettingOrigin,
  TestView,
  VerifyView,
} from '../../views/settings.ts';
import { count, oneOf, ref, texts, viewOf, type FieldSchemas } from './view-schema.ts';

/** The name of a webhook event. */
export const eventName: Schema = { type: 'string', enum: eventNames };

/** The result of a finished attempt. */
export const attemptResult = described(
  oneOf<AttemptResult>({ success: true, refused: true, timeout: true, unreachable: true }),
  'success: a status of 2xx; refused: any other status.',
);

/** The status of an HTTP response. */
export const httpStatus = described(count, 'The status of the response. Absent if there was none.');

/** The body of an HTTP response. */
export const answerBody = described(text, 'The first 4 KB of the response body.');

/** How an endpoint is paused. */
export const pauseHow = described(
  oneOf<PauseView['how']>({ hold: true, off: true }),
  'hold: nothing is sent, and events wait; off: events are not sent, and are listed as dropped.',
);

const origin = described(
  oneOf<SettingOrigin>({ file: true, 'run-time': true }),
  'Where it is set: in the configuration file, or by the Dashboard and the admin API.',
);
const reconcile = described(
  flag,
  'Whether the endpoint receives events that bring it back to the true state after drops.',
);
const signature = described(flag, 'Whether to add a signature of the Standard Webhooks specification.');

const settings = {
  enabled: described(flag, 'Whether the app is served.'),
  clientEvents: described(flag, 'Whether clients may send client events.'),
  subscriptionCount: described(flag, 'Whether subscribers receive the number of subscribers of a channel.'),
  watchlist: described(flag, 'Whether clients receive watchlist events about other users.'),
  forceTls: described(flag, 'Whether connections and requests without TLS are refused.'),
  allowedOrigins: described(
    listOf(text),
    'The origins of pages from which clients may connect. In an origin, * matches labels of the host, or the port.',
  ),
  limits: {
    type: 'object',
    properties: forEachLimit(({ max, meaning }) => ({
      type: ['integer', 'null'],
      minimum: 1,
      maximum: max,
      description: meaning,
    })),
    additionalProperties: false,
    description: 'null means no limit.',
  },
} as const satisfies FieldSchemas<keyof AppSettings>;

const key = viewOf<KeyView>(
  {
    key: text,
    isFirst: described(flag, 'Webhooks are signed with the first key.'),
    uses: described(count, 'Connections and requests that used it since this process started.'),
  },
  { lastUsedAtMs: millis('When it was last used. Absent if it was not used since this process started.') },
);

const notServed = described(
  text,
  'Why an app or endpoint that was added at run time is not served at the moment. Absent if it is served.',
);

const app = viewOf<AppView>(
  {
    id: text,
    origin,
    ...settings,
    keys: listOf(ref('Key')),
    endpoints: listOf(ref('Endpoint')),
    connections: described(count, 'Connections to this node.'),
    occupiedChannels: described(count, 'Channels that have subscribers on this node.'),
  },
  { notServed },
);

const appInput = viewOf<AppInput>(
  {},
  {
    id: described(text, 'Generated if it is absent.'),
    key: described(text, 'Generated if it is absent.'),
    secret: described(text, 'Generated if it is absent.'),
    ...settings,
  },
);

const batch = {
  maxEvents: described(count, 'The most events in one webhook. 1 switches batching off.'),
  maxDelayMs: millis('How long an event may wait for more events.'),
  maxBytes: described(count, 'The most bytes of a webhook body.'),
} as const satisfies FieldSchemas<keyof BatchInput>;

const endpointInput = viewOf<EndpointInput>(
  { url: described(text, 'The URL for webhooks.') },
  {
    id: described(text, 'Derived from the URL if it is absent.'),
    eventTypes: described(listOf(eventName), 'The events to send. Default: all except subscription_count.'),
    channels: described(
      viewOf<NonNullable<EndpointInput['channels']>>({}, { startsWith: text, endsWith: text }),
      'Only channels whose name begins and ends with these.',
    ),
    headers: described(texts, 'Extra request headers.'),
    standardSignature: signature,
    reconcile,
    batch: ref('BatchInput'),
  },
);

const endpoint = viewOf<EndpointView>(
  {
    id: text,
    origin,
    url: text,
    enabled: described(flag, 'False if the configuration file disables it.'),
    eventTypes: listOf(eventName),
    channels: viewOf<EndpointView['channels']>({ startsWith: text, endsWith: text }),
    headers: described(texts, 'Extra request headers. Only the full role sees their values.'),
    standardSignature: signature,
    reconcile,
    batch: described(viewOf<EndpointView['batch']>(batch), 'The batching that applies.'),
  },
  {
    notServed,
    ownBatch: described(
      ref('BatchInput'),
      "The fields of batch that were set for this endpoint. For the others, the server's configuration applies.",
    ),
    pause: described(ref('Pause'), 'Absent if it is not paused.'),
    queue: described(ref('Queue'), 'Its queue on this node. Absent if other nodes send the webhooks.'),
    lastAttempt: described(
      viewOf<NonNullable<EndpointView['lastAttempt']>>(
        { atMs: millis('When it began.'), result: attemptResult },
        { status: httpStatus },
      ),
      'The last attempt that is still recorded.',
    ),
  },
);

const test = viewOf<TestView>(
  {
    result: attemptResult,
    elapsedMs: millis('How long it took.'),
    verdict: described(text, 'What the response means and what to do, as a sentence.'),
    request: ref('Request'),
  },
  { status: httpStatus, error: described(text, 'Why there was no response.'), answer: answerBody },
);

const verify = viewOf<VerifyView>(
  {
    isGenuine: flag,
    sentence: described(text, 'Why it is genuine or not and what to do, as a sentence.'),
  },
  { key: described(text, 'The key whose secret signed it.') },
);

/** The schemas of views/settings.ts, and of the request that a test shows. */
export const settingsSchemas = {
  App: app,
  AppInput: appInput,
  AppSettings: viewOf<Partial<AppSettings>>({}, settings),
  Key: key,
  KeyPair: viewOf<KeyPairView>({ key: text, secret: text }),
  Endpoint: endpoint,
  EndpointInput: endpointInput,
  BatchInput: described(
    viewOf<BatchInput>({}, batch),
    "The batching. For absent fields, the server's configuration applies.",
  ),
  Pause: viewOf<PauseView>({ how: pauseHow, sinceMs: millis('When it was paused.') }),
  Queue: viewOf<QueueView>({
    events: count,
    bytes: count,
    oldestAgeMs: millis('The age of the oldest event.'),
    isFailing: flag,
  }),
  Test: test,
  Request: described(
    viewOf<RequestView>({ url: text, headers: texts, body: text }),
    'A request as it was sent.',
  ),
  Verify: verify,
} as const satisfies Record<string, Schema>;
