import Echo from 'laravel-echo';
import { afterAll, describe, expect, test } from 'vitest';
import { connectClient } from '../support/e2e/client.ts';
import { app } from '../support/e2e/config.ts';
import { Journal } from '../support/journal.ts';
import { sdkFor } from '../support/e2e/sdk.ts';
import { startServer } from '../support/e2e/server.ts';

const server = await startServer({ apps: [app] });
const sdk = sdkFor(server);
afterAll(() => server.stop());

describe('Laravel Echo', () => {
  test('receives the events of a public channel', async () => {
    const echo = await connectEcho('anna');
    const orders = new Journal<unknown>('an order');
    const ready = new Journal<true>('a subscription');
    echo
      .channel('orders')
      .listen('OrderShipped', (order: unknown) => orders.push(order))
      .subscribed(() => ready.push(true));
    await ready.first(() => true);
    await sdk.trigger('orders', 'App\\Events\\OrderShipped', { id: 42 });
    expect(await orders.count(1)).toEqual([{ id: 42 }]);
  });

  test('whispers on a private channel', async () => {
    const [anna, bert] = await Promise.all([connectEcho('anna'), connectEcho('bert')]);
    const whispers = new Journal<unknown>('a whisper');
    const ready = new Journal<string>('a subscription');
    bert
      .private('chat')
      .listenForWhisper('typing', (data: unknown) => whispers.push(data))
      .subscribed(() => ready.push('bert'));
    const chat = anna.private('chat').subscribed(() => ready.push('anna'));
    await ready.count(2);
    chat.whisper('typing', { name: 'Anna' });
    expect(await whispers.count(1)).toEqual([{ name: 'Anna' }]);
  });

  test('knows which members are present, join and leave', async () => {
    const [anna, bert] = await Promise.all([connectEcho('anna'), connectEcho('bert')]);
    const seen = new Journal<[string, unknown]>('a change of the members');
    anna
      .join('room')
      .here((users: unknown) => seen.push(['here', users]))
      .joining((user: unknown) => seen.push(['joining', user]))
      .leaving((user: unknown) => seen.push(['leaving', user]));
    await seen.count(1);
    bert.join('room');
    await seen.count(2);
    bert.leave('room');
    expect(await seen.count(3)).toEqual([
      ['here', [{ name: 'anna' }]],
      ['joining', { name: 'bert' }],
      ['leaving', { name: 'bert' }],
    ]);
  });

  test('is notified that a subscription is rejected', async () => {
    const wrong = await connectClient(server, { app: { ...app, secret: 'not-the-secret' } });
    const echo = new Echo({ broadcaster: 'pusher', client: wrong.pusher });
    const errors = new Journal<unknown>('a rejection');
    echo.private('vault').error((error: unknown) => errors.push(error));
    expect(await errors.count(1)).toEqual([expect.objectContaining({ type: 'AuthError', status: 401 })]);
  });
});

async function connectEcho(user: string): Promise<Echo<'pusher'>> {
  const { pusher } = await connectClient(server, { member: { user_id: user, user_info: { name: user } } });
  return new Echo({ broadcaster: 'pusher', client: pusher });
}
