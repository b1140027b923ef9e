import { connect } from 'node:net';
import { text as textOf } from 'node:stream/consumers';
import { afterAll, describe, expect, test } from 'vitest';
import { app, otherApp } from '../support/e2e/config.ts';
import { callApi, type ApiRequest } from '../support/e2e/http.ts';
import { sendRaw } from '../support/e2e/raw-http.ts';
import { signedQuery } from '../support/sign-request.ts';
import { startServer } from '../support/e2e/server.ts';
import { connectSocket } from '../support/e2e/socket.ts';

const server = await startServer({ apps: [app, otherApp] });
afterAll(() => server.stop());

const path = '/apps/1/events';
const good = JSON.stringify({ name: 'said', channels: ['news'], data: '{"n":1}' });
const seconds = (ago: number) => String(Math.floor(Date.now() / 1000) - ago);

/** The server still answers a valid request. */
async function expectAlive(): Promise<void> {
  const socket = await connectSocket(server);
  await socket.subscribe('news');
  expect(await callApi(server, { path, body: good })).toMatchObject({ status: 200, text: '{}' });
  await socket.expectFrame({ event: 'said', channel: 'news', data: '{"n":1}' });
}

describe('an invalid authentication is 401 with the reason', () => {
  const cases: readonly [what: string, request: Partial<ApiRequest>, text: string | RegExp][] = [
    ['no auth_key', { params: { auth_key: undefined } }, 'Missing parameter: auth_key'],
    ['an unknown auth_key', { params: { auth_key: 'nobody' } }, 'Unknown auth_key'],
    ['the auth_key of another app', { params: { auth_key: otherApp.key } }, 'Unknown auth_key'],
    ['no auth_version', { params: { auth_version: undefined } }, 'Version required'],
    ['another auth_version', { params: { auth_version: '2.0' } }, 'Version not supported'],
    ['no auth_timestamp', { params: { auth_timestamp: undefined } }, 'Timestamp required'],
    ['a timestamp that is not a number', { params: { auth_timestamp: 'now' } }, 'Timestamp required'],
    [
      'a stale timestamp',
      { params: { auth_timestamp: seconds(601) } },
      /^Timestamp expired: Given timestamp \(\d{4}-/,
    ],
    [
      'a timestamp from the future',
      { params: { auth_timestamp: seconds(-700) } },
      /not within 600s of server time/,
    ],
    ['no signature', { signature: undefined }, /^Invalid signature: you should have sent HmacSHA256Hex\(/],
    ['a wrong signature', { signature: '0'.repeat(64) }, /"POST\\n\/apps\/1\/events\\nauth_key=app-key&/],
    ['a signature of another length', { signature: 'ab' }, /^Invalid signature/],
    ['a signature that is not hexadecimal', { signature: 'é'.repeat(64) }, /^Invalid signature/],
    ['a wrong body_md5', { params: { body_md5: 'd41d8cd98f00b204e9800998ecf8427e' } }, /md5/i],
    ['no body_md5', { params: { body_md5: undefined } }, /md5/i],
  ];
  test.each(cases)('%s', async (_, request, text) => {
    const answer = await callApi(server, { path, body: good, ...request });
    expect(answer.status).toBe(401);
    expect(answer.type).toContain('text/plain');
    if (typeof text === 'string') expect(answer.text.trimEnd()).toBe(text);
    else expect(answer.text).toMatch(text);
    expect(answer.text).not.toContain(app.secret);
  });

  test('and nothing is published', async () => {
    const socket = await connectSocket(server);
    await socket.subscribe('news');
    await callApi(server, { path, body: good, signature: '0'.repeat(64) });
    expect(await socket.framesBeforePong()).toEqual([]);
    await expectAlive();
  });

  test('but a timestamp of a few minutes ago, unknown parameters and a body_md5 of an empty body are accepted', async () => {
    const get = { path: '/apps/1/channels' };
    expect(await callApi(server, { ...get, params: { auth_timestamp: seconds(500) } })).toMatchObject({
      status: 200,
      text: expect.stringContaining('{"channels":{') as string,
    });
    expect((await callApi(server, { ...get, params: { whatever: 'a b' } })).status).toBe(200);
    const body_md5 = 'd41d8cd98f00b204e9800998ecf8427e';
    expect((await callApi(server, { ...get, params: { body_md5 } })).status).toBe(200);
  });
});

describe('a body that is not an event is 400', () => {
  const event = (change: Record<string, unknown>) =>
    JSON.stringify({ name: 'said', channels: ['news'], data: '1', ...change });
  const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
  test.each([
    '{',
    'null',
    '[]',
    '7',
    '"text"',
    '{}',
    deep,
    event({ name: undefined }),
    event({ name: '' }),
    event({ name: 7 }),
    event({ name: 'x'.repeat(201) }),
    event({ name: 'pusher:said' }),
    event({ data: undefined }),
    event({ channels: undefined }),
    event({ channels: [] }),
    event({ channels: 'news', channel: 7 }),
    event({ channels: {} }),
    event({ channels: [7] }),
    event({ channels: [null] }),
    event({ channels: ['two words'] }),
    event({ channels: ['#x'] }),
    event({ channels: ['x'.repeat(165)] }),
    event({ channels: Array.from({ length: 101 }, (_, n) => `c-${n}`) }),
    event({ socket_id: 'x' }),
    event({ socket_id: 7 }),
    event({ info: 'no_such_count' }),
  ])('%#', async (body) => {
    const answer = await callApi(server, { path, body });
    expect(answer).toMatchObject({ status: 400, type: expect.stringContaining('text/plain') });
    expect(answer.text.length).toBeGreaterThan(3);
  });

  test.each(['{"batch":{}}', '{"batch":[7]}', '{"batch":[{}]}', '{}', batchOf(11)])(
    'in a batch: %#',
    async (body) => {
      expect((await callApi(server, { path: '/apps/1/batch_events', body })).status).toBe(400);
    },
  );

  test('and none of it affects the server', expectAlive);

  function batchOf(size: number): string {
    const item = { name: 'said', channel: 'news', data: '1' };
    return JSON.stringify({ batch: Array.from({ length: size }, () => item) });
  }
});

describe('a body that is too large is 413', () => {
  test('because of its data', async () => {
    const body = JSON.stringify({ name: 'said', channel: 'news', data: 'x'.repeat(10_241) });
    const answer = await callApi(server, { path, body });
    expect(answer.status).toBe(413);
    expect(answer.text).toContain('The data content of this event exceeds the allowed maximum (10240 bytes)');
  });

  test('because of data that is nested 50,000 deep', async () => {
    const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
    const answer = await callApi(server, { path, body: `{"name":"said","channel":"news","data":${deep}}` });
    expect(answer.status).toBe(413);
  });

  test.each([3, 5, 50])('as a whole, with the same text for all clients: %d MB', async (megabytes) => {
    const body = 'x'.repeat(megabytes * 1_000_000);
    const refusal = { status: 413, text: 'Request body exceeds the allowed maximum (1048576 bytes)' };
    expect(await callApi(server, { path, body })).toMatchObject(refusal);
    expect(await sendRaw(server, { method: 'POST', path, body })).toMatchObject(refusal);
    await expectAlive();
  });
});

describe('a body in chunks', () => {
  const target = () => `${path}?${signedQuery(app, { method: 'POST', path, body: good })}`;
  const size = good.length.toString(16);
  const next = 'GET /livez HTTP/1.1\r\nHost: x\r\n\r\n';

  /** Sends a signed event with these bytes as its body, and returns all answers until the server closes the connection. */
  async function send(body: string, later = ''): Promise<string> {
    const socket = connect(server.port, '127.0.0.1');
    socket.write(`POST ${target()} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${body}`);
    if (later !== '') socket.once('data', () => socket.write(later));
    return textOf(socket);
  }

  test('is published, and nothing behind it on the connection is served', async () => {
    const socket = await connectSocket(server);
    await socket.subscribe('news');
    const whole = `${size}\r\n${good}\r\n0\r\n`;
    for (const later of ['', next]) {
      const answers = await send(`${whole}\r\n`, later);
      expect(answers).toMatch(/^HTTP\/1\.1 200 OK\r\n.*\r\nConnection: close\r\n/s);
      expect(answers.match(/HTTP\/1\.1/g)).toHaveLength(1);
      await socket.expectFrame({ event: 'said', channel: 'news', data: '{"n":1}' });
    }
    for (const following of [
      `\r\n${next}`,
      'X-Checksum: 1\r\n\r\n',
      'XXGET: /livez HTTP/1.1\r\nHost: x\r\n\r\n',
    ]) {
      expect(await send(whole + following)).not.toMatch(/HTTP\/1\.1 [24]/);
    }
    expect(await socket.framesBeforePong()).toEqual([]);
  });

  test('is 408 with the reason if it has a chunk extension', async () => {
    const answers = await send(`${size};a=b\r\n${good}\r\n0\r\n\r\n${next}`);
    expect(answers).toMatch(/^HTTP\/1\.1 408 .*Chunk extensions are not supported$/s);
    await expectAlive();
  });

  test('may come from fetch with a stream', async () => {
    const body = new Blob([good]).stream();
    const init = { method: 'POST', body, duplex: 'half' } as RequestInit;
    expect(await (await fetch(server.url + target(), init)).text()).toBe('{}');
  });
});

describe('an unknown path is 404', () => {
  test.each([
    { path: '/nothing' },
    { path: '/apps' },
    { path: '/apps/1' },
    { path: '/apps/1/nothing' },
    { path: '/apps/77/channels' },
    { path: '/apps/__proto__/channels' },
    { path: '/apps/77/events', body: good },
    { path: '/apps/%zz/channels' },
  ])('$path', async (request) => {
    expect((await callApi(server, request)).status).toBe(404);
  });
});

describe('a malformed request has no effect on others', () => {
  test.each([
    '/apps/1/channels/%zz',
    '/apps/1/channels/%',
    '/apps/1/channels/%ff%fe',
    '/apps/1/channels/%00',
  ])('%s is rejected', async (target) => {
    const { status } = await callApi(server, { path: target });
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
  });

  test.each([
    '?%zz=%',
    '?=&=&&&',
    '?auth_key',
    '?auth_key=a&auth_key=b',
    `?${'a=b&'.repeat(500)}`,
    '?%ff=%fe',
  ])('the query %# is rejected', async (query) => {
    const { status } = await fetch(`${server.url}/apps/1/channels${query}`);
    expect(status).toBe(401);
  });

  test('an unknown method', async () => {
    for (const method of ['PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
      const { status } = await fetch(`${server.url}${path}`, { method });
      expect([204, 404, 405]).toContain(status);
    }
  });

  test('bytes that are not HTTP, and requests that are never finished', async () => {
    const unfinished = `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{"name":`;
    for (const bytes of [
      '\u0000\u0001\u0002\r\n\r\n',
      'GET / HTTP/9.9\r\n\r\n',
      'GET / HTTP/1.1\r\n',
      unfinished,
    ]) {
      await new Promise<void>((resolve) => {
        const socket = connect(server.port, '127.0.0.1', () => {
          socket.write(bytes, () => socket.resetAndDestroy());
        });
        // The server may hang up first.
        socket.on('error', () => {});
        socket.once('close', () => resolve());
      });
    }
    await expectAlive();
  });

  test('an invalid WebSocket key or upgrade', async () => {
    const headers = { 'Sec-WebSocket-Version': '13' };
    const response = await fetch(`${server.url}/app/app-key`, { headers });
    expect(response.status).toBe(426);
    expect(response.headers.get('upgrade')).toBe('websocket');
    await expectAlive();
  });
});
