import { afterAll, describe, expect, test } from 'vitest';
import { connectClient } from '../support/e2e/client.ts';
import { app, otherApp, quick, type AppConfig } from '../support/e2e/config.ts';
import { callApi } from '../support/e2e/http.ts';
import { startReceiver } from '../support/e2e/receiver.ts';
import { sdkFor } from '../support/e2e/sdk.ts';
import { startServer } from '../support/e2e/server.ts';
import { connectSocket, Socket } from '../support/e2e/socket.ts';

const second = { key: 'second-key', secret: 'second-secret' };
const hooks = await startReceiver();
const server = await startServer({
  apps: [{ ...app, otherKeys: [second], webhooks: [{ url: hooks.url }] }, otherApp],
  webhooks: quick,
});
afterAll(async () => {
  await server.stop();
  await hooks.close();
});

/** The app as known to the holder of this pair. */
const as = (pair: { key: string; secret: string }): AppConfig => ({ id: app.id, ...pair });
const pairs = [
  ['first', as(app)],
  ['second', as(second)],
] as const;
/** Every way in which a client, its authorization and a backend can hold the pairs. */
const ways = pairs.flatMap(([clientHas, client]) =>
  pairs.map(([backendHas, backend]) => ({ clientHas, client, backendHas, backend })),
);

describe.each(ways)(
  'with the $clientHas pair for the client and the $backendHas for the backend',
  ({ client: of, backend, clientHas, backendHas }) => {
    const sdk = sdkFor(server, backend);
    const suffix = `${clientHas}-${backendHas}`;

    test('channels are authorized, members join and events arrive', async () => {
      const { pusher, socketId } = await connectClient(server, { app: of });
      expect(pusher.connection.state).toBe('connected');
      const socket = await connectSocket(server, { app: of });
      for (const channel of [`private-${suffix}`, `presence-${suffix}`]) {
        const signed = sdk.authorizeChannel(socket.id, channel, { user_id: 'anna' });
        socket.send({ event: 'pusher:subscribe', data: { channel, ...signed } });
        expect(await socket.nextFrame()).toMatchObject({ event: 'pusher_internal:subscription_succeeded' });
        expect(await (await sdk.trigger(channel, 'said', 1, { socket_id: socketId })).json()).toEqual({});
        await socket.expectFrame({ event: 'said', channel, data: '1' });
      }
    });

    test('users sign in and receive events', async () => {
      const socket = await connectSocket(server, { app: of });
      socket.send({ event: 'pusher:signin', data: sdk.authenticateUser(socket.id, { id: suffix }) });
      expect(await socket.nextFrame()).toMatchObject({ event: 'pusher:signin_success' });
      await sdk.sendToUser(suffix, 'hello', 1);
      expect(await socket.nextFrame()).toMatchObject({ event: 'hello', data: '1' });
      await sdk.terminateUserConnections(suffix);
      expect(await socket.closed).toMatchObject({ code: 4009 });
    });
  },
);

test('the connections of both pairs belong to one app', async () => {
  const [one, other] = await Promise.all(pairs.map(([, of]) => connectSocket(server, { app: of })));
  await one?.subscribe('shared');
  await other?.subscribe('shared');
  const read = async (): Promise<unknown> => {
    const params = { info: 'subscription_count' };
    return (await sdkFor(server, as(second)).get({ path: '/channels/shared', params })).json();
  };
  // Several nodes know each other's counts a moment later.
  await expect.poll(read).toEqual({ occupied: true, subscription_count: 2 });
});

test('webhooks are signed with the first pair, whoever caused them', async () => {
  const socket = await connectSocket(server, { app: as(second) });
  await socket.subscribe('private-hooked');
  const request = await hooks.requests.first(({ events }) =>
    events.some(({ channel }) => channel === 'private-hooked'),
  );
  expect(request.headers['x-pusher-key']).toBe(app.key);
  expect(request.verified).toBe(true);
  const hook = { headers: request.headers, rawBody: request.body };
  expect(sdkFor(server, as(app)).webhook(hook).isValid()).toBe(true);
  expect(sdkFor(server, as(second)).webhook(hook).isValid()).toBe(false);
});

describe('a pair that does not belong to the app is rejected', () => {
  const unknown = as({ key: 'third-key', secret: 'third-secret' });
  const mixed = as({ key: app.key, secret: second.secret });

  test('at the connection, with 4001', async () => {
    const socket = new Socket(server, { app: unknown });
    const message = 'App key third-key not in this cluster. Did you forget to specify the cluster?';
    await socket.expectFrame({ event: 'pusher:error', data: { message, code: 4001 } });
    expect(await socket.closed).toEqual({ code: 4001, reason: message });
  });

  test.each([
    ['an unknown key', unknown, 'Unknown auth_key'],
    ['the key of another app', as(otherApp), 'Unknown auth_key'],
    ['one key with the secret of the other', mixed, /^Invalid signature: you should have sent HmacSHA256Hex/],
  ])('of a backend, with 401: %s', async (_, of, text) => {
    const answer = await callApi(server, { path: '/apps/1/channels', app: of });
    expect(answer.status).toBe(401);
    expect(answer.text).toMatch(text);
  });

  test.each([
    ['an unknown key', unknown, "Invalid key in subscription auth data: 'third-key'"],
    ['the key of another app', as(otherApp), "Invalid key in subscription auth data: 'other-key'"],
    [
      'one key with the secret of the other',
      mixed,
      /^Invalid signature: Expected HMAC SHA256 hex digest of \d/,
    ],
  ])('in the authorization of a channel: %s', async (_, of, text) => {
    const socket = await connectSocket(server);
    const signed = sdkFor(server, of).authorizeChannel(socket.id, 'private-refused');
    socket.send({ event: 'pusher:subscribe', data: { channel: 'private-refused', ...signed } });
    expect(await socket.framesBeforePong()).toEqual([
      expect.objectContaining({ event: 'pusher:subscription_error', channel: 'private-refused' }),
      { event: 'pusher:error', data: { message: expect.stringMatching(text) as string, code: null } },
    ]);
  });

  test.each([
    ['an unknown key', unknown, "Invalid key in user auth data: 'third-key'"],
    ['one key with the secret of the other', mixed, /^Invalid signature: Expected HMAC SHA256 hex digest of/],
  ])('in the authorization of a user: %s', async (_, of, text) => {
    const socket = await connectSocket(server);
    socket.send({
      event: 'pusher:signin',
      data: sdkFor(server, of).authenticateUser(socket.id, { id: 'anna' }),
    });
    expect(await socket.framesBeforePong()).toEqual([
      { event: 'pusher:error', data: { message: expect.stringMatching(text) as string, code: null } },
    ]);
  });
});
