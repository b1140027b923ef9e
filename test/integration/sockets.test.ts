import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { Client } from './support/client.ts';
import { dial, metric, query, trigger } from './support/http.ts';
import { startServer } from './support/server.ts';

const connections = 'soketify_connections';

describe('a connection', () => {
  test('receives its socket id and the activity timeout first', async () => {
    const server = await startServer({ activityTimeoutMs: 30_000 });
    const client = await Client.connect(server);
    expect(client.frames.items[0]).toEqual({
      event: 'pusher:connection_established',
      data: `{"socket_id":"${client.socketId}","activity_timeout":30}`,
    });
    expect(client.socketId).toMatch(/^\d+\.\d+$/);
  });

  test.each(['', '?protocol=4', '?protocol=5', '?client=js&version=8.4.0&protocol=7&flash=false'])(
    'is accepted with the query "%s"',
    async (search) => {
      const server = await startServer();
      const client = await Client.connect(server, `/app/app-key${search}`);
      expect(client.frames.items).toHaveLength(1);
    },
  );

  test.each(['3', '8', 'seven', '7.5', '-7', '', '07777777777'])(
    'with protocol=%s gets an error, then a close with 4007',
    async (protocol) => {
      const server = await startServer();
      const client = new Client(`ws://127.0.0.1:${server.port}/app/app-key?protocol=${protocol}`);
      const { code, reason } = await client.closed;
      expect(code).toBe(4007);
      expect(client.frames.items).toEqual([{ event: 'pusher:error', data: { code: 4007, message: reason } }]);
    },
  );

  test.each([
    ['nobody', 'nobody'],
    ['a%20b', 'a b'],
    ['%zz', '%zz'],
    ['constructor', 'constructor'],
    ['__proto__', '__proto__'],
  ])('with the unknown key %s gets an error, then a close with 4001', async (path, key) => {
    const server = await startServer();
    const client = new Client(`ws://127.0.0.1:${server.port}/app/${path}?protocol=7`);
    const message = `App key ${key} not in this cluster. Did you forget to specify the cluster?`;
    expect(await client.closed).toEqual({ code: 4001, reason: message });
    expect(client.frames.items).toEqual([{ event: 'pusher:error', data: { code: 4001, message } }]);
  });

  test('with a key too long for a close frame still gets 4001 and readable text', async () => {
    const server = await startServer();
    const key = encodeURIComponent('🔑'.repeat(60));
    const client = new Client(`ws://127.0.0.1:${server.port}/app/${key}`);
    const { code, reason } = await client.closed;
    expect(code).toBe(4001);
    expect(Buffer.byteLength(reason)).toBeLessThanOrEqual(123);
    expect(reason).toMatch(/^App key 🔑/);
  });

  test.each([
    ['pusher-channels-protocol-7', ['pusher-channels-protocol-7']],
    ['first', ['first', 'second']],
  ])('gets the first subprotocol that it offers: %s', async (expected, offered) => {
    const server = await startServer();
    const client = new Client(`ws://127.0.0.1:${server.port}/app/app-key`, offered);
    await client.next('pusher:connection_established');
    expect(client.ws.protocol).toBe(expected);
  });

  test('without a subprotocol gets none', async () => {
    const server = await startServer();
    const client = await Client.connect(server);
    expect(client.ws.protocol).toBe('');
  });

  test('answers a WebSocket ping with a pong', async () => {
    const server = await startServer();
    const client = await Client.connect(server);
    client.ws.ping('hello');
    const [payload] = (await once(client.ws, 'pong')) as [Buffer];
    expect(payload.toString()).toBe('hello');
  });
});

describe('bad frames disturb nobody else', () => {
  test('a frame above the limit closes only its own connection', async () => {
    const server = await startServer();
    const [bad, good] = [await Client.connect(server), await Client.connect(server)];
    await good.subscribe('news');
    bad.ws.send('x'.repeat(300 * 1024));
    await bad.closed;
    await trigger(server, 'news');
    expect(await good.next('news')).toEqual({ event: 'news', channel: 'news', data: '{}' });
    expect(await metric(server, connections)).toBe(1);
  });

  test('a frame of 64 KB is read', async () => {
    const server = await startServer();
    const client = await Client.connect(server);
    client.ws.send(JSON.stringify({ event: 'pusher:ping', data: 'x'.repeat(65_536) }));
    await client.next('pusher:pong');
  });

  test.each([
    ['an unsubscribe without data', '{"event":"pusher:unsubscribe"}'],
    ['a subscribe without data', '{"event":"pusher:subscribe"}'],
    ['a channel that is an object', '{"event":"pusher:subscribe","data":{"channel":{"toString":1}}}'],
    ['an event that is an object', '{"event":{"length":1}}'],
    ['null', 'null'],
    ['nothing', ''],
    ['50,000 brackets', '['.repeat(50_000)],
    ['deep data', `{"event":"client-a","channel":"private-a","data":${'['.repeat(9e4)}${']'.repeat(9e4)}}`],
    ['a NUL', '\u0000'],
  ])('%s is answered with an error and leaves the connection open', async (_, text) => {
    const server = await startServer();
    const client = await Client.connect(server);
    client.ws.send(text);
    const { data } = await client.next('pusher:error');
    expect(data).toEqual({ code: null, message: expect.any(String) as string });
    await client.ping();
  });

  test('a binary frame is answered with an error and leaves the connection open', async () => {
    const server = await startServer();
    const client = await Client.connect(server);
    client.ws.send(Buffer.from('{"event":"pusher:ping"}'), { binary: true });
    expect((await client.next('pusher:error')).data).toMatchObject({ code: null });
    await client.ping();
  });

  test('text that is not UTF-8 closes only its own connection', async () => {
    const server = await startServer();
    const [bad, good] = [await Client.connect(server), await Client.connect(server)];
    bad.ws.send(Buffer.from([0xff, 0xfe]), { binary: false });
    await bad.closed;
    await good.ping();
  });
});

describe('every end of a connection is a leave', () => {
  const isVacant = async (server: { port: number }) =>
    JSON.stringify(await query(server, '/apps/1/channels')) === '{"channels":{}}';

  test.each([1000, 1001, 4000, 4200, 4999])('a close frame with code %i', async (code) => {
    const server = await startServer();
    const client = await Client.connect(server);
    await client.subscribe('news');
    client.ws.close(code);
    await client.closed;
    await expect.poll(() => isVacant(server)).toBe(true);
    expect(await metric(server, connections)).toBe(0);
  });

  test('an end of the TCP connection without a close frame', async () => {
    const server = await startServer();
    const client = await Client.connect(server);
    await client.subscribe('news');
    client.ws.terminate();
    await expect.poll(() => isVacant(server)).toBe(true);
  });

  test('a TCP reset', async () => {
    const server = await startServer();
    const socket = await dial(
      server,
      'GET /app/app-key HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n',
    );
    await once(socket, 'data');
    const frame = '{"event":"pusher:subscribe","data":{"channel":"news"}}';
    const mask = Buffer.alloc(4);
    socket.write(Buffer.concat([Buffer.from([0x81, 0x80 + frame.length]), mask, Buffer.from(frame)]));
    await expect.poll(() => isVacant(server)).toBe(false);
    socket.resetAndDestroy();
    await expect.poll(() => isVacant(server)).toBe(true);
    expect(await metric(server, connections)).toBe(0);
  });
});
