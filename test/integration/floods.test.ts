import { once } from 'node:events';
import type { Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { FakeClock } from '../support/fake-clock.ts';
import { Client } from './support/client.ts';
import { dial, metric } from './support/http.ts';
import { startServer } from './support/server.ts';

const received = 'soketify_messages_received_total';
const refusals = 'soketify_refusals_total';

/** A masked frame of a client. */
function frame(opcode: number, payload: string): Buffer {
  const bytes = Buffer.from(payload);
  const head =
    bytes.length < 126
      ? Buffer.from([0x80 | opcode, 0x80 | bytes.length])
      : Buffer.from([0x80 | opcode, 0xff, 0, 0, 0, 0, 0, 0, 0, 0]);
  if (bytes.length >= 126) head.writeUInt32BE(bytes.length, 6);
  return Buffer.concat([head, Buffer.alloc(4), bytes]);
}

const text = 0x1;
const ping = 0x9;

/** Sends frames in one write over a separate connection, and waits until the server has closed it. */
async function flood(server: { readonly port: number }, frames: readonly Buffer[]): Promise<string> {
  const socket = await connectBare(server);
  const answers: Buffer[] = [];
  socket.on('data', (data) => answers.push(data));
  socket.on('error', () => {});
  const closed = once(socket, 'close');
  socket.write(Buffer.concat(frames));
  await closed;
  return Buffer.concat(answers).toString();
}

async function connectBare({ port }: { readonly port: number }): Promise<Socket> {
  const fields = [
    'GET /app/app-key?protocol=7 HTTP/1.1',
    'Host: a',
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
    'Sec-WebSocket-Version: 13',
  ];
  const socket = await dial({ port }, `${fields.join('\r\n')}\r\n\r\n`);
  await once(socket, 'data');
  return socket;
}

describe('a flood of frames', () => {
  const garbage = (times: number) => Array.from({ length: times }, () => frame(text, 'x'));

  test('in one read ends with the first frame above the limit: the rest costs nothing', async () => {
    const server = await startServer({}, { livenessClock: new FakeClock() });
    const bystander = await Client.connect(server);
    const answers = await flood(server, garbage(50_000));
    expect(answers).toContain('Too many messages');
    // Ten for each, of 5,000 and one second of client events.
    expect(await metric(server, received)).toBe(501);
    expect(await metric(server, refusals, 'reason="too_many_messages"')).toBe(1);
    await bystander.ping();
  });

  test('of WebSocket pings is limited as well', async () => {
    const server = await startServer({ limits: { messageBurst: 50, messagesPerSecond: 1 } });
    const answers = await flood(
      server,
      Array.from({ length: 1000 }, () => frame(ping, '')),
    );
    expect(answers).toContain('Too many messages');
  });

  test.each([
    ['an array that never ends', '[[],[],'],
    ['an object that never ends', '{"a":[[],[],'],
  ])('of 250 KB of %s ends with the second one', async (_, start) => {
    const server = await startServer({}, { livenessClock: new FakeClock() });
    const long = start + '[],'.repeat((250_000 - start.length) / 3);
    const answers = await flood(
      server,
      Array.from({ length: 20 }, () => frame(text, long)),
    );
    expect(answers).toContain('Too much data');
    expect(await metric(server, received)).toBe(2);
    expect(await metric(server, refusals, 'reason="too_many_bytes"')).toBe(1);
  });

  test('of short compressed frames is counted after decompression', async () => {
    const server = await startServer({ compression: true }, { livenessClock: new FakeClock() });
    const bad = new Client(`ws://127.0.0.1:${server.port}/app/app-key`, [], { perMessageDeflate: true });
    await bad.next('pusher:connection_established');
    const long = JSON.stringify({ event: 'pusher:ping', data: 'a'.repeat(250_000) });
    for (let count = 0; count < 100; count += 1) bad.ws.send(long, { compress: true });
    expect(await bad.closed).toMatchObject({ code: 4100 });
    const mostBytes = 4 * 1024 * 1024 + 11 * 66_000;
    expect(await metric(server, received)).toBeLessThanOrEqual(mostBytes / 250_000);
  });

  test('is allowed where the limits are null', async () => {
    const server = await startServer({ limits: { messagesPerSecond: null } });
    const client = await Client.connect(server);
    for (let count = 0; count < 10_000; count += 1) client.ws.send('x');
    await client.ping();
    expect(await metric(server, received)).toBe(10_001);
  });
});

describe('a connection that keeps subscribing and leaving', () => {
  test.each([
    ['a channel without a name', [{ event: 'pusher:subscribe', data: { channel: '' } }]],
    [
      'the same channel',
      [
        { event: 'pusher:subscribe', data: { channel: 'a' } },
        { event: 'pusher:unsubscribe', data: { channel: 'a' } },
      ],
    ],
  ])('%s is closed', async (_, commands) => {
    const server = await startServer({}, { livenessClock: new FakeClock() });
    const bystander = await Client.connect(server);
    const frames = commands.map((command) => frame(text, JSON.stringify(command)));
    const answers = await flood(
      server,
      Array.from({ length: 10_000 }, (__, index) => frames[index % frames.length] ?? frame(text, '')),
    );
    expect(answers).toContain('Too many messages');
    expect(await metric(server, received)).toBe(5010);
    await bystander.ping();
  });
});

test('does not matter to a client that reconnects with 1,000 channels, which gets all of them, in order', async () => {
  const server = await startServer();
  const client = await Client.connect(server);
  const names = Array.from({ length: 1000 }, (_, index) => `channel-${index}`);
  for (const channel of names) client.send('pusher:subscribe', { channel });
  await client.next('pusher_internal:subscription_succeeded', 'channel-999');
  expect(client.of('pusher_internal:subscription_succeeded').map(({ channel }) => channel)).toEqual(names);
});
