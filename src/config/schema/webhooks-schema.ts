import * as v from 'valibot';
import * as field from './fields.ts';

/** Which endpoints may have addresses that are not public. */
export const privateAddresses = ['allow', 'file', 'refuse'] as const;

const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;
const gibibyte = 1024 * mebibyte;

const retry = field.group({
  initialDelayMs: field.withDefault(field.milliseconds(), 1000, 'The wait before the second attempt.'),
  multiplier: field.withDefault(
    field.ratio(1, 100),
    2,
    'The factor by which the wait grows after each attempt.',
  ),
  maxDelayMs: field.withDefault(field.milliseconds(), 60_000, 'The longest wait between two attempts.'),
  maxElapsedMs: field.withDefault(
    field.milliseconds(),
    300_000,
    'No attempt starts later than this after the event.',
  ),
  jitter: field.withDefault(field.ratio(0, 1), 0.1, 'The random share of each wait.'),
});

const batchKeys = {
  maxEvents: field.required(
    field.wholeNumber(1, 1000),
    'The most events in one request. 1 turns batching off.',
  ),
  maxDelayMs: field.required(field.milliseconds(0), 'How long an event may wait for other events.'),
  maxBytes: field.required(
    field.wholeNumber(kibibyte, 64 * mebibyte),
    'The largest request body. A larger event is sent alone.',
  ),
};

const batch = field.group({
  maxEvents: v.optional(batchKeys.maxEvents, 20),
  maxDelayMs: v.optional(batchKeys.maxDelayMs, 250),
  maxBytes: v.optional(batchKeys.maxBytes, 98_304),
});

/** The same for one endpoint. Missing keys have the values for all endpoints. */
export const batchOfEndpoint = v.partial(field.group(batchKeys));

const deadLetters = field.group({
  maxBytes: field.withDefault(
    field.wholeNumber(64 * kibibyte, 4 * gibibyte),
    8 * mebibyte,
    'The memory for dead letters of all apps. When it is full, the oldest of the endpoint with the most are removed.',
  ),
  keepDays: field.withDefault(field.wholeNumber(1, 3650), 7, 'How many days dead letters are kept.'),
});

/** The settings of webhook delivery. */
export const webhooks = field.group(
  {
    batch: field.withDefault(batch, {}, 'How events are batched into one request.'),
    disconnectGraceMs: field.withDefault(
      field.milliseconds(0),
      3000,
      'How long vacated and removed events wait after a lost connection. A return within this time cancels them.',
    ),
    unsubscribeGraceMs: field.withDefault(
      field.milliseconds(0),
      3000,
      'How long vacated and removed events wait after an unsubscribe. 0 reports them immediately.',
    ),
    shutdownGraceMs: field.optional(
      field.milliseconds(0),
      'With redis: the grace period for the clients of a node that shuts down. Default: disconnectGraceMs.',
    ),
    restartGraceMs: field.withDefault(
      field.millisecondsOrAuto(0),
      'auto',
      'With store: the grace period after a restart. auto is 20, 35 or 65 seconds, depending on how long the server was down.',
    ),
    holdClientEvents: field.withDefault(
      field.flag(),
      true,
      'With store: a client event that an endpoint selects is sent to subscribers only after it is on disk, about 1 ms later.',
    ),
    requestTimeoutMs: field.withDefault(
      field.milliseconds(),
      4000,
      'How long an endpoint may take to send the status line of its response.',
    ),
    concurrency: field.withDefault(
      field.wholeNumber(1, 1000),
      10,
      'The most parallel requests to one endpoint.',
    ),
    totalConcurrency: field.withDefault(
      field.wholeNumber(1, 10_000),
      1024,
      'The most parallel requests to all endpoints. At most half of them go to endpoints that do not respond. A low limit of open files lowers it.',
    ),
    privateAddresses: field.optional(
      field.oneOf(privateAddresses),
      'Which endpoints may have an address that is not public, such as a private or link-local one: all (allow), those of this file (file), or none (refuse). Default: file when NODE_ENV is production, otherwise allow.',
    ),
    queueMaxBytes: field.withDefault(
      field.wholeNumber(kibibyte, 4 * gibibyte),
      67_108_864,
      'The most bytes of events that wait for one endpoint. Beyond it, client_event and cache_miss are dropped first.',
    ),
    retry: field.withDefault(retry, {}, 'What happens when an endpoint does not answer with 2xx.'),
    deadLetters: field.withDefault(
      deadLetters,
      {},
      'How long dropped deliveries are kept, so that they can be listed and sent again.',
    ),
  },
  '; endpoints belong in apps[].webhooks',
);
