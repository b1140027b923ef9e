import { afterAll, describe, expect, test } from 'vitest';
import { quickConfig } from '../support/e2e/config.ts';
import { startReceiver } from '../support/e2e/receiver.ts';
import { sdkFor } from '../support/e2e/sdk.ts';
import { startServer } from '../support/e2e/server.ts';
import type { Frame } from '../support/raw-client.ts';
import { connectSocket, type Socket } from '../support/e2e/socket.ts';

const hooks = await startReceiver();
const server = await startServer({
  ...quickConfig({ url: hooks.url }),
  activityTimeoutMs: 1000,
  pongTimeoutMs: 1000,
});
const sdk = sdkFor(server);
afterAll(async () => {
  await server.stop();
  await hooks.close();
});

const wholeStay = ['channel_occupied', 'member_added', 'member_removed', 'channel_vacated'];

describe('every kind of close is a leave', () => {
  const kinds: readonly [what: string, close: (socket: Socket) => void][] = [
    ['a close frame with 1000', (socket) => socket.close()],
    ['a close frame with 1001', (socket) => socket.close(1001)],
    ['a close frame with 4001', (socket) => socket.close(4001)],
    ['a close frame with 4200', (socket) => socket.close(4200)],
    ['a TCP connection that ends', (socket) => socket.destroy()],
    ['a frame that breaks the WebSocket protocol', (socket) => socket.sendAsText(Buffer.from([0xff]))],
  ];
  test.each(kinds)('%s', async (what, close) => {
    const channel = `presence-${what.replaceAll(' ', '-')}`;
    const [socket, watcher] = [await connectSocket(server), await connectSocket(server)];
    await watcher.subscribe(channel, { user_id: 'watcher' });
    await socket.subscribe(channel, { user_id: 'anna' });
    await watcher.expectFrame({
      event: 'pusher_internal:member_added',
      channel,
      data: '{"user_id":"anna","user_info":null}',
    });
    close(socket);
    await watcher.expectFrame({
      event: 'pusher_internal:member_removed',
      channel,
      data: '{"user_id":"anna"}',
    });
    const events = await hooks.eventsOf(channel, 4);
    expect(events.at(-1)).toEqual({ name: 'member_removed', channel, user_id: 'anna' });
  });

  test('a ping that is not answered', async () => {
    const socket = await connectSocket(server, { answersPings: false });
    await socket.subscribe('presence-silent', { user_id: 'anna' });
    await socket.expectFrame({ event: 'pusher:ping', data: {} });
    const message = 'Pong reply not received';
    await socket.expectFrame({ event: 'pusher:error', data: { message, code: 4201 } });
    expect(await socket.closed).toEqual({ code: 4201, reason: message });
    expect(await hooks.namesOf('presence-silent', 4)).toEqual(wholeStay);
  });
});

describe('activity', () => {
  test('is announced to the client as due after activity_timeout seconds', async () => {
    const socket = await connectSocket(server);
    expect(JSON.parse(String(socket.frames.items[0]?.data))).toMatchObject({ activity_timeout: 1 });
  });

  test('is a WebSocket pong or a pusher:pong', async () => {
    const [browser, plain] = await Promise.all([
      connectSocket(server),
      connectSocket(server, { answersPings: false }),
    ]);
    const isPing = ({ event }: Frame) => event === 'pusher:ping';
    await plain.frames.first(isPing);
    plain.send({ event: 'pusher:pong', data: {} });
    await Promise.all([browser.frames.count(2, isPing), plain.frames.count(2, isPing)]);
    const pings = [
      { event: 'pusher:ping', data: {} },
      { event: 'pusher:ping', data: {} },
    ];
    expect(await browser.framesBeforePong()).toEqual(pings);
    expect(await plain.framesBeforePong()).toEqual(pings);
  });

  test('is a pusher:ping of the client, with data or without, which is answered', async () => {
    const socket = await connectSocket(server, { answersPings: false });
    for (const ping of [{ event: 'pusher:ping', data: {} }, { event: 'pusher:ping' }]) {
      socket.send(ping);
      await socket.expectFrame({ event: 'pusher:pong', data: {} });
    }
  });
});

describe('a leave without a join', () => {
  test('causes no webhook and no error, whether the channel is empty or occupied by others', async () => {
    const [outsider, holder] = [await connectSocket(server), await connectSocket(server)];
    for (let n = 0; n < 3; n++) outsider.unsubscribe('presence-strange');
    expect(await outsider.framesBeforePong()).toEqual([]);
    await holder.subscribe('presence-strange', { user_id: 'anna' });
    for (let n = 0; n < 3; n++) outsider.unsubscribe('presence-strange');
    expect(await outsider.framesBeforePong()).toEqual([]);
    expect(await holder.framesBeforePong()).toEqual([]);
    const response = await sdk.get({ path: '/channels/presence-strange' });
    expect(await response.json()).toEqual({ occupied: true });
    holder.close();
    expect(await hooks.namesOf('presence-strange', 4)).toEqual(wholeStay);
  });

  test.each([undefined, null, 7, 'text', [], {}, { channel: 7 }, { channel: null }, { channel: '#x' }])(
    'with the data %j affects nobody',
    async (data) => {
      const socket = await connectSocket(server);
      socket.send({ event: 'pusher:unsubscribe', data });
      const frames = await socket.framesBeforePong();
      expect(frames.filter(({ event }) => event !== 'pusher:error')).toEqual([]);
      expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
    },
  );
});

describe('a second subscription to the same channel', () => {
  test.each(['again', 'presence-again', 'cache-again'])(
    'is rejected, changes nothing and causes no webhook: %s',
    async (channel) => {
      const socket = await connectSocket(server);
      await socket.subscribe(channel, { user_id: 'anna' });
      await socket.framesBeforePong();
      for (let n = 0; n < 2; n++) {
        socket.requestSubscription(channel, { user_id: 'bert' });
        await socket.expectFrame({
          event: 'pusher:error',
          data: { message: `Existing subscription to channel ${channel}`, code: null },
        });
      }
      await sdk.trigger(channel, 'said', 1);
      expect(await socket.framesBeforePong()).toEqual([{ event: 'said', channel, data: '1' }]);
      // One unsubscription is enough, and each subscription period is reported once.
      socket.unsubscribe(channel);
      const stay = channel.startsWith('presence-')
        ? wholeStay
        : channel.startsWith('cache-')
          ? ['channel_occupied', 'cache_miss', 'channel_vacated']
          : ['channel_occupied', 'channel_vacated'];
      expect(await hooks.namesOf(channel, stay.length)).toEqual(stay);
    },
  );

  test('is accepted after an unsubscription, however fast', async () => {
    const socket = await connectSocket(server);
    for (let n = 0; n < 20; n++) {
      socket.requestSubscription('flicker');
      socket.unsubscribe('flicker');
    }
    const frames = await socket.framesBeforePong();
    const succeeded = { event: 'pusher_internal:subscription_succeeded', channel: 'flicker', data: '{}' };
    expect(frames).toEqual(Array.from({ length: 20 }, () => succeeded));
    expect(await hooks.namesOf('flicker', 2)).toEqual(['channel_occupied', 'channel_vacated']);
  });
});
