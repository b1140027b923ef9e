import { createHmac } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { verifyWebhookSignature, type WebhookSecrets } from '../../../src/auth/webhook-verification.ts';
import { vectors } from '../../support/unit/vectors.ts';

const secret = 'app-secret';
const body =
  '{"time_ms":1700000000000,"events":[{"name":"member_added","channel":"presence-a","user_id":"é/42"}]}';

function hmac(text: string, of = secret): string {
  return createHmac('sha256', of).update(text).digest('hex');
}

function verdict(headers: Record<string, string>, text = body, secrets: WebhookSecrets = secret) {
  return verifyWebhookSignature({ headers, body: Buffer.from(text) }, secrets);
}

/** The verdict on a body with this signature. */
function signed(signature: string, text = body, secrets?: WebhookSecrets) {
  return verdict({ 'x-pusher-key': 'app-key', 'x-pusher-signature': signature }, text, secrets);
}

function refused(reason: string, message: RegExp) {
  return { verified: false, reason, message: expect.stringMatching(message) as string };
}

describe('the signature of a webhook', () => {
  test('is verified as in the vector of the Node library', () => {
    const { signature: vector } = vectors('webhooks') as {
      signature: { secret: string; body: string; signature: string };
    };
    expect(signed(vector.signature, vector.body, vector.secret)).toEqual({ verified: true });
  });

  test('is verified over the bytes, whatever they are', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.string({ minLength: 1 }), (bytes, key) => {
        const headers = { 'x-pusher-signature': createHmac('sha256', key).update(bytes).digest('hex') };
        expect(verifyWebhookSignature({ headers, body: bytes }, key)).toEqual({ verified: true });
      }),
    );
  });

  test('is refused without an exception if it is arbitrary text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (signature, text) => {
        fc.pre(signature !== hmac(text));
        expect(signed(signature, text).verified).toBe(false);
      }),
    );
  });

  test('is reported as missing', () => {
    expect(verdict({ 'x-pusher-key': 'app-key' })).toEqual(
      refused('missing_signature', /no X-Pusher-Signature header/),
    );
  });

  test('in another header is reported with that header, and whether it is right', () => {
    expect(verdict({ 'x-soketify-signature': hmac(body) })).toEqual(
      refused('wrong_header', /was received in x-soketify-signature, where it is the right one/),
    );
    expect(verdict({ 'x-hub-signature-256': 'sha256=0' })).toEqual(
      refused('wrong_header', /was received in x-hub-signature-256$/),
    );
    expect(verdict({ token: hmac(body) })).toEqual(refused('wrong_header', /was received in token, where/));
  });

  test.each([
    ['in upper case', hmac(body).toUpperCase(), /the right one, but it is in upper case/],
    ['with a prefix', `sha256=${hmac(body)}`, /the right one, but it has extra characters around it/],
    ['in base64', Buffer.from(hmac(body), 'hex').toString('base64'), /the right one, but it is in base64/],
    ['of SHA-1', 'a'.repeat(40), /40, the length of a hash other than SHA-256/],
    ['of nothing', '', /got ''/],
    ['given twice', `${hmac(body)}, ${hmac(body)}`, /64 lower-case hex digits/],
  ])('that is not hex but %s is refused with what it is', (_, signature, message) => {
    expect(signed(signature)).toEqual(refused('not_hex', message));
  });

  test('with another secret is refused with that reason', () => {
    expect(signed(hmac(body, 'other'))).toEqual(
      refused('wrong_secret', /another secret, or it belongs to another body/),
    );
  });

  test('of another body is refused with that reason', () => {
    expect(signed(hmac(body), body.replace('42', '43'))).toEqual(
      refused('wrong_secret', /belongs to another body/),
    );
  });

  test.each(['\n', '\r\n', ' '])(
    'with a secret that was read with %j at its end is refused with that reason',
    (end) => {
      expect(signed(hmac(body, secret + end))).toEqual(refused('wrong_secret', /white space or quotes/));
      expect(signed(hmac(body), body, secret + end)).toEqual(
        refused('wrong_secret', /white space or quotes/),
      );
    },
  );
});

describe('the body of a webhook that was serialized again', () => {
  const value = JSON.parse(body) as { time_ms: number; events: Record<string, string>[] };
  const [event] = value.events;
  const rewritten: readonly (readonly [writer: string, text: string])[] = [
    ['JSON.stringify with two spaces', JSON.stringify(value, null, 2)],
    ['json.dumps', body.replaceAll('":', '": ').replaceAll(',"', ', "').replace('é', '\\u00e9')],
    ['json_encode', body.replace('/', '\\/').replace('é', '\\u00e9')],
    [
      'a writer that sorts keys',
      `{"events":[{"channel":"presence-a","name":"member_added","user_id":"é/42"}],"time_ms":1700000000000}`,
    ],
    ['an editor that ends files with a line break', `${body}\n`],
    ['a reader that keeps the byte order mark', `\ufeff${body}`],
  ];

  test.each(rewritten)('is recognized when it arrives as written by %s', (_, text) => {
    expect(signed(hmac(body), text)).toEqual(refused('reserialised', /serialized again/));
  });

  test.each(rewritten.slice(0, 4))(
    'is recognized when the signature belongs to the text of %s',
    (_, text) => {
      expect(signed(hmac(text))).toEqual(refused('reserialised', /not the received bytes/));
    },
  );

  test('is not confused with a wrong secret', () => {
    const text = JSON.stringify(value, null, 2);
    expect(signed(hmac(body, 'other'), text)).toEqual(refused('wrong_secret', /another secret/));
    expect(signed(hmac(JSON.stringify({ ...value, events: [{ ...event, user_id: '7' }] })), text)).toEqual(
      refused('wrong_secret', /another/),
    );
  });
});

describe('secrets by key', () => {
  const secrets = new Map([
    ['app-key', secret],
    ['second', 'tofu'],
  ]);

  test('are selected by X-Pusher-Key', () => {
    const of = (key: string, signature: string) =>
      verdict({ 'x-pusher-key': key, 'x-pusher-signature': signature }, body, secrets);
    expect(of('app-key', hmac(body))).toEqual({ verified: true });
    expect(of('second', hmac(body, 'tofu'))).toEqual({ verified: true });
    expect(of('second', hmac(body))).toEqual(refused('wrong_secret', /secret of the key 'app-key'/));
    expect(of('third', hmac(body))).toEqual(refused('unknown_key', /'third'.*app-key, second/));
  });

  test('need a key', () => {
    expect(verdict({ 'x-pusher-signature': hmac(body) }, body, secrets)).toEqual(
      refused('missing_key', /no X-Pusher-Key header/),
    );
  });

  test('never occur in a message', () => {
    for (const headers of [
      {},
      { 'x-pusher-signature': hmac(body, 'x') },
      { 'x-pusher-key': 'second', 'x-pusher-signature': hmac(body) },
      { 'x-pusher-key': 'x', 'x-pusher-signature': 'x' },
    ]) {
      expect(JSON.stringify(verdict(headers, body, secrets))).not.toMatch(/app-secret|tofu/);
    }
  });
});
