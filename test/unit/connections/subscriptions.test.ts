import { describe, expect, test, vi } from 'vitest';
import type { Ledger } from '../../../src/ports/ledger.ts';
import { application, authFor, channelName, endpoint } from '../../support/unit/application.ts';
import { hubStage } from '../../support/unit/hub-stage.ts';

const succeeded = (channel: string, data = '{}') => ({
  event: 'pusher_internal:subscription_succeeded',
  channel,
  data,
});
const failed = (channel: string, type: string, error: string, status: number) => ({
  event: 'pusher:subscription_error',
  channel,
  data: JSON.stringify({ type, error, status }),
});

describe('public channels', () => {
  test.each([
    'news',
    'my-cache-x',
    'not-private-x',
    'privateer',
    'presence',
    'a_-=@,.;Z9',
    '__proto__',
    'x'.repeat(164),
  ])('%.30s accepts everyone, whatever auth contains', (channel) => {
    const { connect, outbox } = hubStage();
    const actor = connect();
    actor.send({
      event: 'pusher:subscribe',
      data: { channel, auth: 'not:checked', channel_data: 'nor this' },
    });
    actor.socket.expectFrame(succeeded(channel));
    actor.socket.expectNoFrame();
    outbox.expectEvent({ name: 'channel_occupied', channel });
    outbox.expectNothing();
  });

  test('accept a subscription whose data is a JSON string', () => {
    const { connect } = hubStage();
    const actor = connect();
    actor.send({ event: 'pusher:subscribe', data: '{"channel":"news","auth":null}' });
    actor.socket.expectFrame(succeeded('news'));
  });

  test('respond with an error to a second subscription of a connection, which changes nothing', async () => {
    const { connect, outbox, advance, apps } = hubStage();
    const actor = connect().join('news');
    outbox.takeLines();
    actor.subscribe('news');
    actor.socket.expectError('Existing subscription to channel news');
    actor.socket.expectNoFrame();
    expect(apps.byId('1')?.registry.subscribers(channelName('news'))).toBe(1);
    actor.unsubscribe('news');
    await advance(3000);
    expect(outbox.takeLines()).toEqual(['channel_vacated news']);
  });

  test('ignore leaving a channel that was never joined', async () => {
    const { connect, outbox, advance } = hubStage();
    const [member, bystander] = [connect().join('news'), connect()];
    outbox.takeLines();
    for (const channel of ['news', 'other', '', '#', null, 7, { a: 1 }]) {
      bystander.send({ event: 'pusher:unsubscribe', data: { channel } });
    }
    await advance(10_000);
    bystander.socket.expectNoFrame();
    member.socket.expectNoFrame();
    outbox.expectNothing();
  });

  test.each([
    ['', 'bad'],
    ['a b', 'bad'],
    ['a/b', 'bad'],
    ['#news', 'reserved'],
    ['private-\u00e9', 'bad'],
    ['x'.repeat(165), 'long'],
  ])('the name %.20s is refused as an invalid channel', (channel) => {
    const { connect, outbox } = hubStage();
    const actor = connect();
    actor.subscribe(channel);
    const [toChannel, toConnection] = actor.socket.takeFrames();
    expect(toChannel).toMatchObject({ event: 'pusher:subscription_error', channel });
    expect(JSON.parse(toChannel?.data as string)).toMatchObject({ type: 'InvalidChannel' });
    expect(toConnection).toMatchObject({ event: 'pusher:error', data: { code: null } });
    actor.socket.expectOpen();
    outbox.expectNothing();
  });

  test.each([[undefined], [null], [7], [{}], [[]], [true]])(
    'the name %j, which is not a string, is refused',
    (channel) => {
      const { connect } = hubStage();
      const actor = connect();
      actor.send({ event: 'pusher:subscribe', data: { channel } });
      expect(actor.socket.takeFrames().map(({ event }) => event)).toEqual([
        'pusher:subscription_error',
        'pusher:error',
      ]);
    },
  );
});

describe('private channels', () => {
  test.each(['private-a', 'private-encrypted-a', 'private-cache-a', 'private-encrypted-cache-a'])(
    '%s accepts an authorized client',
    (channel) => {
      const { connect } = hubStage();
      const actor = connect();
      actor.subscribe(channel);
      actor.socket.expectFrame(succeeded(channel));
    },
  );

  test('accept channel data that is covered by the signature', () => {
    const { connect } = hubStage();
    const actor = connect();
    actor.subscribe('private-a', { user_id: '7' });
    actor.socket.expectFrame(succeeded('private-a'));
  });

  test('report a wrong signature on the channel and the connection, which stays open', () => {
    const { connect, outbox } = hubStage();
    const actor = connect();
    const text = 'Invalid signature: Expected HMAC SHA256 hex digest of 1.1:private-a, but got 00';
    actor.send({ event: 'pusher:subscribe', data: { channel: 'private-a', auth: 'app-key:00' } });
    actor.socket.expectFrame(failed('private-a', 'AuthError', text, 401));
    actor.socket.expectError(text);
    actor.socket.expectNoFrame();
    actor.socket.expectOpen();
    outbox.expectNothing();
    actor.subscribe('private-a');
    actor.socket.expectFrame(succeeded('private-a'));
  });

  test.each([
    ['other-key:aa', "Invalid key in subscription auth data: 'other-key'"],
    ['', "Invalid auth for channel private-a: expected 'KEY:SIGNATURE'"],
    [undefined, "Invalid auth for channel private-a: expected 'KEY:SIGNATURE'"],
  ])('auth %j is refused', (auth, text) => {
    const { connect } = hubStage();
    const actor = connect();
    actor.send({ event: 'pusher:subscribe', data: { channel: 'private-a', auth } });
    expect(actor.socket.takeFrames().at(-1)?.data).toMatchObject({
      message: expect.stringContaining(text) as string,
    });
  });

  test('refuse the signature of another socket or another channel', () => {
    const { connect } = hubStage();
    const actor = connect();
    for (const auth of [authFor('1.2', 'private-a'), authFor('1.1', 'private-b')]) {
      actor.send({ event: 'pusher:subscribe', data: { channel: 'private-a', auth } });
      expect(actor.socket.takeFrames().map(({ event }) => event)).toEqual([
        'pusher:subscription_error',
        'pusher:error',
      ]);
    }
  });
});

describe('a server-to-user channel', () => {
  test('refuses everyone who is not signed in as that user', () => {
    const { connect, outbox } = hubStage();
    const actor = connect();
    actor.subscribe('#server-to-user-7');
    expect(actor.socket.takeFrames().map(({ event }) => event)).toEqual([
      'pusher:subscription_error',
      'pusher:error',
    ]);
    outbox.expectNothing();
  });
});

describe('cache channels', () => {
  test('report a miss after the subscription succeeded, to each client, and to webhooks once', () => {
    const { connect, outbox } = hubStage();
    for (const actor of [connect(), connect(), connect()]) {
      actor.subscribe('cache-a');
      actor.socket.expectFrame(succeeded('cache-a'));
      actor.socket.expectFrame({ event: 'pusher:cache_miss', channel: 'cache-a', data: '{}' });
      actor.socket.expectNoFrame();
    }
    expect(outbox.takeLines()).toEqual(['channel_occupied cache-a', 'cache_miss cache-a']);
  });

  test.each(['cache-a', 'private-cache-a', 'private-encrypted-cache-a', 'presence-cache-a'])(
    'on %s send the cached event as it was published, after the subscription succeeded',
    async (channel) => {
      const { connect, memory, outbox } = hubStage();
      void memory.cacheEvent('1', channelName(channel), { name: 'state', data: '"\u00e9"' });
      const actor = connect();
      actor.subscribe(channel, channel.startsWith('presence') ? { user_id: '7' } : undefined);
      const [welcome, event, ...rest] = actor.socket.takeFrames();
      expect(welcome?.event).toBe('pusher_internal:subscription_succeeded');
      expect(event).toEqual({ event: 'state', channel, data: '"\u00e9"' });
      expect(rest).toEqual([]);
      expect(outbox.takeLines()).not.toContain(`cache_miss ${channel}`);
    },
  );

  test('record no miss that no endpoint selects', () => {
    const apps = [application({ endpoints: [endpoint({ eventTypes: ['channel_vacated'] })] })];
    const join = vi.fn<Ledger['join']>();
    const { connect } = hubStage({
      apps,
      ledger: (memory) =>
        Object.assign(Object.create(memory) as Ledger, {
          join: (...step: Parameters<Ledger['join']>) => {
            void join(...step);
            return memory.join(...step);
          },
          leave: (...step: Parameters<Ledger['leave']>) => memory.leave(...step),
        }),
    });
    connect().subscribe('cache-a');
    expect(join).toHaveBeenCalledWith(expect.objectContaining({ readsCache: true, wantsCacheMiss: false }));
  });

  test.each(['my-cache-x', 'private-encrypted-x-cache-', 'presence-x-cache-y', 'Cache-a'])(
    '%s is not one, because prefixes count only at the start',
    (channel) => {
      const { connect, outbox } = hubStage();
      const actor = connect();
      actor.subscribe(channel, channel.startsWith('presence-') ? { user_id: '7' } : undefined);
      expect(actor.socket.takeFrames().map(({ event }) => event)).toEqual([
        'pusher_internal:subscription_succeeded',
      ]);
      expect(outbox.takeLines()).not.toContain(`cache_miss ${channel}`);
    },
  );
});
