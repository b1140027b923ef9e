import Backend from 'pusher';
import pusherJs from 'pusher-js';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Emulator } from '../../../src/index.ts';
import { connect, enter, start, startStage } from '../support/emulator.ts';

/** The declarations are those of the ES module, which Node does not load. */
const PusherClient = pusherJs as unknown as typeof pusherJs.default;

/** A pusher-js client that joins presence channels as the user. */
function newPusher(emulator: Emulator, userId: string): pusherJs.default {
  const backend = new Backend(emulator.serverOptions());
  const pusher = new PusherClient(emulator.key, {
    ...emulator.clientOptions(),
    channelAuthorization: {
      transport: 'ajax',
      endpoint: '',
      customHandler: ({ socketId, channelName }, done) =>
        done(null, backend.authorizeChannel(socketId, channelName, { user_id: userId })),
    },
  });
  onTestFinished(() => pusher.disconnect());
  return pusher;
}

describe('pusher-js and the server library', () => {
  test('connect with the options of the emulator', async () => {
    const { emulator } = await startStage();
    const pusher = newPusher(emulator, '42');
    const headline = new Promise((resolve) => {
      pusher.subscribe('presence-news').bind('headline', resolve);
    });
    await emulator.webhooks.waitFor({ name: 'member_added', user_id: '42' });
    expect(await emulator.channels()).toEqual([
      { name: 'presence-news', subscriptionCount: 1, userIds: ['42'] },
    ]);
    await new Backend(emulator.serverOptions()).trigger('presence-news', 'headline', { text: 'It works' });
    expect(await headline).toEqual({ text: 'It works' });
    pusher.disconnect();
    expect(await emulator.webhooks.waitFor({ name: 'member_removed' })).toMatchObject({
      channel: 'presence-news',
      user_id: '42',
    });
  });

  test('reconnect after a network blip, which causes no webhook', async () => {
    const { emulator } = await startStage();
    const pusher = newPusher(emulator, '42');
    const succeeded = new Promise<void>((resolve) => {
      const channel = pusher.subscribe('presence-news');
      let times = 0;
      channel.bind('pusher:subscription_succeeded', () => {
        times += 1;
        if (times === 2) resolve();
      });
    });
    await emulator.webhooks.waitFor({ name: 'member_added' });
    emulator.faults.connections({ drop: 'all', code: 4200 });
    await succeeded;
    await emulator.webhooks.expectNone({ name: 'member_removed' });
    expect(emulator.events.filter(({ status }) => status === 'suppressed')).toHaveLength(4);
  });

  test('have their requests accepted after the clock was moved by an hour', async () => {
    const { emulator } = await startStage();
    await emulator.clock.advance(3_600_000);
    const { status } = await new Backend(emulator.serverOptions()).trigger('news', 'a', {});
    expect(status).toBe(200);
  });
});

describe('everything that waits in the program', () => {
  test('follows the virtual clock: cached events, the rates of client events and of triggers', async () => {
    const { emulator } = await startStage({
      limits: { triggersPerSecond: 1, clientEventsPerSecond: 1 },
      cacheTtlMs: 60_000,
    });
    const backend = new Backend(emulator.serverOptions());
    await backend.trigger('cache-a', 'kept', {});
    await expect(backend.trigger('cache-a', 'kept', {})).rejects.toMatchObject({ status: 429 });
    const client = await connect(emulator);
    await enter(client, emulator, 'presence-a', '1');
    const sendEvent = async (): Promise<void> => {
      client.ws.send(JSON.stringify({ event: 'client-a', channel: 'presence-a', data: '1' }));
      await client.ping();
    };
    await sendEvent();
    await sendEvent();
    expect(client.of('pusher:error')).toHaveLength(1);
    await emulator.clock.advance(1000);
    await sendEvent();
    expect(client.of('pusher:error')).toHaveLength(1);
    await client.subscribe('cache-a');
    await client.next('kept', 'cache-a');
    await emulator.clock.advance(60_000);
    const late = await connect(emulator);
    await late.subscribe('cache-a');
    await late.next('pusher:cache_miss', 'cache-a');
  });

  test('does not include the liveness of sockets, unless requested', async () => {
    const { emulator } = await startStage();
    const client = await connect(emulator);
    await emulator.clock.advance(3_600_000);
    await client.ping();
    expect(client.of('pusher:ping')).toEqual([]);
    const strict = await startStage({ liveness: 'virtual' });
    const silent = await connect(strict.emulator);
    silent.ws.pause();
    await strict.emulator.clock.advance(200_000);
    expect(strict.emulator.connections()).toEqual([]);
  });
});

describe('the clock', () => {
  test('stands still until it is moved if it is virtual', async () => {
    const { emulator, receiver } = await startStage();
    await (await connect(emulator)).subscribe('news');
    expect(emulator.clock.now()).toBe(0);
    await emulator.clock.advance(249);
    expect(receiver.requests).toEqual([]);
    await emulator.clock.advance(1);
    expect(receiver.events).toEqual(['channel_occupied news']);
  });

  test('can also be moved forward if it is real', async () => {
    const { emulator, receiver } = await startStage({ clock: 'real' });
    const client = await connect(emulator);
    await client.subscribe('news');
    client.send('pusher:unsubscribe', { channel: 'news' });
    await client.ping();
    await emulator.clock.advance(4000);
    expect(receiver.events).toEqual(['channel_occupied news', 'channel_vacated news']);
  });

  test.each([-1, Number.NaN, '3 s'])('is not moved by %j', async (ms) => {
    const emulator = await start();
    await expect(emulator.clock.advance(ms as number)).rejects.toThrow(
      /clock.advance: expected milliseconds/,
    );
  });
});

describe('together with the fake timers of a test framework', () => {
  afterEach(() => void vi.useRealTimers());

  test('the emulator works, and does not use them', async () => {
    vi.useFakeTimers({
      toFake: [
        'setTimeout',
        'setInterval',
        'setImmediate',
        'queueMicrotask',
        'performance',
        'Date',
        'clearTimeout',
      ],
    });
    vi.setSystemTime(0);
    const { emulator } = await startStage();
    emulator.faults.webhooks({ status: 500, times: 3 });
    const client = await connect(emulator);
    await client.subscribe('news');
    await emulator.webhooks.waitFor({ name: 'channel_occupied' });
    const missing = emulator.webhooks.waitFor({ name: 'cache_miss' }, { timeoutMs: 5 });
    await expect(missing).rejects.toMatchObject({ code: 'ERR_WEBHOOK_MISSING' });
    await emulator.reset();
    await emulator.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  test('the emulator accepts a time of day, such as that of the fake Date', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    vi.setSystemTime('2030-01-01');
    const { emulator } = await startStage();
    const trigger = (of: Emulator) => new Backend(of.serverOptions()).trigger('news', 'a', {});
    await expect(trigger(emulator)).rejects.toMatchObject({ status: 401 });
    const agreeing = await start({ now: () => Date.now() });
    expect((await trigger(agreeing)).status).toBe(200);
  });
});

test('several emulators in one process share nothing', async () => {
  const [one, two] = [await startStage(), await startStage()];
  await (await connect(one.emulator)).subscribe('news');
  await one.emulator.clock.advance(1000);
  expect(one.receiver.events).toEqual(['channel_occupied news']);
  expect([two.emulator.clock.now(), two.emulator.events, two.receiver.requests]).toEqual([0, [], []]);
  await one.emulator.close();
  await connect(two.emulator);
});

test('after close, calls are rejected, pending waits end immediately, and the records stay', async () => {
  const { emulator } = await startStage({ clock: 'real' });
  await (await connect(emulator)).subscribe('news');
  await emulator.webhooks.waitFor({ name: 'channel_occupied' });
  const waiting = emulator.webhooks.waitFor({ name: 'cache_miss' }, { timeoutMs: 60_000 });
  const refused = expect(waiting).rejects.toMatchObject({ code: 'ERR_CLOSED' });
  await emulator.close();
  await refused;
  await expect(emulator.clock.advance(1)).rejects.toThrow(/has been closed; start another one/);
  await expect(emulator.reset()).rejects.toMatchObject({ code: 'ERR_CLOSED' });
  expect(emulator.events).toMatchObject([{ name: 'channel_occupied' }]);
});

test('close ends connections for good, discards webhooks, and can be called again', async () => {
  const { emulator, receiver } = await startStage();
  const client = await connect(emulator);
  await client.subscribe('news');
  await using sameEmulator = emulator;
  await sameEmulator.close();
  await emulator.close();
  expect((await client.closed).code).toBe(4009);
  expect(receiver.requests).toEqual([]);
});
