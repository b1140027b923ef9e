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

/** What an attempt that is over came to. */
export const attemptResult = described(
  oneOf<AttemptResult>({ success: true, refused: true, timeout: true, unreachable: true }),
  'success: a status of 2xx; refused: any other.',
);

/** The status of an HTTP answer. */
export const httpStatus = described(count, 'The status of the answer; absent if there was none.');

/** The body of an HTTP answer. */
export const answerBody = described(text, "The beginning of the answer's body, up to 4 KB.");

/** How an endpoint is paused. */
export const pauseHow = described(
  oneOf<PauseView['how']>({ hold: true, off: true }),
  'hold: nothing is sent, and what happens waits; off: what happens is not sent, and is listed as dropped.',
);

const origin = described(
  oneOf<SettingOrigin>({ file: true, 'run-time': true }),
  'Where it is set: in the configuration file, or by the Dashboard and the admin API.',
);
const reconcile = described(flag, 'Send what brings the endpoint back to the truth after drops.');
const signature = described(flag, 'Also sign as the Standard Webhooks specification says.');

const settings = {
  enabled: described(flag, 'Whether the app is served.'),
  clientEvents: described(flag, 'Whether clients may send client events.'),
  subscriptionCount: described(flag, 'Whether it is told how many subscribers a channel has.'),
  watchlist: described(flag, 'Whether clients are told of the users they watch.'),
  forceTls: described(flag, 'Whether clients must connect by wss://.'),
  allowedOrigins: described(
    listOf(text),
    'The pages that may connect, by origin; in one, * stands for labels of the host or the port.',
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
    description: 'Null: no limit.',
  },
} as const satisfies FieldSchemas<keyof AppSettings>;

const key = viewOf<KeyView>(
  {
    key: text,
    isFirst: described(flag, 'Webhooks are signed with the first key.'),
    uses: described(count, 'Connections and requests that used it since this process started.'),
  },
  { lastUsedAtMs: millis('When it was used last; absent: not since this process started.') },
);

const notServed = described(
  text,
  'Why what was set at run time is not served at the moment; absent: it is served.',
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
    id: described(text, 'Made up if it is absent.'),
    key: described(text, 'Made up if it is absent.'),
    secret: described(text, 'Made up if it is absent.'),
    ...settings,
  },
);

const batch = {
  maxEvents: described(count, 'The most events in one request; 1 is batching off.'),
  maxDelayMs: millis('How long an event may wait for company.'),
  maxBytes: described(count, 'The most bytes of a request body.'),
} as const satisfies FieldSchemas<keyof BatchInput>;

const endpointInput = viewOf<EndpointInput>(
  { url: described(text, 'Where to POST.') },
  {
    id: described(text, 'Made up if it is absent.'),
    eventTypes: described(
      listOf(eventName),
      'The events that are sent; if absent, all but subscription_count.',
    ),
    channels: described(
      viewOf<NonNullable<EndpointInput['channels']>>({}, { startsWith: text, endsWith: text }),
      'Only channels whose name begins and ends so.',
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
    enabled: described(flag, 'False: the configuration file says that it is sent nothing.'),
    eventTypes: listOf(eventName),
    channels: viewOf<EndpointView['channels']>({ startsWith: text, endsWith: text }),
    headers: described(texts, 'Extra request headers; to all but the full role their values are empty.'),
    standardSignature: signature,
    reconcile,
    batch: described(viewOf<EndpointView['batch']>(batch), 'What holds for it.'),
  },
  {
    notServed,
    ownBatch: described(
      ref('BatchInput'),
      "What of batch was set for this endpoint; the rest is as the server's configuration says.",
    ),
    pause: described(ref('Pause'), 'Absent: it is not paused.'),
    queue: described(ref('Queue'), 'What waits for it on this node; absent: other nodes send the webhooks.'),
    lastAttempt: described(
      viewOf<NonNullable<EndpointView['lastAttempt']>>(
        { atMs: millis('When it began.'), result: attemptResult },
        { status: httpStatus },
      ),
      'The last attempt that is remembered.',
    ),
  },
);

const test = viewOf<TestView>(
  {
    result: attemptResult,
    elapsedMs: millis('How long it took.'),
    verdict: described(text, 'What the answer means, as a sentence with what to do.'),
    request: ref('Request'),
  },
  { status: httpStatus, error: described(text, 'Why there was no answer.'), answer: answerBody },
);

const verify = viewOf<VerifyView>(
  {
    isGenuine: flag,
    sentence: described(text, 'Why it is genuine or not, as a sentence with what to do.'),
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
    "How events are gathered into one request; what is absent is as the server's configuration says.",
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
