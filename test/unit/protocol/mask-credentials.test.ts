import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { maskCredentials, maskDigests } from '../../../src/protocol/mask-credentials.ts';

const signature = 'ab'.repeat(32);
const masked = '********';

describe('credentials are masked', () => {
  test.each([
    ['{"auth":"key:value","channel":"private-a"}', `{"auth":"${masked}","channel":"private-a"}`],
    ['{"data":"{\\"auth\\":\\"key:value\\"}"}', `{"data":"{\\"auth\\":\\"${masked}\\"}"}`],
    ['{"auth" : "with \\"quotes\\" in it","a":1}', `{"auth":"${masked}","a":1}`],
    ['{"secret":"s1","token":"t1"}', `{"secret":"${masked}","token":"${masked}"}`],
    ['{"auth":"cut off in the mid', `{"auth":"${masked}"`],
    ['auth_key=k&auth_signature=xyz&info=a', `auth_key=k&auth_signature=${masked}&info=a`],
    [`expected another, but got ${signature}`, `expected another, but got ${masked}`],
  ])('in %s', (text, expected) => {
    expect(maskCredentials(text)).toBe(expected);
  });

  test('and a secret is masked wherever it occurs', () => {
    expect(maskCredentials('{"key":"top secret"}', ['', 'top secret'])).toBe(`{"key":"${masked}"}`);
  });

  test('in any value, at any depth of JSON in JSON', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 0, max: 3 }), (value, depth) => {
        // It would be found again if it were left anywhere, and in no other part of the text.
        const secret = `<<${value.replaceAll('<', '')}>>`;
        let text = JSON.stringify({ auth: secret, event: 'e' });
        for (let level = 0; level < depth; level += 1) text = JSON.stringify({ data: text });
        expect(maskCredentials(text)).not.toMatch(/<<|>>/);
      }),
    );
  });
});

test('but a text without a credential stays unchanged', () => {
  const text = '{"event":"client-a","data":{"author":"me","authority":"x"}}';
  expect(maskCredentials(text)).toBe(text);
  expect(maskDigests(text)).toBe(text);
});
