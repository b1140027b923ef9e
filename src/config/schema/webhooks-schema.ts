import * as z from 'zod';
import * as field from './fields.ts';

/** Which endpoints may have addresses that are not public. */
export const privateAddresses = ['allow', 'file', 'refuse'] as const;

const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;
const gibibyte = 1024 * mebibyte;

const retry = field.group({
  initialDelayMs: field.milliseconds().default(1000).describe('The wait before the second attempt.'),
  multiplier: field
    .ratio(1, 100)
    .default(2)
    .describe('The factor by which the wait grows after each attempt.'),
  maxDelayMs: field.milliseconds().default(60_000).describe('The longest wait between two attempts.'),
  maxElapsedMs: field
    .milliseconds()
    .default(300_000)
    .describe('No attempt starts later than this after the event.'),
  jitter: field.ratio(0, 1).default(0.1).describe('The random share of each wait.'),
});

const batchFields = {
  maxEvents: field.wholeNumber(1, 1000).describe('The most events in one request. 1 turns batching off.'),
  maxDelayMs: field.milliseconds(0).describe('How long an event may wait for other events.'),
  maxBytes: field
    .wholeNumber(kibibyte, 64 * mebibyte)
    .describe('The largest request body. A larger event is sent alone.'),
};

const batch = field.group({
  maxEvents: batchFields.maxEvents.default(20),
  maxDelayMs: batchFields.maxDelayMs.default(250),
  maxBytes: batchFields.maxBytes.default(98_304),
});

/** The same for one endpoint. Missing keys have the values for all endpoints. */
export const batchOfEndpoint = field.group(batchFields).partial();

const deadLetters = field.group({
  maxBytes: field
    .wholeNumber(64 * kibibyte, 4 * gibibyte)
    .default(8 * mebibyte)
    .describe(
      'The memory for dead letters of all apps. When it is full, the oldest of the endpoint with the most are removed.',
    ),
  keepDays: field.wholeNumber(1, 3650).default(7).describe('How many days dead letters are kept.'),
});

/** The settings of webhook delivery. */
export const webhooks = field.group(
  {
    batch: batch.prefault({}).describe('How events are batched into one request.'),
    disconnectGraceMs: field
      .milliseconds(0)
      .default(3000)
      .describe(
        'How long vacated and removed events wait after a lost connection. A return within this time cancels them.',
      ),
    unsubscribeGraceMs: field
      .milliseconds(0)
      .default(3000)
      .describe('How long vacated and removed events wait after an unsubscribe. 0 reports them immediately.'),
    shutdownGraceMs: field
      .milliseconds(0)
      .optional()
      .describe(
        'With redis: the grace period for the clients of a node that shuts down. Default: disconnectGraceMs.',
      ),
    restartGraceMs: z
      .union([z.literal('auto'), field.milliseconds(0)])
      .default('auto')
      .describe(
        'With store: the grace period after a restart. auto is 20, 35 or 65 seconds, depending on how long the server was down.',
      ),
    holdClientEvents: field
      .flag()
      .default(true)
      .describe(
        'With store: a client event that an endpoint selects is sent to subscribers only after it is on disk, about 1 ms later.',
      ),
    requestTimeoutMs: field
      .milliseconds()
      .default(4000)
      .describe('How long an endpoint may take to send the status line of its response.'),
    concurrency: field
      .wholeNumber(1, 1000)
      .default(10)
      .describe('The most parallel requests to one endpoint.'),
    totalConcurrency: field
      .wholeNumber(1, 10_000)
      .default(1024)
      .describe(
        'The most parallel requests to all endpoints. At most half of them go to endpoints that do not respond. A low limit of open files lowers it.',
      ),
    privateAddresses: field
      .oneOf(privateAddresses)
      .optional()
      .describe(
        'Which endpoints may have an address that is not public, such as a private or link-local one: all (allow), those of this file (file), or none (refuse). Default: file when NODE_ENV is production, otherwise allow.',
      ),
    queueMaxBytes: field
      .wholeNumber(kibibyte, 4 * gibibyte)
      .default(67_108_864)
      .describe(
        'The most bytes of events that wait for one endpoint. Beyond it, client_event and cache_miss are dropped first.',
      ),
    retry: retry.prefault({}).describe('What happens when an endpoint does not answer with 2xx.'),
    deadLetters: deadLetters
      .prefault({})
      .describe('How long dropped deliveries are kept, so that they can be listed and sent again.'),
  },
  '; endpoints belong in apps[].webhooks',
);
