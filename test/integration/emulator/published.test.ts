import Backend from 'pusher';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startReceiver, type Emulator, type EmulatorApp } from '../../../src/index.ts';
import { connect, enter, start, startStage } from '../support/emulator.ts';

const backendOf = (emulator: Emulator) => new Backend(emulator.serverOptions());

describe('what a backend published', () => {
  test('is listed with its channels, its data, the excluded connection, and the receivers', async () => {
    const { emulator } = await startStage();
    const [sender, member, bystander] = [
      await connect(emulator),
      await connect(emulator),
      await connect(emulator),
    ];
    await sender.subscribe('news');
    await enter(member, emulator, 'presence-a', '42');
    await member.subscribe('news');
    await bystander.subscribe('other');
    await emulator.clock.advance(50);
    await backendOf(emulator).trigger(
      ['news', 'presence-a', 'empty'],
      'created',
      { id: 7 },
      {
        socket_id: sender.socketId,
      },
    );
    expect(emulator.published.list).toEqual([
      {
        id: 1,
        appId: '1',
        event: 'created',
        channels: ['news', 'presence-a', 'empty'],
        data: '{"id":7}',
        socket_id: sender.socketId,
        source: 'api',
        atMs: 50,
        receiverCount: 1,
        receivers: [{ socketId: member.socketId, userId: '42', channels: ['news', 'presence-a'] }],
      },
    ]);
    await member.next('created', 'presence-a');
    expect(sender.of('created')).toEqual([]);
  });

  test('contains each event of a batch, and events sent to a user', async () => {
    const { emulator } = await startStage();
    const client = await connect(emulator);
    const backend = backendOf(emulator);
    client.send('pusher:signin', backend.authenticateUser(client.socketId, { id: '42' }));
    await client.next('pusher:signin_success');
    await backend.triggerBatch([
      { channel: 'news', name: 'a', data: '1' },
      { channel: 'cache-news', name: 'b', data: '2' },
    ]);
    await backend.sendToUser('42', 'hello', 'you');
    expect(
      emulator.published.list.map(({ event, channels, receivers }) => [event, channels, receivers]),
    ).toEqual([
      ['a', ['news'], []],
      ['b', ['cache-news'], []],
      [
        'hello',
        ['#server-to-user-42'],
        [{ socketId: client.socketId, userId: '42', channels: ['#server-to-user-42'] }],
      ],
    ]);
  });

  test('contains neither client events nor refused events', async () => {
    const { emulator } = await startStage();
    const client = await connect(emulator);
    await enter(client, emulator, 'presence-a', '1');
    client.ws.send(JSON.stringify({ event: 'client-a', channel: 'presence-a', data: '1' }));
    await client.ping();
    const forger = new Backend({ ...emulator.serverOptions(), secret: 'wrong' });
    await expect(forger.trigger('news', 'forged', {})).rejects.toMatchObject({ status: 401 });
    emulator.faults.api({ status: 503, times: 1 });
    await expect(backendOf(emulator).trigger('news', 'lost', {})).rejects.toMatchObject({ status: 503 });
    expect(emulator.published.list).toEqual([]);
  });

  test('is listed by app, forgotten by reset, and kept after close', async () => {
    const emulator = await start({ apps: [{}, {}] });
    const two = emulator.app('2');
    await backendOf(emulator).trigger('news', 'one', {});
    await new Backend(two.serverOptions()).trigger('news', 'two', {});
    expect(emulator.published.list.map(({ event }) => event)).toEqual(['one', 'two']);
    expect(two.published.list).toMatchObject([{ event: 'two', appId: '2' }]);
    await emulator.app('1').reset();
    expect(emulator.published.list).toMatchObject([{ event: 'two', id: 2 }]);
    await emulator.close();
    expect(two.published.list).toHaveLength(1);
  });
});

describe('published.waitFor', () => {
  test('resolves with what is published while it waits, for example after a webhook', async () => {
    const { emulator, receiver } = await startStage();
    const waiting = emulator.published.waitFor({ channel: 'lobby', event: 'welcome' });
    await (await connect(emulator)).subscribe('news');
    const triggered = receiver.next().then(() => backendOf(emulator).trigger('lobby', 'welcome', { n: 1 }));
    expect(await waiting).toMatchObject({ data: '{"n":1}', channels: ['lobby'] });
    await triggered;
    expect(emulator.clock.now()).toBeGreaterThan(0);
  });

  test('does not count the time that a webhook takes as time in which nothing was due', async () => {
    const receiver = await startReceiver({
      async respond() {
        await sleep(400);
        return {};
      },
    });
    onTestFinished(() => receiver.close());
    const emulator = await start({ clock: 'virtual', apps: [{ webhooks: [{ url: receiver.url }] }] });
    const waiting = emulator.published.waitFor({ channel: 'lobby' }, { timeoutMs: 300 });
    await (await connect(emulator)).subscribe('news');
    const triggered = receiver.waitFor({}).then(async () => {
      await sleep(100);
      return backendOf(emulator).trigger('lobby', 'welcome', {});
    });
    expect(await waiting).toMatchObject({ event: 'welcome' });
    await triggered;
  });

  test.each([
    [{}],
    [{ channel: 'orders' }],
    [{ channel: /^ord/, event: /created$/g }],
    [{ event: 'order.created', data: { id: 7, lines: [{ sku: 'a' }] } }],
    [{ data: /"id":7/ }],
    [{ data: '{"id":7,"lines":[{"sku":"a","count":2}],"note":null}' }],
    [{ data: { note: null } }],
    [{ socket_id: '1.2' }],
    [({ data }: { readonly data: string }) => data.length > 10],
  ])('accepts %j', async (match) => {
    const emulator = await start();
    const backend = backendOf(emulator);
    await backend.trigger('other', 'other', 'other');
    await backend.trigger(
      'orders',
      'order.created',
      { id: 7, lines: [{ sku: 'a', count: 2 }], note: null },
      { socket_id: '1.2' },
    );
    const found = await emulator.published.waitFor(match, { after: 1, timeoutMs: 0 });
    expect(found).toMatchObject({ id: 2 });
    expect(await emulator.published.waitFor(match, { timeoutMs: 0 })).toMatchObject({
      id: Object.keys(match).length === 0 && typeof match === 'object' ? 1 : 2,
    });
  });

  test.each([
    [{ channel: 'order' }],
    [{ event: 'order.created', channel: 'other' }],
    [{ data: { id: 8 } }],
    [{ data: { lines: [] } }],
    [{ data: { lines: { 0: { sku: 'a' } } } }],
    [{ data: { missing: undefined, id: '7' } }],
    [{ data: 7 }],
    [{ socket_id: /./ }],
  ])('does not accept %j, and lists what was published instead, the most similar first', async (match) => {
    const emulator = await start();
    const backend = backendOf(emulator);
    await backend.trigger('orders', 'order.created', { id: 7, lines: [{ sku: 'a' }] });
    await expect(emulator.published.waitFor(match, { timeoutMs: 0 })).rejects.toMatchObject({
      code: 'ERR_PUBLISH_MISSING',
      message: expect.stringMatching(
        /^nothing with [^]+ was published \(waited for 0 ms\)\.\nPublished instead:\n {2}- order\.created on orders with data \{"id":7,"lines":\[\{"sku":"a"\}\]\}, sent to 0 connections$/,
      ) as string,
    });
  });

  test('lists the most similar first, and reports if nothing was published', async () => {
    const emulator = await start();
    await expect(emulator.published.waitFor({}, { timeoutMs: 0 })).rejects.toThrow(
      /^nothing was published .*\nNothing has been published since the start or the last reset: does the backend use serverOptions\(\)/,
    );
    const backend = backendOf(emulator);
    for (const name of ['a', 'b']) await backend.trigger('news', name, name.repeat(1000));
    const waiting = emulator.published.waitFor({ event: 'b', channel: 'other' }, { timeoutMs: 0 });
    await expect(waiting).rejects.toThrow(
      /instead:\n {2}- b on news with data b{200}\.\.\., sent .*\n {2}- a on/,
    );
  });

  test('names refused requests: those of the app, and those of unknown apps', async () => {
    const emulator = await start({ control: true });
    const app = await emulator.createApp();
    const messageOfWait = (of: EmulatorApp) =>
      of.published.waitFor({}, { timeoutMs: 0 }).then(
        () => 'the event was published',
        (error: Error) => error.message,
      );
    const options = emulator.serverOptions();
    const forger = new Backend({ ...options, secret: 'wrong' });
    for (const event of ['a', 'b']) await expect(forger.trigger('news', event, {})).rejects.toThrow();
    await expect(new Backend({ ...options, appId: 'none' }).trigger('news', 'a', {})).rejects.toThrow();
    await fetch(`${emulator.url}/control/apps/1/nothing`);
    const message = await messageOfWait(emulator);
    expect(message).toMatch(
      /\n2 requests were refused, the last one: POST \/apps\/1\/events was answered 401: Invalid signature/,
    );
    expect(message).toMatch(/\n1 request was refused: POST \/apps\/none\/events was answered 404: /);
    expect(message.split('\n')).toHaveLength(4);
    expect((await messageOfWait(app)).split('\n').slice(2)).toEqual([expect.stringContaining('/apps/none/')]);
    await emulator.reset();
    expect(await messageOfWait(emulator)).not.toContain('refused');
  });

  test.each([
    [{ chanel: 'a' }, {}, 'published: unknown field "chanel"; did you mean "channel"?'],
    [{ channel: 5 }, {}, 'published: channel: expected a string or a regular expression, got 5'],
    ['news', {}, "expected fields of a published event such as { channel: 'orders'"],
    [{}, { timeout: 5 }, 'published.waitFor: unknown field "timeout"'],
    [{}, { after: 'x' }, 'after: expected an event or its id, got "x"'],
    [{}, { after: { id: 'x' } }, 'after.id: expected a number, got "x"'],
  ])('refuses %j with %j', async (match, options, message) => {
    const emulator = await start();
    await expect(emulator.published.waitFor(match as never, options as never)).rejects.toMatchObject({
      code: 'ERR_ARGUMENT_INVALID',
      message: expect.stringContaining(message) as string,
    });
  });
});

describe('published.expectNone', () => {
  test('lets the time pass in which a backend would be notified of what happened', async () => {
    const { emulator } = await startStage();
    await emulator.published.expectNone({ event: 'welcome' });
    expect(emulator.clock.now()).toBe(3250);
    await emulator.published.expectNone({ event: 'welcome' }, { withinMs: 5 });
    expect(emulator.clock.now()).toBe(3255);
  });

  test('rejects with what was published', async () => {
    const { emulator } = await startStage();
    const backend = backendOf(emulator);
    await backend.trigger('news', 'welcome', {});
    await expect(emulator.published.expectNone({ event: 'welcome' })).rejects.toMatchObject({
      code: 'ERR_PUBLISH_UNEXPECTED',
      message: expect.stringMatching(
        /^expected that nothing with event 'welcome' is published, but one was:\n {2}- welcome on news/,
      ) as string,
    });
    await emulator.published.expectNone({ event: 'welcome' }, { after: emulator.published.list[0] ?? 0 });
  });
});
