import { describe, expect, test } from 'vitest';
import { app, quick, quickConfig } from '../support/e2e/config.ts';
import { deadUrl, startReceiver, type Answer } from '../support/e2e/receiver.ts';
import { startServer } from '../support/e2e/server.ts';
import { connectSocket } from '../support/e2e/socket.ts';

describe('an attempt that is not answered 2xx', () => {
  const failures: readonly Answer[] = [
    500,
    503,
    404,
    400,
    410,
    413,
    429,
    { status: 301, location: '/elsewhere' },
    { status: 307, location: '/elsewhere' },
    304,
    'reset',
  ];

  test('is repeated with the same bytes and the same id until it succeeds', async () => {
    await using hooks = await startReceiver({ answer: (index) => failures[index] ?? 204 });
    await using server = await startServer(quickConfig({ url: hooks.url }));
    const socket = await connectSocket(server);
    await socket.subscribe('presence-room', { user_id: 'anna' });
    expect(await hooks.namesOf('presence-room', 2)).toEqual(['channel_occupied', 'member_added']);

    const attempts = hooks.requests.items;
    expect(attempts.map(({ answer }) => answer)).toEqual([...failures, 204]);
    expect(new Set(attempts.map(({ body }) => body)).size).toBe(1);
    expect(new Set(attempts.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect(new Set(attempts.map(({ headers }) => headers['x-pusher-signature'])).size).toBe(1);
    // After the reset of a kept connection, the same attempt goes on with another one.
    expect(attempts.map(({ headers }) => headers['x-soketify-attempt'])).toEqual(
      attempts.map((_, index) => String(Math.min(index + 1, failures.length))),
    );
    // Redirects are not followed.
    expect(new Set(attempts.map(({ method, path }) => `${method} ${path}`))).toEqual(new Set(['POST /hook']));
  });

  test.each(['reset', 'hang', 302] as const)('%s is repeated too', async (failure) => {
    await using hooks = await startReceiver({ answer: (index) => (index === 0 ? failure : 200) });
    const webhooks = [{ url: hooks.url }];
    await using server = await startServer({
      apps: [{ ...app, webhooks }],
      webhooks: { ...quick, requestTimeoutMs: 300 },
    });
    const socket = await connectSocket(server);
    await socket.subscribe('news');
    expect(await hooks.namesOf('news', 1)).toEqual(['channel_occupied']);
    expect(hooks.requests.items).toHaveLength(2);
  });

  test('is repeated after increasing waits', async () => {
    await using hooks = await startReceiver({ answer: (index) => (index < 4 ? 500 : 200) });
    const webhooks = [{ url: hooks.url }];
    const retry = { initialDelayMs: 50, multiplier: 3, maxDelayMs: 60_000 };
    await using server = await startServer({ apps: [{ ...app, webhooks }], webhooks: { ...quick, retry } });
    const socket = await connectSocket(server);
    await socket.subscribe('news');
    const [first, , , fourth, fifth] = await hooks.requests.count(5);
    // 50, 150, 450, 1350 ms, each with jitter. A wait is at least half of its nominal length.
    expect((fifth?.atMs ?? 0) - (fourth?.atMs ?? 0)).toBeGreaterThan(600);
    expect((fourth?.atMs ?? 0) - (first?.atMs ?? 0)).toBeGreaterThan(300);
  });

  test('is dropped after maxElapsedMs, and later events are sent', async () => {
    await using hooks = await startReceiver({
      answer: (_, events) => (events.some(({ channel }) => channel === 'lost') ? 500 : 200),
    });
    const webhooks = [{ url: hooks.url }];
    const retry = { initialDelayMs: 50, maxDelayMs: 100, maxElapsedMs: 1000 };
    await using server = await startServer({ apps: [{ ...app, webhooks }], webhooks: { ...quick, retry } });
    const socket = await connectSocket(server);
    await socket.subscribe('lost');
    await hooks.requests.count(2);
    await server.log.first((line) => JSON.stringify(line).includes('lost'));
    await socket.subscribe('kept');
    expect(await hooks.namesOf('kept', 1)).toEqual(['channel_occupied']);
  });
});

describe('a failing endpoint', () => {
  test.each([
    ['that refuses connections', undefined],
    ['that never answers', 'hang'],
    ['that always fails', 500],
  ] as const)('%s does not delay another', async (_, answer) => {
    await using broken = await startReceiver({ answer: () => answer ?? 500 });
    await using healthy = await startReceiver();
    const brokenUrl = answer === undefined ? await deadUrl() : broken.url;
    await using server = await startServer({
      ...quickConfig({ url: brokenUrl }, { url: healthy.url }),
      shutdownTimeoutMs: 100,
    });
    const socket = await connectSocket(server);
    const channels = Array.from({ length: 40 }, (_unused, n) => `busy-${n}`);
    for (const channel of channels) await socket.subscribe(channel);
    for (const channel of channels) socket.unsubscribe(channel);
    for (const channel of channels) {
      expect(await healthy.namesOf(channel, 2)).toEqual(['channel_occupied', 'channel_vacated']);
    }
  });

  test('keeps the order of each channel through its failures', async () => {
    // Every other request fails, so that batches of all channels are retried.
    await using hooks = await startReceiver({ answer: (index) => (index % 2 === 0 ? 500 : 200) });
    await using server = await startServer(quickConfig({ url: hooks.url }));
    const socket = await connectSocket(server);
    const names = Array.from({ length: 10 }, (_, n) => `presence-order-${n}`);
    for (const name of names) {
      await socket.subscribe(name, { user_id: 'anna' });
      socket.send({ event: 'client-hello', channel: name });
      await hooks.requests.count(1);
    }
    for (const name of names) socket.unsubscribe(name);
    for (const name of names) {
      expect(await hooks.namesOf(name, 5)).toEqual([
        'channel_occupied',
        'member_added',
        'client_event',
        'member_removed',
        'channel_vacated',
      ]);
    }
  });

  test('receives the events of one channel in order although an earlier one waits for its retry', async () => {
    await using hooks = await startReceiver({ answer: (index) => (index < 3 ? 500 : 200) });
    await using server = await startServer(quickConfig({ url: hooks.url }));
    const socket = await connectSocket(server);
    await socket.subscribe('private-late');
    await hooks.requests.count(1);
    for (let n = 0; n < 3; n++) socket.send({ event: 'client-n', channel: 'private-late', data: { n } });
    const events = await hooks.eventsOf('private-late', 4);
    expect(events.map(({ name, data }) => `${name} ${data ?? ''}`.trim())).toEqual([
      'channel_occupied',
      'client_event {"n":0}',
      'client_event {"n":1}',
      'client_event {"n":2}',
    ]);
    // Later events are not in the repeated body.
    expect(new Set(hooks.requests.items.slice(0, 4).map(({ body }) => body)).size).toBe(1);
  });
});
