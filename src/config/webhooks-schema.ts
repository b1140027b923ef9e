import * as z from 'zod';
import * as field from './fields.ts';

/** Which endpoints may be where only this machine or network is. */
export const privateAddresses = ['allow', 'file', 'refuse'] as const;

const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;
const gibibyte = 1024 * mebibyte;

const retry = field.group({
  initialDelayMs: field.milliseconds().default(1000).describe('Wait before the second attempt.'),
  multiplier: field.ratio(1, 100).default(2).describe('Growth of the wait from attempt to attempt.'),
  maxDelayMs: field.milliseconds().default(60_000).describe('The longest wait.'),
  maxElapsedMs: field.milliseconds().default(300_000).describe('No attempt starts later after the event.'),
  jitter: field.ratio(0, 1).default(0.1).describe('Share of each wait that is random.'),
});

const batchFields = {
  maxEvents: field.wholeNumber(1, 1000).describe('Events in one request; 1 is batching off.'),
  maxDelayMs: field.milliseconds(0).describe('How long an event may wait for company.'),
  maxBytes: field.wholeNumber(kibibyte, 64 * mebibyte).describe('Size of a request body.'),
};

const batch = field.group({
  maxEvents: batchFields.maxEvents.default(20),
  maxDelayMs: batchFields.maxDelayMs.default(250),
  maxBytes: batchFields.maxBytes.default(98_304),
});

/** The same for one endpoint; what is not given is as for all. */
export const batchOfEndpoint = field.group(batchFields).partial();

const deadLetters = field.group({
  maxBytes: field
    .wholeNumber(64 * kibibyte, 4 * gibibyte)
    .default(8 * mebibyte)
    .describe('Memory for them, of all apps together; the oldest of whoever has most give way.'),
  keepDays: field.wholeNumber(1, 3650).default(7).describe('Days until they are forgotten.'),
});

/** How webhooks are sent. */
export const webhooks = field.group({
  batch: batch.prefault({}).describe('How events are gathered into one request.'),
  disconnectGraceMs: field
    .milliseconds(0)
    .default(3000)
    .describe('A return this soon hides a lost connection.'),
  unsubscribeGraceMs: field
    .milliseconds(0)
    .default(3000)
    .describe('A return this soon hides an unsubscribe.'),
  shutdownGraceMs: field
    .milliseconds(0)
    .optional()
    .describe('The same for clients of a node that ends, with redis. Default: disconnectGraceMs.'),
  restartGraceMs: z
    .union([z.literal('auto'), field.milliseconds(0)])
    .default('auto')
    .describe(
      'With store: a return this soon after a restart hides that the server was away. auto: 20, 35 or 65 s, as long as clients take to come back after the time that it was away.',
    ),
  holdClientEvents: field
    .flag()
    .default(true)
    .describe(
      'With store: client events that an endpoint wants reach nobody before they are on disk, about 1 ms later.',
    ),
  requestTimeoutMs: field
    .milliseconds()
    .default(4000)
    .describe('The time an endpoint has until the status line of its answer.'),
  concurrency: field.wholeNumber(1, 1000).default(10).describe('Parallel requests to one endpoint.'),
  totalConcurrency: field
    .wholeNumber(1, 10_000)
    .default(1024)
    .describe('Parallel requests to all endpoints; fewer when the limit of open files is low.'),
  privateAddresses: field
    .oneOf(privateAddresses)
    .optional()
    .describe(
      'Which endpoints may be at private, link-local and other addresses that are not public: all (allow), those of this file (file), or none (refuse). Default: file when NODE_ENV is production, otherwise allow.',
    ),
  queueMaxBytes: field
    .wholeNumber(kibibyte, 4 * gibibyte)
    .default(67_108_864)
    .describe('Events waiting for one endpoint; beyond it, client_event and cache_miss are dropped first.'),
  retry: retry.prefault({}).describe('What happens when an endpoint does not answer 2xx.'),
  deadLetters: deadLetters
    .prefault({})
    .describe('What endpoints did not get is kept, to be listed and sent again.'),
});
