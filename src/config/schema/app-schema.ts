import type * as z from 'zod';
import { forEachLimit } from '../../protocol/limits.ts';
import { defaultEventNames, eventNames } from '../../webhooks/event.ts';
import * as field from './fields.ts';
import { batchOfEndpoint } from './webhooks-schema.ts';

const limitFields = forEachLimit((limit) => field.limit(limit));

const webhook = field.groupLike('{ "url": "https://example.com/webhooks" }', {
  id: field
    .urlSafeId()
    .optional()
    .describe(
      'The name of the endpoint in logs, metrics and the admin API. Default: a hash of url, eventTypes and channels.',
    ),
  enabled: field
    .flag()
    .default(true)
    .describe(
      'Whether events are sent to this endpoint. Events that a disabled endpoint misses are listed as dropped.',
    ),
  url: field
    .endpointUrl()
    .describe(
      'The URL that receives the POST requests. Must be https:// when NODE_ENV is production, unless allowInsecure is set.',
    ),
  eventTypes: field
    .listOf(field.oneOf(eventNames))
    .min(1, { error: `expected at least one of ${eventNames.join(', ')}` })
    .default([...defaultEventNames])
    .describe('The events sent to this endpoint.'),
  channels: field
    .group({
      startsWith: field
        .text()
        .default('')
        .describe('Send only events of channels whose name starts with this text.'),
      endsWith: field
        .text()
        .default('')
        .describe('Send only events of channels whose name ends with this text.'),
    })
    .prefault({})
    .describe('The channels whose events are sent to this endpoint.'),
  headers: field
    .headers()
    .default({})
    .describe('Additional request headers. They cannot replace the headers of the protocol.'),
  standardSignature: field
    .flag()
    .default(false)
    .describe(
      'Also sign each request as the Standard Webhooks specification describes, in the header webhook-signature.',
    ),
  reconcile: field
    .flag()
    .default(false)
    .describe('After events were dropped, send the events that bring the endpoint back to the true state.'),
  batch: batchOfEndpoint
    .optional()
    .describe(
      'How events are batched for this endpoint. A key that is missing here has the value of webhooks.batch.',
    ),
  allowInsecure: field
    .flag()
    .default(false)
    .describe('Allow an http:// URL even when NODE_ENV is production.'),
});

const secretFile = field
  .nonEmptyText()
  .optional()
  .describe('A file that contains the secret, relative to the configuration file. Replaces secret.');

/** An object with exactly one of `secret` and `secretFile`. secrets.ts checks that, and the JSON schema shows it to editors. */
function groupWithSecret<Shape extends z.ZodRawShape>(shape: Shape) {
  return field.group(shape).meta({ oneOf: [{ required: ['secret'] }, { required: ['secretFile'] }] });
}

const keyPair = groupWithSecret({
  key: field.urlSafeId().describe('The public key, which clients send in the path /app/KEY.'),
  secret: field.nonEmptyText().optional().describe('The secret that belongs to this key.'),
  secretFile,
});

/** One app with its endpoints. */
export const app = groupWithSecret({
  id: field
    .urlSafeId()
    .describe(
      'The app id, which backends send in paths such as /apps/ID/events. Some client libraries accept only digits.',
    ),
  key: field.urlSafeId().describe('The public key, which clients send in the path /app/KEY.'),
  secret: field
    .nonEmptyText()
    .optional()
    .describe('The secret that signs channel authorizations, API requests and webhooks.'),
  secretFile,
  otherKeys: field
    .listOf(keyPair)
    .default([])
    .describe(
      'Additional key pairs that are accepted during a rotation. Webhooks are signed with the first pair.',
    ),
  enabled: field
    .flag()
    .default(true)
    .describe(
      'Whether the app is served. A disabled app refuses clients with close code 4003 and backends with 403.',
    ),
  clientEvents: field.flag().default(true).describe('Whether clients may send client events (client-*).'),
  subscriptionCount: field
    .flag()
    .default(false)
    .describe(
      'Whether subscribers, and endpoints that select subscription_count, receive the number of subscribers of a channel.',
    ),
  watchlist: field.flag().default(true).describe('Whether signed-in clients receive watchlist events.'),
  forceTls: field
    .flag()
    .default(false)
    .describe(
      'Whether clients must connect by wss://. A client that uses ws:// is closed with 4000 and reconnects by TLS.',
    ),
  allowedOrigins: field
    .listOf(field.origin())
    .default(['*'])
    .describe(
      'The origins of the web pages that may connect. In an origin, * matches labels of the host, or the port. Clients that send no Origin header may always connect.',
    ),
  limits: field
    .group(limitFields)
    .partial()
    .default({})
    .describe('Limits of this app. A limit that is missing here has the value of the top-level limits.'),
  webhooks: field.listOf(webhook).default([]).describe('The webhook endpoints of this app.'),
});
