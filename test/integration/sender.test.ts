import { once } from 'node:events';
import { createServer as createTcpServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createHttpSender } from '../../src/delivery/http-sender.ts';
import { createUndiciSender } from '../../src/delivery/undici-sender.ts';
import { systemClock } from '../../src/system/clock.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { Receiver } from './support/receiver.ts';

type Create = typeof createUndiciSender;

function senderOf(create: Create, clock = new FakeClock()) {
  const sender = create(clock);
  onTestFinished(() => sender.close());
  const send = (url: string, timeoutMs = 4000) =>
    sender.send(
      { url, headers: { 'Content-Type': 'application/json' }, body: Buffer.from('{"a":1}') },
      timeoutMs,
    );
  return { sender, send, clock };
}

/** A TCP server that hands over each connection, once something was sent on it. */
async function tcpServer(serve: (socket: Socket) => void): Promise<string> {
  const server = createTcpServer((socket) => {
    socket.on('error', () => {
      // The other end may reset; that is what is tested.
    });
    socket.once('data', () => serve(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

describe.each<[string, Create]>([
  ['undici', createUndiciSender],
  ['node:http', createHttpSender],
])('an attempt by %s', (_, create) => {
  const newSender = () => senderOf(create);

  test('posts the bytes with the headers as they are written', async () => {
    const receiver = await Receiver.start();
    const { sender } = newSender();
    const headers = { 'Content-Type': 'application/json', 'X-Pusher-Key': 'k', 'webhook-id': 'msg_1' };
    const body = Buffer.from('{"text":"h\u00e9"}');
    await sender.send({ url: `${receiver.url}?a=b`, headers, body }, 4000);
    const request = await receiver.next();
    expect(request).toMatchObject({ method: 'POST', url: '/hook?a=b', body: '{"text":"h\u00e9"}' });
    expect(request.headers['content-length']).toBe(String(body.byteLength));
    expect(request.rawHeaders).toEqual(
      expect.arrayContaining(['Content-Type', 'application/json', 'X-Pusher-Key', 'webhook-id', 'msg_1']),
    );
    expect(request.rawHeaders.filter((name) => name.toLowerCase() === 'content-type')).toHaveLength(1);
  });

  test.each([200, 201, 202, 204, 299, 301, 302, 307, 308, 304, 400, 401, 404, 410, 413, 429, 500, 503, 599])(
    'that is answered %i says so, and follows nothing',
    async (status) => {
      const receiver = await Receiver.start(({ response }) => {
        response.writeHead(status, { location: '/elsewhere' }).end();
      });
      const { send } = newSender();
      expect(await send(receiver.url)).toEqual({ kind: 'answered', status });
      expect(receiver.requests.map(({ url }) => url)).toEqual(['/hook']);
    },
  );

  test.each([
    ['120', 120_000],
    ['0', 0],
    ['Wed, 21 Oct 2026 07:28:00 GMT', undefined],
    ['-1', undefined],
    ['1.5', undefined],
    ['99999999', undefined],
    ['soon', undefined],
  ])('hears "Retry-After: %s" as %s ms', async (value, retryAfterMs) => {
    const receiver = await Receiver.start(({ response }) => {
      response.writeHead(503, { 'retry-after': value }).end();
    });
    const { send } = newSender();
    expect(await send(receiver.url)).toEqual({
      kind: 'answered',
      status: 503,
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    });
  });

  test('that gets no answer is given up exactly when its time is over', async () => {
    const receiver = await Receiver.start(() => {});
    const { send, clock } = newSender();
    let isOver = false;
    const outcome = send(receiver.url).finally(() => {
      isOver = true;
    });
    await receiver.next();
    await clock.advance(3999);
    expect(isOver).toBe(false);
    await clock.advance(1);
    expect(await outcome).toEqual({ kind: 'timeout' });
    expect(clock.pending).toBe(0);
  });

  test('whose answer does not end is given up when its time is over', async () => {
    const receiver = await Receiver.start(({ response }) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('half');
    });
    const { send, clock } = newSender();
    const outcome = send(receiver.url);
    const { response } = await receiver.next();
    if (!response.headersSent) await once(response, 'finish');
    await clock.advance(4000);
    expect(await outcome).toEqual({ kind: 'timeout' });
  });

  test('whose connection is not made in time is given up then', async () => {
    let meet: (() => void) | undefined;
    const met = new Promise<void>((resolve) => (meet = resolve));
    const url = await tcpServer(() => meet?.());
    const { send, clock } = newSender();
    const outcome = send(url.replace('http:', 'https:'));
    // The other end has the first words of TLS, and never answers them.
    await met;
    await clock.advance(4000);
    expect(await outcome).toEqual({ kind: 'timeout' });
    expect(clock.pending).toBe(0);
  });

  test('whose connection is reset is unreachable', async () => {
    const receiver = await Receiver.start(({ response }) => void response.socket?.resetAndDestroy());
    const { send, clock } = newSender();
    expect(await send(receiver.url)).toMatchObject({
      kind: 'unreachable',
      code: expect.any(String) as string,
    });
    expect(clock.pending).toBe(0);
  });

  test('whose connection ends without an answer is unreachable', async () => {
    const url = await tcpServer((socket) => void socket.end());
    const { send } = newSender();
    expect(await send(url)).toMatchObject({ kind: 'unreachable' });
  });

  test('that is answered with what is no HTTP is unreachable', async () => {
    const url = await tcpServer((socket) => void socket.end('SSH-2.0-OpenSSH_9.2\r\n'));
    const { send } = newSender();
    expect(await send(url)).toMatchObject({ kind: 'unreachable' });
  });

  test('to a port where nobody listens is unreachable: ECONNREFUSED', async () => {
    const receiver = await Receiver.start();
    const { url } = receiver;
    receiver.server.close();
    await once(receiver.server, 'close');
    const { send } = newSender();
    expect(await send(url)).toEqual({ kind: 'unreachable', code: 'ECONNREFUSED' });
  });

  test('to a host that has no address is unreachable', async () => {
    const { send } = newSender();
    expect(await send('http://nowhere.invalid/')).toMatchObject({
      kind: 'unreachable',
      code: expect.stringMatching(/^(ENOTFOUND|EAI_AGAIN)$/) as string,
    });
  });

  test('by TLS to a port that speaks none is unreachable', async () => {
    const receiver = await Receiver.start();
    const { send } = newSender();
    const outcome = await send(receiver.url.replace('http:', 'https:'));
    expect(outcome).toMatchObject({ kind: 'unreachable', code: expect.stringMatching(/^E/) as string });
    expect(receiver.requests).toEqual([]);
  });

  test('whose answer has no end to its size counts by its status, and is not read to the end', async () => {
    const chunk = Buffer.alloc(64 * 1024);
    const receiver = await Receiver.start(({ response }) => {
      response.writeHead(200);
      const pour = (): void => {
        while (!response.destroyed && response.write(chunk));
        response.once('drain', pour);
      };
      pour();
    });
    const { send } = newSender();
    expect(await send(receiver.url)).toEqual({ kind: 'answered', status: 200 });
    const { response } = await receiver.next();
    if (!response.destroyed) await once(response, 'close');
  });

  test('by a sender that was closed is unreachable', async () => {
    const receiver = await Receiver.start();
    const { send, sender } = newSender();
    await sender.close();
    expect(await send(receiver.url)).toMatchObject({ kind: 'unreachable' });
  });

  test('under way ends as unreachable when the sender closes', async () => {
    const receiver = await Receiver.start(() => {});
    const { send, sender, clock } = newSender();
    const outcome = send(receiver.url);
    await receiver.next();
    await sender.close();
    expect(await outcome).toMatchObject({ kind: 'unreachable' });
    expect(clock.pending).toBe(0);
  });
});

describe('connections', () => {
  const newSender = () => senderOf(createUndiciSender);

  test('are kept from attempt to attempt, whatever the answers', async () => {
    let count = 0;
    const receiver = await Receiver.start(({ response }) => {
      count += 1;
      response.writeHead(count % 2 === 0 ? 200 : 500).end('x'.repeat(1000));
    });
    const { send } = newSender();
    for (let round = 0; round < 20; round += 1) await send(receiver.url);
    expect(receiver.connections).toBeLessThanOrEqual(2);
  });

  test('R10: an endpoint that does not answer holds up no other on the same origin', async () => {
    const receiver = await Receiver.start(({ url, response }) => {
      if (url !== '/dead') response.end();
    });
    const { send, clock } = newSender();
    const dead = [1, 2, 3].map(() => send(receiver.url.replace('/hook', '/dead')));
    for (const _ of dead) await receiver.next();
    expect(await send(receiver.url)).toEqual({ kind: 'answered', status: 200 });
    await clock.advance(4000);
    expect(await Promise.all(dead)).toEqual(dead.map(() => ({ kind: 'timeout' })));
  });

  test('that cannot be made are not kept for ever, though their attempts are over', async () => {
    let meet: ((ended: Promise<unknown>) => void) | undefined;
    const met = new Promise((resolve) => (meet = (ended) => resolve({ ended })));
    const url = await tcpServer((socket) => meet?.(once(socket, 'close')));
    const { send, clock } = senderOf((itsClock) => createUndiciSender(itsClock, 50));
    const outcome = send(url.replace('http:', 'https:'));
    const { ended } = (await met) as { ended: Promise<unknown> };
    await clock.advance(4000);
    await outcome;
    await ended;
  });

  test('that the endpoint closed while idle are opened anew', async () => {
    const receiver = await Receiver.start();
    const { send } = newSender();
    await send(receiver.url);
    const before = receiver.connections;
    receiver.server.closeAllConnections();
    const outcomes = [await send(receiver.url), await send(receiver.url), await send(receiver.url)];
    expect(outcomes.at(-1)).toEqual({ kind: 'answered', status: 200 });
    expect(receiver.connections).toBeGreaterThan(before);
  });
});

test.each([createUndiciSender, createHttpSender])('the time-out also runs in real time', async (create) => {
  const receiver = await Receiver.start(() => {});
  const sender = create(systemClock);
  onTestFinished(() => sender.close());
  const outcome = await sender.send({ url: receiver.url, headers: {}, body: Buffer.from('{}') }, 20);
  expect(outcome).toEqual({ kind: 'timeout' });
});

test('a connection of node:http ends with its attempt, so that a receiver can be closed', async () => {
  const receiver = await Receiver.start();
  const { send } = senderOf(createHttpSender);
  await send(receiver.url);
  receiver.server.close();
  await once(receiver.server, 'close');
});
