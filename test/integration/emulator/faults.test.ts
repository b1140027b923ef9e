import Backend from 'pusher';
import { describe, expect, test } from 'vitest';
import { Client } from '../support/client.ts';
import { connect, enter, start, startStage } from '../support/emulator.ts';
import { Receiver } from '../../support/receiver.ts';

describe('a fault of webhooks', () => {
  test.each([
    [{ status: 503 }, { outcome: 'refused', status: 503 }],
    [{ reset: true }, { outcome: 'unreachable', error: 'ECONNRESET' }],
    [{ refuse: true }, { outcome: 'unreachable', error: 'ECONNREFUSED' }],
    [{ timeout: true }, { outcome: 'timeout', elapsedMs: 4000 }],
    [{ delayMs: 4000 }, { outcome: 'timeout', elapsedMs: 4000 }],
  ])('%j keeps one request from the endpoint', async (fault, expected) => {
    const { emulator, receiver } = await startStage();
    const injected = emulator.faults.webhooks({ ...fault, times: 1 });
    await (await connect(emulator)).subscribe('news');
    await emulator.webhooks.waitFor({ name: 'channel_occupied' });
    expect(emulator.deliveries[0]?.attempts.map(({ outcome }) => outcome)).toEqual([
      expected.outcome,
      'success',
    ]);
    expect(emulator.deliveries[0]?.attempts[0]).toMatchObject(expected);
    expect(receiver.requests.map(({ headers }) => headers['x-soketify-attempt'])).toEqual(['2']);
    expect(injected.hits).toBe(1);
  });

  test('"duplicate" sends the same request twice', async () => {
    const { emulator, receiver } = await startStage();
    emulator.faults.webhooks({ duplicate: true });
    await (await connect(emulator)).subscribe('news');
    await emulator.idle();
    const [first, second] = receiver.requests;
    expect(receiver.requests).toHaveLength(2);
    expect(second?.body).toBe(first?.body);
    expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id']);
  });

  test('"delivered" loses only the response, so that the endpoint gets the events again', async () => {
    const { emulator, receiver } = await startStage();
    emulator.faults.webhooks({ reset: true, delivered: true, times: 1 });
    await (await connect(emulator)).subscribe('news');
    await emulator.idle();
    expect(receiver.events).toEqual(['channel_occupied news', 'channel_occupied news']);
  });

  test('"delayMs" delays the request', async () => {
    const { emulator } = await startStage();
    emulator.faults.webhooks({ delayMs: 1500 });
    await (await connect(emulator)).subscribe('news');
    await emulator.idle();
    expect(emulator.deliveries[0]?.attempts).toEqual([
      expect.objectContaining({ atMs: 250, elapsedMs: 1500, outcome: 'success' }),
    ]);
  });

  test('sends nothing after a reset that it held back before', async () => {
    const { emulator, receiver } = await startStage();
    emulator.faults.webhooks({ delayMs: 1500 });
    await (await connect(emulator)).subscribe('news');
    await emulator.clock.advance(250);
    expect(emulator.deliveries).toHaveLength(1);
    await emulator.reset();
    await emulator.clock.advance(1500);
    expect(receiver.events).toEqual([]);
  });

  test('affects one endpoint, in the order of injection, until it is cleared', async () => {
    const [bad, good] = [await Receiver.start(), await Receiver.start()];
    const webhooks = [{ url: bad.url, id: 'bad' }, { url: good.url }];
    const emulator = await start({ clock: 'virtual', apps: [{ webhooks }] });
    emulator.faults.webhooks({ endpoint: 'bad', status: 500, times: 2 });
    const rest = emulator.faults.webhooks({ endpoint: bad.url, status: 404 });
    await (await connect(emulator)).subscribe('news');
    await emulator.clock.advance(10_000);
    expect(good.events).toEqual(['channel_occupied news']);
    expect(bad.events).toEqual([]);
    const ofBad = () => emulator.deliveries.find(({ endpoint }) => endpoint === 'bad');
    expect(ofBad()?.attempts.map(({ status }) => status)).toEqual([500, 500, 404, 404]);
    rest.clear();
    await emulator.idle();
    expect(ofBad()).toMatchObject({ status: 'delivered' });
  });

  test('that lasts five minutes ends in a drop, which the message of waitFor reports', async () => {
    const { emulator } = await startStage();
    emulator.faults.webhooks({ status: 500 });
    await (await connect(emulator)).subscribe('news');
    const waiting = emulator.webhooks.waitFor({ name: 'channel_occupied' }, { timeoutMs: 0 });
    await expect(waiting).rejects.toThrow(/dropped for .* after 10 attempts \(expired\)[^]*See deliveries/);
    expect(emulator.events[0]).toMatchObject({ status: 'dropped' });
    expect(emulator.deliveries[0]).toMatchObject({ status: 'dropped', reason: 'expired' });
  });

  test.each([
    [{}, /expected one of status, reset, refuse, timeout, duplicate, or delayMs/],
    [
      { retryAfterMs: 1000, timeout: true },
      /retryAfterMs needs a status, because it is a header of the response/,
    ],
    [{ status: 500, reset: true }, /status and reset cannot be combined/],
    [{ status: 99 }, /status: expected an HTTP status from 200 to 599, got 99/],
    [{ statuz: 500 }, /^faults\.webhooks: unknown field "statuz"; did you mean "status"\?/],
    [{ status: 500, colour: 1 }, /unknown field "colour"; accepted fields: endpoint, times, status/],
    [
      { status: 'x', times: 0 },
      /times: expected a whole number from 1, got 0; status: expected an HTTP status/,
    ],
    [undefined, /faults.webhooks: missing; expected an object/],
    [{ status: 500, times: 0 }, /times: expected a whole number from 1, got 0/],
    [
      { status: 500, endpoint: 'mian' },
      /there is no endpoint 'mian'; known endpoints: main \(http:\/\/a\/\)$/,
    ],
  ])('%j is refused', async (fault, message) => {
    const emulator = await start({ apps: [{ webhooks: [{ id: 'main', url: 'http://a/' }] }] });
    expect(() => emulator.faults.webhooks(fault as never)).toThrow(message);
  });
});

describe('a receiver that does not answer', () => {
  test('is waited for in real time as long as configured, and no longer', async () => {
    const receiver = await Receiver.start(() => {});
    const emulator = await start({
      clock: 'virtual',
      patienceMs: 20,
      apps: [{ webhooks: [{ url: receiver.url }] }],
    });
    await (await connect(emulator)).subscribe('news');
    await emulator.clock.advance(4250);
    expect(emulator.deliveries[0]?.attempts).toEqual([
      expect.objectContaining({ outcome: 'timeout', elapsedMs: 4000 }),
    ]);
  });
});

describe('a fault of connections', () => {
  test('cuts all of them without a close frame, and webhooks report it after the grace period', async () => {
    const { emulator } = await startStage();
    const clients = [await connect(emulator), await connect(emulator)];
    for (const client of clients) await client.subscribe('news');
    expect(emulator.faults.connections({ drop: 'all' }).hits).toBe(2);
    expect(await Promise.all(clients.map(({ closed }) => closed))).toEqual(
      clients.map(() => ({ code: 1006, reason: '' })),
    );
    await emulator.webhooks.waitFor({ name: 'channel_vacated' });
  });

  test('also cuts members who would immediately be notified of each other', async () => {
    const { emulator } = await startStage();
    for (const userId of ['1', '2', '3'])
      await enter(await connect(emulator), emulator, 'presence-a', userId);
    emulator.faults.connections({ drop: 'all' });
    expect(emulator.connections()).toEqual([]);
  });

  test('closes the selected ones with a code', async () => {
    const { emulator } = await startStage();
    const [member, subscriber, other] = [
      await connect(emulator),
      await connect(emulator),
      await connect(emulator),
    ];
    await enter(member, emulator, 'presence-a', '42');
    await subscriber.subscribe('news');
    emulator.faults.connections({ drop: { userId: '42' }, code: 4201 });
    expect(await member.closed).toEqual({ code: 4201, reason: 'Injected fault' });
    emulator.faults.connections({ drop: { channel: 'news' }, code: 4009 });
    expect((await subscriber.closed).code).toBe(4009);
    expect(emulator.connections().map(({ socketId }) => socketId)).toEqual([other.socketId]);
    emulator.faults.connections({ drop: { socketId: other.socketId } });
    expect((await other.closed).code).toBe(1006);
  });

  test('refuses the given number of new ones', async () => {
    const { emulator } = await startStage();
    emulator.faults.connections({ refuse: 4100, times: 1 });
    const refused = new Client(`ws://127.0.0.1:${emulator.port}/app/${emulator.key}`);
    expect(await refused.closed).toEqual({ code: 4100, reason: 'Injected fault' });
    await connect(emulator);
  });

  test.each([
    [{}, /expected drop .*, or refuse/],
    [{ drop: { user: '1' } }, /drop: expected 'all', \{ socketId \}.*, got an object$/],
    [{ drop: 'all', refuse: 4100 }, /drop and refuse cannot be combined/],
    [{ refuse: 4100, code: 4100 }, /unknown field "code"; accepted fields: refuse, times/],
    [{ drop: 'some' }, /drop: expected 'all', \{ socketId \}, \{ userId \} or \{ channel \}, got "some"/],
    [{ refuse: 1000 }, /refuse: expected a close code from 4000 to 4299, got 1000/],
    [{ drop: 'all', code: 1000 }, /code: expected a close code/],
  ])('%j is refused', async (fault, message) => {
    const emulator = await start();
    expect(() => emulator.faults.connections(fault as never)).toThrow(message);
  });
});

describe('a fault of the HTTP API', () => {
  test('responds with its status the given number of times, and does nothing else', async () => {
    const { emulator } = await startStage();
    const client = await connect(emulator);
    await client.subscribe('news');
    const backend = new Backend(emulator.serverOptions());
    emulator.faults.api({ status: 503, times: 1, path: '/events', body: 'Try later' });
    expect((await backend.get({ path: '/channels' })).status).toBe(200);
    await expect(backend.trigger('news', 'lost', {})).rejects.toMatchObject({
      status: 503,
      body: 'Try later',
    });
    await backend.trigger('news', 'kept', {});
    await client.next('kept', 'news');
    expect(client.of('lost')).toEqual([]);
  });

  test('needs a status', async () => {
    const emulator = await start();
    expect(() => emulator.faults.api({} as never)).toThrow(
      /status: missing; expected an HTTP status from 400 to 599/,
    );
  });
});

test('faults.clear ends all of them', async () => {
  const { emulator, receiver } = await startStage();
  emulator.faults.webhooks({ status: 500 });
  emulator.faults.connections({ refuse: 4004 });
  emulator.faults.clear();
  await (await connect(emulator)).subscribe('news');
  await emulator.idle();
  expect(receiver.events).toEqual(['channel_occupied news']);
});
