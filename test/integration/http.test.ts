import { once } from 'node:events';
import { Pool } from 'undici';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Client } from './support/client.ts';
import {
  dial,
  get,
  metric,
  post,
  query,
  readAll,
  requestHead as head,
  signedTarget,
  trigger,
} from './support/http.ts';
import { app, otherApp, startServer } from './support/server.ts';

const mebibyte = 1024 * 1024;

/** A pool with one persistent connection. */
function keptConnection(port: number): Pool {
  const pool = new Pool(`http://127.0.0.1:${port}`, { connections: 1, pipelining: 1 });
  onTestFinished(() => pool.destroy());
  return pool;
}

describe('routes', () => {
  test('report that the server is ready and live', async () => {
    const server = await startServer();
    expect(await get(server, '/healthz')).toEqual({
      status: 200,
      contentType: 'application/json',
      body: '{"status":"ready","apps":1}',
    });
    expect(await get(server, '/livez')).toMatchObject({ status: 200, body: '{"status":"live"}' });
  });

  test.each([
    ['/', '/'],
    ['/apps', '/apps'],
    ['/apps/1', '/apps/1'],
    ['/apps/1/channels/a/b/c', '/apps/1/channels/a/b/c'],
    ['/healthz/', '/healthz/'],
    ['/%zz?%zz=%', '/%zz'],
    [`/${'x'.repeat(300)}`, `/${'x'.repeat(199)}`],
  ])('GET %.40s is unknown and answered with 404 in plain text', async (target, named) => {
    // With the Dashboard, / leads there.
    const server = await startServer({ dashboard: false });
    expect(await get(server, target)).toEqual({
      status: 404,
      contentType: 'text/plain; charset=utf-8',
      body: `No such route: GET ${named}`,
    });
  });

  test('respond 404 for an unknown app, 401 for the key of another app', async () => {
    const server = await startServer({ apps: [app, otherApp] });
    const unknown = await get(server, signedTarget('GET', '/apps/9/channels'));
    expect(unknown).toMatchObject({ status: 404, body: 'App 9 not found' });
    const foreign = await get(server, signedTarget('GET', '/apps/2/channels'));
    expect(foreign).toMatchObject({ status: 401, body: 'Unknown auth_key' });
  });

  test('respond 401 in plain text to an unsigned request', async () => {
    const server = await startServer();
    expect(await get(server, '/apps/1/channels')).toEqual({
      status: 401,
      contentType: 'text/plain; charset=utf-8',
      body: 'Missing parameter: auth_key',
    });
  });

  test.each([
    '/apps/%zz/channels?a=1',
    '/apps/1/channels/%zz?a=1',
    '/apps/1/channels?auth_key=%zz&%=%',
    '/apps/%/users',
  ])('GET %s, malformed escapes and all, gets a response', async (target) => {
    const server = await startServer();
    const { status } = await get(server, target);
    expect([400, 401, 404]).toContain(status);
    expect(await get(server, '/livez')).toMatchObject({ status: 200 });
  });

  test('verify a signed path as it was sent and unescaped', async () => {
    const server = await startServer();
    const plain = signedTarget('GET', '/apps/1/channels/a,b');
    const escaped = plain.replace('/a,b', '/a%2Cb');
    for (const target of [plain, escaped, signedTarget('GET', '/apps/1/channels/a%2Cb')]) {
      expect(await get(server, target)).toMatchObject({ status: 200, body: '{"occupied":false}' });
    }
  });

  test.each(['HEAD', 'GET', 'PUT', 'DELETE', 'PATCH', 'PROPFIND', 'post', 'Post', 'head'])(
    '%s gets the accepted methods of the path instead',
    async (method) => {
      const server = await startServer();
      const socket = await dial(server, head(`${method} /apps/1/events`, 'Connection: close'));
      const [answer] = (await once(socket, 'data')) as [Buffer];
      expect(answer.toString()).toMatch(/^HTTP\/1\.1 405 Method Not Allowed\r\n/);
      expect(answer.toString()).toMatch(/\r\nAllow: POST, OPTIONS\r\n/);
      const text = `Method not allowed: got ${method}, expected one of POST, OPTIONS`;
      expect(answer.toString().split('\r\n\r\n')[1]).toBe(method === 'HEAD' ? '' : text);
      expect(await get(server, '/livez')).toMatchObject({ status: 200 });
    },
  );

  test('for reading accept GET and HEAD', async () => {
    const server = await startServer();
    expect(await post(server, '/livez', 'x'.repeat(1000))).toMatchObject({
      status: 405,
      body: 'Method not allowed: got POST, expected one of GET, HEAD, OPTIONS',
    });
  });

  test('answer HEAD without a body, so that the next response on the connection is readable', async () => {
    const server = await startServer();
    const socket = await dial(server, head('HEAD /healthz') + head('GET /livez', 'Connection: close'));
    const answers = await new Promise<string>((resolve) => {
      let text = '';
      socket.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        if (text.includes('"live"')) resolve(text);
      });
    });
    const [first = '', second = ''] = answers.split('\r\n\r\n');
    expect(first).toMatch(/^HTTP\/1\.1 \d{3} /);
    expect(second).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  });

  test('close only the connection that sends bytes that are not HTTP', async () => {
    const server = await startServer();
    const socket = await dial(server, '\u0000\u0001nonsense\r\n\r\n');
    await readAll(socket);
    expect(await get(server, '/livez')).toMatchObject({ status: 200 });
  });
});

describe('request bodies', () => {
  test('above 1 MB are refused by their declared length before they are sent', async () => {
    const server = await startServer();
    const socket = await dial(server, head('POST /apps/1/events', `Content-Length: ${mebibyte + 1}`));
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 413 Payload Too Large\r\n/);
    expect(answer.toString()).toMatch(/Request body exceeds the allowed maximum \(1048576 bytes\)$/);
    expect(await metric(server, 'soketify_http_requests_total', 'status="413"')).toBe(1);
  });

  test('above 1 MB that are streamed in chunks are refused at their end', async () => {
    const server = await startServer();
    const target = signedTarget('POST', '/apps/1/events', { body: 'another' });
    const socket = await dial(server, head(`POST ${target}`, 'Transfer-Encoding: chunked'));
    const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`;
    for (let sent = 0; sent < 20; sent += 1) socket.write(chunk);
    socket.write('0\r\n\r\n');
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 413 Payload Too Large\r\n/);
    expect(await get(server, '/livez')).toMatchObject({ status: 200 });
    expect(await metric(server, 'soketify_http_requests_total', 'status="413"')).toBe(1);
  });

  test('of exactly 1 MB are read', async () => {
    const server = await startServer();
    const { status, body } = await post(server, '/apps/1/events', 'x'.repeat(mebibyte));
    expect({ status, body }).toEqual({
      status: 400,
      body: 'Invalid body: expected a JSON object, got text that is not JSON',
    });
  });

  test('that are streamed in small chunks are put together', async () => {
    const server = await startServer();
    const client = await Client.connect(server);
    await client.subscribe('news');
    const body = JSON.stringify({ name: 'news', channel: 'news', data: 'h\u00e9llo' });
    const target = signedTarget('POST', '/apps/1/events', { body });
    const socket = await dial(
      server,
      head(`POST ${target}`, 'Transfer-Encoding: chunked', 'Connection: close'),
    );
    const bytes = Buffer.from(body);
    for (const byte of bytes)
      socket.write(Buffer.concat([Buffer.from('1\r\n'), Buffer.of(byte), Buffer.from('\r\n')]));
    socket.write('0\r\n\r\n');
    expect((await client.next('news')).data).toBe('h\u00e9llo');
  });

  test.each([
    ['no JSON', '{"name"'],
    ['an array', '[]'],
    ['null', 'null'],
    ['a number', '1'],
    ['deep brackets', '['.repeat(100_000)],
    ['an unknown shape', '{"__proto__":{"name":"a"}}'],
  ])('%s is refused with 400', async (_, body) => {
    const server = await startServer();
    for (const route of ['events', 'batch_events']) {
      expect(await post(server, `/apps/1/${route}`, body)).toMatchObject({ status: 400 });
    }
  });

  test('that are missing are refused with 400', async () => {
    const server = await startServer();
    expect(await post(server, '/apps/1/events', '')).toMatchObject({ status: 400 });
  });

  test('with event data above the limit are refused with 413 in the documented words', async () => {
    const server = await startServer();
    expect(await trigger(server, 'news', 'x'.repeat(10_240))).toMatchObject({ status: 200, body: '{}' });
    expect(await trigger(server, 'news', 'x'.repeat(10_241))).toEqual({
      status: 413,
      contentType: 'text/plain; charset=utf-8',
      body: 'The data content of this event exceeds the allowed maximum (10240 bytes). See https://pusher.com/docs/channels/server_api/http-api#publishing-events for more info',
    });
  });
});

describe('connections', () => {
  test('serve several requests one after another', async () => {
    const server = await startServer();
    const pool = keptConnection(server.port);
    let connections = 0;
    pool.on('connect', () => {
      connections += 1;
    });
    const event = { name: 'news', channel: 'news', data: '{}' };
    for (let round = 0; round < 5; round += 1) {
      expect(await post(server, '/apps/1/events', event, pool)).toMatchObject({ status: 200, body: '{}' });
      expect(await get(server, '/apps/1/channels?a=1', pool)).toMatchObject({ status: 401 });
      expect(await post(server, '/no/such/route', 'x'.repeat(1000), pool)).toMatchObject({ status: 404 });
      expect(await get(server, signedTarget('GET', '/apps/1/channels'), pool)).toMatchObject({ status: 200 });
    }
    expect(connections).toBe(1);
  });

  test('serve pipelined requests in order', async () => {
    const server = await startServer();
    const target = signedTarget('GET', '/apps/1/channels', { parameters: { info: 'subscription_count' } });
    const socket = await dial(server, head(`GET ${target}`) + head('GET /livez') + head('GET /none'));
    const answers = await new Promise<string>((resolve) => {
      let text = '';
      socket.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        if (text.includes('No such route')) resolve(text);
      });
    });
    expect(answers.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 200', 'HTTP/1.1 404']);
    expect(answers.indexOf('"channels"')).toBeLessThan(answers.indexOf('"live"'));
  });

  test('may break in the middle of a body', async () => {
    const server = await startServer();
    for (const end of ['destroy', 'resetAndDestroy'] as const) {
      const socket = await dial(server, `${head('POST /apps/1/events', 'Content-Length: 100')}{"name"`);
      socket[end]();
      await once(socket, 'close');
    }
    expect(await get(server, '/livez')).toMatchObject({ status: 200 });
  });

  test('may break before a slow response', async () => {
    const server = await startServer();
    const client = await Client.connect(server);
    await client.subscribe('a-not');
    const target = signedTarget('GET', '/apps/1/channels', { parameters: { info: 'subscription_count' } });
    for (let round = 0; round < 50; round += 1) {
      const socket = await dial(server, head(`GET ${target}`) + head('GET /metrics'));
      socket.resetAndDestroy();
      await once(socket, 'close');
    }
    expect(await query(server, '/apps/1/channels')).toEqual({ channels: { 'a-not': {} } });
  });
});
