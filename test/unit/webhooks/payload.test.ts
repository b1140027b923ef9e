import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { signatureHeaders } from '../../../src/auth/webhook-signature.ts';
import { encodeEvent, isExpendable, eventNames, type WebhookEvent } from '../../../src/webhooks/event.ts';
import { selects } from '../../../src/webhooks/endpoint.ts';
import { attemptHeaders, createPayload } from '../../../src/webhooks/payload.ts';
import { channelName, endpoint } from '../../support/unit/application.ts';
import { vectors } from '../../support/unit/vectors.ts';

interface Vectors {
  readonly events: readonly { title: string; source: string; event: WebhookEvent; json: string }[];
  readonly signature: { readonly secret: string; readonly body: string; readonly signature: string };
  readonly payloads: readonly {
    title: string;
    timeMs: number;
    secret: string;
    events: string[];
    body: string;
    signature: string;
  }[];
}

const { events, signature, payloads } = vectors('webhooks') as Vectors;

describe('an event of a webhook', () => {
  test.each(events)('has exactly the documented fields: $title ($source)', ({ event, json }) => {
    expect(encodeEvent(event)).toBe(json);
  });

  test('may contain any text and is still JSON of strings', () => {
    const data = '\u0000"\\\ud800\u2028\u{1f511}';
    const event = { name: 'member_added', channel: channelName('presence-a'), userId: data } as const;
    expect(JSON.parse(encodeEvent(event))).toEqual({
      name: 'member_added',
      channel: 'presence-a',
      user_id: data,
    });
  });

  test('is expendable when no state depends on it', () => {
    expect(eventNames.filter(isExpendable)).toEqual(['client_event', 'cache_miss', 'subscription_count']);
  });
});

describe('a payload', () => {
  test('is signed as documented', () => {
    const { secret, body, signature: expected } = signature;
    expect(signatureHeaders({ key: 'k', secret }, Buffer.from(body))).toEqual({
      'X-Pusher-Key': 'k',
      'X-Pusher-Signature': expected,
    });
  });

  test.each(payloads)('has the bytes and the signature of the vector: $title', (vector) => {
    const { timeMs, secret, events: jsons, body, signature: expected } = vector;
    const payload = createPayload({ id: 'msg_1', timeMs, events: jsons });
    expect(Buffer.from(payload.body).toString('utf8')).toBe(body);
    expect(payload.id).toBe('msg_1');
    expect(
      attemptHeaders({ key: 'k', secret }, { headers: {} }, payload, { attempt: 1, atMs: timeMs }),
    ).toEqual({
      'Content-Type': 'application/json',
      'X-Pusher-Key': 'k',
      'X-Pusher-Signature': expected,
      'X-Soketify-Attempt': '1',
      'webhook-id': 'msg_1',
      'webhook-timestamp': '1327078148',
    });
  });

  test('has the configured headers, none of which replaces its own', () => {
    const headers = {
      'x-extra': '1',
      Authorization: 'Bearer x',
      'Content-Type': 'text/plain',
      'X-Pusher-Key': 'forged',
      'X-Pusher-Signature': 'forged',
      'webhook-id': 'forged',
      'webhook-timestamp': '0',
      'X-Soketify-Attempt': '99',
      'X-Soketify-Epoch': 'forged',
      'X-Soketify-Resend': 'forged',
    };
    const payload = createPayload({ id: 'msg_1', timeMs: 999, events: [] });
    const number = { attempt: 2, atMs: 1999, epoch: 'now', resend: 1 };
    expect(attemptHeaders({ key: 'k', secret: 's' }, { headers }, payload, number)).toEqual({
      'x-extra': '1',
      Authorization: 'Bearer x',
      'Content-Type': 'application/json',
      'X-Pusher-Key': 'k',
      'X-Pusher-Signature': createHmac('sha256', 's').update(payload.body).digest('hex'),
      'webhook-id': 'msg_1',
      'webhook-timestamp': '1',
      'X-Soketify-Attempt': '2',
      'X-Soketify-Epoch': 'now',
      'X-Soketify-Resend': '1',
    });
  });
});

describe('an endpoint with the signature of Standard Webhooks', () => {
  test('gets one over the id, the time of the attempt and the bytes of the body, which no configured header replaces', () => {
    const wantsStandard = { headers: { 'webhook-signature': 'forged' }, standardSignature: true };
    const payload = createPayload({ id: 'msg_1', timeMs: 999, events: ['{"data":"\u00e9\ud83d\ude00"}'] });
    const app = { key: 'k', secret: 'a \u00e9 secret' };
    const signed = `msg_1.1.${Buffer.from(payload.body).toString()}`;
    expect(attemptHeaders(app, wantsStandard, payload, { attempt: 1, atMs: 1999 })).toMatchObject({
      'X-Pusher-Signature': createHmac('sha256', 'a \u00e9 secret').update(payload.body).digest('hex'),
      'webhook-signature': `v1,${createHmac('sha256', 'a \u00e9 secret').update(signed).digest('base64')}`,
    });
  });
});

describe('an endpoint', () => {
  test.each([
    [{}, 'news', true],
    [{ startsWith: 'presence-' }, 'presence-a', true],
    [{ startsWith: 'presence-' }, 'not-presence-a', false],
    [{ endsWith: '-eu' }, 'news-eu', true],
    [{ endsWith: '-eu' }, 'news-eu-1', false],
    [{ startsWith: 'a', endsWith: 'a' }, 'a', true],
    [{ startsWith: 'news-', endsWith: '-eu' }, 'news-us', false],
    [{ startsWith: '.' }, 'news', false],
    [{ startsWith: undefined, endsWith: undefined }, 'news', true],
  ])('with the filter %j selects %s: %s', (channels, channel, isSelected) => {
    expect(selects(endpoint({ channels }), 'channel_occupied', channelName(channel))).toBe(isSelected);
  });

  test('selects its event types and no others', () => {
    const one = endpoint({ eventTypes: ['cache_miss'] });
    expect(eventNames.filter((name) => selects(one, name, channelName('a')))).toEqual(['cache_miss']);
  });
});
