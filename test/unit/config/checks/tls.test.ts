import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { app, configOf, faultsOf, warningsOf, type Given } from '../loading.ts';

const pem = (name: string) =>
  readFileSync(new URL(`../../../support/tls/${name}.pem`, import.meta.url), 'utf8');

const cert = pem('localhost.cert');
const key = pem('localhost.key');
const encryptedKey = pem('encrypted.key');

/** A configuration in /etc/soketify with these texts as certificate and key. */
const withTls = (texts: { cert?: string; key?: string }, passphrase?: unknown): Given => ({
  file: '/etc/soketify/config.json',
  content: { apps: [app], tls: { certFile: 'tls/cert.pem', keyFile: '/keys/key.pem', passphrase } },
  others: {
    ...(texts.cert !== undefined && { '/etc/soketify/tls/cert.pem': texts.cert }),
    ...(texts.key !== undefined && { '/keys/key.pem': texts.key }),
  },
});

describe('tls', () => {
  test('names its files by absolute paths', () => {
    expect(configOf(withTls({ cert, key })).tls).toEqual({
      certFile: '/etc/soketify/tls/cert.pem',
      keyFile: '/keys/key.pem',
    });
  });

  test('may have an encrypted key', () => {
    expect(configOf(withTls({ cert, key: encryptedKey }, 'opensesame')).tls?.passphrase).toBe('opensesame');
  });

  test('may have a chain behind the certificate', () => {
    expect(configOf(withTls({ cert: cert + pem('second.cert'), key })).tls).toBeDefined();
  });

  test('is faulty if its files cannot be read', () => {
    expect(faultsOf(withTls({}))).toEqual([
      'tls.certFile: "/etc/soketify/tls/cert.pem" cannot be read: there is no such file (ENOENT)',
      'tls.keyFile: "/keys/key.pem" cannot be read: there is no such file (ENOENT)',
    ]);
  });

  test.each([
    ['text', 'hush'],
    ['nothing', ''],
    ['a key', key],
    ['half a certificate', cert.slice(0, 200)],
    ['a chain that is damaged', `${cert}-----BEGIN CERTIFICATE-----\nhush\n-----END CERTIFICATE-----\n`],
  ])('is faulty if its certificate is %s', (_, text) => {
    expect(faultsOf(withTls({ cert: text, key }))).toEqual([
      expect.stringMatching(
        /^tls\.certFile: "\/etc\/soketify\/tls\/cert\.pem" contains no usable certificate in PEM format \(ERR_OSSL_\w+\)$/,
      ),
    ]);
  });

  test.each([
    ['text', 'hush'],
    ['nothing', ''],
    ['a certificate', cert],
    ['half a key', key.slice(0, 100)],
    ['half an encrypted key', encryptedKey.slice(0, 200)],
  ])('is faulty if its key is %s', (_, text) => {
    expect(faultsOf(withTls({ cert, key: text }))).toEqual([
      'tls.keyFile: "/keys/key.pem" contains no private key in PEM format (ERR_OSSL_UNSUPPORTED)',
    ]);
  });

  test('is faulty if the key belongs to another certificate', () => {
    expect(faultsOf(withTls({ cert, key: pem('second.key') }))).toEqual([
      'tls.keyFile: does not belong to the certificate in tls.certFile',
    ]);
  });

  test('is faulty if the passphrase is wrong or missing', () => {
    expect(faultsOf(withTls({ cert, key: encryptedKey }, 'closesesame'))).toEqual([
      'tls.keyFile: "/keys/key.pem" is encrypted; tls.passphrase does not decrypt it',
    ]);
    expect(faultsOf(withTls({ cert, key: encryptedKey }))).toEqual([
      'tls.keyFile: "/keys/key.pem" is encrypted; tls.passphrase is missing',
    ]);
  });

  test('never shows a passphrase', () => {
    for (const passphrase of [12_345, ['hush'], { hush: 'hush' }]) {
      const faults = faultsOf(withTls({ cert, key }, passphrase)).join('\n');
      expect(faults).toMatch(/^tls\.passphrase: expected a non-empty string, got an? (number|array|object)$/);
    }
  });

  test('is checked even if it is incomplete', () => {
    const content = { apps: [app], tls: { certFile: '/cert.pem', keyfile: '/key.pem' } };
    expect(faultsOf({ content, others: { '/cert.pem': 'hush' } })).toEqual([
      'tls.keyFile: missing; expected a non-empty string',
      'tls.keyfile: unknown key "keyfile"; did you mean "keyFile"?',
      expect.stringContaining('tls.certFile: "/cert.pem" contains no usable certificate in PEM format'),
    ]);
  });

  test('warns of an expired certificate, and still serves it', () => {
    expect(warningsOf(withTls({ cert: pem('expired.cert'), key }))).toEqual([
      'tls.certFile: the certificate expired on 2020-02-01; clients refuse it',
    ]);
    expect(warningsOf(withTls({ cert, key }))).toEqual([]);
  });
});
