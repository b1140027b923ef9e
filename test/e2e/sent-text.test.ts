import { afterAll, describe, expect, test } from 'vitest';
import { quickConfig } from '../support/e2e/config.ts';
import { callApi } from '../support/e2e/http.ts';
import { startReceiver } from '../support/e2e/receiver.ts';
import { startServer } from '../support/e2e/server.ts';
import { connectSocket } from '../support/e2e/socket.ts';

const hooks = await startReceiver();
const server = await startServer(quickConfig({ url: hooks.url }));
afterAll(async () => {
  await server.stop();
  await hooks.close();
});

/** This text would change if it were parsed and serialized again. */
const sent = String.raw`{ "id": 12345678901234567890, "n": 1e400, "n": -0, "2": 1.50, "1": "caf\u00e9" }`;

describe('JSON is passed on as the received text', () => {
  test('from a client to the others and to webhooks', async () => {
    const [sender, reader] = [await connectSocket(server), await connectSocket(server)];
    for (const socket of [sender, reader]) await socket.subscribe('private-talk');
    sender.send(`{"event":"client-said","data":0,"data":${sent},"channel":"private-talk"}`);
    await reader.expectFrame({ event: 'client-said', channel: 'private-talk', data: sent });
    const [, event] = await hooks.eventsOf('private-talk', 2);
    expect(event).toMatchObject({ name: 'client_event', data: sent });
  });

  test('from a backend to clients, one event or several, at once or from the cache', async () => {
    const reader = await connectSocket(server);
    await reader.subscribe('news');
    const path = '/apps/1/events';
    await callApi(server, { path, body: `{"name":"a","channels":["news"],"data":${sent}}` });
    await reader.expectFrame({ event: 'a', channel: 'news', data: sent });
    const item = (name: string, data: string) => `{"name":"${name}","channel":"news","data":${data}}`;
    const body = `{"batch":[${item('b', '"text"')},${item('c', sent)}]}`;
    await callApi(server, { path: '/apps/1/batch_events', body });
    await reader.expectFrame({ event: 'b', channel: 'news', data: 'text' });
    await reader.expectFrame({ event: 'c', channel: 'news', data: sent });
    await callApi(server, { path, body: `{"name":"d","channel":"cache-news","data":${sent}}` });
    await reader.subscribe('cache-news');
    await reader.expectFrame({ event: 'd', channel: 'cache-news', data: sent });
  });

  test('from a new member, as it was signed, to the members', async () => {
    const [first, second] = [await connectSocket(server), await connectSocket(server)];
    first.requestWithData('presence-info', `{"user_id":"a","user_info":${sent}}`);
    const presence = `{"count":1,"ids":["a"],"hash":{"a":${sent}}}`;
    expect((await first.nextFrame()).data).toBe(`{"presence":${presence}}`);
    second.requestSignIn(`{"id":"b","user_info":${sent}}`);
    expect(await second.nextFrame()).toMatchObject({ event: 'pusher:signin_success' });
    second.requestSubscription('presence-info');
    expect((await first.nextFrame()).data).toBe(`{"user_id":"b","user_info":${sent}}`);
  });
});

test('two numeric user ids that differ in the last digit are two users, for members, backends and webhooks', async () => {
  const [even, odd] = [await connectSocket(server), await connectSocket(server)];
  const channel = 'presence-digits';
  even.requestWithData(channel, '{"user_id":9007199254740992}');
  await even.nextFrame();
  odd.requestWithData(channel, '{"user_id":9007199254740993}');
  const hash = '{"9007199254740992":null,"9007199254740993":null}';
  expect((await odd.nextFrame()).data).toBe(
    `{"presence":{"count":2,"ids":["9007199254740992","9007199254740993"],"hash":${hash}}}`,
  );
  expect((await even.nextFrame()).data).toBe('{"user_id":"9007199254740993","user_info":null}');
  const users = await callApi(server, { path: `/apps/1/channels/${channel}/users` });
  expect(users.text).toBe('{"users":[{"id":"9007199254740992"},{"id":"9007199254740993"}]}');
  odd.close();
  expect((await even.nextFrame()).data).toBe('{"user_id":"9007199254740993"}');
  expect((await hooks.eventsOf(channel, 4)).slice(1)).toEqual([
    { name: 'member_added', channel, user_id: '9007199254740992' },
    { name: 'member_added', channel, user_id: '9007199254740993' },
    { name: 'member_removed', channel, user_id: '9007199254740993' },
  ]);
});
