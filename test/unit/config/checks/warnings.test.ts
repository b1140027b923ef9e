import { describe, expect, test } from 'vitest';
import { app, warningsOf } from '../loading.ts';

const url = 'https://example.com/';

describe('an endpoint for subscription counts', () => {
  const webhooks = [{ url }, { url, eventTypes: ['cache_miss', 'subscription_count'] }];

  test('causes a warning if its app counts no subscriptions', () => {
    expect(warningsOf({ content: { apps: [{ ...app, webhooks }] } })).toEqual([
      'apps[0].webhooks[1].eventTypes: subscription_count is never sent, because subscriptionCount of the app is false',
    ]);
  });

  test('causes no warning if its app counts them', () => {
    expect(warningsOf({ content: { apps: [{ ...app, subscriptionCount: true, webhooks }] } })).toEqual([]);
  });
});

describe('an app that demands TLS', () => {
  const other = { id: '2', key: 'b-key', secret: 's', forceTls: true };

  test('causes a warning if no connection can use TLS', () => {
    expect(warningsOf({ content: { apps: [app, other] } })).toEqual([
      'apps[1].forceTls: no client can connect, because neither tls nor trustedProxies is given',
    ]);
  });

  test('causes no warning behind a trusted proxy', () => {
    expect(warningsOf({ content: { apps: [app, other], trustedProxies: ['10.0.0.1'] } })).toEqual([]);
  });
});

describe('a server that would lose its state in a crash', () => {
  const env = { NODE_ENV: 'production' };
  const content = { apps: [{ ...app, webhooks: [{ url }] }] };

  test('causes a warning in production, with what to do', () => {
    expect(warningsOf({ content, env })).toEqual([
      expect.stringMatching(/^store: neither store nor redis is set.*"path": "data"/),
    ]);
  });

  test('causes no warning elsewhere, or with a store', () => {
    expect(warningsOf({ content })).toEqual([]);
    expect(warningsOf({ content: { ...content, store: { path: 'data' } }, env })).toEqual([]);
    expect(warningsOf({ content, env: { ...env, SOKETIFY_STORE: 'data' } })).toEqual([]);
    expect(warningsOf({ content, env: { ...env, SOKETIFY_REDIS_URL: 'redis://h' } })).toEqual([]);
  });
});
