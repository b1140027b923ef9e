import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isAllowedOrigin, isOriginPattern } from '../../../src/protocol/origin.ts';

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
    ['https://a.example', ['https://*']],
    ['https://a.example', ['https://a.example:443']],
    ['https://a.example:443', ['https://a.example']],
    ['http://localhost', ['http://localhost:*']],
    ['https://pr-12-a.b.example', ['https://pr-*-*.b.example']],
    ['https://x.pr-1.b.example', ['https://*.pr-*.b.example']],
    ['http://192.168.1.7:3000', ['http://192.168.1.7:*']],
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
    ['https://evil.com/.example.com', ['https://*.example.com']],
    ['https://evil.com?.example.com', ['https://*.example.com']],
    ['https://user@evil.com:1.example.com', ['https://*.example.com']],
    ['http://localhost:3000.evil.com', ['http://localhost:*']],
    ['http://localhost.evil.com', ['http://localhost:*']],
    ['http://localhost:3000/', ['http://localhost:*']],
    ['http://localhost:999999', ['http://localhost:*']],
    ['https://pr-1.evil.example', ['https://pr-*.a.example']],
    ['https://pr-1.evil.a.example', ['https://pr-*.a.example']],
    ['https://.a.example', ['https://*.b.example']],
    ['https://a.example:8443', ['https://a.example:443']],
    ['http://a.example:443', ['http://a.example']],
    ['https://ab.c.example', ['https://ab*ba.c.example']],
    ['https://aba.c.example', ['https://ab*ba.c.example']],
    ['file://', ['https://*']],
    ['null', ['https://*']],
    // Its lower case is the letter k; the case of other alphabets does not count.
    ['https://\u212A.example', ['https://k.example']],
    ['https://\u017F.example', ['https://s.example']],
  ])('%j is not allowed by %j', (origin, allowed) => {
    expect(isAllowedOrigin(origin, allowed)).toBe(false);
  });

  test('is allowed by a pattern with `*` only if its scheme and the end of its host are those of the pattern', () => {
    const host = fc.array(fc.stringMatching(/^[a-z0-9-]{1,6}$/), { minLength: 1, maxLength: 4 });
    const text = fc.oneof(
      fc.webUrl(),
      fc.string(),
      host.map((labels) => `https://${labels.join('.')}.a.example`),
      fc.tuple(fc.string(), fc.string()).map(([one, other]) => `https://${one}.a.example${other}`),
    );
    fc.assert(
      fc.property(text, (origin) => {
        if (!isAllowedOrigin(origin, ['https://*.a.example:*'])) return;
        const { protocol, hostname, pathname, search, hash } = new URL(origin);
        expect([protocol, pathname + search + hash]).toEqual(['https:', '/']);
        expect(hostname.endsWith('.a.example')).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  test('that is hostile does not block the process', () => {
    const origin = `https://${'.'.repeat(2500)}`;
    const startedAt = process.hrtime.bigint();
    expect(isAllowedOrigin(origin, ['https://*.a*a*a.b.example', 'https://*.example'])).toBe(false);
    // This takes milliseconds; a pattern that is tried at every position takes about ten seconds.
    expect(Number(process.hrtime.bigint() - startedAt) / 1e6).toBeLessThan(1000);
  });
});

describe('a pattern of origins', () => {
  test.each([
    '*',
    'https://*',
    'https://*.example.com',
    'http://localhost:*',
    'https://pr-*.a.example',
    'http://*:3000',
    'http://[::1]:*',
  ])('%s can be used', (pattern) => {
    expect(isOriginPattern(pattern)).toBe(true);
  });

  test.each([
    '',
    '**',
    '*.example.com',
    '*://example.com',
    'https://example.*',
    'https://example.com*',
    'https://a.*.example.com',
    'https://*..example.com',
    'https://example.com/',
    'https://example.com:*0',
    'https://exa mple.com',
    'null',
  ])('%j cannot', (pattern) => {
    expect(isOriginPattern(pattern)).toBe(false);
  });
});
