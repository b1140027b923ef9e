import { describe, expect, test } from 'vitest';
import { outgrownBounds } from '../../../../src/config/checks/bounds.ts';
import { app, configOf, faultsOf, load, warningsOf } from '../loading.ts';

const other = { id: '2', key: 'b-key', secret: 's' };
const webhooks = [{ url: 'https://example.com/' }];

describe('the data that may wait for a client', () => {
  test('is 1 MB, or the largest message that an app allows', () => {
    expect(configOf({ content: { apps: [app] } }).maxBackpressureBytes).toBe(1_048_576);
    const content = { apps: [app, { ...other, limits: { eventDataBytes: 2_000_000 } }] };
    expect(configOf({ content }).maxBackpressureBytes).toBe(12_003_976);
  });

  test('is the configured size if one message fits', () => {
    const content = { apps: [app], maxBackpressureBytes: 65_536 };
    expect(configOf({ content }).maxBackpressureBytes).toBe(65_536);
  });

  test('must have room for one message; the fault names both keys and sizes', () => {
    const content = { apps: [app], maxBackpressureBytes: 65_536, limits: { eventDataBytes: 2_000_000 } };
    expect(faultsOf({ content })).toEqual([
      'maxBackpressureBytes: expected at least 12003976, the bytes of the largest message from limits.eventDataBytes (2000000), limits.eventNameLength (200), got 65536; raise it, leave it out, or lower the limits',
    ]);
  });

  test('must be at least 32 MB if data has no limit', () => {
    const content = { apps: [{ ...app, limits: { eventDataBytes: null } }], maxBackpressureBytes: 2_000_000 };
    expect(faultsOf({ content })).toEqual([
      expect.stringMatching(/at least 33554432, .* apps\[0\]\.limits\.eventDataBytes \(null\)/),
    ]);
    expect(configOf({ content: { ...content, maxBackpressureBytes: undefined } })).toMatchObject({
      maxBackpressureBytes: 33_554_432,
    });
  });
});

describe('limits that allow more than can be served', () => {
  test('are refused for the events in a batch', () => {
    const content = { apps: [app], limits: { eventDataBytes: 5_242_880 } };
    expect(faultsOf({ content })).toEqual([
      expect.stringMatching(
        /^limits\.eventDataBytes: expected limits that need request bodies of at most 134217728 bytes, got \d+ bytes from limits\.eventDataBytes \(5242880\), limits\.eventsPerBatch \(10\); lower one of them$/,
      ),
    ]);
    expect(load({ content: { ...content, limits: { ...content.limits, eventsPerBatch: 4 } } })).toMatchObject(
      { kind: 'ok' },
    );
  });

  test('are refused for watched users, by the paths at which they were given', () => {
    const limits = { watchlist: 1_000_000 };
    expect(faultsOf({ content: { apps: [app, { ...other, limits }] } })).toEqual([
      expect.stringMatching(
        /^apps\[1\]\.limits\.watchlist: expected limits that need messages of .*from apps\[1\]\.limits\.watchlist \(1000000\), limits\.userIdLength \(128\)/,
      ),
    ]);
  });

  test('are reported once for all apps that share them', () => {
    expect(faultsOf({ content: { apps: [app, other], limits: { eventDataBytes: 5_000_000 } } })).toHaveLength(
      1,
    );
  });

  test('are reported together with all other faults', () => {
    const content = { apps: [app, { ...other, id: '1' }], limits: { eventDataBytes: 5_000_000 } };
    expect(faultsOf({ content })).toHaveLength(2);
  });
});

describe('the webhooks that may wait for an endpoint', () => {
  const webhookSettings = { queueMaxBytes: 10_000 };

  test('must have room for one client_event', () => {
    const content = { apps: [{ ...app, webhooks }], webhooks: webhookSettings };
    expect(faultsOf({ content })).toEqual([
      'webhooks.queueMaxBytes: expected at least 65916, the bytes of the largest client_event from limits.eventDataBytes (10240), got 10000; raise it, or lower the limit',
    ]);
  });

  test.each([
    ['no endpoint', app],
    [
      'an endpoint that does not select client_event',
      { ...app, webhooks: [{ ...webhooks[0], eventTypes: ['cache_miss'] }] },
    ],
    ['clients that cannot send events', { ...app, webhooks, clientEvents: false }],
  ])('may be smaller with %s', (_, given) => {
    expect(load({ content: { apps: [given], webhooks: webhookSettings } })).toMatchObject({ kind: 'ok' });
  });
});

describe('a running server', () => {
  const inForce = configOf({ content: { apps: [app], webhooks: { queueMaxBytes: 70_000 } } });

  test('has room for the limits that it started with', () => {
    expect(outgrownBounds(inForce.apps, inForce)).toEqual([]);
  });

  test('cannot apply limits for which it has no room', () => {
    const { apps } = configOf({
      content: { apps: [{ ...app, webhooks }], limits: { eventDataBytes: 500_000 } },
    });
    expect(outgrownBounds(apps, inForce)).toEqual([
      expect.objectContaining({ path: 'maxBackpressureBytes' }),
      expect.objectContaining({
        path: 'webhooks.queueMaxBytes',
        message: expect.stringContaining('limits.eventDataBytes of app 1 (500000)') as string,
      }),
    ]);
  });
});

describe('a list of members that may exceed the unsent data of a client', () => {
  test('causes a warning', () => {
    const content = { apps: [app, { ...other, limits: { presenceMembers: 1000 } }] };
    expect(warningsOf({ content })).toEqual([
      'maxBackpressureBytes: the list of 1000 members, which limits.presenceMembers of app "2" allows, may take 1280000 bytes, more than the 1048576 bytes that a client may have unsent: a client that joins such a channel may be closed as too slow',
    ]);
    expect(warningsOf({ content: { ...content, maxBackpressureBytes: 2_000_000 } })).toEqual([]);
  });

  test('causes no warning if members are unlimited', () => {
    expect(warningsOf({ content: { apps: [app], limits: { presenceMembers: null } } })).toEqual([]);
  });
});

test('messages of more than 4 MB cause a warning with Redis, which limits the data that waits for its subscribers', () => {
  const redis = { url: 'redis://127.0.0.1:6379' };
  const content = { apps: [app], limits: { eventDataBytes: 2_000_000 } };
  expect(warningsOf({ content })).toEqual([]);
  expect(warningsOf({ content: { ...content, redis } })).toEqual([
    'redis: the limits of app "1" allow messages of 12003976 bytes; raise client-output-buffer-limit pubsub in Redis, which disconnects a node with more than 32 MB of unread messages',
  ]);
});
