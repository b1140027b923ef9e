import type Pusher from 'pusher';
import { afterAll, describe, expect, test } from 'vitest';
import { connectClient } from '../support/e2e/client.ts';
import { app, quickConfig } from '../support/e2e/config.ts';
import { callApi } from '../support/e2e/http.ts';
import { startReceiver } from '../support/e2e/receiver.ts';
import { sdkFor } from '../support/e2e/sdk.ts';
import { startServer } from '../support/e2e/server.ts';
import { connectSocket } from '../support/e2e/socket.ts';

const hooks = await startReceiver();
const server = await startServer(quickConfig({ url: hooks.url }));
const sdk = sdkFor(server);
afterAll(async () => {
  await server.stop();
  await hooks.close();
});

const json = async (response: Promise<Pusher.Response>) => (await response).json() as Promise<unknown>;

describe('trigger', () => {
  test('publishes on one channel and is answered {}', async () => {
    const { subscribe } = await connectClient(server);
    const channel = await subscribe('one');
    expect(await json(sdk.trigger('one', 'said', { text: 'é ☃ 😀 "quoted"' }))).toEqual({});
    expect(await channel.data('said')).toEqual({ text: 'é ☃ 😀 "quoted"' });
  });

  test('publishes on up to a hundred channels, once on each', async () => {
    const socket = await connectSocket(server);
    const channels = Array.from({ length: 100 }, (_, index) => `many-${index}`);
    await socket.subscribe('many-0');
    await socket.subscribe('many-99');
    await sdk.trigger([...channels.slice(0, 99), 'many-0'], 'said', 1);
    await sdk.trigger(channels, 'again', 2);
    await socket.expectFrame({ event: 'said', channel: 'many-0', data: '1' });
    await socket.expectFrame({ event: 'again', channel: 'many-0', data: '2' });
    await socket.expectFrame({ event: 'again', channel: 'many-99', data: '2' });
  });

  test('returns the requested counts', async () => {
    const anna = await connectClient(server, { member: { user_id: 'anna' } });
    const tab = await connectClient(server, { member: { user_id: 'anna' } });
    await anna.subscribePresence('presence-count');
    await tab.subscribePresence('presence-count');
    await tab.subscribe('count');
    const info = 'user_count,subscription_count';
    const counts = () => json(sdk.trigger(['presence-count', 'count'], 'said', 1, { info }));
    // Workers on Redis exchange their counts a moment later.
    await expect.poll(counts).toEqual({
      channels: {
        'presence-count': { user_count: 1, subscription_count: 2 },
        count: { subscription_count: 1 },
      },
    });
  });

  test('encodes data that is not text as JSON', async () => {
    const socket = await connectSocket(server);
    await socket.subscribe('kinds');
    const values: [sent: unknown, received: string][] = [
      ['text', 'text'],
      ['', ''],
      [{ a: 1 }, '{"a":1}'],
      [[1, 2], '[1,2]'],
      [7, '7'],
      [false, 'false'],
    ];
    for (const [data, received] of values) {
      const body = JSON.stringify({ name: 'said', channel: 'kinds', data });
      expect(await callApi(server, { path: '/apps/1/events', body })).toMatchObject({ status: 200 });
      await socket.expectFrame({ event: 'said', channel: 'kinds', data: received });
    }
  });
});

describe('triggerBatch', () => {
  test('publishes in order and is answered {}', async () => {
    const socket = await connectSocket(server);
    await socket.subscribe('batch');
    const batch = Array.from({ length: 10 }, (_, n) => ({ channel: 'batch', name: 'said', data: { n } }));
    // The library encodes the data inside the objects that it is given.
    expect(await json(sdk.triggerBatch(structuredClone(batch)))).toEqual({});
    for (const { data } of batch) {
      await socket.expectFrame({ event: 'said', channel: 'batch', data: JSON.stringify(data) });
    }
  });

  test('returns the counts of the items that request them, and {} for others', async () => {
    const { subscribe } = await connectClient(server);
    await subscribe('batch-count');
    const batch = [
      { channel: 'batch-count', name: 'said', data: 1, info: 'subscription_count' },
      { channel: 'batch-count', name: 'said', data: 2 },
    ];
    expect(await json(sdk.triggerBatch(batch))).toEqual({ batch: [{ subscription_count: 1 }, {}] });
  });

  test('publishes nothing of a batch with an error', async () => {
    const socket = await connectSocket(server);
    await socket.subscribe('batch-fault');
    const batch = [
      { channel: 'batch-fault', name: 'said', data: 1 },
      { channel: 'not a name', name: 'said', data: 2 },
    ];
    const body = JSON.stringify({ batch });
    const answer = await callApi(server, { path: '/apps/1/batch_events', body });
    expect(answer).toMatchObject({ status: 400, text: expect.stringContaining("'not a name'") });
    await sdk.trigger('batch-fault', 'fence', 1);
    await socket.expectFrame({ event: 'fence', channel: 'batch-fault', data: '1' });
  });
});

describe('queries about channels', () => {
  test('list the occupied channels, by prefix, with user counts', async () => {
    const { subscribe, subscribePresence } = await connectClient(server, { member: { user_id: 'anna' } });
    await subscribePresence('presence-list-a');
    await subscribe('list-b');
    expect(await json(sdk.get({ path: '/channels' }))).toMatchObject({
      channels: { 'presence-list-a': {}, 'list-b': {} },
    });
    const params = { filter_by_prefix: 'presence-list-', info: 'user_count' };
    expect(await json(sdk.get({ path: '/channels', params }))).toEqual({
      channels: { 'presence-list-a': { user_count: 1 } },
    });
    expect(await json(sdk.get({ path: '/channels', params: { filter_by_prefix: 'nobody-' } }))).toEqual({
      channels: {},
    });
  });

  test('reject user counts of channels that have no users', async () => {
    const refusal = sdk.get({ path: '/channels', params: { info: 'user_count' } });
    await expect(refusal).rejects.toMatchObject({ status: 400 });
    const ofOne = sdk.get({ path: '/channels/public', params: { info: 'user_count' } });
    await expect(ofOne).rejects.toMatchObject({ status: 400 });
    const ofUsers = sdk.get({ path: '/channels/public/users' });
    await expect(ofUsers).rejects.toMatchObject({ status: 400 });
  });

  test('return the state of one channel', async () => {
    const { subscribePresence, pusher } = await connectClient(server, { member: { user_id: 'anna' } });
    const path = '/channels/presence-state';
    expect(await json(sdk.get({ path }))).toEqual({ occupied: false });
    await subscribePresence('presence-state');
    const params = { info: 'user_count,subscription_count' };
    expect(await json(sdk.get({ path, params }))).toEqual({
      occupied: true,
      user_count: 1,
      subscription_count: 1,
    });
    // Counts are not delayed by the grace period of webhooks.
    pusher.unsubscribe('presence-state');
    await hooks.eventsOf('presence-state', 4);
    expect(await json(sdk.get({ path }))).toEqual({ occupied: false });
  });

  test('accept names with every character that names may have', async () => {
    const name = 'presence-A1_-=@,.;';
    const { subscribePresence } = await connectClient(server, {
      member: { user_id: 'anna+test@example.org' },
    });
    await subscribePresence(name);
    expect(await json(sdk.get({ path: `/channels/${name}` }))).toEqual({ occupied: true });
    expect(await json(sdk.get({ path: `/channels/${name}/users` }))).toEqual({
      users: [{ id: 'anna+test@example.org' }],
    });
    const params = { filter_by_prefix: 'presence-A1_-=@,.' };
    expect(await json(sdk.get({ path: '/channels', params }))).toEqual({ channels: { [name]: {} } });
  });

  test('list the users of a presence channel, each once', async () => {
    const clients = [
      await connectClient(server, { member: { user_id: 'anna' } }),
      await connectClient(server, { member: { user_id: 'bert' } }),
      await connectClient(server, { member: { user_id: 'anna' } }),
    ];
    for (const { subscribePresence } of clients) await subscribePresence('presence-users');
    expect(await json(sdk.get({ path: '/channels/presence-users/users' }))).toEqual({
      users: [{ id: 'anna' }, { id: 'bert' }],
    });
    expect(await json(sdk.get({ path: '/channels/presence-empty/users' }))).toEqual({ users: [] });
  });
});

describe('an error', () => {
  test('for a wrong secret is 401 with the text to sign', async () => {
    const wrong = sdkFor(server, { ...app, secret: 'not-the-secret' });
    const refusal = await wrong.trigger('one', 'said', 1).catch((error: unknown) => error);
    expect(refusal).toMatchObject({
      status: 401,
      body: expect.stringContaining('you should have sent HmacSHA256Hex("POST\\n/apps/1/events\\n'),
    });
  });

  test('for an unknown key is 401', async () => {
    const wrong = sdkFor(server, { ...app, key: 'nobody' });
    await expect(wrong.trigger('one', 'said', 1)).rejects.toMatchObject({
      status: 401,
      body: expect.stringContaining('Unknown auth_key'),
    });
  });

  test('for an unknown app is 404', async () => {
    const wrong = sdkFor(server, { ...app, id: '77' });
    await expect(wrong.trigger('one', 'said', 1)).rejects.toMatchObject({ status: 404 });
  });

  test('for more than 10 KB is 413 with the documented text, and 10 KB are accepted', async () => {
    await sdk.trigger('one', 'said', 'x'.repeat(10_240));
    await expect(sdk.trigger('one', 'said', 'x'.repeat(10_241))).rejects.toMatchObject({
      status: 413,
      body: expect.stringContaining(
        'The data content of this event exceeds the allowed maximum (10240 bytes). See https://',
      ),
    });
    // The limit counts bytes, not characters.
    await expect(sdk.trigger('one', 'said', 'é'.repeat(5121))).rejects.toMatchObject({ status: 413 });
  });

  test.each(['pusher:said', 'pusher_internal:said', 'client-said'])(
    'for the name %s is 400',
    async (name) => {
      await expect(sdk.trigger('one', name, 1)).rejects.toMatchObject({ status: 400 });
    },
  );
});

test('an event name may contain what Laravel and others use', async () => {
  const socket = await connectSocket(server);
  await socket.subscribe('names');
  for (const event of ['App\\Events\\Foo', 'payment:completed', 'a.b_c-d', 'x'.repeat(200)]) {
    await sdk.trigger('names', event, 1);
    await socket.expectFrame({ event, channel: 'names', data: '1' });
  }
});

describe('pusher.webhook()', () => {
  test('accepts the received webhook and reads its events and time', async () => {
    const { subscribe } = await connectClient(server);
    await subscribe('hooked');
    await hooks.eventsOf('hooked', 1);
    const request = hooks.requests.items.find(({ events }) => events.some((e) => e.channel === 'hooked'));
    if (request === undefined) throw new Error('An event came without a request');
    const webhook = sdk.webhook({ headers: request.headers, rawBody: request.body });
    expect(webhook.isContentTypeValid()).toBe(true);
    expect(webhook.isBodyValid()).toBe(true);
    expect(webhook.isValid()).toBe(true);
    expect(webhook.getEvents()).toContainEqual({ name: 'channel_occupied', channel: 'hooked' });
    expect(Math.abs(webhook.getTime().getTime() - request.atMs)).toBeLessThan(60_000);
    const otherSdk = sdkFor(server, { ...app, secret: 'not-the-secret' });
    expect(otherSdk.webhook({ headers: request.headers, rawBody: request.body }).isValid()).toBe(false);
  });
});
