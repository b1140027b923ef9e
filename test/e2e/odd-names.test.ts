import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { app, quick, type AppConfig } from '../support/e2e/config.ts';
import { callApi } from '../support/e2e/http.ts';
import { startReceiver } from '../support/e2e/receiver.ts';
import { sdkFor } from '../support/e2e/sdk.ts';
import { startServer } from '../support/e2e/server.ts';
import type { Frame } from '../support/raw-client.ts';
import { connectSocket, Socket } from '../support/e2e/socket.ts';
import { replay } from '../support/webhook-state.ts';

/** Names that every JavaScript object has as properties. */
const inherited = ['__proto__', 'constructor', 'toString'] as const;
const hooks = await startReceiver();
const webhooks = [{ url: hooks.url }];
const server = await startServer({
  // Apps with these ids work like any other.
  apps: [
    { ...app, webhooks },
    ...inherited.slice(0, 2).map((name) => ({ id: name, key: name, secret: name })),
  ],
  webhooks: quick,
});
const sdk = sdkFor(server);
let round = 0;
afterAll(async () => {
  await server.stop();
  await hooks.close();
});

afterEach(async () => {
  // After each test another client is served, and no webhook event was lost or forged.
  const [socket, channel] = [await connectSocket(server), `alive-${round++}`];
  await socket.subscribe(channel);
  await sdk.trigger(channel, 'said', 1);
  await socket.expectFrame({ event: 'said', channel, data: '1' });
  await hooks.eventsOf(channel, 1);
  expect(hooks.requests.items.filter(({ verified }) => !verified)).toEqual([]);
});

const error = (message: unknown): Frame => ({ event: 'pusher:error', data: { message, code: null } });

describe('half a surrogate pair', () => {
  const half = '\ud83d';

  test('is not a channel, and the error repeats it unchanged', async () => {
    const socket = await connectSocket(server);
    socket.requestSubscription(`a${half}`);
    const [onChannel, onConnection] = await socket.framesBeforePong();
    expect(onChannel).toMatchObject({ event: 'pusher:subscription_error', channel: `a${half}` });
    expect(onConnection).toEqual(
      error(expect.stringContaining(`Invalid channel name: 'a${half}' (2 characters)`)),
    );
  });

  test('in a client event and its data is unchanged at clients and webhooks', async () => {
    const [sender, reader] = [await connectSocket(server), await connectSocket(server)];
    for (const socket of [sender, reader]) await socket.subscribe('private-half');
    const said = { event: `client-${half}`, channel: 'private-half', data: `${half}!` };
    sender.send(said);
    await reader.expectFrame(said);
    const whole = { ...said, data: { text: half } };
    sender.send(whole);
    await reader.expectFrame({ ...said, data: JSON.stringify({ text: half }) });
    expect((await hooks.eventsOf('private-half', 3))[1]).toMatchObject(said);
  });

  test('in a published event is unchanged, also from the cache', async () => {
    const socket = await connectSocket(server);
    const said = { event: `said${half}`, channel: 'cache-half', data: `${half}!` };
    const body = JSON.stringify({ name: said.event, channel: said.channel, data: said.data });
    expect(await callApi(server, { path: '/apps/1/events', body })).toMatchObject({ status: 200 });
    await socket.subscribe('cache-half');
    await socket.expectFrame(said);
  });

  test('in the info of a member is unchanged', async () => {
    const socket = await connectSocket(server);
    const info = JSON.stringify({ name: half });
    socket.requestWithData('presence-half', `{"user_id":"plain","user_info":${info}}`);
    const presence = `{"count":1,"ids":["plain"],"hash":{"plain":${info}}}`;
    expect((await socket.nextFrame()).data).toBe(`{"presence":${presence}}`);
  });

  test('in a user id of a presence channel is rejected, because as UTF-8 all such ids are the same', async () => {
    const socket = await connectSocket(server);
    socket.requestWithData('presence-half', JSON.stringify({ user_id: `u${half}` }));
    const [onChannel, onConnection] = await socket.framesBeforePong();
    expect(onChannel).toMatchObject({ event: 'pusher:subscription_error', channel: 'presence-half' });
    expect(onConnection).toEqual(
      error('Invalid channel_data: user_id contains half of a surrogate pair, which is not a character'),
    );
  });
});

describe.each(inherited)('the name %s', (name) => {
  test('is a channel, an event and its data like any other', async () => {
    const channel = `private-${name}`;
    const [sender, reader] = [await connectSocket(server), await connectSocket(server)];
    for (const socket of [sender, reader]) {
      await socket.subscribe(name);
      await socket.subscribe(channel);
    }
    await sdk.trigger(name, name, { [name]: name });
    const said = { event: name, channel: name, data: JSON.stringify({ [name]: name }) };
    await sender.expectFrame(said);
    await reader.expectFrame(said);
    sender.send(`{"event":"client-${name}","channel":"${channel}","data":{"${name}":{"x":1}}}`);
    await reader.expectFrame({ event: `client-${name}`, channel, data: `{"${name}":{"x":1}}` });
    sender.send({ event: name, channel: name, data: {} });
    expect(await sender.framesBeforePong()).toEqual([
      error(expect.stringContaining(`Unknown event '${name}'`)),
    ]);
    const state = await sdk.get({ path: `/channels/${name}`, params: { info: 'subscription_count' } });
    expect(await state.json()).toEqual({ occupied: true, subscription_count: 2 });
    for (const socket of [sender, reader]) socket.close();
    await hooks.eventsOf(name, 2);
    await hooks.eventsOf(channel, 3);
    expect(replay(hooks.events.items).occupied.filter((one) => one.endsWith(name))).toEqual([]);
  });

  test('is a member and a cache channel like any other', async () => {
    const channel = `presence-cache-${name}`;
    const [watcher, socket] = [await connectSocket(server), await connectSocket(server)];
    await watcher.subscribe(channel, { user_id: 'watcher' });
    await watcher.framesBeforePong();
    socket.requestWithData(channel, `{"user_id":"${name}","user_info":{"${name}":1}}`);
    expect((await socket.nextFrame()).data).toBe(
      `{"presence":{"count":2,"ids":["watcher","${name}"],"hash":{"watcher":null,"${name}":{"${name}":1}}}}`,
    );
    await watcher.expectFrame({
      event: 'pusher_internal:member_added',
      channel,
      data: `{"user_id":"${name}","user_info":{"${name}":1}}`,
    });
    const users = await sdk.get({ path: `/channels/${channel}/users` });
    expect(await users.json()).toEqual({ users: [{ id: 'watcher' }, { id: name }] });
    socket.close();
    const removed = { event: 'pusher_internal:member_removed', channel, data: `{"user_id":"${name}"}` };
    await watcher.expectFrame(removed);
    const events = (await hooks.eventsOf(channel, 5)).map(({ name: what, user_id }) => [what, user_id]);
    expect(events.slice(3)).toEqual([
      ['member_added', name],
      ['member_removed', name],
    ]);
  });

  test('is a user who signs in, is watched, reached and terminated like any other', async () => {
    const [watcher, socket] = [await connectSocket(server), await connectSocket(server)];
    watcher.requestSignIn(`{"id":"watches-${name}","watchlist":["${name}"]}`);
    await watcher.framesBeforePong();
    const notification = (state: string): Frame => ({
      event: 'pusher_internal:watchlist_events',
      data: `{"events":[{"name":"${state}","user_ids":["${name}"]}]}`,
    });
    // No prototype counts as signed in.
    expect(watcher.frames.items).toContainEqual(notification('offline'));
    socket.requestSignIn(`{"id":"${name}"}`);
    const data = { user_data: `{"id":"${name}"}` };
    await socket.expectFrame({ event: 'pusher:signin_success', data });
    await watcher.expectFrame(notification('online'));
    await sdk.sendToUser(name, name, name);
    await socket.expectFrame({ event: name, channel: `#server-to-user-${name}`, data: name });
    await sdk.terminateUserConnections(name);
    expect((await socket.closed).code).toBe(4009);
    await watcher.expectFrame(notification('offline'));
  });

  test('in user data and channel data gives no access to another user', async () => {
    const socket = await connectSocket(server);
    socket.requestWithData(`presence-x-${name}`, `{"${name}":{"user_id":"forged"}}`);
    socket.requestSignIn(`{"${name}":{"id":"forged"}}`);
    const frames = await socket.framesBeforePong();
    expect(frames.map(({ event }) => event)).toEqual([
      'pusher:subscription_error',
      'pusher:error',
      'pusher:error',
    ]);
  });
});

describe('an app whose id and key are', () => {
  test.each(inherited.slice(0, 2))('%s is served', async (name) => {
    const of: AppConfig = { id: name, key: name, secret: name };
    const socket = await connectSocket(server, { app: of });
    await socket.subscribe('private-a');
    expect(await (await sdkFor(server, of).trigger('private-a', 'said', 1)).json()).toEqual({});
    await socket.expectFrame({ event: 'said', channel: 'private-a', data: '1' });
  });

  test('toString does not exist unless configured', async () => {
    const of: AppConfig = { id: 'toString', key: 'toString', secret: 'toString' };
    const socket = new Socket(server, { app: of });
    expect((await socket.closed).code).toBe(4001);
    const answer = await callApi(server, { path: '/apps/toString/channels', app: of });
    expect(answer).toMatchObject({ status: 404, text: 'App toString not found' });
    const foreign = await callApi(server, { path: '/apps/1/channels', app: of });
    expect(foreign).toMatchObject({ status: 401, text: 'Unknown auth_key' });
  });
});
