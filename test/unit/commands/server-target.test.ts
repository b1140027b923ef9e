import { expect, test } from 'vitest';
import { targetOf } from '../../../src/commands/server-target.ts';

test.each(['127.0.0.1', '0.0.0.0', '::', '::1', 'localhost'])(
  'the certificate of a server that listens on %s need not be for the address that is used',
  (host) => {
    const target = targetOf({}, { SOKETIFY_HOST: host });
    expect(target.url).toMatch(/^http:\/\/(127\.0\.0\.1|\[::1\]|localhost):6001$/);
    expect(target.verifiesCertificate).toBe(false);
  },
);

test('the certificate of any other server is verified', () => {
  expect(targetOf({}, { SOKETIFY_HOST: '192.0.2.1' }).verifiesCertificate).toBe(true);
  expect(targetOf({}, { SOKETIFY_URL: 'https://127.0.0.1:6001' }).verifiesCertificate).toBe(true);
});
