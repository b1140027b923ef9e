import { connect } from 'node:net';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { Client } from './support/client.ts';
import { RecordingLog } from './support/log.ts';
import { get, post, signedTarget } from './support/http.ts';
import { startServer } from './support/server.ts';

const path = '/realtime/eu';
const event = { name: 'news', channel: 'news', data: 'x' };

describe('a path before every route', () => {
  test.each(['', path])('serves sockets and routes under "%s"', async (prefix) => {
    const server = await startServer({ path });
    const client = await Client.connect(server, `${prefix}/app/app-key?protocol=7`);
    await client.subscribe('news');
    expect(await post(server, `${prefix}/apps/1/events`, event)).toMatchObject({ status: 200, body: '{}' });
    await client.next('news');
    const channel = signedTarget('GET', `${prefix}/apps/1/channels/news`);
    expect(await get(server, channel)).toMatchObject({ status: 200, body: '{"occupied":true}' });
    for (const probe of ['/livez', '/healthz', '/metrics']) {
      expect(await get(server, prefix + probe)).toMatchObject({ status: 200 });
    }
  });

  test('may be left out by the library that signs', async () => {
    const server = await startServer({ path });
    const signed = signedTarget('GET', '/apps/1/channels/news');
    expect(await get(server, path + signed)).toMatchObject({ status: 200, body: '{"occupied":false}' });
    const signedWithIt = signedTarget('GET', `${path}/apps/1/channels/news`);
    expect(await get(server, signedWithIt.slice(path.length))).toMatchObject({ status: 401 });
  });

  test.each(['/realtime/apps/1/channels', '/elsewhere/livez', `${path}/none`, `${path}${path}/livez`, path])(
    'is the only one: GET %s is unknown',
    async (target) => {
      const server = await startServer({ path });
      expect(await get(server, target)).toMatchObject({ status: 404, body: `No such route: GET ${target}` });
    },
  );

  test('returns the accepted methods of a route, as without it', async () => {
    const server = await startServer({ path });
    expect(await get(server, `${path}/apps/1/events`)).toMatchObject({ status: 405 });
  });
});

describe('a connection on an unknown path', () => {
  test.each([
    '/',
    '/app',
    '/app/',
    '/app/app-key/x',
    '/apps/1/events',
    '/livez',
    `${path}x/app/app-key`,
    '/%zz',
  ])('%s gets an error, then a close with 4005', async (target) => {
    const log = new RecordingLog();
    const server = await startServer({ path }, { log });
    const client = new Client(`ws://127.0.0.1:${server.port}${target}`, [], { origin: 'https://a.example' });
    const message = `Path not found: got ${target}, expected /app/KEY`;
    expect(await client.closed).toEqual({ code: 4005, reason: message });
    expect(client.frames.items).toEqual([{ event: 'pusher:error', data: { code: 4005, message } }]);
    expect(log.of('connection refused')).toEqual([
      {
        reason: 'path_not_found',
        remoteAddress: '127.0.0.1',
        origin: 'https://a.example',
        code: 4005,
        error: message,
      },
    ]);
  });

  test('is reported in its subprotocol, without its query, and affects no metric', async () => {
    const server = await startServer();
    const client = new Client(`ws://127.0.0.1:${server.port}/elsewhere?auth=secret`, ['some-protocol']);
    const { reason } = await client.closed;
    expect(reason).toBe('Path not found: got /elsewhere, expected /app/KEY');
    expect(client.ws.protocol).toBe('some-protocol');
    expect((await get(server, '/metrics')).body).not.toMatch(/^soketify_connections\{.*\} [1-9]/m);
  });

  test('may send something before it reads', async () => {
    const server = await startServer();
    const socket = connect(server.port, '127.0.0.1');
    await once(socket, 'connect');
    const key = 'AAAAAAAAAAAAAAAAAAAAAA==';
    const text = `GET /x HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n\r\n`;
    socket.write(
      Buffer.concat([Buffer.from(text), Buffer.from([0x81, 0x85, 0, 0, 0, 0]), Buffer.from('hello')]),
    );
    await once(socket, 'data');
    socket.destroy();
    expect(await get(server, '/livez')).toMatchObject({ status: 200 });
  });
});
