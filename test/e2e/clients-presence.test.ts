import { afterAll, describe, expect, test } from 'vitest';
import { connectClient, membersOf } from '../support/e2e/client.ts';
import { app } from '../support/e2e/config.ts';
import { sdkFor } from '../support/e2e/sdk.ts';
import { startServer } from '../support/e2e/server.ts';
import { connectSocket } from '../support/e2e/socket.ts';

const server = await startServer({ apps: [app] });
const sdk = sdkFor(server);
afterAll(() => server.stop());

const anna = { user_id: 'anna', user_info: { name: 'Anna' } };
const bert = { user_id: 'bert', user_info: { name: 'Bert' } };

describe('a presence channel', () => {
  test('sends its members to a new subscriber, including the subscriber itself', async () => {
    const first = await connectClient(server, { member: anna });
    const second = await connectClient(server, { member: bert });
    await first.subscribePresence('presence-list');
    const joined = await second.subscribePresence('presence-list');
    expect(membersOf(joined)).toEqual({ anna: { name: 'Anna' }, bert: { name: 'Bert' } });
    expect(joined.channel.members.count).toBe(2);
    expect(joined.channel.members.me).toEqual({ id: 'bert', info: { name: 'Bert' } });
  });

  test('notifies members of joins and leaves immediately', async () => {
    const first = await connectClient(server, { member: anna });
    const second = await connectClient(server, { member: bert });
    const room = await first.subscribePresence('presence-moves');
    const joined = await second.subscribePresence('presence-moves');
    expect(await room.data('pusher:member_added')).toEqual({ id: 'bert', info: { name: 'Bert' } });
    second.pusher.unsubscribe('presence-moves');
    expect(await room.data('pusher:member_removed')).toEqual({ id: 'bert', info: { name: 'Bert' } });
    expect(membersOf(room)).toEqual({ anna: { name: 'Anna' } });
    expect(joined.events.items.map(({ event }) => event)).toEqual(['pusher:subscription_succeeded']);
  });

  test('notifies members when another disconnects', async () => {
    const first = await connectClient(server, { member: anna });
    const second = await connectClient(server, { member: bert });
    const room = await first.subscribePresence('presence-drop');
    await second.subscribePresence('presence-drop');
    second.pusher.disconnect();
    expect(await room.data('pusher:member_removed')).toMatchObject({ id: 'bert' });
  });

  test('counts the connections of one user as one member', async () => {
    const watcher = await connectClient(server, { member: anna });
    const room = await watcher.subscribePresence('presence-tabs');
    const tabs = [
      await connectClient(server, { member: bert }),
      await connectClient(server, { member: bert }),
      await connectClient(server, { member: bert }),
    ];
    for (const tab of tabs) {
      const { channel } = await tab.subscribePresence('presence-tabs');
      expect(channel.members.count).toBe(2);
    }
    for (const tab of tabs) tab.pusher.disconnect();
    await room.data('pusher:member_removed');
    await sdk.trigger('presence-tabs', 'fence', 1);
    await room.data('fence');
    expect(room.events.items.map(({ event }) => event)).toEqual([
      'pusher:subscription_succeeded',
      'pusher:member_added',
      'pusher:member_removed',
      'fence',
    ]);
  });

  test('keeps the info of the first connection while the user is present', async () => {
    const first = await connectSocket(server);
    const second = await connectSocket(server);
    await first.subscribe('presence-info', { user_id: 'anna', user_info: { tab: 1 } });
    const { data } = await second.subscribe('presence-info', { user_id: 'anna', user_info: { tab: 2 } });
    expect(JSON.parse(String(data))).toEqual({
      presence: { count: 1, ids: ['anna'], hash: { anna: { tab: 1 } } },
    });
  });

  test('accepts only authorized members', async () => {
    const socket = await connectSocket(server);
    socket.send({ event: 'pusher:subscribe', data: { channel: 'presence-closed' } });
    const frames = await socket.framesBeforePong();
    expect(frames.map(({ event }) => event).toSorted()).toEqual([
      'pusher:error',
      'pusher:subscription_error',
    ]);
    const { auth } = sdk.authorizeChannel(socket.id, 'presence-closed', anna);
    const forged = JSON.stringify(bert);
    socket.send({
      event: 'pusher:subscribe',
      data: { channel: 'presence-closed', auth, channel_data: forged },
    });
    const refused = await socket.framesBeforePong();
    expect(refused.map(({ event }) => event).toSorted()).toEqual([
      'pusher:error',
      'pusher:subscription_error',
    ]);
  });
});

describe('the frames of a presence channel', () => {
  test('carry data as strings, with count, ids and hash, and null for a member without info', async () => {
    const first = await connectSocket(server);
    const second = await connectSocket(server);
    await first.subscribe('presence-wire', { user_id: 'plain' });
    const joined = await second.subscribe('presence-wire', anna);
    expect(JSON.parse(String(joined.data))).toEqual({
      presence: { count: 2, ids: ['plain', 'anna'], hash: { plain: null, anna: { name: 'Anna' } } },
    });
    await first.expectFrame({
      event: 'pusher_internal:member_added',
      channel: 'presence-wire',
      data: '{"user_id":"anna","user_info":{"name":"Anna"}}',
    });
    second.close();
    await first.expectFrame({
      event: 'pusher_internal:member_removed',
      channel: 'presence-wire',
      data: '{"user_id":"anna"}',
    });
  });

  test('turn a numeric user_id into a string', async () => {
    const socket = await connectSocket(server);
    socket.requestWithData('presence-number', '{"user_id":7,"user_info":{"n":1}}');
    const { data } = await socket.nextFrame();
    expect(JSON.parse(String(data))).toEqual({ presence: { count: 1, ids: ['7'], hash: { 7: { n: 1 } } } });
    const response = await sdk.get({ path: '/channels/presence-number/users' });
    expect(await response.json()).toEqual({ users: [{ id: '7' }] });
  });

  test('survive a member called __proto__', async () => {
    const socket = await connectSocket(server);
    socket.requestWithData('presence-proto', '{"user_id":"__proto__","user_info":{"n":1}}');
    const { data } = await socket.nextFrame();
    expect(data).toBe('{"presence":{"count":1,"ids":["__proto__"],"hash":{"__proto__":{"n":1}}}}');
  });

  test.each([
    '{}',
    '{"user_id":null}',
    '{"user_id":true}',
    '{"user_id":{}}',
    '{"user_id":""}',
    '7',
    '[]',
    '{',
  ])('reject the channel_data %s although its signature is valid', async (channelData) => {
    const socket = await connectSocket(server);
    socket.requestWithData('presence-nobody', channelData);
    const events = (await socket.framesBeforePong()).map(({ event }) => event);
    expect(events.toSorted()).toEqual(['pusher:error', 'pusher:subscription_error']);
  });
});

test('a presence channel accepts 100 members, and more connections of these, but no 101st member', async () => {
  const sockets = await Promise.all(Array.from({ length: 102 }, () => connectSocket(server)));
  const [last, again, ...members] = sockets;
  if (last === undefined || again === undefined) throw new Error('102 sockets are more than two');
  for (const [index, socket] of members.entries()) {
    await socket.subscribe('presence-full', { user_id: `u${index}` });
  }
  last.requestSubscription('presence-full', { user_id: 'u100' });
  const refused = await last.frames.first(({ event }) => event === 'pusher:subscription_error');
  expect(refused).toMatchObject({ channel: 'presence-full' });
  expect(JSON.parse(String(refused.data))).toMatchObject({ type: 'LimitReached' });
  expect(await last.frames.first(({ event }) => event === 'pusher:error')).toEqual(
    expect.objectContaining({ event: 'pusher:error', data: expect.objectContaining({ code: null }) }),
  );
  await again.subscribe('presence-full', { user_id: 'u42' });
});
