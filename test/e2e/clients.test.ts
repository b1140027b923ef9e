import { afterAll, describe, expect, test } from 'vitest';
import { connectClient, createClient } from '../support/e2e/client.ts';
import { app } from '../support/e2e/config.ts';
import { Journal } from '../support/journal.ts';
import { sdkFor } from '../support/e2e/sdk.ts';
import { startServer } from '../support/e2e/server.ts';

const server = await startServer({ apps: [app] });
const sdk = sdkFor(server);
afterAll(() => server.stop());

describe('pusher-js', () => {
  test('connects and receives a socket id that the server library can sign', async () => {
    const { pusher, socketId } = await connectClient(server);
    expect(pusher.connection.state).toBe('connected');
    expect(socketId).toMatch(/^\d+\.\d+$/);
    expect(() => sdk.authorizeChannel(socketId, 'private-a')).not.toThrow();
  });

  test.each([
    'public-talk',
    'private-talk',
    'private-encrypted-talk',
    'private-encrypted-cache-talk',
    'cache-talk',
    'private-cache-talk',
    'my-cache-talk',
    'not-private-talk',
    'A1_-=@,.;',
  ])('receives what is published on %s', async (name) => {
    const { subscribe } = await connectClient(server);
    const talk = await subscribe(name);
    await sdk.trigger(name, 'said', { text: 'hi' });
    expect(await talk.data('said')).toEqual({ text: 'hi' });
  });

  test('receives nothing after unsubscribing', async () => {
    const { pusher, subscribe } = await connectClient(server);
    const left = await subscribe('left');
    const stayed = await subscribe('stayed');
    pusher.unsubscribe('left');
    await sdk.trigger('stayed', 'before', 1);
    await stayed.data('before');
    await sdk.trigger(['left', 'stayed'], 'after', 1);
    await stayed.data('after');
    expect(left.events.items.map(({ event }) => event)).toEqual(['pusher:subscription_succeeded']);
  });

  test('receives the reason for a rejected private channel, on the channel and on the connection', async () => {
    const wrong = { ...app, secret: 'not-the-secret' };
    const pusher = createClient(server, { app: wrong });
    const errors = new Journal<string>('an error of the connection');
    pusher.connection.bind('error', (error: { data: { message: string } }) =>
      errors.push(error.data.message),
    );
    const refused = new Journal<{ type: string; status: number }>('a rejected subscription');
    const channel = pusher.subscribe('private-vault');
    channel.bind('pusher:subscription_error', (error: { type: string; status: number }) =>
      refused.push(error),
    );
    expect(await refused.first(() => true)).toMatchObject({ type: 'AuthError', status: 401 });
    const text = `Invalid signature: Expected HMAC SHA256 hex digest of ${pusher.connection.socket_id}:private-vault`;
    expect(await errors.first(() => true)).toContain(text);
    expect(pusher.connection.state).toBe('connected');
  });

  test('does not reconnect after using an unknown key', async () => {
    const pusher = createClient(server, { app: { ...app, key: 'nobody' } });
    const states = new Journal<string>('a state of the connection');
    pusher.connection.bind('state_change', ({ current }: { current: string }) => states.push(current));
    const errors = new Journal<number>('an error of the connection');
    pusher.connection.bind(
      'error',
      (error: { data?: { code: number }; error?: { data: { code: number } } }) =>
        errors.push((error.data ?? error.error?.data)?.code ?? 0),
    );
    await states.first((state) => state === 'disconnected');
    expect(errors.items).toContain(4001);
  });
});

describe('an event that is published with a socket_id', () => {
  test('reaches all connections except that one', async () => {
    const sender = await connectClient(server);
    const other = await connectClient(server);
    const atSender = await sender.subscribe('echo-less');
    const atOther = await other.subscribe('echo-less');
    await sdk.trigger('echo-less', 'moved', 1, { socket_id: sender.socketId });
    await sdk.trigger('echo-less', 'fence', 1);
    await Promise.all([atOther.data('fence'), atSender.data('fence')]);
    expect(atOther.events.items.map(({ event }) => event)).toContain('moved');
    expect(atSender.events.items.map(({ event }) => event)).not.toContain('moved');
  });

  test('reaches everybody when that connection is not subscribed to the channel', async () => {
    const outsider = await connectClient(server);
    const reader = await connectClient(server);
    const inbox = await reader.subscribe('inbox');
    await sdk.trigger('inbox', 'from-outside', 1, { socket_id: outsider.socketId });
    expect(await inbox.data('from-outside')).toBe(1);
  });

  test('reaches everybody when that connection is closed or never existed', async () => {
    const gone = await connectClient(server);
    const reader = await connectClient(server);
    const inbox = await reader.subscribe('inbox-2');
    gone.pusher.disconnect();
    await sdk.trigger('inbox-2', 'from-the-gone', 1, { socket_id: gone.socketId });
    await sdk.trigger('inbox-2', 'from-nobody', 2, { socket_id: '1.1' });
    expect(await inbox.data('from-the-gone')).toBe(1);
    expect(await inbox.data('from-nobody')).toBe(2);
  });
});

describe('a client event', () => {
  test('reaches the other subscribers and not its sender', async () => {
    const sender = await connectClient(server);
    const other = await connectClient(server);
    const atSender = await sender.subscribe('private-pad');
    const atOther = await other.subscribe('private-pad');
    expect(atSender.channel.trigger('client-typing', { isTyping: true })).toBe(true);
    expect(await atOther.data('client-typing')).toEqual({ isTyping: true });
    await sdk.trigger('private-pad', 'fence', 1);
    await atSender.data('fence');
    expect(atSender.events.items.map(({ event }) => event)).not.toContain('client-typing');
  });

  test('carries the user_id of its sender on a presence channel and none on a private one', async () => {
    const sender = await connectClient(server, { member: { user_id: 'anna' } });
    const other = await connectClient(server, { member: { user_id: 'bert' } });
    const users = new Journal<unknown>('the metadata of a client event');
    for (const name of ['presence-desk', 'private-desk']) {
      const { channel } = await other.subscribe(name);
      channel.bind('client-nod', (_: unknown, metadata: { user_id?: string }) => users.push(metadata));
      const mine = await sender.subscribe(name);
      mine.channel.trigger('client-nod', {});
    }
    expect(await users.count(2)).toEqual([{ user_id: 'anna' }, {}]);
  });

  test('is relayed on a private cache channel', async () => {
    const sender = await connectClient(server);
    const other = await connectClient(server);
    const atOther = await other.subscribe('private-cache-pad');
    const mine = await sender.subscribe('private-cache-pad');
    mine.channel.trigger('client-typing', { n: 1 });
    expect(await atOther.data('client-typing')).toEqual({ n: 1 });
  });

  test('that is far too large ends the connection with an error, and pusher-js returns to its channels', async () => {
    const { pusher, socketId, subscribe } = await connectClient(server);
    const errors = new Journal<unknown>('an error of the connection');
    pusher.connection.bind('error', (error: { data?: unknown; error?: { data: unknown } }) =>
      errors.push(error.data ?? error.error?.data),
    );
    const mine = await subscribe('private-large');
    mine.channel.trigger('client-picture', 'x'.repeat(300_000));
    expect(await errors.first(() => true)).toMatchObject({
      code: 4100,
      message: expect.stringMatching(/^Message is too large: got 300\d{3} bytes, at most 262144/) as string,
    });
    const succeeded = () =>
      mine.events.items.filter(({ event }) => event === 'pusher:subscription_succeeded');
    await mine.events.until(() => succeeded().length === 2);
    expect(pusher.connection.socket_id).not.toBe(socketId);
  });
});
