import { afterAll, describe, expect, test } from 'vitest';
import { connectClient } from '../support/e2e/client.ts';
import { app, quick } from '../support/e2e/config.ts';
import { startReceiver } from '../support/e2e/receiver.ts';
import { sdkFor } from '../support/e2e/sdk.ts';
import { startServer } from '../support/e2e/server.ts';
import { connectSocket } from '../support/e2e/socket.ts';

const hooks = await startReceiver();
const refiller = await startReceiver({
  answer: async (_, events) => {
    // As in Soketify's documentation: the handler publishes the state in reply to the miss.
    for (const { channel } of events) await sdk.trigger(channel, 'location-update', { lat: 1, lng: 2 });
    return 200;
  },
});
const server = await startServer({
  apps: [
    {
      ...app,
      webhooks: [
        { url: hooks.url },
        { url: refiller.url, eventTypes: ['cache_miss'], channels: { startsWith: 'cache-vehicle-' } },
      ],
    },
  ],
  webhooks: quick,
});
const sdk = sdkFor(server);
afterAll(async () => {
  await server.stop();
  await hooks.close();
  await refiller.close();
});

describe('the cache_miss webhook', () => {
  test('fires once when 100 clients subscribe simultaneously to an empty channel', async () => {
    const sockets = await Promise.all(Array.from({ length: 100 }, () => connectSocket(server)));
    for (const socket of sockets) socket.requestSubscription('cache-crowd');
    for (const socket of sockets) {
      await socket.expectFrame({
        event: 'pusher_internal:subscription_succeeded',
        channel: 'cache-crowd',
        data: '{}',
      });
      await socket.expectFrame({ event: 'pusher:cache_miss', channel: 'cache-crowd', data: '{}' });
    }
    for (const socket of sockets) socket.close();
    expect(await hooks.namesOf('cache-crowd', 3)).toEqual([
      'channel_occupied',
      'cache_miss',
      'channel_vacated',
    ]);
  });

  test('does not fire again while the channel stays empty and occupied', async () => {
    const [first, second] = [await connectSocket(server), await connectSocket(server)];
    await first.subscribe('cache-slow');
    await hooks.eventsOf('cache-slow', 2);
    await second.subscribe('cache-slow');
    await second.expectFrame({ event: 'pusher:cache_miss', channel: 'cache-slow', data: '{}' });
    first.close();
    second.close();
    expect(await hooks.namesOf('cache-slow', 3)).toEqual([
      'channel_occupied',
      'cache_miss',
      'channel_vacated',
    ]);
  });

  test('fires again after the channel was vacated', async () => {
    for (const count of [3, 6]) {
      const socket = await connectSocket(server);
      await socket.subscribe('cache-again');
      socket.close();
      await hooks.eventsOf('cache-again', count);
    }
    expect(await hooks.namesOf('cache-again', 6)).toEqual([
      'channel_occupied',
      'cache_miss',
      'channel_vacated',
      'channel_occupied',
      'cache_miss',
      'channel_vacated',
    ]);
  });

  test('does not fire for a channel that holds an event', async () => {
    await sdk.trigger('cache-filled', 'state', 1);
    const socket = await connectSocket(server);
    await socket.subscribe('cache-filled');
    await socket.expectFrame({ event: 'state', channel: 'cache-filled', data: '1' });
    socket.close();
    expect(await hooks.namesOf('cache-filled', 2)).toEqual(['channel_occupied', 'channel_vacated']);
  });
});

test('the webhook fires again when the first was dropped because no attempt succeeded', async () => {
  await using broken = await startReceiver({ answer: () => 500 });
  const webhooks = [{ url: broken.url, eventTypes: ['cache_miss'] }];
  const retry = { initialDelayMs: 50, maxDelayMs: 100, maxElapsedMs: 500 };
  await using giving = await startServer({
    apps: [{ ...app, webhooks }],
    webhooks: { ...quick, retry },
    shutdownTimeoutMs: 100,
  });
  await (await connectSocket(giving)).subscribe('cache-dropped');
  await giving.log.first((line) => JSON.stringify(line).includes('cache-dropped'));
  const ids = (): number => new Set(broken.requests.items.map(({ headers }) => headers['webhook-id'])).size;
  // On Redis, the other threads learn of it a moment later.
  const joinOnce = async (): Promise<number> => {
    await (await connectSocket(giving)).subscribe('cache-dropped');
    return ids();
  };
  await expect.poll(joinOnce).toBeGreaterThan(1);
  expect(new Set(broken.requests.items.map(({ events }) => JSON.stringify(events)))).toEqual(
    new Set(['[{"name":"cache_miss","channel":"cache-dropped"}]']),
  );
});

test('what the handler publishes reaches waiting clients and later ones', async () => {
  const waiting = [await connectClient(server), await connectClient(server)];
  const subscriptions = await Promise.all(waiting.map(({ subscribe }) => subscribe('cache-vehicle-V-001')));
  for (const subscription of subscriptions) {
    expect(await subscription.data('location-update')).toEqual({ lat: 1, lng: 2 });
  }
  const late = await connectClient(server);
  const filled = await late.subscribe('cache-vehicle-V-001');
  expect(await filled.data('location-update')).toEqual({ lat: 1, lng: 2 });
  for (const { pusher } of [...waiting, late]) pusher.disconnect();
  expect(await hooks.namesOf('cache-vehicle-V-001', 3)).toEqual([
    'channel_occupied',
    'cache_miss',
    'channel_vacated',
  ]);
  expect(await refiller.namesOf('cache-vehicle-V-001', 1)).toEqual(['cache_miss']);
});
