import { connect } from 'node:net';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { startReceiver } from '../../src/receiver/receiver.ts';
import { added, occupied, post, start } from './support/receiver.ts';

describe('a receiver', () => {
  test('remembers received webhooks, and whether they were verified', async () => {
    const receiver = await start();
    expect(
      (await post(receiver, { id: 'msg_1', attempt: 2, timeMs: Date.now(), path: 'a?b=c' })).status,
    ).toBe(200);
    expect((await post(receiver, { secret: 'other' })).status).toBe(401);
    expect((await post(receiver, { events: [{ ...added, user_id: 7 }] })).status).toBe(400);
    expect(receiver.webhooks).toMatchObject([
      { path: '/a?b=c', id: 'msg_1', attempt: 2, verdict: { verified: true }, isAccepted: true, status: 200 },
      { id: undefined, attempt: 1, verdict: { reason: 'wrong_secret' }, isAccepted: false, status: 401 },
      { verdict: { reason: 'malformed' }, events: [], timeMs: undefined, status: 400 },
    ]);
    expect(receiver.webhooks[1]?.events).toEqual([occupied]);
    expect(receiver.events).toEqual([occupied]);
  });

  test('finds the secret by the key', async () => {
    const receiver = await start({ secrets: { one: 'secret-1', two: 'secret-2' } });
    expect((await post(receiver, { key: 'two', secret: 'secret-2' })).status).toBe(200);
    expect((await post(receiver, { key: 'three', secret: 'secret-2' })).status).toBe(401);
    await expect(startReceiver({ secret: 'a', secrets: {} })).rejects.toThrow('secret or secrets');
  });

  test('accepts webhooks by POST only at its path, if it has one', async () => {
    const receiver = await start({ path: '/hook' });
    expect(new URL(receiver.url).pathname).toBe('/hook');
    expect((await post(receiver, { path: '?a=b' })).status).toBe(200);
    expect((await post(receiver, { path: 's' })).status).toBe(404);
    expect((await fetch(receiver.url)).status).toBe(405);
    expect(receiver.webhooks).toHaveLength(1);
  });

  test('returns the state reported by accepted webhooks, each counted once', async () => {
    const receiver = await start();
    receiver.respondWith({ status: 503, times: 1 });
    await post(receiver, { events: [occupied], id: 'msg_1' });
    expect(receiver.state().occupied).toEqual([]);
    await post(receiver, { events: [occupied], id: 'msg_1', attempt: 2 });
    await post(receiver, { events: [added], id: 'msg_2' });
    await post(receiver, { events: [added], id: 'msg_2', attempt: 2 });
    await post(receiver, { events: [{ ...added, user_id: '8' }], id: 'msg_3', secret: 'forged' });
    expect(receiver.state()).toEqual({
      occupied: ['presence-a'],
      members: { 'presence-a': ['7'] },
      subscriptionCounts: {},
      contradictions: [],
    });
    expect(receiver.events).toEqual([occupied, added]);
    expect(receiver.webhooks.map(({ isDuplicate }) => isDuplicate)).toEqual([
      false,
      false,
      false,
      true,
      false,
    ]);
  });

  test('accepts a test of the endpoint, but does not apply it', async () => {
    const receiver = await start();
    expect((await post(receiver, { events: [added], isTest: true })).status).toBe(200);
    expect(receiver.webhooks).toMatchObject([{ isAccepted: true, isTest: true, events: [added] }]);
    expect(receiver.events).toEqual([]);
    expect(receiver.state()).toMatchObject({ occupied: [], members: {} });
  });

  test('forgets everything when it is reset', async () => {
    const receiver = await start();
    receiver.respondWith({ status: 500 });
    await post(receiver, { id: 'msg_1' });
    receiver.reset();
    expect((await post(receiver, { id: 'msg_1' })).status).toBe(200);
    expect(receiver.webhooks).toHaveLength(1);
    receiver.reset();
    expect(receiver.webhooks).toEqual([]);
    expect(receiver.events).toEqual([]);
    expect(receiver.state().occupied).toEqual([]);
    await post(receiver, { id: 'msg_1' });
    expect(receiver.webhooks[0]?.isDuplicate).toBe(false);
  });

  test('remembers no more than configured', async () => {
    const receiver = await start({ memory: 2 });
    for (const id of ['a', 'b', 'c', 'a']) await post(receiver, { id, events: [{ ...added, user_id: id }] });
    expect(receiver.webhooks.map(({ id, isDuplicate }) => [id, isDuplicate])).toEqual([
      ['c', false],
      ['a', false],
    ]);
    expect(receiver.events).toHaveLength(2);
  });
});

describe('the answers of a receiver', () => {
  test('are those that were planned, in order, and then the usual ones', async () => {
    const receiver = await start();
    receiver.respondWith({ status: 500, times: 2 });
    receiver.respondWith({ status: 429, times: 1, headers: { 'retry-after': '7' }, body: 'later' });
    expect((await post(receiver)).status).toBe(500);
    expect((await post(receiver, { secret: 'other' })).status).toBe(500);
    const limited = await post(receiver);
    expect([limited.status, limited.headers.get('retry-after'), await limited.text()]).toEqual([
      429,
      '7',
      'later',
    ]);
    expect((await post(receiver)).status).toBe(200);
  });

  test('stay until the next plan if no number is given', async () => {
    const receiver = await start();
    receiver.respondWith({ status: 500 });
    for (let count = 0; count < 3; count += 1) expect((await post(receiver)).status).toBe(500);
    receiver.respondWith({ status: 204, times: 1 });
    expect((await post(receiver)).status).toBe(204);
    expect((await post(receiver)).status).toBe(200);
  });

  test('wait for their delay, and the webhooks are remembered before', async () => {
    const receiver = await start();
    receiver.respondWith({ delayMs: 86_400_000, times: 1 });
    const sender = connect(receiver.port, '127.0.0.1');
    sender.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n');
    expect(await receiver.waitForWebhook()).toMatchObject({
      status: 400,
      delayMs: 86_400_000,
      verdict: { reason: 'malformed' },
    });
    await receiver.close();
    await once(sender, 'close');
  });

  test('may be missing, or a broken connection', async () => {
    const receiver = await start();
    receiver.respondWith({ status: 'reset', times: 1 });
    await expect(post(receiver)).rejects.toThrow('fetch failed');
    receiver.respondWith({ status: 'hang', times: 1 });
    const hanging = post(receiver);
    await receiver.waitForWebhook(({ status }) => status === 'hang');
    await Promise.all([expect(hanging).rejects.toThrow('fetch failed'), receiver.close()]);
    expect(receiver.events).toEqual([]);
  });

  test('are determined by respond if none is planned', async () => {
    const receiver = await start({
      respond: ({ events }) =>
        events.some(({ name }) => name === 'cache_miss') ? { status: 503 } : undefined,
    });
    expect((await post(receiver, { events: [{ name: 'cache_miss', channel: 'cache-a' }] })).status).toBe(503);
    expect((await post(receiver)).status).toBe(200);
    receiver.respondWith({ status: 201, times: 1 });
    expect((await post(receiver, { events: [{ name: 'cache_miss', channel: 'cache-a' }] })).status).toBe(201);
  });

  test('are 500 if respond throws or returns nonsense, which close then throws', async () => {
    const receiver = await start({ respond: () => ({ status: 99 }) });
    const answer = await post(receiver);
    expect([answer.status, await answer.text()]).toEqual([500, expect.stringContaining('from 200 to 599')]);
    await expect(receiver.close()).rejects.toThrow('status: expected a number from 200 to 599');
  });

  test.each([
    [{ status: 100 }, "status: expected a number from 200 to 599, 'hang' or 'reset', got 100"],
    [{ delayMs: -1 }, 'delayMs: expected milliseconds from 0 to 86400000, got -1'],
    [{ times: 0 }, 'times: expected a whole number from 1, got 0'],
    [{ times: '2' }, "times: expected a whole number from 1, got '2'"],
    [{ status: '500' }, "status: expected a number from 200 to 599, 'hang' or 'reset', got '500'"],
    [
      { body: { ok: true } },
      'body: expected a string; write an object as JSON.stringify(object), got an object',
    ],
    [
      { headers: 'x' },
      "headers: expected an object of header fields such as { 'retry-after': '5' }, got 'x'",
    ],
    [{ headers: { 'bad header': 'x' } }, 'headers: expected an object of header fields'],
    [{ headers: { 'x-text': 'a\nb' } }, 'headers: expected an object of header fields'],
    [undefined, 'respondWith: expected an object, got nothing'],
    [
      { stauts: 500 },
      "respondWith: unknown field 'stauts'; expected one of status, delayMs, headers, body, times",
    ],
  ])('that are impossible are refused when they are planned: %j', async (plan, message) => {
    const receiver = await start();
    expect(() => receiver.respondWith(plan as object)).toThrow(message);
  });
});

test('a taken port is reported with the error of the system, and what to do', async () => {
  const { port } = await start();
  await expect(startReceiver({ port })).rejects.toMatchObject({
    code: 'ERR_START',
    message: expect.stringMatching(/EADDRINUSE.*; leave port out to use a free one$/) as string,
    cause: { code: 'EADDRINUSE' },
  });
});

test.each([
  [{ secrt: 'a' }, "startReceiver: unknown field 'secrt'; expected one of secret, secrets"],
  [{ secret: '' }, "secret: expected a non-empty string, got ''"],
  [{ respond: { status: 500 } }, 'respond: expected a function, got an object'],
  [{ port: '9000' }, "port: expected a whole number from 0 to 65535, got '9000'"],
  [9000, 'startReceiver: expected an object, got 9000'],
  [{ path: 'hook' }, "path: expected a path such as /webhooks, got 'hook'"],
])('the options %j are refused', async (options, message) => {
  const refused = startReceiver(options as object);
  await expect(refused).rejects.toThrow(message);
  await expect(refused).rejects.toMatchObject({ code: 'ERR_ARGUMENT_INVALID' });
});
