import Backend from 'pusher';
import { describe, expect, test } from 'vitest';
import { connect, enter, start, startStage } from '../support/emulator.ts';
import { Receiver } from '../../support/receiver.ts';

describe('reset', () => {
  test('forgets what was dropped', async () => {
    const { emulator } = await startStage({ webhooks: { retry: { maxElapsedMs: 500 } } });
    const dropped = async () => {
      const answer = await new Backend(emulator.serverOptions()).get({ path: '/webhooks/dropped' });
      return ((await answer.json()) as { dropped: object[] }).dropped.length;
    };
    emulator.faults.webhooks({ status: 500 });
    await (await connect(emulator)).subscribe('news');
    await emulator.idle();
    expect(await dropped()).toBe(1);
    await emulator.reset();
    expect(await dropped()).toBe(0);
  });

  test('forgets channels, members, caches, queues, faults and records, and notifies no endpoint', async () => {
    const { emulator, receiver } = await startStage();
    const client = await connect(emulator);
    await enter(client, emulator, 'presence-a', '1');
    await client.subscribe('cache-a');
    await emulator.idle();
    const sent = receiver.requests.length;
    emulator.faults.webhooks({ status: 500 });
    client.send('pusher:unsubscribe', { channel: 'cache-a' });
    await client.ping();
    await emulator.reset();
    expect((await client.closed).code).toBe(4009);
    expect([emulator.events, emulator.deliveries, emulator.connections(), await emulator.channels()]).toEqual(
      [[], [], [], []],
    );
    await emulator.clock.advance(600_000);
    expect(receiver.requests).toHaveLength(sent);
    expect(emulator.events).toEqual([]);
    const next = await connect(emulator);
    await next.subscribe('cache-a');
    await emulator.idle();
    expect(receiver.events.slice(-2)).toEqual(['channel_occupied cache-a', 'cache_miss cache-a']);
  });

  test('discards webhooks that wait for another attempt', async () => {
    const { emulator, receiver } = await startStage();
    emulator.faults.webhooks({ status: 500 });
    await (await connect(emulator)).subscribe('news');
    await emulator.clock.advance(2000);
    await emulator.reset();
    await emulator.clock.advance(600_000);
    expect(receiver.requests).toEqual([]);
    expect(emulator.deliveries).toEqual([]);
  });

  test('sends nothing even if webhooks are not batched', async () => {
    const { emulator, receiver } = await startStage({
      webhooks: { batch: { maxDelayMs: 0 }, disconnectGraceMs: 0 },
    });
    await (await connect(emulator)).subscribe('news');
    await emulator.idle();
    await emulator.reset();
    await emulator.idle();
    expect(receiver.events).toEqual(['channel_occupied news']);
  });

  test('restarts the schedule of retries', async () => {
    const { emulator } = await startStage();
    const delays = async (): Promise<readonly number[]> => {
      emulator.faults.webhooks({ status: 500, times: 4 });
      await (await connect(emulator)).subscribe('news');
      await emulator.idle();
      const at = emulator.deliveries[0]?.attempts.map(({ atMs }) => atMs) ?? [];
      return at.slice(1).map((moment, index) => Math.round(moment - (at[index] ?? 0)));
    };
    const first = await delays();
    await emulator.reset();
    expect(await delays()).toEqual(first);
  });

  test('disconnects clients so that they reconnect, if requested', async () => {
    const { emulator } = await startStage();
    const client = await connect(emulator);
    await emulator.reset({ reconnect: true });
    expect((await client.closed).code).toBe(4200);
  });
});

describe('an app', () => {
  test('neither sees nor affects another app', async () => {
    const receiver = await Receiver.start();
    const webhooks = [{ url: receiver.url }];
    const emulator = await start({ clock: 'virtual', apps: [{ webhooks }] });
    const [one, two] = [await emulator.createApp({ webhooks }), await emulator.createApp({ webhooks })];
    one.faults.webhooks({ status: 500 });
    const [first, second] = [await connect(emulator, one), await connect(emulator, two)];
    await first.subscribe('news');
    await second.subscribe('news');
    await two.webhooks.waitFor({ name: 'channel_occupied' });
    await two.idle();
    expect(one.events).toMatchObject([{ appId: one.id, status: 'pending' }]);
    expect(two.events).toMatchObject([{ appId: two.id, status: 'delivered' }]);
    expect(emulator.events).toHaveLength(2);
    expect(receiver.requests.map(({ headers }) => headers['x-pusher-key'])).toEqual([two.key]);
    await one.reset();
    expect((await first.closed).code).toBe(4009);
    expect(two.connections()).toMatchObject([{ socketId: second.socketId, channels: [{ name: 'news' }] }]);
    expect(await two.channels()).toEqual([{ name: 'news', subscriptionCount: 1 }]);
    expect(two.events).toHaveLength(1);
  });

  test('that is removed is unknown, and no endpoint is notified', async () => {
    const receiver = await Receiver.start();
    const emulator = await start({ clock: 'virtual' });
    const app = await emulator.createApp({ id: 'mine', webhooks: [{ url: receiver.url }] });
    expect(emulator.appIds).toEqual(['1', 'mine']);
    const client = await connect(emulator, app);
    await client.subscribe('news');
    await emulator.removeApp('mine');
    await client.closed;
    await emulator.clock.advance(600_000);
    expect(receiver.requests).toEqual([]);
    expect(() => emulator.app('mine')).toThrow(/there is no app 'mine'; known apps: 1/);
    await expect(emulator.removeApp('1')).rejects.toThrow(/the last app/);
  });

  test('that exists cannot be created again', async () => {
    const emulator = await start();
    await expect(emulator.createApp({ id: '1' })).rejects.toMatchObject({ code: 'ERR_APP_EXISTS' });
    await expect(emulator.createApp({ key: 'app-key' })).rejects.toMatchObject({ code: 'ERR_APP_EXISTS' });
    await expect(emulator.createApp({ colour: 'red' } as object)).rejects.toMatchObject({
      code: 'ERR_CONFIG_INVALID',
      message: expect.stringContaining('unknown key "colour"') as string,
    });
  });

  test('that is not valid is refused with paths that begin at the app', async () => {
    const emulator = await start();
    const refusal = async (options: unknown) => {
      const error: unknown = await emulator.createApp(options as object).catch((thrown: unknown) => thrown);
      return error instanceof Error ? error.message : 'no error';
    };
    expect(await refusal({ secret: '', webhooks: [{ url: 'no URL' }] })).toMatch(
      /:\n {2}secret\n.*\n {2}webhooks\[0\]\.url\n/,
    );
    expect(await refusal({ key: 'a', otherKeys: [{ key: 'a', secret: 'b' }] })).toContain(
      '  otherKeys[0].key\n    "a" is also key; ',
    );
    expect(await refusal('mine')).toContain('  app\n    expected an object');
  });

  test('has generated credentials where undefined is given, such as a variable that is not set', async () => {
    const { emulator } = await startStage();
    const app = await emulator.createApp({ id: undefined, key: undefined, secret: undefined });
    expect([app.id, app.key, app.secret].map((text) => text.slice(0, 4))).toEqual(['app-', 'key-', 'secr']);
  });

  test('has the common limits, and its own override them', async () => {
    const emulator = await start({ limits: { connections: 1 } });
    const apps = [await emulator.createApp(), await emulator.createApp({ limits: { connections: null } })];
    const seconds = apps.map(async (app) => {
      await connect(emulator, app);
      return connect(emulator, app).then(
        () => 'connected',
        () => 'refused',
      );
    });
    expect(await Promise.all(seconds)).toEqual(['refused', 'connected']);
  });
});

test('apps without ids get generated ones, and the first gets those of the program', async () => {
  const emulator = await start({ apps: [{}, {}] });
  expect(emulator.appIds).toEqual(['1', '2']);
  expect(emulator).toMatchObject({ id: '1', key: 'app-key', secret: 'app-secret' });
  expect(emulator.app('2')).toMatchObject({ key: 'app-key-2', secret: 'app-secret-2' });
  expect(emulator.env()).toMatchObject({ SOKETIFY_PORT: String(emulator.port), PUSHER_APP_ID: '1' });
});

test('every fault of the options is reported', async () => {
  const wrong = { apps: [{ secrett: 'a' }], webhooks: { disconnectGraceMs: -1 } };
  await expect(start(wrong as object)).rejects.toMatchObject({
    code: 'ERR_CONFIG_INVALID',
    message: expect.stringMatching(/2 faults[^]*did you mean "secret"[^]*disconnectGraceMs/) as string,
  });
});

test.each([
  [{ clok: 'virtual' }, /clok\n +unknown key "clok"; did you mean "clock"\?/],
  [{ redis: { url: 'redis://127.0.0.1' } }, /redis\n +unknown key "redis"; accepted keys: apps, clock, seed/],
  [{ clock: 'virtuel' }, /clock\n +expected one of real, virtual, got "virtuel"/],
  [{ liveness: true }, /liveness\n +expected one of real, virtual, got true/],
  [{ seed: -1 }, /seed\n +expected a whole number from 0 to 4294967295, got -1/],
  [{ patienceMs: '5' }, /patienceMs\n +expected milliseconds, 0 or more, got "5"/],
  [{ now: 5 }, /now\n +expected a function/],
  [{ log: true }, /log\n +expected a logger such as pino\(\), got true/],
  [{ apps: 'all' }, /apps\n +expected an array, got "?a/],
  [{ apps: [null] }, /apps\[0\]\n +expected an object, got null/],
  [{ seed: 0.5, port: 'x' }, /2 faults[^]*seed[^]*port/],
  [null, /options\n +expected an object, got null/],
])('the options %j are refused, and the message states what is accepted', async (options, message) => {
  await expect(start(options as object)).rejects.toMatchObject({
    code: 'ERR_CONFIG_INVALID',
    message: expect.stringMatching(message) as string,
  });
});
