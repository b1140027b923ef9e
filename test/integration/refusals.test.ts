import { once } from 'node:events';
import { request } from 'undici';
import { describe, expect, test } from 'vitest';
import type { Route } from '../../src/transport/http.ts';
import { json } from '../../src/transport/http-message.ts';
import { startGateway } from './support/gateway.ts';
import { dial, get, post, readAll, signedTarget } from './support/http.ts';
import { RecordingLog } from './support/log.ts';
import { startServer } from './support/server.ts';

const refused = 'request refused';

async function ask({ port }: { port: number }, path: string, headers = {}, body = '') {
  const method = body === '' ? 'GET' : 'POST';
  const answer = await request(`http://127.0.0.1:${port}${path}`, {
    method,
    headers,
    ...(body !== '' && { body }),
  });
  return { status: answer.statusCode, id: answer.headers['x-request-id'], body: await answer.body.text() };
}

describe('a refused request', () => {
  test('causes one log line, whose id the response contains', async () => {
    const log = new RecordingLog();
    const server = await startServer({}, { log });
    const { id, body } = await ask(
      server,
      '/apps/7/events?secret=1',
      { 'user-agent': 'a-library/1' },
      '{"a":1}',
    );
    expect(id).toMatch(/^req_[\w-]{20,}$/);
    expect(log.lines).toEqual([
      {
        level: 'info',
        message: refused,
        fields: {
          reason: 'not_found',
          requestId: id,
          method: 'POST',
          route: '/apps/:app/events',
          appId: '7',
          status: 404,
          error: body,
          remoteAddress: '127.0.0.1',
          userAgent: 'a-library/1',
          receivedBytes: 0,
          elapsedMs: expect.any(Number) as number,
        },
      },
    ]);
    expect(JSON.stringify(log.lines)).not.toContain('secret');
  });

  test.each([
    ['/none', '', { route: 'unknown', status: 404, error: 'No such route: GET /none' }],
    ['/apps/1/events', '', { route: '/apps/:app/events', status: 405 }],
    ['/apps/1/events', 'x'.repeat(1024 * 1024 + 1), { route: '/apps/:app/events', status: 413, appId: '1' }],
    [
      '/apps/1/channels',
      '',
      { route: '/apps/:app/channels', status: 401, error: 'Missing parameter: auth_key' },
    ],
  ])('of %s is in the log, whatever was wrong', async (path, body, fields) => {
    const log = new RecordingLog();
    const { port } = await startServer({}, { log });
    const { id } = await ask({ port }, path, {}, body);
    expect(log.of(refused)).toEqual([expect.objectContaining({ ...fields, requestId: id })]);
    expect(log.of(refused)[0]).not.toHaveProperty('userAgent');
  });

  test('returns the received signature to its client, but does not log it', async () => {
    const log = new RecordingLog();
    const server = await startServer({}, { log });
    const target = `${signedTarget('GET', '/apps/1/channels')}ab`;
    const { body } = await get(server, target);
    const signature = target.slice(target.indexOf('auth_signature=') + 'auth_signature='.length);
    expect(body).toContain(signature);
    expect(JSON.stringify(log.lines)).not.toContain(signature.slice(0, 20));
    expect(log.of(refused)[0]?.['error']).toMatch(
      /^Invalid signature: you should have sent .*, your_secret_key\)$/,
    );
  });

  test('with a long text causes a short line', async () => {
    const log = new RecordingLog();
    const server = await startServer({}, { log });
    await get(
      server,
      signedTarget('GET', `/apps/1/channels/${'x'.repeat(1000)}`).replace('auth_key=', 'b=1&auth_key='),
    );
    expect(String(log.of(refused)[0]?.['error'])).toHaveLength(503);
  });

  test('of a trusted proxy names the client', async () => {
    const log = new RecordingLog();
    const server = await startServer({ trustedProxies: ['127.0.0.1'] }, { log });
    await ask(server, '/apps/1/channels', { 'x-forwarded-for': '203.0.113.9, 198.51.100.1' });
    expect(log.of(refused)[0]).toMatchObject({ remoteAddress: '198.51.100.1' });
  });

  test('of a client that has disconnected is in the log without its address', async () => {
    let resolve: ((response: ReturnType<typeof json>) => void) | undefined;
    const route: Route = {
      method: 'get',
      pattern: '/late',
      handle: () => new Promise((settle) => (resolve = settle)),
    };
    const server = await startGateway({}, [route]);
    const socket = await dial(server, 'GET /late HTTP/1.1\r\nHost: a\r\n\r\n');
    await expect.poll(() => resolve).toBeDefined();
    socket.resetAndDestroy();
    await once(socket, 'close');
    // The server has processed it when it has answered a later client.
    await get(server, '/none');
    resolve?.(json('{}', 503));
    await expect.poll(() => server.log.of(refused)).toHaveLength(2);
    expect(server.log.of(refused)[1]).toMatchObject({ route: '/late', status: 503 });
    expect(server.log.of(refused)[1]).not.toHaveProperty('remoteAddress');
  });
});

test('an accepted request causes no line', async () => {
  const log = new RecordingLog();
  const server = await startServer({}, { log });
  expect(await post(server, '/apps/1/events', { name: 'a', channel: 'a', data: '' })).toMatchObject({
    status: 200,
  });
  expect(log.lines).toEqual([]);
});

test.each([
  [
    'throws',
    () => {
      throw new Error('broken');
    },
  ],
  ['rejects', () => Promise.reject(new Error('broken'))],
])('a route that %s responds 500 and causes an error with the same fields', async (_, handle) => {
  const { port, log } = await startGateway({}, [{ method: 'get', pattern: '/apps/:app/x', handle }]);
  const answer = await ask({ port }, '/apps/7/x');
  expect(answer).toEqual({ status: 500, id: 'req_1', body: 'Internal server error' });
  expect(log.lines).toEqual([
    {
      level: 'error',
      message: 'request failed',
      fields: {
        err: expect.objectContaining({ message: 'broken' }) as Error,
        requestId: 'req_1',
        method: 'GET',
        route: '/apps/:app/x',
        appId: '7',
        status: 500,
        error: 'Internal server error',
        remoteAddress: '127.0.0.1',
        receivedBytes: 0,
        elapsedMs: 0,
      },
    },
  ]);
});

describe('the id that a client gives its request', () => {
  test.each(['a', 'A1._:/+=@-', 'x'.repeat(128)])('is kept: %.20s', async (id) => {
    const log = new RecordingLog();
    const server = await startServer({}, { log });
    expect(await ask(server, '/livez', { 'x-request-id': id })).toMatchObject({ status: 200, id });
    expect(await ask(server, '/none', { 'x-request-id': id })).toMatchObject({ status: 404, id });
    expect(log.of(refused)).toEqual([expect.objectContaining({ requestId: id })]);
  });

  test.each(['', 'a b', '"', 'x'.repeat(129), 'é'])('is not kept when it is "%.20s"', async (id) => {
    const server = await startServer();
    expect(await ask(server, '/livez', { 'x-request-id': id })).toMatchObject({ status: 200, id: undefined });
    const refusedOne = await ask(server, '/none', { 'x-request-id': id });
    expect(refusedOne.id).toMatch(/^req_/);
  });
});

test('a client that expects 100 Continue before it sends its body is answered immediately', async () => {
  const server = await startServer();
  const body = JSON.stringify({ name: 'a', channel: 'a', data: 'x'.repeat(5000) });
  const target = signedTarget('POST', '/apps/1/events', { body });
  const fields = `Host: a\r\nContent-Length: ${body.length}\r\nExpect: 100-continue\r\nConnection: close`;
  const socket = await dial(server, `POST ${target} HTTP/1.1\r\n${fields}\r\n\r\n`);
  const [response] = (await once(socket, 'data')) as [Buffer];
  expect(response.toString()).toBe('HTTP/1.1 100 Continue\r\n\r\n');
  const answer = readAll(socket);
  socket.write(body);
  expect(await answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
});
