import { afterAll, describe, expect, test } from 'vitest';
import { app, otherApp, quick } from '../support/e2e/config.ts';
import { startReceiver } from '../support/e2e/receiver.ts';
import { startServer } from '../support/e2e/server.ts';
import type { Frame } from '../support/raw-client.ts';
import { connectSocket, type Socket } from '../support/e2e/socket.ts';

const hooks = await startReceiver();
const webhooks = [{ url: hooks.url }];
const server = await startServer({
  apps: [
    { ...app, webhooks },
    { ...otherApp, clientEvents: false },
  ],
  webhooks: quick,
});
afterAll(async () => {
  await server.stop();
  await hooks.close();
});

const error = (message: unknown, code: number | null = null): Frame => ({
  event: 'pusher:error',
  data: { message, code },
});

/** Two connections that are subscribed to the channel. */
async function connectPair(channel: string): Promise<[Socket, Socket]> {
  const pair: [Socket, Socket] = [await connectSocket(server), await connectSocket(server)];
  for (const socket of pair) await socket.subscribe(channel);
  return pair;
}

describe('a client event', () => {
  test('on a public channel is rejected', async () => {
    const socket = await connectSocket(server);
    for (const channel of ['public', 'cache-public']) {
      socket.requestSubscription(channel);
      socket.send({ event: 'client-x', channel, data: {} });
      expect(await socket.framesBeforePong()).toContainEqual(
        error('Client event rejected - only supported on private and presence channels'),
      );
    }
  });

  test('on a channel without a subscription is rejected', async () => {
    const [reader, socket] = [await connectSocket(server), await connectSocket(server)];
    await reader.subscribe('private-closed');
    socket.send({ event: 'client-x', channel: 'private-closed', data: {} });
    expect(await socket.framesBeforePong()).toEqual([
      error("Client event rejected - you didn't subscribe this channel"),
    ]);
    expect(await reader.framesBeforePong()).toEqual([]);
    reader.close();
    expect(await hooks.namesOf('private-closed', 2)).toEqual(['channel_occupied', 'channel_vacated']);
  });

  test('of an app that has not enabled them is rejected', async () => {
    const socket = await connectSocket(server, { app: otherApp });
    await socket.subscribe('private-off');
    socket.send({ event: 'client-x', channel: 'private-off', data: {} });
    await socket.expectFrame(
      error('To send client events, you must enable this feature in the Settings page of your dashboard.'),
    );
  });

  test('with more than 10 KB is rejected, and with 10 KB relayed', async () => {
    const [sender, reader] = await connectPair('private-size');
    sender.send({ event: 'client-x', channel: 'private-size', data: 'x'.repeat(10_241) });
    await sender.expectFrame(
      error(
        'The data content of this event exceeds the allowed maximum (10240 bytes). See https://pusher.com/docs/channels/server_api/http-api#publishing-events for more info',
      ),
    );
    const data = '"'.repeat(10_240);
    sender.send({ event: 'client-x', channel: 'private-size', data });
    await reader.expectFrame({ event: 'client-x', channel: 'private-size', data });
  });

  test.each([undefined, null, 7, [], {}])('with the channel %j is rejected', async (channel) => {
    const socket = await connectSocket(server);
    socket.send({ event: 'client-x', channel, data: {} });
    expect(await socket.framesBeforePong()).toEqual([error(expect.any(String))]);
  });

  test('whose name is longer than 200 characters is rejected', async () => {
    const [sender, reader] = await connectPair('private-name');
    sender.send({ event: `client-${'x'.repeat(194)}`, channel: 'private-name', data: {} });
    expect(await sender.framesBeforePong()).toEqual([error(expect.any(String))]);
    const event = `client-${'x'.repeat(193)}`;
    sender.send({ event, channel: 'private-name', data: {} });
    await reader.expectFrame({ event, channel: 'private-name', data: '{}' });
  });

  const kinds: readonly [what: string, sent: string, received: string][] = [
    ['missing', '', '{}'],
    ['null', ',"data":null', 'null'],
    ['a number', ',"data":7', '7'],
    ['an array', ',"data":[1,"a"]', '[1,"a"]'],
    ['an object', ',"data":{"a":{"b":1}}', '{"a":{"b":1}}'],
    ['a string', ',"data":"as it is"', 'as it is'],
    ['empty', ',"data":""', ''],
    ['a proto', ',"data":{"__proto__":{"x":1}}', '{"__proto__":{"x":1}}'],
  ];
  test.each(kinds)('whose data is %s is relayed and reported as a string', async (what, sent, received) => {
    const channel = `private-data-${what.replaceAll(' ', '-')}`;
    const [sender, reader] = await connectPair(channel);
    sender.send(`{"event":"client-x","channel":"${channel}","user_id":"forged"${sent}}`);
    await reader.expectFrame({ event: 'client-x', channel, data: received });
    const [, event] = await hooks.eventsOf(channel, 2);
    expect(event).toEqual({
      name: 'client_event',
      channel,
      event: 'client-x',
      data: received,
      socket_id: sender.id,
    });
  });

  test('with half a surrogate pair does not break the frame, the webhook or its signature', async () => {
    const [sender, reader] = await connectPair('private-half');
    sender.send('{"event":"client-\\ud800","channel":"private-half","data":"\\udfff{\\u0000"}');
    const frame = await reader.nextFrame();
    expect(frame).toMatchObject({ channel: 'private-half', data: expect.stringContaining('{\u0000') });
    const [, event] = await hooks.eventsOf('private-half', 2);
    expect(event).toMatchObject({ name: 'client_event', socket_id: sender.id });
    expect(hooks.requests.items.every(({ verified }) => verified)).toBe(true);
  });

  test('whose data is nested as deeply as the limit allows is relayed as text', async () => {
    const [sender, reader] = await connectPair('private-deep');
    const deep = '['.repeat(5120) + ']'.repeat(5120);
    sender.send(`{"event":"client-x","channel":"private-deep","data":${deep}}`);
    await reader.expectFrame({ event: 'client-x', channel: 'private-deep', data: deep });
  });

  test('is limited to ten per second, and more are not relayed', async () => {
    const [sender, reader] = await connectPair('private-rate');
    for (let n = 0; n < 12; n++) sender.send({ event: 'client-n', channel: 'private-rate', data: { n } });
    const refused = await sender.framesBeforePong();
    const tooFast = error('Client event rejected due to rate limit', 4301);
    expect(refused).toEqual([tooFast, tooFast]);
    const relayed = await reader.framesBeforePong();
    expect(relayed.map(({ data }) => data)).toEqual(
      Array.from({ length: 10 }, (_, n) => JSON.stringify({ n })),
    );
  });
});
