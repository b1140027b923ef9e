import type { Socket } from 'node:net';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { deflateRawSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { Client } from './support/client.ts';
import { startGateway, topic } from './support/gateway.ts';
import { dial, trigger } from './support/http.ts';
import { startServer } from './support/server.ts';

/** An event whose frame has this many bytes. */
function frameOf(length: number): string {
  const head = '{"event":"all","data":"';
  return `${head}${'ab'.repeat(length)}`.slice(0, length - 2) + '"}';
}

interface Connected {
  readonly client: Client;
  /** Counts the received bytes on the wire from now on. */
  readonly countBytes: () => () => number;
}

async function connectTo(port: number, perMessageDeflate: boolean): Promise<Connected> {
  const client = new Client(`ws://127.0.0.1:${port}/app/app-key`, [], { perMessageDeflate });
  const [{ socket }] = (await once(client.ws, 'upgrade')) as [IncomingMessage];
  const countBytes = () => {
    const before = socket.bytesRead;
    return () => socket.bytesRead - before;
  };
  return { client, countBytes };
}

describe('compression', () => {
  test('makes long frames short on the wire and keeps their content', async () => {
    const server = await startServer({ compression: true });
    const { client, countBytes } = await connectTo(server.port, true);
    expect(client.ws.extensions).toContain('permessage-deflate');
    await client.subscribe('news');
    const read = countBytes();
    const data = JSON.stringify({ text: 'hello '.repeat(500) });
    for (let count = 0; count < 5; count += 1) {
      await trigger(server, 'news', data);
      expect((await client.next('news')).data).toBe(data);
    }
    expect(read()).toBeLessThan(data.length / 2);
  });

  test('does not affect a client without the extension', async () => {
    const server = await startServer({ compression: true });
    const { client: plain, countBytes } = await connectTo(server.port, false);
    const { client: compressing } = await connectTo(server.port, true);
    expect(plain.ws.extensions).toBe('');
    for (const client of [plain, compressing]) await client.subscribe('news');
    const read = countBytes();
    const data = 'x'.repeat(2000);
    await trigger(server, 'news', data);
    for (const client of [plain, compressing]) expect((await client.next('news')).data).toBe(data);
    expect(read()).toBeGreaterThan(data.length);
  });

  test('applies to frames of 256 bytes and more, sent and published', async () => {
    const server = await startGateway({ compression: true });
    const { client, countBytes } = await connectTo(server.port, true);
    const { client: other } = await connectTo(server.port, true);
    await Promise.all([client.next('hello'), other.next('hello')]);
    const send: ((frame: string) => void)[] = [
      (frame) => server.sockets[0]?.send(frame),
      (frame) => server.gateway.publish(topic, frame),
      (frame) => server.sockets[1]?.publishToOthers(topic, frame),
    ];
    for (const one of send) {
      for (const length of [255, 256]) {
        const read = countBytes();
        one(frameOf(length));
        await client.next('all');
        if (length === 255) expect(read()).toBeGreaterThan(length);
        else expect(read()).toBeLessThan(length / 2);
      }
    }
  });

  test('reads what clients compress', async () => {
    const server = await startGateway({ compression: true });
    const { client } = await connectTo(server.port, true);
    for (let count = 0; count < 3; count += 1) client.ws.send('hello '.repeat(1000), { compress: true });
    client.ws.ping();
    await once(client.ws, 'pong');
    expect(server.texts).toEqual(Array.from({ length: 3 }, () => 'hello '.repeat(1000)));
  });

  test('closes only the connection of a small frame that would become too large', async () => {
    const server = await startServer({ compression: true });
    const { client: good } = await connectTo(server.port, true);
    const { client: bad } = await connectTo(server.port, true);
    const bomb = Buffer.alloc(64 * 1024 * 1024);
    bad.ws.send(bomb, { binary: false, compress: true });
    expect(await bad.closed).toMatchObject({ code: 1006 });
    await good.ping();
  });

  test.each([
    ['the rest of a stream is missing', deflateRawSync('hello'.repeat(100)).subarray(0, 5)],
    ['the bytes are no stream', Buffer.from([0xff, 0xff, 0xff, 0xff])],
  ])('closes only the connection of a frame of which %s', async (_, payload) => {
    const server = await startServer({ compression: true });
    const { client: good } = await connectTo(server.port, true);
    const socket = await dialWithExtension(server.port);
    const mask = Buffer.alloc(4);
    socket.write(Buffer.concat([Buffer.from([0xc1, 0x80 | payload.length]), mask, payload]));
    socket.end();
    await once(socket, 'close');
    await good.ping();
  });
});

test('is not offered if it is off', async () => {
  const server = await startServer();
  const { client } = await connectTo(server.port, true);
  expect(client.ws.extensions).toBe('');
  await client.subscribe('news');
  await trigger(server, 'news', 'x'.repeat(2000));
  expect((await client.next('news')).data).toHaveLength(2000);
});

/** A bare connection after its upgrade. */
async function dialWithExtension(port: number): Promise<Socket> {
  const fields = [
    'GET /app/app-key HTTP/1.1',
    'Host: a',
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Extensions: permessage-deflate',
  ];
  const socket = await dial({ port }, `${fields.join('\r\n')}\r\n\r\n`);
  await once(socket, 'data');
  socket.resume();
  return socket;
}
