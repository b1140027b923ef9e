import { describe, expect, test, vi } from 'vitest';
import { application, greeting } from '../../support/unit/application.ts';
import { apiStage } from '../../support/unit/api-stage.ts';
import { hubStage, type Actor } from '../../support/unit/hub-stage.ts';

/** A hub with what it logs at `info` and counts as refused. */
function stage(app = application()) {
  const info = vi.fn();
  const refused = vi.fn();
  const hub = hubStage({ apps: [app], log: { info }, metrics: { refused } });
  return { ...hub, info, refused };
}

/** Requests a channel with exactly this data. */
function ask(client: Actor, channel: string, data: object = {}): void {
  client.send({ event: 'pusher:subscribe', data: { channel, ...data } });
}

describe('a refused subscription', () => {
  test('with a wrong secret is logged with app, connection, channel and reason', () => {
    const { connect, info, refused } = stage();
    const client = connect();
    ask(client, 'private-orders', { auth: `app-key:${'0'.repeat(64)}` });
    expect(info).toHaveBeenCalledExactlyOnceWith(
      {
        appId: '1',
        socketId: client.session.socketId,
        channel: 'private-orders',
        reason: 'wrong_signature',
        error: expect.stringMatching(/^Invalid signature: it was not made with the app's secret/) as string,
      },
      'subscription refused',
    );
    expect(refused.mock.calls).toEqual([['1', 'subscription', 'wrong_signature']]);
  });

  test('is logged without its signature and its channel data', () => {
    const { connect, info } = stage();
    const signature = '0123456789abcdef'.repeat(4);
    const channel_data = '{"user_id":"u","user_info":{"mail":"a@example.com"}}';
    ask(connect(), 'presence-a', { auth: `app-key:${signature}`, channel_data });
    ask(connect(), 'private-a', { auth: `${signature}:app-key` });
    expect(info).toHaveBeenCalledTimes(2);
    const lines = JSON.stringify(info.mock.calls);
    expect(lines).not.toContain(signature);
    expect(lines).not.toContain('example.com');
  });

  test('that occurs 500 times causes one line immediately, one with the number of the others, and 500 in the metric', async () => {
    const { connect, info, refused, advance } = stage();
    const client = connect();
    for (let time = 0; time < 500; time += 1) ask(client, 'private-a', { auth: 'app-key:x' });
    expect(info).toHaveBeenCalledTimes(1);
    await advance(1000);
    expect(info.mock.calls.map(([fields]) => (fields as { times?: number }).times)).toEqual([undefined, 499]);
    expect(refused).toHaveBeenCalledTimes(500);
    await advance(10_000);
    expect(info).toHaveBeenCalledTimes(2);
  });
});

test('is counted by its kind, its reason and its app', () => {
  const { connect, refused, hub, node } = stage();
  const client = connect();
  ask(client, 'no good');
  ask(client, 'news');
  ask(client, 'news');
  ask(client, 'private-a', { auth: 'other:x' });
  ask(client, 'private-a');
  ask(client, '#server-to-user-7');
  client.send({ event: 'pusher:signin', data: { auth: 'app-key:x', user_data: '{"id":"7"}' } });
  client.send({ event: 'client-a', channel: 'news', data: {} });
  client.send({ event: 'client-a', channel: 'private-a', data: {} });
  client.send({ event: 'pusher:nonsense' });
  client.send([]);
  hub.receiveBinary(client.session);
  hub.open(node.socket(), greeting('nobody'));
  expect(refused.mock.calls).toEqual([
    ['1', 'subscription', 'invalid_channel'],
    ['1', 'subscription', 'already_subscribed'],
    ['1', 'subscription', 'wrong_key'],
    ['1', 'subscription', 'missing_auth'],
    ['1', 'subscription', 'not_signed_in'],
    ['1', 'signin', 'wrong_signature'],
    ['1', 'client_event', 'channel_not_private'],
    ['1', 'client_event', 'not_subscribed'],
    ['1', 'message', 'unknown_event'],
    ['1', 'message', 'invalid_message'],
    ['1', 'message', 'binary_message'],
    ['', 'connection', 'unknown_key'],
  ]);
});

describe('at the level debug', () => {
  test('a connection causes one line for each thing that happens to it, with ids and without payload', () => {
    const debug = vi.fn();
    const { connect } = hubStage({ log: { isDebug: true, debug } });
    const client = connect().join('presence-a', { user_id: 'u1' });
    client.send({ event: 'client-a', channel: 'presence-a', data: 'a payload' });
    client.send({ event: 'pusher:unsubscribe', data: { channel: 'presence-a' } });
    client.vanish();
    const { socketId } = client.session;
    const appId = '1';
    expect(debug.mock.calls).toEqual([
      [{ appId, socketId, remoteAddress: expect.any(String) as string }, 'connected'],
      [{ appId, socketId, channel: 'presence-a', userId: 'u1' }, 'subscribed'],
      [{ appId, socketId, channel: 'presence-a', event: 'client-a' }, 'client event published'],
      [{ appId, socketId, channel: 'presence-a', userId: 'u1' }, 'unsubscribed'],
      [{ appId, socketId, reason: 'client' }, 'disconnected'],
    ]);
  });

  test('a publish causes one line, however many channels it has', async () => {
    const debug = vi.fn();
    const { events } = apiStage({ log: { isDebug: true, debug } });
    await events({ name: 'e', channels: ['a', 'b'], data: 'a payload' });
    expect(debug.mock.calls).toEqual([
      [{ appId: '1', event: 'e', channels: ['a', 'b'], except: undefined }, 'published'],
    ]);
  });
});

test('no such line is written at the level info', async () => {
  const debug = vi.fn();
  const { connect } = hubStage({ log: { debug } });
  connect().join('news').vanish();
  const { events } = apiStage({ log: { debug } });
  await events({ name: 'e', channel: 'a', data: '' });
  expect(debug).not.toHaveBeenCalled();
});
