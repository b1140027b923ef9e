import { describe, expect, test } from 'vitest';
import { maskConfig } from '../../../src/config/mask-config.ts';
import type { Config } from '../../../src/config/schema/schema.ts';
import { app, configOf } from './loading.ts';

const plain = configOf({ content: { apps: [app] } });

function shown(changes: Partial<Config>): string {
  return JSON.stringify(maskConfig({ ...plain, ...changes }));
}

function redisOf(connection: NonNullable<Config['redis']>['connection']) {
  return { connection, keyPrefix: 'p:', leaseMs: 10_000, tls: undefined };
}

describe('a masked configuration', () => {
  test('has the shape of a file, in which null means no limit', () => {
    expect(maskConfig(plain)).toMatchObject({
      host: '127.0.0.1',
      limits: { connections: null, watchlist: 100 },
      apps: [{ id: app.id, key: app.key, secret: '********', limits: { connections: null } }],
    });
  });

  test('hides the passphrase', () => {
    const tls = { certFile: '/c.pem', keyFile: '/k.pem', passphrase: 's3cret' };
    expect(JSON.parse(shown({ tls }))).toMatchObject({
      tls: { certFile: '/c.pem', keyFile: '/k.pem', passphrase: '********' },
    });
  });

  test.each<[NonNullable<Config['redis']>['connection'], Record<string, unknown>]>([
    [{ kind: 'single', url: 'redis://:s3cret@h:6379' }, { url: 'redis://:********@h:6379' }],
    [
      { kind: 'cluster', urls: ['redis://u:s3cret@a:1', 'redis://b:2'] },
      { cluster: ['redis://u:********@a:1', 'redis://b:2'] },
    ],
    [
      { kind: 'sentinel', name: 'm', urls: ['redis://a:1'], url: 'redis://u:s3cret@x:1/2' },
      { sentinel: { name: 'm', urls: ['redis://a:1'], url: 'redis://u:********@x:1/2' } },
    ],
  ])('hides the passwords of Redis: %j', (connection, redis) => {
    expect(JSON.parse(shown({ redis: redisOf(connection) }))).toMatchObject({ redis });
  });

  test('hides the key of the Redis client', () => {
    const tls = { ca: 'CA-PEM', cert: 'CERT-PEM', key: 's3cret', rejectUnauthorized: true };
    const text = shown({ redis: { ...redisOf({ kind: 'single', url: 'rediss://h:1' }), tls } });
    expect(text).not.toMatch(/s3cret|-PEM/);
    expect(text).toContain('"rejectUnauthorized":true');
  });

  test.each([
    ['http://127.0.0.1:9/hook', 'http://127.0.0.1:9/hook'],
    ['https://h/hook?token=s3cret', 'https://h/hook?********'],
    ['https://h/hook?s3cret#s3cret', 'https://h/hook?********#********'],
  ])('shows the endpoint %s as %s', (url, expected) => {
    const content = { apps: [{ ...app, webhooks: [{ url, headers: { 'x-a': 's3cret' } }] }] };
    const { apps } = configOf({ content });
    expect(JSON.parse(shown({ apps }))).toMatchObject({
      apps: [{ webhooks: [{ url: expected, headers: { 'x-a': '********' } }] }],
    });
  });
});
