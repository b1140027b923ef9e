import * as v from 'valibot';
import { forEachLimit } from '../../protocol/limits.ts';
import { defaultEventNames, eventNames } from '../../webhooks/event.ts';
import * as field from './fields.ts';
import { batchOfEndpoint } from './webhooks-schema.ts';

const limits = field.group(forEachLimit((limit) => field.optional(field.limit(limit), limit.meaning)));

const webhook = field.groupLike('{ "url": "https://example.com/webhooks" }', {
  id: field.optional(
    field.urlSafeId(),
    'The name of the endpoint in logs, metrics and the admin API. Default: a hash of url, eventTypes and channels.',
  ),
  enabled: field.withDefault(
    field.flag(),
    true,
    'Whether events are sent to this endpoint. Events that a disabled endpoint misses are listed as dropped.',
  ),
  url: field.required(
    field.endpointUrl(),
    'The URL that receives the POST requests. Must be https:// when NODE_ENV is production, unless allowInsecure is set.',
  ),
  eventTypes: field.withDefault(
    field.nonEmptyListOf(field.oneOf(eventNames), `one of ${eventNames.join(', ')}`),
    [...defaultEventNames],
    'The events sent to this endpoint.',
  ),
  channels: field.withDefault(
    field.group({
      startsWith: field.withDefault(
        field.text(),
        '',
        'Send only events of channels whose name starts with this text.',
      ),
      endsWith: field.withDefault(
        field.text(),
        '',
        'Send only events of channels whose name ends with this text.',
      ),
    }),
    {},
    'The channels whose events are sent to this endpoint.',
  ),
  headers: field.withDefault(
    field.headers(),
    {},
    'Additional request headers. They cannot replace the headers of the protocol.',
  ),
  standardSignature: field.withDefault(
    field.flag(),
    false,
    'Also sign each request as the Standard Webhooks specification describes, in the header webhook-signature.',
  ),
  reconcile: field.withDefault(
    field.flag(),
    false,
    'After events were dropped, send the events that bring the endpoint back to the true state.',
  ),
  batch: field.optional(
    batchOfEndpoint,
    'How events are batched for this endpoint. A key that is missing here has the value of webhooks.batch.',
  ),
  allowInsecure: field.withDefault(
    field.flag(),
    false,
    'Allow an http:// URL even when NODE_ENV is production.',
  ),
});

const secretFile = field.optional(
  field.nonEmptyText(),
  'A file that contains the secret, relative to the configuration file. Replaces secret.',
);

/** An object with exactly one of `secret` and `secretFile`. secrets.ts checks that, and the JSON schema shows it to editors. */
function groupWithSecret<const Keys extends v.ObjectEntries>(keys: Keys) {
  return v.pipe(
    field.group(keys),
    v.metadata({ oneOf: [{ required: ['secret'] }, { required: ['secretFile'] }] }),
  );
}

const keyPair = groupWithSecret({
  key: field.required(field.urlSafeId(), 'The public key, which clients send in the path /app/KEY.'),
  secret: field.optional(field.nonEmptyText(), 'The secret that belongs to this key.'),
  secretFile,
});

/** One app with its endpoints. */
export const app = groupWithSecret({
  id: field.required(
    field.urlSafeId(),
    'The app id, which backends send in paths such as /apps/ID/events. Some client libraries accept only digits.',
  ),
  key: field.required(field.urlSafeId(), 'The public key, which clients send in the path /app/KEY.'),
  secret: field.optional(
    field.nonEmptyText(),
    'The secret that signs channel authorizations, API requests and webhooks.',
  ),
  secretFile,
  otherKeys: field.withDefault(
    field.listOf(keyPair),
    [],
    'Additional key pairs that are accepted during a rotation. Webhooks are signed with the first pair.',
  ),
  enabled: field.withDefault(
    field.flag(),
    true,
    'Whether the app is served. A disabled app refuses clients with close code 4003 and backends with 403.',
  ),
  clientEvents: field.withDefault(field.flag(), true, 'Whether clients may send client events (client-*).'),
  subscriptionCount: field.withDefault(
    field.flag(),
    false,
    'Whether subscribers, and endpoints that select subscription_count, receive the number of subscribers of a channel.',
  ),
  watchlist: field.withDefault(field.flag(), true, 'Whether signed-in clients receive watchlist events.'),
  forceTls: field.withDefault(
    field.flag(),
    false,
    'Whether clients must connect by wss://. A client that uses ws:// is closed with 4000 and reconnects by TLS.',
  ),
  allowedOrigins: field.withDefault(
    field.listOf(field.origin()),
    ['*'],
    'The origins of the web pages that may connect. In an origin, * matches labels of the host, or the port. Clients that send no Origin header may always connect.',
  ),
  limits: field.withDefault(
    limits,
    {},
    'Limits of this app. A limit that is missing here has the value of the top-level limits.',
  ),
  webhooks: field.withDefault(field.listOf(webhook), [], 'The webhook endpoints of this app.'),
});
