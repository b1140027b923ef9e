import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isAllowedOrigin } from '../../../src/protocol/origin.ts';

describe('an origin', () => {
  test.each([
    ['https://a.example', ['*']],
    ['null', ['*']],
    ['', ['*']],
    ['https://a.example', ['https://a.example']],
    ['HTTPS://A.Example', ['https://a.EXAMPLE']],
    ['https://a.example', ['https://b.example', 'https://a.example']],
    ['https://app.a.example', ['https://*.a.example']],
    ['https://x.y.a.example', ['https://*.a.example']],
    ['https://a.example:8443', ['https://a.example:*']],
    ['http://localhost:5173', ['http://localhost:*', 'https://a.example']],
    ['https://pr-12.a.example', ['https://pr-*.a.example']],
    ['https://a.example', ['*a.example']],
    ['https://a.example', ['https*example']],
    ['https://a.example', ['**']],
    ['https://a.example', ['https://**a.example**']],
    ['aXbXc', ['a*b*c']],
    ['abab', ['*ab']],
    ['null', ['null']],
    ['capacitor://localhost', ['capacitor://localhost']],
    ['https://[::1]:80', ['https://[::1]:*']],
  ])('%s is allowed by %j', (origin, allowed) => {
    expect(isAllowedOrigin(origin, allowed)).toBe(true);
  });

  test.each([
    ['https://a.example', []],
    ['https://a.example', ['']],
    ['https://a.example', ['http://a.example']],
    ['https://a.example.evil', ['https://a.example']],
    ['https://evil-a.example', ['https://*.a.example']],
    ['https://a.example', ['https://*.a.example']],
    ['https://aXexample', ['https://a.example']],
    ['https://a.example:8443', ['https://a.example']],
    ['xhttps://a.example', ['https://a.example']],
    ['https://a.example\n', ['https://a.example']],
    ['https://evil/\nhttps://a.example', ['https://a.example']],
    ['https://aa', ['https://a+']],
    ['https://a', ['https://(a|b)']],
    ['https://a', ['https://[a-z]']],
    ['https://a', [String.raw`https://\w`]],
    ['a', ['a*a']],
    ['aba', ['ab*ba']],
    ['null', ['https://*']],
    // Its lower case is the letter k; the case of other alphabets does not count.
    ['https://\u212A.example', ['https://k.example']],
    ['https://\u017F.example', ['https://s.example']],
  ])('%j is not allowed by %j', (origin, allowed) => {
    expect(isAllowedOrigin(origin, allowed)).toBe(false);
  });

  test('with `*` for any text is what a pattern without it could not be', () => {
    const part = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*', '/', '\n', '$') });
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 6 }), fc.array(part), (parts, between) => {
        const literals = parts.map((text) => text.replaceAll('*', ''));
        const origin = literals.map((text, index) => text + (between[index] ?? '')).join('');
        const isLast = between[literals.length - 1] === undefined;
        expect(isAllowedOrigin(origin, [`${literals.join('*')}${isLast ? '' : '*'}`])).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test('that is hostile does not keep the process busy', () => {
    const origin = `https://${'.'.repeat(2500)}`;
    const startedAt = process.hrtime.bigint();
    expect(isAllowedOrigin(origin, ['https://*.*.*.example'])).toBe(false);
    // Milliseconds here; a pattern that is tried at every place takes some ten seconds.
    expect(Number(process.hrtime.bigint() - startedAt) / 1e6).toBeLessThan(1000);
  });
});
