import { describe, expect, test } from 'vitest';
import { app, configOf, withWebhooks } from './loading.ts';

const allTypes = [
  'channel_occupied',
  'channel_vacated',
  'member_added',
  'member_removed',
  'client_event',
  'cache_miss',
];

const limits = {
  clientEventsPerSecond: 10,
  messagesPerSecond: 100,
  messageBurst: 5000,
  bytesPerSecond: 262_144,
  byteBurst: 4_194_304,
  presenceMembers: 100,
  userInfoBytes: 1024,
  userIdLength: 128,
  channelNameLength: 164,
  eventNameLength: 200,
  eventDataBytes: 10_240,
  channelsPerTrigger: 100,
  eventsPerBatch: 10,
  watchlist: 100,
  channelsPerConnection: 1000,
  newChannelsPerSecond: 100,
  channels: Infinity,
  appNewChannelsPerSecond: Infinity,
  channelsPerAnswer: 100_000,
  connections: Infinity,
  triggersPerSecond: Infinity,
};

describe('defaults', () => {
  test('everything has a default if there is no file', () => {
    expect(configOf()).toStrictEqual({
      host: '127.0.0.1',
      port: 6001,
      workers: 1,
      apps: [
        {
          id: '1',
          key: 'app-key',
          secret: 'app-secret',
          otherKeys: [],
          enabled: true,
          clientEvents: true,
          subscriptionCount: false,
          watchlist: true,
          forceTls: false,
          allowedOrigins: ['*'],
          limits,
          webhooks: [],
        },
      ],
      limits,
      path: '',
      tls: undefined,
      redis: undefined,
      store: undefined,
      control: undefined,
      dashboard: {
        token: undefined,
        viewToken: undefined,
        host: undefined,
        port: undefined,
        allowedHosts: [],
        payloads: true,
        historyBytes: 16_777_216,
      },
      trustedProxies: [],
      metrics: undefined,
      publicMetrics: true,
      compression: false,
      activityTimeoutMs: 120_000,
      pongTimeoutMs: 30_000,
      cacheTtlMs: 1_800_000,
      shutdownTimeoutMs: 10_000,
      maxBackpressureBytes: 1_048_576,
      maxTotalBackpressureBytes: 268_435_456,
      maxConnections: Infinity,
      maxConnectionsPerAddress: Infinity,
      maxNewConnectionsPerAddress: Infinity,
      webhooks: {
        batch: { maxEvents: 20, maxDelayMs: 250, maxBytes: 98_304 },
        disconnectGraceMs: 3000,
        unsubscribeGraceMs: 3000,
        requestTimeoutMs: 4000,
        restartGraceMs: 'auto',
        holdClientEvents: true,
        concurrency: 10,
        totalConcurrency: 1024,
        privateAddresses: 'allow',
        queueMaxBytes: 67_108_864,
        retry: {
          initialDelayMs: 1000,
          multiplier: 2,
          maxDelayMs: 60_000,
          maxElapsedMs: 300_000,
          jitter: 0.1,
        },
        deadLetters: { maxBytes: 8_388_608, keepDays: 7 },
      },
      logLevel: 'info',
    });
  });

  test('an endpoint selects all six events on every channel', () => {
    const [endpoint] =
      configOf({ content: withWebhooks({ url: 'http://127.0.0.1:9000/' }) }).apps[0]?.webhooks ?? [];
    expect(endpoint).toMatchObject({
      url: 'http://127.0.0.1:9000/',
      eventTypes: allTypes,
      channels: { startsWith: '', endsWith: '' },
      headers: {},
      standardSignature: false,
      allowInsecure: false,
    });
  });

  test('metrics are served on the host of the server', () => {
    const content = { host: '127.0.0.2', apps: [app], metrics: { port: 9601 } };
    expect(configOf({ content }).metrics).toEqual({ host: '127.0.0.2', port: 9601 });
    expect(configOf({ content, overrides: { host: '::1' } }).metrics?.host).toBe('::1');
    const ownHost = { ...content, metrics: { host: '127.0.0.3', port: 0 } };
    expect(configOf({ content: ownHost }).metrics).toEqual({ host: '127.0.0.3', port: 0 });
  });

  test('one key of a group keeps the defaults of the others', () => {
    const { retry, batch } = configOf({
      content: { apps: [app], webhooks: { retry: { jitter: 0 }, batch: { maxEvents: 1 } } },
    }).webhooks;
    expect(retry).toEqual({
      initialDelayMs: 1000,
      multiplier: 2,
      maxDelayMs: 60_000,
      maxElapsedMs: 300_000,
      jitter: 0,
    });
    expect(batch).toEqual({ maxEvents: 1, maxDelayMs: 250, maxBytes: 98_304 });
  });

  test('$schema is for editors and not part of the configuration', () => {
    expect(configOf({ content: { $schema: './schema.json', apps: [app] } })).not.toHaveProperty('$schema');
  });

  test('a byte order mark is not a fault', () => {
    expect(configOf({ content: `\ufeff${JSON.stringify({ apps: [app] })}` }).apps).toHaveLength(1);
  });
});

describe('limits', () => {
  test('null means no limit', () => {
    expect(
      configOf({ content: { apps: [app], limits: { eventDataBytes: null } } }).limits.eventDataBytes,
    ).toBe(Infinity);
  });

  test("an app's own limits override the common ones", () => {
    const config = configOf({
      content: {
        limits: { presenceMembers: 5, eventsPerBatch: null, userIdLength: 7 },
        apps: [
          { ...app, limits: { presenceMembers: null, eventsPerBatch: 3 } },
          { id: '2', key: 'b-key', secret: 'b-secret' },
        ],
      },
    });
    expect(config.apps[0]?.limits).toEqual({
      ...limits,
      presenceMembers: Infinity,
      eventsPerBatch: 3,
      userIdLength: 7,
    });
    expect(config.apps[1]?.limits).toEqual({
      ...limits,
      presenceMembers: 5,
      eventsPerBatch: Infinity,
      userIdLength: 7,
    });
    expect(config.limits.presenceMembers).toBe(5);
  });
});

describe('the id of an endpoint', () => {
  const url = 'http://127.0.0.1:9000/';
  const idsOf = (...webhooks: readonly unknown[]) =>
    configOf({ content: withWebhooks(...webhooks) }).apps[0]?.webhooks.map(({ id }) => id) ?? [];

  test('is the given one', () => {
    expect(idsOf({ id: 'refill', url })).toEqual(['refill']);
  });

  test('two endpoints with the same URL are two endpoints', () => {
    const ids = idsOf({ url }, { url }, { url, eventTypes: ['cache_miss'] });
    expect(new Set(ids).size).toBe(3);
  });

  test('stays the same if another endpoint is put before it', () => {
    const [id] = idsOf({ url });
    expect(idsOf({ url: 'http://127.0.0.1:9001/' }, { url })[1]).toBe(id);
  });

  test('does not depend on the order of the event types, nor on repeated ones', () => {
    expect(idsOf({ url, eventTypes: ['cache_miss', 'client_event'] })).toEqual(
      idsOf({ url, eventTypes: ['client_event', 'cache_miss', 'client_event'] }),
    );
  });

  test('is unique even if an explicit id looks like a generated one', () => {
    const [generated] = idsOf({ url });
    expect(new Set(idsOf({ id: generated, url }, { url })).size).toBe(2);
  });
});
