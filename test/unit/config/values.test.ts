import { describe, expect, test } from 'vitest';
import { app, faultsOf, load, withWebhooks } from './loading.ts';

const atTop = (key: string, value: unknown) => ({ apps: [app], [key]: value });
const inWebhooks = (key: string, value: unknown) => ({ apps: [app], webhooks: { [key]: value } });
const inRetry = (key: string, value: unknown) => ({ apps: [app], webhooks: { retry: { [key]: value } } });
const inBatch = (key: string, value: unknown) => ({ apps: [app], webhooks: { batch: { [key]: value } } });
const inLimits = (key: string, value: unknown) => ({ apps: [app], limits: { [key]: value } });
const inApp = (key: string, value: unknown) => {
  const { secret, ...rest } = app;
  return { apps: [{ ...rest, ...(key !== 'secretFile' && { secret }), [key]: value }] };
};
const inWebhook = (key: string, value: unknown) =>
  withWebhooks({ url: 'https://example.com/', [key]: value });

describe('accepted values', () => {
  test.each([
    ['port', 0, atTop],
    ['port', 65_535, atTop],
    ['host', '::', atTop],
    ['host', 'fe80::1%eth0', atTop],
    ['host', 'my-host.example', atTop],
    ['activityTimeoutMs', 1000, atTop],
    ['pongTimeoutMs', 1001, atTop],
    ['cacheTtlMs', 1, atTop],
    ['shutdownTimeoutMs', 0, atTop],
    ['logLevel', 'silent', atTop],
    ['path', '/realtime/eu-1', atTop],
    ['trustedProxies', ['10.0.0.0/8', '::1', 'fd00::/8', '192.168.0.1'], atTop],
    ['compression', true, atTop],
    ['metrics', { port: 0 }, atTop],
    ['disconnectGraceMs', 0, inWebhooks],
    ['unsubscribeGraceMs', 0, inWebhooks],
    ['maxDelayMs', 0, inBatch],
    ['multiplier', 1.5, inRetry],
    ['jitter', 0, inRetry],
    ['jitter', 1, inRetry],
    ['presenceMembers', 1, inLimits],
    ['watchlist', null, inLimits],
    ['connections', 1, inLimits],
    ['triggersPerSecond', 1, inLimits],
    ['id', 'A-z_0.9~', inApp],
    ['enabled', false, inApp],
    ['otherKeys', [{ key: 'b-key', secret: 's' }], inApp],
    ['allowedOrigins', ['https://*.example.com:8443', '*', 'capacitor://localhost'], inApp],
    ['allowedOrigins', [], inApp],
    ['webhooks', [], inApp],
    ['url', 'http://[::1]:9000/a?b=c', inWebhook],
    ['eventTypes', ['subscription_count'], inWebhook],
    ['channels', {}, inWebhook],
    ['channels', { startsWith: 'presence-', endsWith: '-eu' }, inWebhook],
  ])('%s may be %j', (key, value, within) => {
    expect(load({ content: within(key, value) })).toMatchObject({ kind: 'ok' });
  });
});

describe('refused values', () => {
  test.each([
    ['port', -1, atTop],
    ['port', 1.5, atTop],
    ['port', null, atTop],
    ['host', '', atTop],
    ['host', 'a b', atTop],
    ['host', '300.1.1.1', atTop],
    ['host', ':::', atTop],
    ['activityTimeoutMs', 999, atTop],
    ['activityTimeoutMs', 1500, atTop],
    ['activityTimeoutMs', 86_401_000, atTop],
    ['pongTimeoutMs', 999, atTop],
    ['cacheTtlMs', 0, atTop],
    ['cacheTtlMs', 1_800_001, atTop],
    ['shutdownTimeoutMs', -1, atTop],
    ['maxBackpressureBytes', 0, atTop],
    ['logLevel', 'loud', atTop],
    ['path', 'realtime', atTop],
    ['path', '/', atTop],
    ['path', '/realtime/', atTop],
    ['path', '/a b', atTop],
    ['tls', true, atTop],
    ['trustedProxies', '10.0.0.0/8', atTop],
    ['trustedProxies', ['10.0.0.0/33'], atTop],
    ['trustedProxies', ['proxy.example.com'], atTop],
    ['metrics', { port: -1 }, atTop],
    ['metrics', { port: 1, host: 'a b' }, atTop],
    ['compression', 'shared', atTop],
    ['$schema', 1, atTop],
    ['apps', {}, atTop],
    ['apps', ['app'], atTop],
    ['limits', null, atTop],
    ['disconnectGraceMs', -1, inWebhooks],
    ['requestTimeoutMs', 0, inWebhooks],
    ['requestTimeoutMs', 2 ** 31, inWebhooks],
    ['concurrency', 0, inWebhooks],
    ['totalConcurrency', 0, inWebhooks],
    ['totalConcurrency', 10_001, inWebhooks],
    ['privateAddresses', true, inWebhooks],
    ['queueMaxBytes', 0, inWebhooks],
    ['deadLetters', { maxBytes: 65_535 }, inWebhooks],
    ['deadLetters', { keepDays: 0 }, inWebhooks],
    ['deadLetters', { keepDays: 1.5 }, inWebhooks],
    ['maxEvents', 0, inBatch],
    ['maxBytes', 10, inBatch],
    ['initialDelayMs', 0, inRetry],
    ['maxElapsedMs', 0, inRetry],
    ['maxElapsedMs', 2 ** 31, inRetry],
    ['multiplier', 0.5, inRetry],
    ['jitter', 1.1, inRetry],
    ['jitter', '0.1', inRetry],
    ['presenceMembers', 0, inLimits],
    ['presenceMembers', 'none', inLimits],
    ['connections', 0, inLimits],
    ['id', '', inApp],
    ['id', 'a/b', inApp],
    ['id', '..', inApp],
    ['id', 1, inApp],
    ['key', 'a b', inApp],
    ['key', 'a\u0000', inApp],
    ['secret', '', inApp],
    ['secretFile', '', inApp],
    ['otherKeys', { key: 'b-key', secret: 's' }, inApp],
    ['otherKeys', [{ key: 'b key', secret: 's' }], inApp],
    ['otherKeys', [{ key: 'b-key', secret: '' }], inApp],
    ['enabled', 0, inApp],
    ['clientEvents', 'yes', inApp],
    ['subscriptionCount', 'yes', inApp],
    ['watchlist', 5, inApp],
    ['forceTls', null, inApp],
    ['allowedOrigins', 'https://example.com', inApp],
    ['allowedOrigins', ['example.com'], inApp],
    ['allowedOrigins', ['https://example.com/path'], inApp],
    ['webhooks', {}, inApp],
    ['url', 'example.com', inWebhook],
    ['url', 'http://', inWebhook],
    ['url', 'http://exa mple.com/', inWebhook],
    ['url', 'file:///etc/passwd', inWebhook],
    ['eventTypes', [], inWebhook],
    ['eventTypes', ['subscription_counts'], inWebhook],
    ['eventTypes', 'cache_miss', inWebhook],
    ['channels', { startsWith: 1 }, inWebhook],
    ['channels', [], inWebhook],
    ['headers', [], inWebhook],
    ['batch', { maxEvents: 0 }, inWebhook],
    ['batch', { maxBytes: 10 }, inWebhook],
    ['batch', { maxDelayMs: '5' }, inWebhook],
    ['batch', 1, inWebhook],
    ['id', 'a/b', inWebhook],
    ['allowInsecure', 1, inWebhook],
    ['standardSignature', 'yes', inWebhook],
  ])('%s cannot be %j', (key, value, within) => {
    const faults = faultsOf({ content: within(key, value) });
    expect(faults).toEqual([expect.stringContaining(key)]);
    expect(faults[0]).toMatch(/: expected .*, got /);
  });
});
