import { createHmac } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bodyMd5, sign, verify } from '../../../src/auth/hmac.ts';
import { heapGrowth } from '../../support/unit/heap.ts';

describe('a signature', () => {
  test('is the lower-case hex HMAC-SHA256 of text and of bytes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), (secret, text) => {
        const expected = createHmac('sha256', secret).update(text).digest('hex');
        expect(sign(secret, text)).toBe(expected);
        expect(sign(secret, Buffer.from(text))).toBe(expected);
        expect(verify(secret, text, expected)).toBe(true);
      }),
    );
  });

  test.each([0, 1, 63, 64, 65, 1364, 1365, 1366, 1367, 4095, 4096, 4097, 200_000])(
    'is right for texts of %i characters and secrets of the same length',
    (length) => {
      for (const character of ['a', '\u20ac', '\ud800']) {
        const text = character.repeat(length);
        for (const secret of ['secret', text]) {
          const expected = createHmac('sha256', secret).update(text).digest('hex');
          expect(sign(secret, text)).toBe(expected);
          expect(sign(secret, Buffer.from(text))).toBe(expected);
        }
      }
    },
  );

  test('is not accepted for another secret, text or form', () => {
    const right = sign('secret', 'text');
    expect(verify('other', 'text', right)).toBe(false);
    expect(verify('secret', 'texts', right)).toBe(false);
    const forms = [
      right.toUpperCase(),
      right.slice(2),
      `${right}\n`,
      `0x${right}`,
      '',
      right.replace(/./, 'g'),
    ];
    for (const form of forms) expect(verify('secret', 'text', form)).toBe(false);
  });

  test('is refused without an exception if it is arbitrary text', () => {
    const hexish = fc.string({
      unit: fc.constantFrom(...'0123456789abcdef'.split('')),
      minLength: 60,
      maxLength: 68,
    });
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), hexish), (signature) => {
        fc.pre(signature !== sign('secret', 'text'));
        expect(verify('secret', 'text', signature)).toBe(false);
      }),
    );
  });
});

test('is computed with few remembered secrets, however many are used', () => {
  const grown = heapGrowth(() => {
    for (let index = 0; index < 35_000; index += 1) sign(`secret ${index}`, 'text');
  });
  // Remembering all of them would take about 20 MB.
  expect(grown).toBeLessThan(6 * 1024 * 1024);
});

test('the MD5 of nothing and of the documented body is as documented', () => {
  expect(bodyMd5(Buffer.from(''))).toBe('d41d8cd98f00b204e9800998ecf8427e');
  const body = '{"name":"foo","channels":["project-3"],"data":"{\\"some\\":\\"data\\"}"}';
  expect(bodyMd5(Buffer.from(body))).toBe('ec365a775a4cd0599faeb73354201b6f');
});
