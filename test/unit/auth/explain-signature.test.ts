import { createHmac } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { explainSignature } from '../../../src/auth/explain-signature.ts';

const app = {
  key: 'new-key',
  secret: 'new-secret',
  otherKeys: [{ key: 'old-key', secret: 'old-secret' }],
};
const body = '{"time_ms":1700000000000,"events":[{"name":"channel_occupied","channel":"news/é"}]}';
const digest = (text: string, secret = app.secret): Buffer =>
  createHmac('sha256', secret).update(text).digest();
const hex = (text: string, secret = app.secret): string => digest(text, secret).toString('hex');
const explain = (given: Partial<Parameters<typeof explainSignature>[0]>) =>
  explainSignature({ body, signature: hex(body), ...given }, app);

describe('a webhook of the app', () => {
  test('is genuine with the signature of any of its keys', () => {
    expect(explain({})).toEqual({
      isGenuine: true,
      key: 'new-key',
      sentence: 'The webhook is genuine: it matches key new-key.',
    });
    const old = explain({ signature: hex(body, 'old-secret'), key: 'old-key' });
    expect(old).toMatchObject({ isGenuine: true, key: 'old-key' });
    expect(old.sentence).toContain('before the keys were changed');
  });

  test('is not genuine if X-Pusher-Key names another key', () => {
    const other = explain({ key: 'old-key' });
    expect(other).toMatchObject({ isGenuine: false, key: 'new-key' });
    expect(other.sentence).toContain('signed with the secret of key new-key, but X-Pusher-Key is old-key');
  });
});

describe('the explanation of a mismatch', () => {
  test.each([
    [
      'a body of which the line break at its end is lost',
      { body, signature: hex(`${body}\n`) },
      'once a line break is added',
    ],
    [
      'a body with a line break at its end',
      { body: `${body}\n`, signature: hex(body) },
      'once the line break at the end',
    ],
    [
      'a body with white space around it',
      { body: `  ${body} `, signature: hex(body) },
      'once the white space around',
    ],
    ['a body with a byte order mark', { body: `\ufeff${body}`, signature: hex(body) }, 'matches once the'],
    [
      'JSON written by JSON.stringify',
      { body: JSON.stringify(JSON.parse(body), null, 2) },
      'as JSON.stringify writes it',
    ],
    [
      'JSON written by PHP',
      { body, signature: hex(body.replace('/', '\\/').replace('é', '\\u00e9')) },
      'as json_encode writes it',
    ],
    ['upper case', { signature: hex(body).toUpperCase() }, 'in upper case'],
    ['base64', { signature: digest(body).toString('base64') }, 'in base64'],
    ['a word before it', { signature: `sha256=${hex(body)}` }, 'it has extra characters around it'],
    ['white space around it', { signature: ` ${hex(body)}\n` }, 'it has extra characters around it'],
    [
      'a secret with a line break',
      { signature: hex(body, `${app.secret}\n`) },
      'with white space or quotes around the secret',
    ],
  ])('%s', (_, given, why) => {
    const explanation = explain(given);
    expect(explanation).toMatchObject({ isGenuine: false, key: 'new-key' });
    expect(explanation.sentence).toContain(why);
  });

  test.each([
    [
      'another secret',
      { signature: hex(body, 'another') },
      'was not made with a secret of this app, or it belongs to another body',
    ],
    [
      'a key of another app',
      { signature: hex(body, 'x'), key: 'strange' },
      'strange, which is not a key of this app',
    ],
    ['no signature', { signature: ' ' }, 'There is no signature'],
    ['no body', { body: '', signature: hex('x') }, 'The body is empty'],
    ['a part of one', { signature: hex(body).slice(0, 60) }, 'It has 60 characters'],
    ['SHA-1', { signature: 'a'.repeat(40) }, 'a hash other than SHA-256 (40 hex digits)'],
  ])('%s', (_, given, why) => {
    const explanation = explain(given);
    expect(explanation.isGenuine).toBe(false);
    expect(explanation).not.toHaveProperty('key');
    expect(explanation.sentence).toContain(why);
  });

  test('never contains a secret, whatever is given', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.string(),
        fc.option(fc.string(), { nil: undefined }),
        (text, signature, key) => {
          const explanation = explain({ body: text, signature, key });
          expect(explanation.isGenuine).toBe(false);
          expect(explanation.sentence).not.toMatch(/new-secret|old-secret/);
        },
      ),
    );
  });
});
