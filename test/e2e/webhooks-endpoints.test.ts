import { describe, expect, test } from 'vitest';
import { app, otherApp, quick, quickConfig } from '../support/e2e/config.ts';
import { startReceiver } from '../support/e2e/receiver.ts';
import { sdkFor } from '../support/e2e/sdk.ts';
import { startServer } from '../support/e2e/server.ts';
import { connectSocket } from '../support/e2e/socket.ts';

describe('several endpoints of one app', () => {
  test('each receive the event types they select', async () => {
    await using refill = await startReceiver();
    await using analytics = await startReceiver();
    await using all = await startReceiver();
    await using server = await startServer(
      quickConfig(
        { url: refill.url, eventTypes: ['cache_miss'] },
        { url: analytics.url, eventTypes: ['member_added', 'member_removed'] },
        { url: all.url },
      ),
    );
    const socket = await connectSocket(server);
    await socket.subscribe('presence-cache-x', { user_id: 'anna' });
    socket.unsubscribe('presence-cache-x');
    expect(await all.eventsOf('presence-cache-x', 5)).toHaveLength(5);
    expect(await analytics.namesOf('presence-cache-x', 2)).toEqual(['member_added', 'member_removed']);
    expect(await refill.namesOf('presence-cache-x', 1)).toEqual(['cache_miss']);
  });

  test('each receive the channels they select, and no empty request', async () => {
    await using starts = await startReceiver();
    await using ends = await startReceiver();
    await using both = await startReceiver();
    await using server = await startServer(
      quickConfig(
        { url: starts.url, channels: { startsWith: 'order-' } },
        { url: ends.url, channels: { endsWith: '-eu' } },
        { url: both.url, channels: { startsWith: 'order-', endsWith: '-eu' } },
      ),
    );
    const socket = await connectSocket(server);
    for (const channel of ['reorder-us', 'order-us', 'stock-eu', 'order-eu']) await socket.subscribe(channel);
    // Each endpoint receives the last one. After the shutdown everything for it has arrived.
    await server.stop();
    const channelsOf = ({ events }: typeof starts) => [
      ...new Set(events.items.map(({ channel }) => channel)),
    ];
    expect(channelsOf(starts)).toEqual(['order-us', 'order-eu']);
    expect(channelsOf(ends)).toEqual(['stock-eu', 'order-eu']);
    expect(channelsOf(both)).toEqual(['order-eu']);
    for (const { requests } of [starts, ends, both]) {
      expect(requests.items.filter(({ events }) => events.length === 0)).toEqual([]);
    }
  });

  test('are separate even with the same URL', async () => {
    await using hooks = await startReceiver();
    await using server = await startServer(
      quickConfig(
        { url: hooks.url, eventTypes: ['channel_occupied'] },
        { url: hooks.url, eventTypes: ['channel_occupied'] },
      ),
    );
    const socket = await connectSocket(server);
    await socket.subscribe('twice');
    expect(await hooks.namesOf('twice', 2)).toEqual(['channel_occupied', 'channel_occupied']);
  });
});

describe('two apps', () => {
  test('are separate in channels, clients, webhooks, keys and secrets', async () => {
    await using mine = await startReceiver();
    await using theirs = await startReceiver({ secret: otherApp.secret });
    await using server = await startServer({
      apps: [
        { ...app, webhooks: [{ url: mine.url }] },
        { ...otherApp, webhooks: [{ url: theirs.url }] },
      ],
      webhooks: quick,
    });
    const here = await connectSocket(server);
    const there = await connectSocket(server, { app: otherApp });
    await here.subscribe('presence-x', { user_id: 'anna' });
    const { data } = await there.subscribe('presence-x', { user_id: 'bert' });
    expect(JSON.parse(String(data))).toMatchObject({ presence: { count: 1, ids: ['bert'] } });
    expect(await here.framesBeforePong()).toEqual([]);

    await sdkFor(server).trigger('presence-x', 'said', 'mine');
    await sdkFor(server, otherApp).trigger('presence-x', 'said', 'theirs');
    await here.expectFrame({ event: 'said', channel: 'presence-x', data: 'mine' });
    await there.expectFrame({ event: 'said', channel: 'presence-x', data: 'theirs' });

    here.close();
    expect(await mine.namesOf('presence-x', 4)).toHaveLength(4);
    there.close();
    expect(await theirs.namesOf('presence-x', 4)).toHaveLength(4);
    const usersOf = ({ events }: typeof mine) => new Set(events.items.map(({ user_id }) => user_id));
    expect(usersOf(mine)).toEqual(new Set([undefined, 'anna']));
    expect(usersOf(theirs)).toEqual(new Set([undefined, 'bert']));
    const keysOf = ({ requests }: typeof mine) =>
      new Set(
        requests.items.map(({ headers, verified }) => `${String(headers['x-pusher-key'])} ${verified}`),
      );
    expect(keysOf(mine)).toEqual(new Set([`${app.key} true`]));
    expect(keysOf(theirs)).toEqual(new Set([`${otherApp.key} true`]));
  });

  test('do not accept each other’s signatures', async () => {
    await using server = await startServer({ apps: [app, otherApp] });
    const mixed = sdkFor(server, { ...otherApp, id: app.id });
    await expect(mixed.trigger('x', 'said', 1)).rejects.toMatchObject({ status: 401 });
    const socket = await connectSocket(server, { app: { ...otherApp, secret: app.secret } });
    socket.requestSubscription('private-x');
    const events = (await socket.framesBeforePong()).map(({ event }) => event);
    expect(events.toSorted()).toEqual(['pusher:error', 'pusher:subscription_error']);
  });
});

describe('a batch', () => {
  const slowBatch = { ...quick, batch: { maxDelayMs: 500 } };

  test('contains the events of one burst', async () => {
    await using hooks = await startReceiver();
    const webhooks = [{ url: hooks.url }];
    await using server = await startServer({ apps: [{ ...app, webhooks }], webhooks: slowBatch });
    const socket = await connectSocket(server);
    socket.requestSubscription('presence-one', { user_id: 'anna' });
    socket.requestSubscription('two');
    socket.requestSubscription('cache-three');
    await hooks.events.count(5);
    expect(hooks.requests.items).toHaveLength(1);
    expect(hooks.requests.items[0]?.events.map(({ name, channel }) => `${name} ${channel}`)).toEqual([
      'channel_occupied presence-one',
      'member_added presence-one',
      'channel_occupied two',
      'channel_occupied cache-three',
      'cache_miss cache-three',
    ]);
  });

  test('contains at most twenty events, and is sent immediately when it is full', async () => {
    await using hooks = await startReceiver();
    const webhooks = [{ url: hooks.url, eventTypes: ['channel_occupied'] }];
    await using server = await startServer({ apps: [{ ...app, webhooks }], webhooks: slowBatch });
    const socket = await connectSocket(server);
    for (let n = 0; n < 45; n++) socket.requestSubscription(`burst-${n}`);
    await hooks.events.count(45);
    const sizes = hooks.requests.items.map(({ events }) => events.length);
    expect(sizes.toSorted((a, b) => b - a)).toEqual([20, 20, 5]);
    expect(new Set(hooks.events.items.map(({ channel }) => channel)).size).toBe(45);
  });

  test('contains at most maxBytes', async () => {
    await using hooks = await startReceiver();
    const webhooks = [{ url: hooks.url, eventTypes: ['client_event'] }];
    const limits = { clientEventsPerSecond: null };
    await using server = await startServer({ apps: [{ ...app, webhooks, limits }], webhooks: slowBatch });
    const socket = await connectSocket(server);
    await socket.subscribe('private-large');
    const data = 'x'.repeat(10_000);
    for (let n = 0; n < 15; n++) socket.send({ event: 'client-x', channel: 'private-large', data });
    await hooks.events.count(15);
    const sizes = hooks.requests.items.map(({ body }) => Buffer.byteLength(body));
    expect(Math.max(...sizes)).toBeLessThanOrEqual(98_304);
    expect(sizes).toHaveLength(2);
  });

  test('contains exactly one event when maxEvents is 1', async () => {
    await using hooks = await startReceiver();
    const webhooks = [{ url: hooks.url }];
    await using server = await startServer({
      apps: [{ ...app, webhooks }],
      webhooks: { ...quick, batch: { maxEvents: 1 } },
    });
    const socket = await connectSocket(server);
    await socket.subscribe('presence-cache-x', { user_id: 'anna' });
    for (let n = 0; n < 30; n++) socket.requestSubscription(`single-${n}`);
    await hooks.events.count(33);
    expect(hooks.requests.items.map(({ events }) => events.length)).toEqual(Array(33).fill(1));
    expect(await hooks.namesOf('presence-cache-x', 3)).toEqual([
      'channel_occupied',
      'member_added',
      'cache_miss',
    ]);
  });
});
