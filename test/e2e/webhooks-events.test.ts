import { afterAll, describe, expect, test } from 'vitest';
import { connectClient } from '../support/e2e/client.ts';
import { app, quickConfig } from '../support/e2e/config.ts';
import { startReceiver, type WebhookRequest } from '../support/e2e/receiver.ts';
import { startServer } from '../support/e2e/server.ts';
import { connectSocket } from '../support/e2e/socket.ts';

const hooks = await startReceiver();
const server = await startServer(quickConfig({ url: hooks.url, headers: { 'X-Extra': '1' } }));
afterAll(async () => {
  await server.stop();
  await hooks.close();
});

describe('the events', () => {
  test('channel_occupied and channel_vacated have a name and a channel', async () => {
    const socket = await connectSocket(server);
    await socket.subscribe('plain');
    socket.unsubscribe('plain');
    expect(await hooks.eventsOf('plain', 2)).toEqual([
      { name: 'channel_occupied', channel: 'plain' },
      { name: 'channel_vacated', channel: 'plain' },
    ]);
  });

  test.each(['private-kind', 'private-encrypted-kind', 'presence-kind', 'A1_-=@,.;'])(
    'channel_occupied and channel_vacated fire on %s',
    async (name) => {
      const socket = await connectSocket(server);
      await socket.subscribe(name, { user_id: 'anna' });
      socket.close();
      const events = await hooks.eventsOf(name, name.startsWith('presence-') ? 4 : 2);
      expect(events.at(0)).toEqual({ name: 'channel_occupied', channel: name });
      expect(events.at(-1)).toEqual({ name: 'channel_vacated', channel: name });
    },
  );

  test('member_added and member_removed also have a user_id, and arrive between the two', async () => {
    const socket = await connectSocket(server);
    await socket.subscribe('presence-room', { user_id: 'user-42', user_info: { name: 'x' } });
    socket.unsubscribe('presence-room');
    expect(await hooks.eventsOf('presence-room', 4)).toEqual([
      { name: 'channel_occupied', channel: 'presence-room' },
      { name: 'member_added', channel: 'presence-room', user_id: 'user-42' },
      { name: 'member_removed', channel: 'presence-room', user_id: 'user-42' },
      { name: 'channel_vacated', channel: 'presence-room' },
    ]);
  });

  test('client_event has event, data as a string and socket_id', async () => {
    const { subscribe, socketId } = await connectClient(server);
    const { channel } = await subscribe('private-chat-42');
    channel.trigger('client-typing', { isTyping: true });
    const [, event] = await hooks.eventsOf('private-chat-42', 2);
    expect(event).toEqual({
      name: 'client_event',
      channel: 'private-chat-42',
      event: 'client-typing',
      data: '{"isTyping":true}',
      socket_id: socketId,
    });
  });

  test('client_event has the user_id of its sender on a presence channel, whatever the client claims', async () => {
    const socket = await connectSocket(server);
    await socket.subscribe('presence-chat', { user_id: 'user-42' });
    const frame = { event: 'client-typing', channel: 'presence-chat', data: 'as it is', user_id: 'user-1' };
    socket.send(frame);
    const events = await hooks.eventsOf('presence-chat', 3);
    expect(events.at(-1)).toEqual({
      name: 'client_event',
      channel: 'presence-chat',
      event: 'client-typing',
      data: 'as it is',
      socket_id: socket.id,
      user_id: 'user-42',
    });
  });

  test('cache_miss has a name and a channel, and follows channel_occupied', async () => {
    const socket = await connectSocket(server);
    await socket.subscribe('cache-vehicle-V-001');
    expect(await hooks.eventsOf('cache-vehicle-V-001', 2)).toEqual([
      { name: 'channel_occupied', channel: 'cache-vehicle-V-001' },
      { name: 'cache_miss', channel: 'cache-vehicle-V-001' },
    ]);
  });

  test('arrive in the order occupied, member_added, cache_miss on a join and member_removed, vacated on a leave', async () => {
    const socket = await connectSocket(server);
    await socket.subscribe('presence-cache-all', { user_id: 'anna' });
    socket.destroy();
    expect(await hooks.namesOf('presence-cache-all', 5)).toEqual([
      'channel_occupied',
      'member_added',
      'cache_miss',
      'member_removed',
      'channel_vacated',
    ]);
  });

  test('fire for the first and the last subscriber only, and for each member once', async () => {
    const [first, second, tab] = [
      await connectSocket(server),
      await connectSocket(server),
      await connectSocket(server),
    ];
    await first.subscribe('presence-count', { user_id: 'anna' });
    await second.subscribe('presence-count', { user_id: 'bert' });
    await tab.subscribe('presence-count', { user_id: 'anna' });
    first.close();
    second.close();
    await hooks.eventsOf('presence-count', 4);
    tab.close();
    expect(
      (await hooks.eventsOf('presence-count', 6)).map(({ name, user_id }) =>
        `${name} ${user_id ?? ''}`.trim(),
      ),
    ).toEqual([
      'channel_occupied',
      'member_added anna',
      'member_added bert',
      'member_removed bert',
      'member_removed anna',
      'channel_vacated',
    ]);
  });

  test('a rejected client event fires nothing', async () => {
    const socket = await connectSocket(server);
    const reader = await connectSocket(server);
    await reader.subscribe('private-burst');
    await socket.subscribe('private-burst');
    for (let n = 0; n < 11; n++) socket.send({ event: 'client-n', channel: 'private-burst', data: { n } });
    await socket.expectFrame({
      event: 'pusher:error',
      data: { message: 'Client event rejected due to rate limit', code: 4301 },
    });
    socket.close();
    reader.close();
    const events = await hooks.eventsOf('private-burst', 12);
    expect(events.slice(1, -1).map(({ data }) => data)).toEqual(
      Array.from({ length: 10 }, (_, n) => JSON.stringify({ n })),
    );
    expect(events.at(-1)).toEqual({ name: 'channel_vacated', channel: 'private-burst' });
  });
});

describe('the request', () => {
  test('is a POST of compact JSON with time_ms and events', async () => {
    const { method, path, body, events, timeMs, atMs } = await oneRequest('shape');
    expect(method).toBe('POST');
    expect(path).toBe('/hook');
    expect(Object.keys(JSON.parse(body) as object)).toEqual(['time_ms', 'events']);
    expect(body).toBe(JSON.stringify({ time_ms: timeMs, events }));
    expect(Number.isSafeInteger(timeMs)).toBe(true);
    expect(Math.abs(timeMs - atMs)).toBeLessThan(60_000);
  });

  test('carries the key, the signature of the raw body, and headers that identify duplicates', async () => {
    const { headers, headerNames, verified, atMs } = await oneRequest('headers');
    expect(verified).toBe(true);
    expect(headers['content-type']).toBe('application/json');
    expect(headers['x-pusher-key']).toBe(app.key);
    expect(headers['x-pusher-signature']).toMatch(/^[0-9a-f]{64}$/);
    expect(headers['webhook-id']).toMatch(/^\S{8,}$/);
    expect(Math.abs(Number(headers['webhook-timestamp']) * 1000 - atMs)).toBeLessThan(60_000);
    expect(headers['x-soketify-attempt']).toBe('1');
    expect(headerNames).toEqual(
      expect.arrayContaining(['X-Pusher-Key', 'X-Pusher-Signature', 'X-Soketify-Attempt']),
    );
  });

  test('carries the headers of the configuration', async () => {
    expect((await oneRequest('extra')).headers['x-extra']).toBe('1');
  });

  test('has its own webhook-id', async () => {
    const [first, second] = [await oneRequest('id-1'), await oneRequest('id-2')];
    expect(first.headers['webhook-id']).not.toBe(second.headers['webhook-id']);
  });

  /** The request that reports a new channel. */
  async function oneRequest(channel: string): Promise<WebhookRequest> {
    const socket = await connectSocket(server);
    await socket.subscribe(channel);
    return hooks.requests.first(({ events }) => events.some((event) => event.channel === channel));
  }
});
