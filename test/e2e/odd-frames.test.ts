import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { app } from '../support/e2e/config.ts';
import { sdkFor } from '../support/e2e/sdk.ts';
import { startServer } from '../support/e2e/server.ts';
import type { Frame } from '../support/raw-client.ts';
import { connectSocket, type Socket } from '../support/e2e/socket.ts';

const server = await startServer({ apps: [app] });
const sdk = sdkFor(server);
afterAll(() => server.stop());

afterEach(async () => {
  // After each test the server still serves another client.
  const socket = await connectSocket(server);
  await socket.subscribe('alive');
  await sdk.trigger('alive', 'said', 1);
  await socket.expectFrame({ event: 'said', channel: 'alive', data: '1' });
});

const error = (message: unknown): Frame => ({ event: 'pusher:error', data: { message, code: null } });
const malformed = error('Invalid message format');
const signIn = (socket: Socket, id: string) => sdk.authenticateUser(socket.id, { id });

describe('a command without data', () => {
  test.each<[event: string, answers: Frame[]]>([
    ['pusher:ping', [{ event: 'pusher:pong', data: {} }]],
    ['pusher:pong', []],
    ['pusher:subscribe', [malformed]],
    ['pusher:unsubscribe', [malformed]],
    ['pusher:signin', [malformed]],
    ['client-x', [error('Client event rejected - channel is missing or not a string')]],
  ])('%s', async (event, answers) => {
    const socket = await connectSocket(server);
    socket.send({ event });
    for (const answer of answers) await socket.expectFrame(answer);
    expect(await socket.framesBeforePong()).toEqual([]);
  });

  test('and a client event without data is relayed', async () => {
    const [sender, reader] = [await connectSocket(server), await connectSocket(server)];
    for (const socket of [sender, reader]) await socket.subscribe('private-none');
    sender.send({ event: 'client-x', channel: 'private-none' });
    await reader.expectFrame({ event: 'client-x', channel: 'private-none', data: '{}' });
  });
});

describe('data that is the JSON text of an object is read as the object, in every command', () => {
  test('pusher:ping and pusher:pong', async () => {
    const socket = await connectSocket(server);
    for (const data of ['{}', '', 'text']) {
      socket.send({ event: 'pusher:pong', data });
      socket.send({ event: 'pusher:ping', data });
      await socket.expectFrame({ event: 'pusher:pong', data: {} });
    }
  });

  test('pusher:subscribe and pusher:unsubscribe', async () => {
    const socket = await connectSocket(server);
    const channel = 'presence-text';
    const signed = sdk.authorizeChannel(socket.id, channel, { user_id: 'anna' });
    const subscribe = { event: 'pusher:subscribe', data: JSON.stringify({ channel, ...signed }) };
    socket.send(subscribe);
    expect(await socket.nextFrame()).toMatchObject({ event: 'pusher_internal:subscription_succeeded' });
    socket.send({ event: 'pusher:unsubscribe', data: JSON.stringify({ channel }) });
    expect(await socket.framesBeforePong()).toEqual([]);
    socket.send(subscribe);
    expect(await socket.nextFrame()).toMatchObject({ event: 'pusher_internal:subscription_succeeded' });
  });

  test('pusher:signin', async () => {
    const socket = await connectSocket(server);
    socket.send({ event: 'pusher:signin', data: JSON.stringify(signIn(socket, 'text')) });
    await socket.expectFrame({ event: 'pusher:signin_success', data: { user_data: '{"id":"text"}' } });
    await sdk.sendToUser('text', 'hello', 1);
    await socket.expectFrame({ event: 'hello', channel: '#server-to-user-text', data: '1' });
  });

  test.each(['pusher:subscribe', 'pusher:unsubscribe', 'pusher:signin'])(
    'and %s with another text is malformed',
    async (event) => {
      const socket = await connectSocket(server);
      for (const data of ['', '{', '[]', 'null', '7', '"{}"']) {
        socket.send({ event, data });
        await socket.expectFrame(malformed);
      }
    },
  );
});

describe('an invalid sign-in leaves the connection open and not signed in', () => {
  const badData = error('Invalid user_data: expected the JSON text of an object');
  const badId = error(
    'Invalid user_data: id must be a string of 1 to 128 of the characters A-Z a-z 0-9 _ - = @ , . ;',
  );
  const badList = error(
    'Invalid user_data: watchlist must be a list of user ids, which are non-empty strings',
  );

  test.each<[data: unknown, answer: Frame]>([
    [{}, error('Invalid user_data: expected a string, the JSON text of an object')],
    [{ user_data: { id: 'a' } }, error('Invalid user_data: expected a string, the JSON text of an object')],
    [{ user_data: '{"id":"a"}', auth: 7 }, malformed],
    [{ user_data: '{"id":"a"}' }, error(expect.stringContaining("expected 'KEY:SIGNATURE'"))],
    [{ user_data: '{"id":"a"}', auth: 'x' }, error(expect.stringContaining("expected 'KEY:SIGNATURE'"))],
    [{ user_data: '{"id":"a"}', auth: 'x:y' }, error("Invalid key in user auth data: 'x'")],
    [{ user_data: '{"id":"a"}', auth: 'app-key:y' }, error(expect.stringMatching(/, but got y$/))],
  ])('%j', async (data, answer) => {
    const socket = await connectSocket(server);
    socket.send({ event: 'pusher:signin', data });
    await socket.expectFrame(answer);
    socket.requestSubscription('#server-to-user-a');
    const message =
      'Not authorized to subscribe to #server-to-user-a: the connection is not signed in as that user';
    expect(await socket.framesBeforePong()).toContainEqual(error(message));
  });

  test.each<[userData: string, answer: Frame]>([
    ['{', badData],
    ['[]', badData],
    ['null', badData],
    ['{}', badId],
    ['{"id":7}', badId],
    ['{"id":""}', badId],
    ['{"id":"a b"}', badId],
    ['{"id":"#a"}', badId],
    ['{"id":"\\ud800"}', badId],
    [`{"id":"${'x'.repeat(129)}"}`, badId],
    ['{"id":"a","id":7}', badId],
    ['{"__proto__":{"id":"a"}}', badId],
    ['{"id":"a","watchlist":"b"}', badList],
    ['{"id":"a","watchlist":["b",7]}', badList],
    ['{"id":"a","watchlist":[""]}', badList],
    [
      `{"id":"a","user_info":"${'x'.repeat(1023)}"}`,
      error('Invalid user_data: user_info has 1025 bytes, at most 1024 are accepted'),
    ],
    [
      `{"id":"a","user_info":${'['.repeat(50_000)}${']'.repeat(50_000)}}`,
      error('Invalid user_data: user_info has 100000 bytes, at most 1024 are accepted'),
    ],
  ])('even with a valid signature: %.60s', async (userData, answer) => {
    const socket = await connectSocket(server);
    socket.requestSignIn(userData);
    await socket.expectFrame(answer);
    socket.requestSignIn('{"id":"after-all"}');
    expect(await socket.nextFrame()).toMatchObject({ event: 'pusher:signin_success' });
  });

  test('as another user is rejected, and as the same user again it has no effect', async () => {
    const socket = await connectSocket(server);
    for (const [id, answer] of [
      ['one', { event: 'pusher:signin_success', data: { user_data: '{"id":"one"}' } }],
      ['two', error("Connection is already signed in as another user, 'one'")],
      ['one', { event: 'pusher:signin_success', data: { user_data: '{"id":"one"}' } }],
    ] as const) {
      socket.send({ event: 'pusher:signin', data: signIn(socket, id) });
      await socket.expectFrame(answer);
    }
    await sdk.sendToUser('two', 'hello', 2);
    await sdk.sendToUser('one', 'hello', 1);
    // And not twice, although it has signed in twice.
    expect(await socket.framesBeforePong()).toEqual([
      { event: 'hello', channel: '#server-to-user-one', data: '1' },
    ]);
  });
});

test.each([
  'pusher:',
  'pusher:Ping',
  'pusher:ping ',
  'pusher:connection_established',
  'pusher:signin_success',
])('the unknown event %j is named in the error', async (event) => {
  const socket = await connectSocket(server);
  socket.send({ event, data: {} });
  expect(await socket.framesBeforePong()).toEqual([
    error(`Unknown event '${event}': clients send pusher: events of the protocol and client- events`),
  ]);
});

test('JSON that is nested 100,000 deep is rejected everywhere', async () => {
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
  const socket = await connectSocket(server);
  for (const frame of [
    deep,
    `{"event":${deep}}`,
    `{"event":"pusher:subscribe","data":${deep}}`,
    `{"event":"pusher:subscribe","data":{"channel":"a","auth":${deep}}}`,
    `{"event":"pusher:signin","data":{"user_data":"","auth":${deep}}}`,
  ]) {
    // Each on its own connection, because invalid messages are limited per connection.
    const sender = await connectSocket(server);
    sender.send(frame);
    await sender.expectFrame(malformed);
  }
  socket.send(`{"event":"pusher:subscribe","data":{"channel":${deep}}}`);
  expect((await socket.framesBeforePong()).map(({ event }) => event)).toEqual([
    'pusher:subscription_error',
    'pusher:error',
  ]);
  // Data is text, and this text is longer than the limit.
  await socket.subscribe('private-deep');
  socket.send(`{"event":"client-x","channel":"private-deep","data":${deep}}`);
  await socket.expectFrame(error(expect.stringContaining('The data content of this event exceeds')));
  // Unused fields can be nested to any depth.
  socket.send(`{"event":"pusher:ping","data":${deep}}`);
  await socket.expectFrame({ event: 'pusher:pong', data: {} });
});

describe('the last of repeated keys counts, but relayed data keeps them all', () => {
  test('in a subscription', async () => {
    const socket = await connectSocket(server);
    socket.send(
      '{"event":"pusher:ping","event":"pusher:subscribe","data":{"channel":"no"},"data":{"channel":"first","channel":"twice"}}',
    );
    const succeeded = { event: 'pusher_internal:subscription_succeeded', channel: 'twice', data: '{}' };
    expect(await socket.framesBeforePong()).toEqual([succeeded]);
  });

  test('in a client event', async () => {
    const [sender, reader] = [await connectSocket(server), await connectSocket(server)];
    for (const socket of [sender, reader]) await socket.subscribe('private-twice');
    sender.send(
      '{"event":"client-a","event":"client-b","channel":"private-no","channel":"private-twice","data":"1","data":{"x":1,"x":2}}',
    );
    await reader.expectFrame({ event: 'client-b', channel: 'private-twice', data: '{"x":1,"x":2}' });
  });

  test('in channel_data and in user_data, which are signed as sent', async () => {
    const socket = await connectSocket(server);
    socket.requestWithData('presence-twice', '{"user_id":"first","user_id":"last"}');
    expect((await socket.nextFrame()).data).toBe(
      '{"presence":{"count":1,"ids":["last"],"hash":{"last":null}}}',
    );
    socket.requestSignIn('{"id":"first","id":"last"}');
    const data = { user_data: '{"id":"first","id":"last"}' };
    await socket.expectFrame({ event: 'pusher:signin_success', data });
    await sdk.sendToUser('last', 'hello', 1);
    await socket.expectFrame({ event: 'hello', channel: '#server-to-user-last', data: '1' });
  });
});
