import { afterAll, describe, expect, test } from 'vitest';
import { connectClient } from '../support/e2e/client.ts';
import { app, otherApp, quick } from '../support/e2e/config.ts';
import { startReceiver } from '../support/e2e/receiver.ts';
import { sdkFor } from '../support/e2e/sdk.ts';
import { startServer } from '../support/e2e/server.ts';
import type { Frame } from '../support/raw-client.ts';
import { connectSocket, type Socket } from '../support/e2e/socket.ts';

const hooks = await startReceiver();
const deaf = await startReceiver({ secret: otherApp.secret });
const all = await startReceiver();
const server = await startServer({
  apps: [
    {
      ...app,
      subscriptionCount: true,
      webhooks: [{ url: hooks.url, eventTypes: ['subscription_count'] }, { url: all.url }],
    },
    {
      ...otherApp,
      webhooks: [{ url: deaf.url, eventTypes: ['subscription_count', 'channel_vacated'] }],
    },
  ],
  webhooks: quick,
});
afterAll(async () => {
  await server.stop();
  await Promise.all([hooks.close(), deaf.close(), all.close()]);
});

const countFrame = (channel: string, count: number): Frame => ({
  event: 'pusher_internal:subscription_count',
  channel,
  data: `{"subscription_count":${count}}`,
});

/** The counts that webhooks reported for a channel, once enough have arrived. */
async function reportedCounts(channel: string, least: number): Promise<unknown[]> {
  return (await hooks.eventsOf(channel, least)).map((event) => event.subscription_count);
}

describe('pusher-js', () => {
  test("is sent on every subscription and unsubscription, including the subscriber's own", async () => {
    const [first, second] = [await connectClient(server), await connectClient(server)];
    const { channel, events } = await first.subscribe('talk');
    await events.count(2);
    expect(channel.subscriptionCount).toBe(1);
    const joined = await second.subscribe('talk');
    expect(await joined.data('pusher:subscription_count')).toEqual({ subscription_count: 2 });
    await events.count(3);
    expect(channel.subscriptionCount).toBe(2);
    second.pusher.unsubscribe('talk');
    const counts = (await events.count(4)).slice(1);
    expect(counts).toEqual(
      [1, 2, 1].map((n) => ({
        event: 'pusher:subscription_count',
        data: { subscription_count: n },
      })),
    );
    expect(channel.subscriptionCount).toBe(1);
  });
});

describe('the frame', () => {
  test.each([
    'plain',
    'private-plain',
    'private-encrypted-plain',
    'cache-plain',
    'private-cache-plain',
    'private-encrypted-cache-plain',
  ])('follows the answer to the subscription of %s', async (channel) => {
    const socket = await connectSocket(server);
    await socket.subscribe(channel);
    const miss = { event: 'pusher:cache_miss', channel, data: '{}' };
    expect(await socket.framesBeforePong()).toEqual([
      ...(channel.includes('cache-') ? [miss] : []),
      countFrame(channel, 1),
    ]);
  });

  test.each(['presence-members', 'presence-cache-members'])('is not sent on %s', async (channel) => {
    const socket = await connectSocket(server);
    await socket.subscribe(channel, { user_id: 'anna' });
    const events = (await socket.framesBeforePong()).map(({ event }) => event);
    expect(events).not.toContain('pusher_internal:subscription_count');
  });

  test('reports lost connections too, and is not sent to clients that have left', async () => {
    const [stays, leaves, drops] = [
      await connectSocket(server),
      await connectSocket(server),
      await connectSocket(server),
    ];
    for (const socket of [stays, leaves, drops]) await socket.subscribe('leavers');
    await leaves.framesBeforePong();
    leaves.unsubscribe('leavers');
    expect(await leaves.framesBeforePong()).toEqual([]);
    drops.destroy();
    await stays.frames.count(6);
    expect((await stays.framesBeforePong()).map(({ data }) => data)).toEqual(
      [1, 2, 3, 2, 1].map((n) => `{"subscription_count":${n}}`),
    );
  });
});

describe('the webhook', () => {
  test('is an event type of its own, with a number, down to the last leave', async () => {
    const [first, second] = [await connectSocket(server), await connectSocket(server)];
    await first.subscribe('hooked');
    await second.subscribe('hooked');
    second.close();
    await second.closed;
    await reportedCounts('hooked', 3);
    first.close();
    expect(await hooks.eventsOf('hooked', 4)).toEqual(
      [1, 2, 1, 0].map((n) => ({
        name: 'subscription_count',
        channel: 'hooked',
        subscription_count: n,
      })),
    );
    // By default an endpoint receives only Soketify's six event types.
    expect(await all.namesOf('hooked', 2)).toEqual(['channel_occupied', 'channel_vacated']);
  });
});

describe('an app that has not enabled it', () => {
  test('notifies neither clients nor webhooks, and still answers over HTTP', async () => {
    const [first, second] = [
      await connectSocket(server, { app: otherApp }),
      await connectSocket(server, { app: otherApp }),
    ];
    await first.subscribe('quiet');
    await second.subscribe('quiet');
    expect(await first.framesBeforePong()).toEqual([]);
    const sdk = sdkFor(server, otherApp);
    const params = { info: 'subscription_count' };
    const answers = [
      sdk.get({ path: '/channels/quiet', params }),
      sdk.get({ path: '/channels', params }),
      sdk.trigger('quiet', 'said', 1, params),
    ].map(async (answer) => (await answer).json() as Promise<unknown>);
    expect(await Promise.all(answers)).toEqual([
      { occupied: true, subscription_count: 2 },
      { channels: { quiet: { subscription_count: 2 } } },
      { channels: { quiet: { subscription_count: 2 } } },
    ]);
    first.close();
    second.close();
    expect(await deaf.namesOf('quiet', 1)).toEqual(['channel_vacated']);
  });
});

test('channels above a hundred subscribers send the count every five seconds, and others every change', async () => {
  const sockets = await Promise.all(Array.from({ length: 110 }, () => connectSocket(server)));
  const [watcher, ...others] = sockets as [Socket, ...Socket[]];
  for (const socket of sockets) await socket.subscribe('crowd');
  const countsAt = () =>
    watcher.frames.items
      .filter(({ event }) => event === 'pusher_internal:subscription_count')
      .map(({ data }) => (JSON.parse(String(data)) as { subscription_count: number }).subscription_count);
  const upTo100 = Array.from({ length: 100 }, (_, n) => n + 1);
  await watcher.framesBeforePong();
  expect(countsAt()).toEqual(upTo100);
  // Real seconds, because this is the built program.
  await watcher.frames.first(({ data }) => data === '{"subscription_count":110}');
  expect(countsAt()).toEqual([...upTo100, 110]);
  for (const socket of others.slice(0, 12)) {
    socket.unsubscribe('crowd');
    await socket.framesBeforePong();
  }
  await watcher.frames.until(() => countsAt().length > 103);
  expect(countsAt()).toEqual([...upTo100, 110, 100, 99, 98]);
  expect(await reportedCounts('crowd', 104)).toEqual([...upTo100, 110, 100, 99, 98]);
});
