import { afterAll, describe, expect, test } from 'vitest';
import { app, quick } from '../support/e2e/config.ts';
import { answered, callApi, plainText, type ApiRequest } from '../support/e2e/http.ts';
import { startReceiver } from '../support/e2e/receiver.ts';
import { sdkFor } from '../support/e2e/sdk.ts';
import { startServer } from '../support/e2e/server.ts';
import { connectSocket } from '../support/e2e/socket.ts';

const disabled = { id: '2', key: 'disabled-key', secret: 'disabled-secret', enabled: false };
const hooks = await startReceiver();
const server = await startServer({
  apps: [{ ...app, webhooks: [{ url: hooks.url }] }, disabled],
  webhooks: quick,
});
afterAll(async () => {
  await server.stop();
  await hooks.close();
});

const names = 'up to 164 of the characters A-Z a-z 0-9 _ - = @ , . ;';
const get = (path: string, params: Record<string, string> = {}) =>
  callApi(server, { path: `/apps/1/${path}`, params });
const publish = (channel: string, data: string) =>
  answered(
    callApi(server, { path: '/apps/1/events', body: JSON.stringify({ name: 'said', channel, data }) }),
  );

describe('GET /channels', () => {
  test('lists by prefix, with the requested counts', async () => {
    const socket = await connectSocket(server);
    for (const channel of ['presence-get-a', 'presence-cache-get-b', 'private-get-c', 'cache-get-d']) {
      await socket.subscribe(channel, { user_id: 'anna' });
      await socket.framesBeforePong();
    }
    const list = (params: Record<string, string>) => answered(get('channels', params));
    expect(await list({ filter_by_prefix: 'presence-', info: 'user_count' })).toMatchObject({
      channels: { 'presence-get-a': { user_count: 1 }, 'presence-cache-get-b': { user_count: 1 } },
    });
    expect(
      await list({ filter_by_prefix: 'presence-cache-get', info: 'user_count,subscription_count' }),
    ).toEqual({ channels: { 'presence-cache-get-b': { user_count: 1, subscription_count: 1 } } });
    expect(await list({ filter_by_prefix: 'private-get', info: 'subscription_count' })).toEqual({
      channels: { 'private-get-c': { subscription_count: 1 } },
    });
    // A prefix matches only the start of a name. A whole name is a prefix, too.
    expect(await list({ filter_by_prefix: 'get' })).toEqual({ channels: {} });
    expect(await list({ filter_by_prefix: 'cache-get-d' })).toEqual({ channels: { 'cache-get-d': {} } });
  });

  const userCount =
    'user_count may only be requested for presence channels - please supply filter_by_prefix beginning with presence-';
  test.each([
    [{ info: 'user_count' }, userCount],
    [{ info: 'user_count', filter_by_prefix: 'presence' }, userCount],
    [{ info: 'user_count', filter_by_prefix: 'private-' }, userCount],
    [{ info: 'cache' }, "Unknown info attribute 'cache': expected one of user_count, subscription_count"],
    [{ info: 'a,b' }, "Unknown info attribute 'a': expected one of user_count, subscription_count"],
  ])('is rejected: %j', async (params, text) => {
    expect(await get('channels', params)).toEqual(plainText(400, text));
  });

  test('reveals nothing about internal channels, and neither do webhooks', async () => {
    const socket = await connectSocket(server);
    socket.send({ event: 'pusher:signin', data: sdkFor(server).authenticateUser(socket.id, { id: 'anna' }) });
    await socket.nextFrame();
    await socket.subscribe('#server-to-user-anna');
    expect(await answered(get('channels', { filter_by_prefix: '#' }))).toEqual({ channels: {} });
    const one = await get('channels/%23server-to-user-anna');
    expect(one).toEqual(
      plainText(400, "'#server-to-user-anna' is an internal channel, whose state is not available"),
    );
    await socket.subscribe('after-internal');
    await hooks.eventsOf('after-internal', 1);
    expect(hooks.events.items.filter(({ channel }) => channel.startsWith('#'))).toEqual([]);
  });
});

describe('GET /channels/NAME', () => {
  test('returns the event of a cache channel on request, subscribed or not', async () => {
    const info = 'subscription_count,cache';
    expect(await answered(get('channels/cache-state', { info }))).toEqual({
      occupied: false,
      subscription_count: 0,
      cache: null,
    });
    await publish('cache-state', 'kept');
    const kept = { data: 'kept', ttl: expect.any(Number) as number };
    expect(await answered(get('channels/cache-state', { info }))).toEqual({
      occupied: false,
      subscription_count: 0,
      cache: kept,
    });
    expect(await answered(get('channels/cache-state'))).toEqual({ occupied: false });
  });

  test('returns all about a presence cache channel', async () => {
    const socket = await connectSocket(server);
    await socket.subscribe('presence-cache-state', { user_id: 'anna' });
    const info = 'cache,user_count,subscription_count,cache';
    expect(await answered(get('channels/presence-cache-state', { info }))).toEqual({
      occupied: true,
      user_count: 1,
      subscription_count: 1,
      cache: null,
    });
  });

  test.each([
    ['channels/news', { info: 'user_count' }, 'user_count may only be requested for presence channels'],
    ['channels/private-x', { info: 'user_count' }, 'user_count may only be requested for presence channels'],
    ['channels/news', { info: 'cache' }, 'cache may only be requested for cache channels'],
    ['channels/presence-x', { info: 'cache' }, 'cache may only be requested for cache channels'],
    ['channels/my-cache-x', { info: 'cache' }, 'cache may only be requested for cache channels'],
    [
      'channels/news',
      { info: 'occupied' },
      "Unknown info attribute 'occupied': expected one of user_count, subscription_count, cache",
    ],
    ['channels/a!b', {}, `Invalid channel name: 'a!b' (3 characters). A name has ${names}`],
  ])('is rejected: %s %j', async (path, params, text) => {
    expect(await get(path, params)).toEqual(plainText(400, text));
  });
});

describe('GET /channels/NAME/users', () => {
  test.each([
    [
      'channels/presence-x/users',
      { info: 'user_count' },
      'The following query string parameters are extraneous: info',
    ],
    [
      'channels/presence-x/users',
      { a: '1', b: '2' },
      'The following query string parameters are extraneous: a, b',
    ],
    [
      'channels/private-x/users',
      {},
      "Users are only known for presence channels, and 'private-x' is not one",
    ],
    ['channels/a!b/users', {}, `Invalid channel name: 'a!b' (3 characters). A name has ${names}`],
  ])('is rejected: %s %j', async (path, params, text) => {
    expect(await get(path, params)).toEqual(plainText(400, text));
  });
});

describe('POST /users/USER/terminate_connections', () => {
  test.each([['{}'], [undefined]])('accepts the body %s', async (body) => {
    const path = '/apps/1/users/nobody/terminate_connections';
    const request = { method: 'POST', path, ...(body !== undefined && { body }) } as const;
    expect(await answered(callApi(server, request))).toEqual({});
  });

  test('rejects an impossible user id', async () => {
    const path = '/apps/1/users/a%20b/terminate_connections';
    expect(await callApi(server, { method: 'POST', path })).toEqual(
      plainText(400, "Invalid user id: got 'a b'"),
    );
  });
});

describe('a removed route is 404', () => {
  test.each(['GET /apps/1/channels/news/stats', 'POST /apps/1/channels/news/events', 'GET /apps/1/event'])(
    '%s',
    async (route) => {
      const [method = '', path = ''] = route.split(' ');
      const answer = await callApi(server, { method: method as 'GET' | 'POST', path });
      expect(answer).toEqual(plainText(404, `No such route: ${route}`));
    },
  );
});

describe('a disabled app is 403 for an authenticated backend', () => {
  const requests: readonly ApiRequest[] = [
    { path: '/apps/2/channels' },
    { path: '/apps/2/channels/news' },
    { path: '/apps/2/channels/presence-x/users' },
    { path: '/apps/2/events', body: '{}' },
    { path: '/apps/2/batch_events', body: '{}' },
    { path: '/apps/2/users/anna/terminate_connections', method: 'POST' },
  ];
  test.each(requests)('$path', async (request) => {
    expect(await callApi(server, { ...request, app: disabled })).toEqual(
      plainText(403, 'Application disabled'),
    );
    const unauthorized = { ...disabled, secret: 'not-the-secret' };
    expect((await callApi(server, { ...request, app: unauthorized })).status).toBe(401);
  });
});
