import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { app, quickConfig } from '../support/e2e/config.ts';
import { startReceiver } from '../support/e2e/receiver.ts';
import { sdkFor } from '../support/e2e/sdk.ts';
import { startServer } from '../support/e2e/server.ts';
import type { Frame } from '../support/raw-client.ts';
import { connectSocket } from '../support/e2e/socket.ts';

const hooks = await startReceiver();
const server = await startServer(quickConfig({ url: hooks.url }));
const sdk = sdkFor(server);
let round = 0;
afterAll(async () => {
  await server.stop();
  await hooks.close();
});

afterEach(async () => {
  // After each test the server still serves another client.
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  const socket = await connectSocket(server);
  const channel = `alive-${round++}`;
  await socket.subscribe(channel);
  await sdk.trigger(channel, 'said', 1);
  await socket.expectFrame({ event: 'said', channel, data: '1' });
});

const error = (message: unknown, code: number | null = null): Frame => ({
  event: 'pusher:error',
  data: { message, code },
});
const anyText: unknown = expect.any(String);
const deep = (open: string, close: string, depth = 20_000) => open.repeat(depth) + close.repeat(depth);

describe('a frame that is not a message', () => {
  test.each([
    '',
    ' ',
    '{',
    'null',
    'true',
    '42',
    '"text"',
    '[]',
    '[{"event":"pusher:ping"}]',
    '{}',
    '{"event":null}',
    '{"event":7}',
    '{"event":{}}',
    '{"event":["pusher:ping"]}',
    '{"event":"pusher:subscribe"',
    '{"event":"pusher:ping"}x',
    "{'event':'pusher:ping'}",
    '{"Event":"pusher:ping"}',
    '{"__proto__":{"event":"pusher:ping"}}',
    '\u0000',
    deep('[', ']'),
    deep('{"event":', '}').replace('}', '1}'),
  ])('is answered "Invalid message format" and the connection stays (%#)', async (text) => {
    const socket = await connectSocket(server);
    socket.send(text);
    expect(await socket.framesBeforePong()).toEqual([error('Invalid message format')]);
  });

  test.each([
    ['nothing', Buffer.alloc(0)],
    ['a message', Buffer.from('{"event":"pusher:ping","data":{}}')],
    ['noise', Buffer.from([0, 255, 254, 128, 7])],
  ])('that is binary is answered with an error (%s)', async (_, bytes) => {
    const socket = await connectSocket(server);
    socket.send(bytes);
    expect(await socket.framesBeforePong()).toEqual([
      error(expect.stringContaining('Invalid message format')),
    ]);
  });

  test('that is text but not UTF-8 ends only its own connection', async () => {
    const socket = await connectSocket(server);
    socket.sendAsText(Buffer.from([0x7b, 0xff, 0xfe, 0x7d]));
    await socket.closed;
  });

  test('that is huge affects no other connection', async () => {
    const socket = await connectSocket(server);
    socket.send(`{"event":"pusher:ping","data":"${'x'.repeat(20_000_000)}"}`);
    await Promise.race([socket.closed, socket.nextFrame()]);
  });

  test('of 64 KB is still read', async () => {
    const socket = await connectSocket(server);
    socket.send(`{"event":"pusher:ping","data":"${'x'.repeat(65_000)}"}`);
    await socket.expectFrame({ event: 'pusher:pong', data: {} });
  });
});

describe('an event that clients must not send', () => {
  test.each([
    '',
    'hello',
    'pusher:',
    'pusher:unknown',
    'pusher_internal:member_added',
    'pusher:error',
    '__proto__',
  ])('is rejected: %j', async (event) => {
    const socket = await connectSocket(server);
    await socket.subscribe('private-any');
    socket.send({ event, channel: 'private-any', data: {} });
    expect(await socket.framesBeforePong()).toEqual([error(anyText)]);
  });
});

describe('an invalid subscription', () => {
  test.each([
    undefined,
    null,
    7,
    true,
    'text',
    [],
    ['news'],
    {},
    { channel: null },
    { channel: 7 },
    { channel: ['news'] },
    { channel: { name: 'news' } },
    { channel: 'news', auth: 7 },
    { channel: 'private-x', auth: {} },
    { channel: 'presence-x', auth: 'a:b', channel_data: { user_id: 'x' } },
  ])('is answered with an error: %j', async (data) => {
    const socket = await connectSocket(server);
    socket.send({ event: 'pusher:subscribe', data });
    expect(await socket.framesBeforePong()).toContainEqual(error(anyText));
  });

  test.each([
    '',
    ' ',
    'two words',
    'naïve',
    'a/b',
    'a:b',
    '#',
    '#private-x',
    'a\nb',
    'a"b',
    '😀',
    '\ud800',
    'x'.repeat(165),
    'x'.repeat(5000),
  ])('is answered with errors on channel and connection when the name is invalid (%#)', async (channel) => {
    const socket = await connectSocket(server);
    socket.send({ event: 'pusher:subscribe', data: { channel, auth: '' } });
    const frames = await socket.framesBeforePong();
    expect(frames).toContainEqual(error(anyText));
    const refused = frames.find(({ event }) => event === 'pusher:subscription_error');
    expect(JSON.parse(String(refused?.data))).toMatchObject({ type: 'InvalidChannel' });
  });

  test('is rejected for the channel of a user that the connection is not signed in as', async () => {
    const socket = await connectSocket(server);
    socket.requestSubscription('#server-to-user-7');
    const frames = await socket.framesBeforePong();
    expect(frames).toContainEqual(error(anyText));
    expect(frames).not.toContainEqual(
      expect.objectContaining({ event: 'pusher_internal:subscription_succeeded' }),
    );
  });

  test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'x'.repeat(164)])(
    'is not a subscription to a channel called %s',
    async (channel) => {
      const socket = await connectSocket(server);
      await socket.subscribe(channel);
      await sdk.trigger(channel, 'said', 1);
      await socket.expectFrame({ event: 'said', channel, data: '1' });
      socket.unsubscribe(channel);
      expect(await hooks.eventsOf(channel, 2)).toEqual([
        { name: 'channel_occupied', channel },
        { name: 'channel_vacated', channel },
      ]);
    },
  );

  test('is answered when its data is a string, which some clients send', async () => {
    const socket = await connectSocket(server);
    socket.send({ event: 'pusher:subscribe', data: '{"channel":"as-a-string"}' });
    const event = 'pusher_internal:subscription_succeeded';
    await socket.expectFrame({ event, channel: 'as-a-string', data: '{}' });
  });
});

describe('an invalid authorization', () => {
  test('with a wrong signature is answered with the text to sign', async () => {
    const socket = await connectSocket(server);
    const auth = `${app.key}:${'0'.repeat(64)}`;
    socket.send({ event: 'pusher:subscribe', data: { channel: 'private-x', auth } });
    const message = `Invalid signature: Expected HMAC SHA256 hex digest of ${socket.id}:private-x, but got ${'0'.repeat(64)}`;
    const refused = {
      event: 'pusher:subscription_error',
      channel: 'private-x',
      data: JSON.stringify({ type: 'AuthError', error: message, status: 401 }),
    };
    const frames = await socket.framesBeforePong();
    expect(frames).toHaveLength(2);
    expect(frames).toEqual(expect.arrayContaining([error(message), refused]));
  });

  test('with another key is answered with that key', async () => {
    const socket = await connectSocket(server);
    socket.send({ event: 'pusher:subscribe', data: { channel: 'private-x', auth: 'nobody:00' } });
    const frames = await socket.framesBeforePong();
    expect(frames).toContainEqual(error("Invalid key in subscription auth data: 'nobody'"));
  });

  test.each([undefined, '', ':', 'app-key', 'app-key:', ':00', 'app-key:é', `app-key:${'0'.repeat(63)}`])(
    'is rejected: %j',
    async (auth) => {
      const socket = await connectSocket(server);
      socket.send({ event: 'pusher:subscribe', data: { channel: 'private-x', auth } });
      expect(await socket.framesBeforePong()).toContainEqual(error(anyText));
    },
  );

  test('of another socket is rejected', async () => {
    const [mine, theirs] = [await connectSocket(server), await connectSocket(server)];
    const { auth } = sdk.authorizeChannel(theirs.id, 'private-x');
    mine.send({ event: 'pusher:subscribe', data: { channel: 'private-x', auth } });
    expect(await mine.framesBeforePong()).toContainEqual(error(expect.stringContaining('Invalid signature')));
  });
});

describe('many frames', () => {
  test('at once are all answered, in order', async () => {
    const socket = await connectSocket(server);
    for (let n = 0; n < 800; n++) socket.send(n % 2 === 0 ? '{"event":"pusher:ping"}' : '{');
    const frames = await socket.frames.until((all) => all.length > 800 && all);
    expect(
      frames.slice(1).filter(({ event }, n) => event !== (n % 2 === 0 ? 'pusher:pong' : 'pusher:error')),
    ).toEqual([]);
  });

  test('before their sender disconnects leave nothing behind', async () => {
    const [socket, watcher] = [await connectSocket(server), await connectSocket(server)];
    await watcher.subscribe('presence-hasty', { user_id: 'watcher' });
    await socket.subscribe('presence-hasty', { user_id: 'hasty' });
    for (let n = 0; n < 500; n++) socket.requestSubscription(`hasty-${n}`);
    await socket.nextFrame();
    socket.destroy();
    await watcher.frames.first(({ event }) => event === 'pusher_internal:member_removed');
    const response = await sdk.get({ path: '/channels', params: { filter_by_prefix: 'hasty-' } });
    expect(await response.json()).toEqual({ channels: {} });
    // How many of the frames are read depends on the network. Each channel they occupied is vacated.
    await hooks.events.until((events) => {
      const ofHasty = events.filter(({ channel }) => channel.startsWith('hasty-'));
      const occupied = ofHasty.filter(({ name }) => name === 'channel_occupied');
      return occupied.length > 0 && ofHasty.length === 2 * occupied.length;
    });
  });
});
