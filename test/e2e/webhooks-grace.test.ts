import { afterAll, describe, expect, test } from 'vitest';
import { connectClient } from '../support/e2e/client.ts';
import { app, quick } from '../support/e2e/config.ts';
import { startReceiver } from '../support/e2e/receiver.ts';
import { startServer } from '../support/e2e/server.ts';
import { connectSocket } from '../support/e2e/socket.ts';

describe('with the default configuration', () => {
  test('a removal is reported about three seconds after the disconnection, and a return within them causes nothing', async () => {
    await using hooks = await startReceiver();
    const webhooks = [{ url: hooks.url }];
    await using server = await startServer({ apps: [{ ...app, webhooks }] });
    const blinking = await connectSocket(server);
    await blinking.subscribe('presence-blip', { user_id: 'anna' });
    await hooks.eventsOf('presence-blip', 2);
    blinking.destroy();
    await blinking.closed;
    const back = await connectSocket(server);
    await back.subscribe('presence-blip', { user_id: 'anna' });

    const leaving = await connectSocket(server);
    await leaving.subscribe('presence-gone', { user_id: 'bert' });
    await hooks.eventsOf('presence-gone', 2);
    const leftAtMs = Date.now();
    leaving.destroy();
    expect(await hooks.namesOf('presence-gone', 4)).toEqual([
      'channel_occupied',
      'member_added',
      'member_removed',
      'channel_vacated',
    ]);
    const removal = hooks.requests.items.find(({ events }) =>
      events.some((e) => e.name === 'member_removed'),
    );
    expect((removal?.atMs ?? 0) - leftAtMs).toBeGreaterThan(2500);
    // time_ms is the time of the request, not of the disconnection.
    expect((removal?.timeMs ?? 0) - leftAtMs).toBeGreaterThan(2500);

    // The short disconnection happened before that departure, so its three seconds are over as well.
    back.send({ event: 'client-fence', channel: 'presence-blip', data: '' });
    expect(await hooks.namesOf('presence-blip', 3)).toEqual([
      'channel_occupied',
      'member_added',
      'client_event',
    ]);
  });
});

describe('with a grace period of a second', async () => {
  const hooks = await startReceiver();
  const server = await startServer({
    apps: [{ ...app, webhooks: [{ url: hooks.url }] }],
    webhooks: { ...quick, disconnectGraceMs: 1000, unsubscribeGraceMs: 1000 },
  });
  afterAll(async () => {
    await server.stop();
    await hooks.close();
  });

  test('an unsubscription and a subscription in a row cause nothing', async () => {
    const socket = await connectSocket(server);
    await socket.subscribe('presence-mount', { user_id: 'anna' });
    for (let n = 0; n < 3; n++) {
      socket.unsubscribe('presence-mount');
      await socket.subscribe('presence-mount', { user_id: 'anna' });
    }
    await passGrace('mount');
    socket.send({ event: 'client-fence', channel: 'presence-mount' });
    expect(await hooks.namesOf('presence-mount', 3)).toEqual([
      'channel_occupied',
      'member_added',
      'client_event',
    ]);
  });

  test('a pusher-js client that reconnects causes nothing', async () => {
    const { pusher, socketId, subscribePresence } = await connectClient(server, {
      member: { user_id: 'anna' },
    });
    const { channel, events } = await subscribePresence('presence-reconnect');
    pusher.disconnect();
    pusher.connect();
    await events.count(2, ({ event }) => event === 'pusher:subscription_succeeded');
    expect(pusher.connection.socket_id).not.toBe(socketId);
    await passGrace('reconnect');
    channel.trigger('client-fence', {});
    expect(await hooks.namesOf('presence-reconnect', 3)).toEqual([
      'channel_occupied',
      'member_added',
      'client_event',
    ]);
  });

  test('leaving, returning and leaving again is one removal', async () => {
    const first = await connectSocket(server);
    await first.subscribe('presence-twice', { user_id: 'anna' });
    first.destroy();
    await first.closed;
    const second = await connectSocket(server);
    await second.subscribe('presence-twice', { user_id: 'anna' });
    second.destroy();
    await hooks.eventsOf('presence-twice', 4);
    const third = await connectSocket(server);
    await third.subscribe('presence-twice', { user_id: 'anna' });
    expect(await hooks.namesOf('presence-twice', 6)).toEqual([
      'channel_occupied',
      'member_added',
      'member_removed',
      'channel_vacated',
      'channel_occupied',
      'member_added',
    ]);
  });

  test('another user who joins keeps the channel occupied, and the one who left is removed', async () => {
    const anna = await connectSocket(server);
    await anna.subscribe('presence-swap', { user_id: 'anna' });
    anna.destroy();
    await anna.closed;
    const bert = await connectSocket(server);
    await bert.subscribe('presence-swap', { user_id: 'bert' });
    const events = await hooks.eventsOf('presence-swap', 4);
    expect(events.map(({ name, user_id }) => `${name} ${user_id ?? ''}`.trim())).toEqual([
      'channel_occupied',
      'member_added anna',
      'member_added bert',
      'member_removed anna',
    ]);
    bert.send({ event: 'client-fence', channel: 'presence-swap' });
    expect((await hooks.namesOf('presence-swap', 5)).at(-1)).toBe('client_event');
  });

  /** Waits for the removal of a user who leaves now. Every earlier departure is decided by then. */
  async function passGrace(name: string): Promise<void> {
    const marker = await connectSocket(server);
    await marker.subscribe(`marker-${name}`);
    marker.destroy();
    await hooks.eventsOf(`marker-${name}`, 2);
  }
});

test('an unsubscription is reported immediately when its grace period is 0', async () => {
  await using hooks = await startReceiver();
  const webhooks = [{ url: hooks.url }];
  await using server = await startServer({
    apps: [{ ...app, webhooks }],
    webhooks: { ...quick, disconnectGraceMs: 60_000, unsubscribeGraceMs: 0 },
  });
  const socket = await connectSocket(server);
  await socket.subscribe('presence-now', { user_id: 'anna' });
  socket.unsubscribe('presence-now');
  expect(await hooks.namesOf('presence-now', 4)).toEqual([
    'channel_occupied',
    'member_added',
    'member_removed',
    'channel_vacated',
  ]);
});
