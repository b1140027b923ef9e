import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { app, configOf, faultsOf, warningsOf } from './loading.ts';

const certificate = readFileSync(new URL('../../support/tls/localhost.cert.pem', import.meta.url), 'utf8');
const content = (redis: unknown, rest: object = {}) => ({ content: { apps: [app], redis, ...rest } });
const places = 'url, urlFile, sentinel, cluster';

describe('redis', () => {
  test('is absent unless it is configured', () => {
    expect(configOf({ content: { apps: [app] } }).redis).toBeUndefined();
  });

  test('is one server, with defaults for the rest', () => {
    expect(configOf(content({ url: 'rediss://me:p%40ss@redis.example.com:6380/2' })).redis).toEqual({
      connection: { kind: 'single', url: 'rediss://me:p%40ss@redis.example.com:6380/2' },
      keyPrefix: 'soketify:',
      leaseMs: 10_000,
      tls: undefined,
    });
  });

  test('may be given in a file, where a password belongs', () => {
    const given = { ...content({ urlFile: 'redis-url' }), others: { 'redis-url': 'redis://:pw@one:6379\n' } };
    expect(configOf(given).redis?.connection).toEqual({ kind: 'single', url: 'redis://:pw@one:6379' });
    expect(faultsOf(content({ urlFile: 'redis-url' }))[0]).toMatch(/^redis\.urlFile: ".*" cannot be read/);
    expect(faultsOf({ ...given, others: { 'redis-url': 'http://secret' } })[0]).toMatch(
      /^redis\.urlFile: ".*" contains no URL such as redis:/,
    );
  });

  test('may be a master behind sentinels, or a cluster', () => {
    const sentinel = { name: 'main', urls: ['redis://s1:26379', 'redis://s2'], url: 'redis://:pw@any/1' };
    expect(configOf(content({ sentinel })).redis?.connection).toEqual({ kind: 'sentinel', ...sentinel });
    const cluster = ['redis://one:7001', 'redis://two:7002'];
    expect(configOf(content({ cluster })).redis?.connection).toEqual({ kind: 'cluster', urls: cluster });
  });

  test('must be given in exactly one way', () => {
    expect(faultsOf(content({}))).toEqual([
      `redis: does not contain the address of Redis; expected one of ${places}`,
    ]);
    expect(faultsOf(content({ url: 'redis://a', cluster: ['redis://b'] }))).toEqual([
      `redis.cluster: is given together with url; give only one of ${places}`,
    ]);
  });

  test.each([
    'localhost:6379',
    'http://localhost',
    'redis://',
    'redis://host/two',
    'redis://host?db=2',
    'redis://:%zz@host',
  ])('refuses the URL %s', (url) => {
    expect(faultsOf(content({ url }))[0]).toMatch(/^redis\.url: expected a URL such as redis:/);
  });

  test('never shows a password', () => {
    const faults = faultsOf(
      content({ url: 'redis://:hunter2@host/x', cluster: ['redis://:hunter2@host/x', 7] }),
    ).join('\n');
    expect(faults).not.toContain('hunter2');
  });

  test('cannot have a database in a cluster', () => {
    expect(faultsOf(content({ cluster: ['redis://one', 'redis://two/3'] }))).toEqual([
      'redis.cluster[1]: names a database; a Redis Cluster has only one',
    ]);
  });

  test.each([
    [{ keyPrefix: '' }, 'redis.keyPrefix'],
    [{ keyPrefix: 'a{b}' }, 'redis.keyPrefix'],
    [{ keyPrefix: 'a b' }, 'redis.keyPrefix'],
    [{ leaseMs: 999 }, 'redis.leaseMs'],
    [{ leaseMS: 5000 }, 'redis.leaseMS'],
    [{ tls: { caFile: '' } }, 'redis.tls.caFile'],
  ])('refuses %o', (rest, path) => {
    expect(faultsOf(content({ url: 'redis://a', ...rest }))[0]).toMatch(`${path}: `);
  });

  test('reads the files of its TLS', () => {
    const tls = { caFile: 'ca.pem', servername: 'redis' };
    const given = { ...content({ url: 'rediss://a', tls }), others: { 'ca.pem': certificate } };
    const expected = { ca: certificate.trim(), servername: 'redis', rejectUnauthorized: true };
    expect(configOf(given).redis?.tls).toEqual(expected);
    expect(faultsOf({ ...given, others: {} })[0]).toMatch(/^redis\.tls\.caFile: ".*" cannot be read/);
    expect(faultsOf({ ...given, others: { 'ca.pem': '-----BEGIN CERTIFICATE-----\nx' } })[0]).toMatch(
      /^redis\.tls: the files cannot be used/,
    );
    expect(
      faultsOf({
        ...content({ url: 'rediss://a', tls: { certFile: 'ca.pem' } }),
        others: { 'ca.pem': certificate },
      }),
    ).toContain('redis.tls.keyFile: missing; give both a certificate and its key');
  });

  test('is overridden by the environment, and keeps its other keys', () => {
    const env = { SOKETIFY_REDIS_URL: 'redis://env' };
    const given = { ...content({ cluster: ['redis://file'], keyPrefix: 'mine:' }), env };
    expect(configOf(given).redis).toMatchObject({
      connection: { kind: 'single', url: 'redis://env' },
      keyPrefix: 'mine:',
    });
    expect(configOf({ env }).redis?.connection).toEqual({ kind: 'single', url: 'redis://env' });
    expect(faultsOf({ env: { SOKETIFY_REDIS_URL: 'env:6379' } })[0]).toMatch(/^SOKETIFY_REDIS_URL: expected/);
  });

  test('a grace period for planned stops causes a warning without it', () => {
    const webhooks = { shutdownGraceMs: 10_000 };
    expect(warningsOf({ content: { apps: [app], webhooks } })).toHaveLength(1);
    expect(warningsOf(content({ url: 'redis://a' }, { webhooks }))).toEqual([]);
  });
});
