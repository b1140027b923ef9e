import { afterAll, expect, test } from 'vitest';
import { connectClient } from '../support/e2e/client.ts';
import { app } from '../support/e2e/config.ts';
import { sdkFor } from '../support/e2e/sdk.ts';
import { startServer } from '../support/e2e/server.ts';
import { connectSocket } from '../support/e2e/socket.ts';

const server = await startServer({ apps: [app] });
const sdk = sdkFor(server);
afterAll(() => server.stop());

const member = { user_id: 'anna' };

test.each(['cache-rate', 'private-cache-rate', 'private-encrypted-cache-rate', 'presence-cache-rate'])(
  '%s reports that it is empty, and later sends its last event to new subscribers',
  async (name) => {
    const early = await connectClient(server, { member });
    const empty = await early.subscribe(name);
    expect(await empty.data('pusher:cache_miss')).toEqual({});
    await sdk.trigger(name, 'first', 1);
    await sdk.trigger(name, 'second', { n: 2 });
    expect(await empty.data('second')).toEqual({ n: 2 });

    const late = await connectClient(server, { member });
    const filled = await late.subscribe(name);
    expect(await filled.data('second')).toEqual({ n: 2 });
    expect(filled.events.items.map(({ event }) => event)).toEqual([
      'pusher:subscription_succeeded',
      'second',
    ]);
  },
);

test('an event is cached although the channel has no subscribers', async () => {
  await sdk.trigger('cache-alone', 'state', 'kept');
  const { subscribe } = await connectClient(server);
  const channel = await subscribe('cache-alone');
  expect(await channel.data('state')).toBe('kept');
});

test('an event of a batch is cached too', async () => {
  await sdk.triggerBatch([
    { channel: 'cache-batch', name: 'one', data: 1 },
    { channel: 'cache-batch', name: 'two', data: 2 },
  ]);
  const { subscribe } = await connectClient(server);
  const channel = await subscribe('cache-batch');
  expect(await channel.data('two')).toBe(2);
});

test('an event is cached although its socket_id is excluded', async () => {
  const { subscribe, socketId, pusher } = await connectClient(server);
  const first = await subscribe('cache-excluded');
  await first.data('pusher:cache_miss');
  await sdk.trigger('cache-excluded', 'state', 1, { socket_id: socketId });
  pusher.unsubscribe('cache-excluded');
  const again = await connectClient(server);
  const channel = await again.subscribe('cache-excluded');
  expect(await channel.data('state')).toBe(1);
});

test('a client event is relayed and not cached', async () => {
  const sender = await connectClient(server);
  const reader = await connectClient(server);
  const read = await reader.subscribe('private-cache-note');
  const { channel } = await sender.subscribe('private-cache-note');
  channel.trigger('client-note', { n: 1 });
  expect(await read.data('client-note')).toEqual({ n: 1 });
  const late = await connectClient(server);
  const empty = await late.subscribe('private-cache-note');
  await empty.data('pusher:cache_miss');
});

test('a channel whose name only contains "cache-" caches nothing', async () => {
  await sdk.trigger('my-cache-x', 'state', 1);
  const socket = await connectSocket(server);
  await socket.subscribe('my-cache-x');
  expect(await socket.framesBeforePong()).toEqual([]);
});

test('the frames of a hit and of a miss are ordinary frames with data as a string', async () => {
  const socket = await connectSocket(server);
  await socket.subscribe('cache-wire');
  await socket.expectFrame({ event: 'pusher:cache_miss', channel: 'cache-wire', data: '{}' });
  await sdk.trigger('cache-wire', 'state', { n: 1 });
  const event = { event: 'state', channel: 'cache-wire', data: '{"n":1}' };
  await socket.expectFrame(event);
  socket.unsubscribe('cache-wire');
  await socket.subscribe('cache-wire');
  await socket.expectFrame(event);
});

test('?info=cache returns the data and the remaining seconds, or null', async () => {
  const info = async (channel: string) =>
    (await sdk.get({ path: `/channels/${channel}`, params: { info: 'cache' } })).json() as Promise<unknown>;
  expect(await info('cache-info')).toEqual({ occupied: false, cache: null });
  await sdk.trigger('cache-info', 'state', { n: 1 });
  const { cache } = (await info('cache-info')) as { cache: { data: string; ttl: number } };
  expect(cache.data).toBe('{"n":1}');
  expect(cache.ttl).toBeGreaterThan(1700);
  expect(cache.ttl).toBeLessThanOrEqual(1800);
});
