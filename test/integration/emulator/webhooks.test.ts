import { describe, expect, test } from 'vitest';
import { connect, enter, start, startStage } from '../support/emulator.ts';
import { Receiver } from '../../support/receiver.ts';

describe('waitFor', () => {
  test('moves the virtual clock to what is due next, until the webhook is delivered', async () => {
    const { emulator, receiver } = await startStage();
    const client = await connect(emulator);
    await enter(client, emulator, 'presence-room', '42');
    const added = await emulator.webhooks.waitFor({ name: 'member_added', user_id: '42' });
    expect(added).toMatchObject({
      name: 'member_added',
      channel: 'presence-room',
      user_id: '42',
      status: 'delivered',
      cause: { kind: 'subscribed', socket_id: client.socketId, user_id: '42', atMs: 0 },
    });
    expect(emulator.clock.now()).toBe(250);
    const { socketId } = client;
    await client.leave();
    const removed = await emulator.webhooks.waitFor({ name: 'member_removed' });
    expect(removed.atMs).toBe(3250);
    expect(removed.cause).toEqual({ kind: 'disconnected', socket_id: socketId, user_id: '42', atMs: 250 });
    expect(removed.why).toBe(
      `socket ${socketId} (user 42) disconnected at 250 ms and had not returned 3000 ms later, when the grace period ended; ` +
        `delivered to ${receiver.url} in 1 attempt`,
    );
    expect(receiver.events).toEqual([
      'channel_occupied presence-room',
      'member_added presence-room 42',
      'member_removed presence-room 42',
      'channel_vacated presence-room',
    ]);
  });

  test('runs through the five minutes of retries, with attempts at the same times for the same seed', async () => {
    const attemptsOf = async (seed: number): Promise<readonly number[]> => {
      const { emulator } = await startStage({ seed });
      emulator.faults.webhooks({ status: 500, times: 9 });
      const client = await connect(emulator);
      await client.subscribe('news');
      await emulator.webhooks.waitFor({ name: 'channel_occupied' });
      const [delivery] = emulator.deliveries;
      expect(delivery?.attempts.map(({ status }) => status)).toEqual([...Array(9).fill(500), 200]);
      return delivery?.attempts.map(({ atMs }) => atMs) ?? [];
    };
    const first = await attemptsOf(7);
    expect(first.at(-1)).toBeGreaterThan(200_000);
    expect(await attemptsOf(7)).toEqual(first);
    expect(await attemptsOf(8)).not.toEqual(first);
  });

  test('gives the same attempts whichever of several concurrent requests ends first', async () => {
    const attemptsOf = async (late: number): Promise<readonly string[]> => {
      const receiver = await Receiver.start(({ body, response }) => {
        // The order of the responses differs between the runs.
        const answer = (): void => void response.writeHead(500).end();
        if (body.includes(`news-${late}`)) setTimeout(answer, 20);
        else answer();
      });
      const emulator = await start({
        clock: 'virtual',
        apps: [{ webhooks: [{ url: receiver.url }] }],
        webhooks: { batch: { maxEvents: 1 }, retry: { maxElapsedMs: 1500 } },
      });
      const client = await connect(emulator);
      for (const channel of ['news-0', 'news-1']) await client.subscribe(channel);
      await emulator.idle();
      return emulator.deliveries.map(({ attempts }) => attempts.map(({ atMs }) => atMs).join(' '));
    };
    expect(await attemptsOf(0)).toEqual(await attemptsOf(1));
  });

  test('accepts what was delivered before the call, and with "after" only what was delivered later', async () => {
    const { emulator } = await startStage();
    const client = await connect(emulator);
    await client.subscribe('news');
    const first = await emulator.webhooks.waitFor({ name: 'channel_occupied' });
    expect(await emulator.webhooks.waitFor({ channel: 'news' })).toEqual(first);
    client.send('pusher:unsubscribe', { channel: 'news' });
    expect(await emulator.webhooks.waitFor({ channel: 'news' }, { after: first })).toMatchObject({
      name: 'channel_vacated',
      cause: { kind: 'unsubscribed' },
    });
  });

  test('gives a client that is still connecting real time to arrive', async () => {
    const { emulator } = await startStage();
    const waiting = emulator.webhooks.waitFor({ channel: /^presence-/, name: 'member_added' });
    const client = await connect(emulator);
    await enter(client, emulator, 'presence-late', '7');
    expect(await waiting).toMatchObject({ channel: 'presence-late', user_id: '7' });
  });

  test('rejects with what was seen instead, and why', async () => {
    const receiver = await Receiver.start();
    const webhooks = [{ url: receiver.url, channels: { startsWith: 'presence-' } }];
    const emulator = await start({ clock: 'virtual', apps: [{ webhooks }] });
    const client = await connect(emulator);
    await client.subscribe('news');
    const none = emulator.webhooks.waitFor({ name: 'channel_occupied' }, { timeoutMs: 0 });
    await expect(none).rejects.toMatchObject({
      name: 'EmulatorError',
      code: 'ERR_WEBHOOK_MISSING',
      message: expect.stringMatching(
        /no webhook with name 'channel_occupied' was delivered[^]*Such an event happened, but was not delivered:[^]*channel filter that excludes it[^]*change eventTypes or channels/,
      ) as string,
    });
    const other = emulator.webhooks.waitFor({ name: 'member_added' }, { timeoutMs: 0 });
    await expect(other).rejects.toThrow(/Seen instead:\n {2}- channel_occupied on news at 0 ms/);
  });

  test.each([
    [{ status: 401 }, /\(expired\), the last with status 401\n.*raw bytes with the secret of this app/],
    [{ status: 500 }, /\(expired\), the last with status 500\nSee deliveries/],
    [{ refuse: true }, /\(expired\), the last with the error ECONNREFUSED\nSee deliveries/],
    [{ timeout: true }, /\(expired\), the last without a response in time\n.*longer than patienceMs/],
  ])('reports how an endpoint with %j failed last, and what may help', async (fault, message) => {
    const { emulator } = await startStage();
    await (await connect(emulator)).subscribe('news');
    emulator.faults.webhooks(fault);
    await expect(emulator.webhooks.waitFor({ name: 'channel_occupied' }, { timeoutMs: 0 })).rejects.toThrow(
      message,
    );
    const last = emulator.deliveries[0]?.attempts.at(-1);
    expect(emulator.events[0]?.endpoints[0]?.lastAttempt?.outcome).toBe(last?.outcome);
  });

  test('reports whether a client is connected that could have caused it', async () => {
    const { emulator } = await startStage();
    const missing = (options = {}) => emulator.webhooks.waitFor({}, { timeoutMs: 0, ...options });
    await expect(missing()).rejects.toThrow(
      'since the start or the last reset: no client has subscribed, and none is',
    );
    const client = await connect(emulator);
    await expect(missing()).rejects.toThrow('no client has subscribed; connected: 1.');
    await client.subscribe('news');
    const { id } = await emulator.webhooks.waitFor({});
    await expect(missing({ after: id })).rejects.toThrow(`Nothing has happened since event ${id}:`);
    await emulator.reset();
    await expect(missing()).rejects.toThrow(
      /The last reset closed 1 with 4009.* reset\(\{ reconnect: true \}\)/,
    );
    await emulator.reset();
    await expect(missing()).rejects.toThrow(/none is connected\.$/);
  });

  test('refuses unknown options, like all calls', async () => {
    const emulator = await start();
    const { webhooks } = emulator;
    const typo: object = { timeout: 5 };
    await expect(webhooks.waitFor({}, typo)).rejects.toThrow(
      'waitFor: unknown field "timeout"; did you mean "timeoutMs"?',
    );
    await expect(webhooks.expectNone({}, typo)).rejects.toThrow(
      'expectNone: unknown field "timeout"; accepted fields: after, withinMs',
    );
    await expect(emulator.idle(typo)).rejects.toThrow('idle: unknown field "timeout"');
    await expect(emulator.reset({ reconect: true } as object)).rejects.toThrow(
      'reset: unknown field "reconect"; did you mean "reconnect"?',
    );
  });

  test('reports that there are no endpoints', async () => {
    const emulator = await start({ clock: 'virtual' });
    await expect(emulator.webhooks.waitFor({ name: 'cache_miss' }, { timeoutMs: 0 })).rejects.toThrow(
      /Nothing has happened[^]*The app has no endpoints: configure one/,
    );
  });

  test.each([
    [{ userId: '42' }, /events have no field 'userId'; did you mean user_id\?/],
    [{ nam: 'a' }, /events have no field 'nam'; expected one of name, channel/],
    [{ name: 'member_gone' }, /name: expected one of channel_occupied,.* got 'member_gone'/],
    [{ user_id: 42 }, /user_id: expected a string or a regular expression, got 42/],
    ['member_added', /expected fields of an event .* got 'member_added'/],
  ])('refuses the match %j', async (match, message) => {
    const emulator = await start();
    const given = match as object;
    await expect(emulator.webhooks.waitFor(given)).rejects.toThrow(message);
    await expect(emulator.webhooks.expectNone(given)).rejects.toMatchObject({ code: 'ERR_ARGUMENT_INVALID' });
  });

  test('with the real clock waits until it is sent', async () => {
    const { emulator } = await startStage({ clock: 'real', webhooks: { unsubscribeGraceMs: 20 } });
    const client = await connect(emulator);
    await client.subscribe('news');
    client.send('pusher:unsubscribe', { channel: 'news' });
    await emulator.webhooks.waitFor({ name: 'channel_vacated' });
    expect(emulator.clock.mode).toBe('real');
  });
});

describe('a return within the grace', () => {
  test('suppresses the departure and the arrival, and both records contain the reason', async () => {
    const { emulator } = await startStage();
    const client = await connect(emulator);
    await enter(client, emulator, 'presence-room', '42');
    await emulator.idle();
    await client.leave();
    await emulator.clock.advance(2999);
    await enter(await connect(emulator), emulator, 'presence-room', '42');
    await emulator.webhooks.expectNone({ name: 'member_removed' });
    await emulator.webhooks.expectNone({ name: 'channel_vacated' });
    const suppressed = emulator.events.filter(({ status }) => status === 'suppressed');
    expect(suppressed.map(({ name }) => name)).toEqual([
      'channel_vacated',
      'channel_occupied',
      'member_removed',
      'member_added',
    ]);
    expect(suppressed[2]?.why).toMatch(
      /\(user 42\) disconnected at .*; not sent, because of a return within the grace/,
    );
  });

  test('is the reason that a failed waitFor reports', async () => {
    const { emulator } = await startStage();
    const client = await connect(emulator);
    await client.subscribe('news');
    client.send('pusher:unsubscribe', { channel: 'news' });
    await client.subscribe('news');
    await expect(emulator.webhooks.waitFor({ name: 'channel_vacated' }, { timeoutMs: 0 })).rejects.toThrow(
      /not sent, because of a return within the grace[^]*move the clock past the grace period/,
    );
  });
});

describe('expectNone', () => {
  test('reports why the event was sent', async () => {
    const { emulator } = await startStage();
    const client = await connect(emulator);
    await client.subscribe('news');
    await client.leave();
    const none = emulator.webhooks.expectNone({ name: 'channel_vacated' });
    await expect(none).rejects.toMatchObject({
      code: 'ERR_WEBHOOK_UNEXPECTED',
      message: expect.stringMatching(
        /but one was sent:\n {2}- channel_vacated on news at 3000 ms: socket [\d.]+ disconnected at 0 ms and had not returned/,
      ) as string,
    });
  });

  test('lets the grace period and the wait of a batch pass, and no more', async () => {
    const { emulator } = await startStage();
    await emulator.webhooks.expectNone({});
    expect(emulator.clock.now()).toBe(3250);
    await emulator.webhooks.expectNone({}, { withinMs: 10 });
    expect(emulator.clock.now()).toBe(3260);
  });
});

describe('the record of events', () => {
  test('contains client events, cache misses and their duplicates, and events that no endpoint selects', async () => {
    const receiver = await Receiver.start();
    const webhooks = [{ url: receiver.url, eventTypes: ['cache_miss'] as const }];
    const emulator = await start({ clock: 'virtual', apps: [{ webhooks }] });
    const [one, two] = [await connect(emulator), await connect(emulator)];
    await one.subscribe('cache-a');
    await two.subscribe('cache-a');
    await enter(one, emulator, 'presence-a', '1');
    one.send('client-typing', 'x');
    await one.ping();
    one.ws.send(JSON.stringify({ event: 'client-typing', channel: 'presence-a', data: '{"on":true}' }));
    await one.ping();
    await emulator.idle();
    expect(emulator.events.map(({ name, status }) => `${name} ${status}`)).toEqual([
      'channel_occupied filtered',
      'cache_miss delivered',
      'cache_miss deduplicated',
      'channel_occupied filtered',
      'member_added filtered',
      'client_event filtered',
    ]);
    expect(emulator.events.at(-1)).toMatchObject({
      event: 'client-typing',
      data: '{"on":true}',
      socket_id: one.socketId,
      user_id: '1',
      cause: { kind: 'client event' },
    });
    expect(emulator.events[0]?.endpoints).toEqual([
      expect.objectContaining({ status: 'filtered', reason: 'event type', url: receiver.url }),
    ]);
  });

  test('has each attempt with its status, body, headers and times', async () => {
    const { emulator, receiver } = await startStage();
    emulator.faults.webhooks({ refuse: true, times: 1 });
    await (await connect(emulator)).subscribe('news');
    const { id } = await emulator.webhooks.waitFor({ name: 'channel_occupied' });
    const [delivery] = emulator.deliveries;
    const [request] = receiver.requests;
    expect(delivery).toMatchObject({
      id: request?.headers['webhook-id'],
      appId: '1',
      url: receiver.url,
      status: 'delivered',
      eventIds: [id],
      body: request?.body,
    });
    expect(delivery?.attempts).toEqual([
      expect.objectContaining({
        number: 1,
        atMs: 250,
        elapsedMs: 0,
        outcome: 'unreachable',
        error: 'ECONNREFUSED',
      }),
      expect.objectContaining({ number: 2, outcome: 'success', status: 200 }),
    ]);
    expect(delivery?.attempts[1]?.headers['X-Pusher-Signature']).toBe(request?.headers['x-pusher-signature']);
  });
});
