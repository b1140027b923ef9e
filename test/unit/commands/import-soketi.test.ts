import { describe, expect, test } from 'vitest';
import { convert } from '../../../src/commands/soketi/convert.ts';
import { readGiven } from '../../../src/commands/soketi/given.ts';
import { soketiVariables } from '../../../src/commands/soketi/variables.ts';
import type { JsonObject } from '../../../src/config/json.ts';
import { loadConfig } from '../../../src/config/load.ts';

function imported(file: JsonObject, env: Record<string, string> = {}) {
  return convert(readGiven(file, env));
}

function faultsOf(config: JsonObject) {
  const loaded = loadConfig({ given: config, env: {}, overrides: {} });
  return loaded.kind === 'ok' ? [] : loaded.faults;
}

describe('an imported configuration of soketi', () => {
  test('behaves as soketi does by default', () => {
    const { config, notes } = imported({});
    expect(notes).toEqual([]);
    expect(faultsOf(config)).toEqual([]);
    expect(config).toEqual({
      host: '0.0.0.0',
      apps: [
        {
          id: 'app-id',
          key: 'app-key',
          secret: 'app-secret',
          clientEvents: false,
          limits: { clientEventsPerSecond: null },
        },
      ],
      limits: { channelNameLength: 200, eventDataBytes: 102_400, userInfoBytes: 2048 },
      webhooks: { batch: { maxEvents: 1 } },
      publicMetrics: false,
    });
  });

  test('has the settings of a file, whose keys may be paths, overridden by the environment', () => {
    const file = {
      port: 6002,
      'appManager.array.apps': [
        {
          id: 7,
          key: 'k',
          secret: 's',
          enableClientMessages: true,
          maxConnections: '100',
          max_backend_events_per_sec: 50,
          maxClientEventsPerSecond: 10,
          maxPresenceMembersPerChannel: 5,
          webhooks:
            '[{"url":"https://h/x","event_types":["member_added","cache_miss"],"filter":{"channel_name_ends_with":"-x"},"headers":{"X-A":"b"}}]',
        },
      ],
      eventLimits: { maxPayloadInKb: 10 },
      webhooks: { batching: { enabled: true, duration: 70 } },
      metrics: { enabled: true, host: '127.0.0.1' },
      shutdownGracePeriod: 5000,
    };
    const env = {
      SOKETI_PORT: '6003',
      SOKETI_DEBUG: '1',
      SOKETI_PATH_PREFIX: 'realtime/',
      SOKETI_DEFAULT_APP_KEY: 'of-environment',
    };
    const { config, notes } = imported(file, env);
    expect(notes).toEqual([]);
    expect(faultsOf(config)).toEqual([]);
    expect(config).toEqual({
      host: '0.0.0.0',
      port: 6003,
      path: '/realtime',
      logLevel: 'debug',
      apps: [
        {
          id: '7',
          key: 'of-environment',
          secret: 's',
          limits: { connections: 100, triggersPerSecond: 50, presenceMembers: 5 },
          webhooks: [
            {
              url: 'https://h/x',
              eventTypes: ['member_added', 'cache_miss'],
              channels: { endsWith: '-x' },
              headers: { 'X-A': 'b' },
            },
          ],
        },
      ],
      limits: { channelNameLength: 200, userInfoBytes: 2048 },
      webhooks: { batch: { maxEvents: 1000, maxDelayMs: 70 } },
      metrics: { host: '127.0.0.1', port: 9601 },
      shutdownTimeoutMs: 5000,
    });
  });

  test.each([
    [{ host: 'r', password: 'p@ss', db: 2 }, {}, { url: 'redis://:p%40ss@r:6379/2' }],
    [
      { sentinels: [{ host: 's', port: 26_379 }], name: 'main', password: 'p' },
      { prefix: 'mine' },
      {
        sentinel: { name: 'main', urls: ['redis://s:26379'], url: 'redis://:p@127.0.0.1:6379' },
        keyPrefix: 'mine',
      },
    ],
    [
      { clusterNodes: [{ host: 'a', port: 1 }, { host: 'b' }], username: 'u', password: 'p' },
      { clusterMode: true },
      { cluster: ['redis://u:p@a:1', 'redis://u:p@b:6379'] },
    ],
  ])('contains Redis %j', (redis, adapter, expected) => {
    const { config, notes } = imported({ adapter: { driver: 'redis', redis: adapter }, database: { redis } });
    expect(notes).toEqual([]);
    expect(config['redis']).toEqual(expected);
    expect(faultsOf(config)).toEqual([]);
  });

  test('has a note for each setting without a counterpart, and no note shows a secret', () => {
    const file = {
      database: { mysql: { host: 'x', password: 'never-shown' } },
      channelLimits: { cacheTtl: 3600 },
      adapter: { driver: 'nats', nats: { token: 'never-shown' } },
      queue: { driver: 'sync' },
      instance: { process_id: 1 },
      appManager: {
        driver: 'mysql',
        array: {
          apps: [{ webhooks: [{ lambda_function: 'f', event_types: ['nope'] }, { url: 'https://h' }] }],
        },
      },
      unheard: 1,
    };
    const { notes } = imported(file, { SOKETI_CORS_ORIGIN: 'x', SOKETI_QUEUE_SQS_URL: 'y' });
    expect(notes).toEqual([
      'SOKETI_CORS_ORIGIN: soketi 1.6 has no such variable',
      'appManager.driver: apps cannot be imported from mysql; list them in apps, or add them with the admin API',
      'apps[0].webhooks[0].lambda_function: webhooks are sent by HTTP only; give the function a URL',
      'apps[0].webhooks[1]: the webhook has no event_types, so soketi sends it nothing, and it was left out',
      'channelLimits.cacheTtl: the value is 3600 s, but cached events are kept for at most 1800 s',
      'adapter.driver: nodes share their state only through Redis; set redis',
      'database.mysql.host, database.mysql.password: databases are not supported',
      'adapter.nats.token: nodes share their state only through Redis',
      'SOKETI_QUEUE_SQS_URL (queue.sqs.queueUrl): webhooks wait in memory, in the store or on Redis; see docs/durability.md for what survives a crash',
      'instance.process_id: node names are generated',
      'unheard: soketi 1.6 has no such option',
    ]);
    expect(notes.join('\n')).not.toContain('never-shown');
  });

  test('keeps wrong values, so that they are refused by their names, or notes them', () => {
    const file = {
      port: 'foo',
      debug: 'maybe',
      'appManager.array.apps': [
        {
          id: 'a',
          key: 'k',
          secret: 's',
          maxConnections: 'abc',
          maxEventPayloadInKb: 'big',
          enableClientMessages: 'maybe',
          webhooks: [{ url: 'https://h/', event_types: 'channel_occupied' }],
        },
      ],
      channelLimits: { cacheTtl: 'long' },
    };
    const { config, notes } = imported(file, { SOKETI_METRICS_ENABLED: 'on' });
    expect(notes).toEqual([
      'debug: expected true or false, got "maybe"; it counts as false',
      'apps[0].webhooks[0].event_types: expected an array, got a string; the webhook was left out',
      'metrics.enabled: expected true or false, got "on"; it counts as false',
    ]);
    expect(faultsOf(config).map(({ path }) => path)).toEqual([
      'port',
      'apps[0].clientEvents',
      'apps[0].limits.eventDataBytes',
      'apps[0].limits.connections',
      'cacheTtlMs',
    ]);
  });

  test('has a setting or a note for every variable of soketi', () => {
    const defaults = convert(readGiven({}, {})).config;
    for (const [name, path] of Object.entries(soketiVariables)) {
      const { config, notes } = imported({ adapter: { driver: 'redis' } }, { [`SOKETI_${name}`]: '77' });
      const isNoted = notes.some((note) => note.includes(path) && !note.includes('has no such'));
      const isSet =
        JSON.stringify(config) !== JSON.stringify({ ...defaults, redis: { url: 'redis://127.0.0.1:6379' } });
      expect([name, isNoted || isSet]).toEqual([name, true]);
    }
  });
});
