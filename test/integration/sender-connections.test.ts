import { once } from 'node:events';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { createSender } from '../../src/delivery/sender.ts';
import { Receiver } from '../support/receiver.ts';
import { nextTurn } from '../support/turns.ts';
import {
  bodyPatienceMs,
  forgetfulServer,
  halfOk,
  halfTaken,
  ok,
  rawServer,
  senderOf,
  taken,
  tcpServer,
  timerSet,
  writeParts,
  type Exchange,
} from './support/senders.ts';

describe('connections', () => {
  const newSender = () => senderOf((itsClock) => createSender({ clock: itsClock }));

  test('are kept from attempt to attempt, whatever the responses', async () => {
    let count = 0;
    const receiver = await Receiver.start(({ response }) => {
      count += 1;
      response.writeHead(count % 2 === 0 ? 200 : 500).end('x'.repeat(1000));
    });
    const { send } = newSender();
    for (let round = 0; round < 20; round += 1) await send(receiver.url);
    expect(receiver.connections).toBeLessThanOrEqual(2);
  });

  test('do not wait for an endpoint on the same origin that does not answer', async () => {
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

  test('that are still being established end with their attempts', async () => {
    let meet: ((ended: Promise<unknown>) => void) | undefined;
    const met = new Promise((resolve) => (meet = (ended) => resolve({ ended })));
    const url = await tcpServer((socket) => meet?.(once(socket, 'close')));
    const { send, clock } = newSender();
    const outcome = send(url.replace('http:', 'https:'));
    const { ended } = (await met) as { ended: Promise<unknown> };
    await clock.advance(4000);
    await outcome;
    await ended;
  });

  test('that the endpoint closed while idle are opened again', async () => {
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

describe('a kept connection', () => {
  const own = () => senderOf((itsClock) => createSender({ clock: itsClock }));

  test('serves the next attempt, with interim answers or without', async () => {
    const { url, sockets } = await rawServer(({ socket }) => {
      void writeParts(socket, ['HTTP/1.1 100 Continue\r\n\r\n', 'HTTP/1.1 103 Hints\r\n\r\n', ok]);
    });
    const { send } = own();
    for (let round = 0; round < 5; round += 1) expect(await send(url)).toEqual(taken);
    expect(sockets).toHaveLength(1);
  });

  test('is not used while a body is read on it, and is used again afterwards', async () => {
    const { send, clock } = own();
    const { url, sockets } = await rawServer(({ socket, connection }) => {
      socket.write(connection === 1 && socket.bytesWritten === 0 ? halfOk : ok);
    });
    const waits = timerSet(clock, bodyPatienceMs);
    const slow = send(url);
    await waits;
    await clock.advance(bodyPatienceMs);
    expect(await slow).toEqual(halfTaken);
    expect(await send(url)).toEqual(taken);
    expect(sockets).toHaveLength(2);
    sockets[1]?.destroy();
    sockets[0]?.write('x'.repeat(96));
    while (clock.pending > 0) await nextTurn();
    await nextTurn();
    expect(await send(url)).toEqual(taken);
    expect(sockets).toHaveLength(2);
  });

  test('that the endpoint closes without a word after each response fails no attempt', async () => {
    const { url, sockets } = await rawServer(({ socket }) => void socket.end(ok));
    const { send } = own();
    for (let round = 0; round < 5; round += 1) expect(await send(url)).toEqual(taken);
    expect(sockets).toHaveLength(5);
  });

  test('that the endpoint closes instead of a response is replaced once', async () => {
    let requests = 0;
    const { url } = await rawServer(({ socket }) => {
      requests += 1;
      if (requests === 1) socket.write(ok);
      else socket.destroy();
    });
    const { send } = own();
    expect(await send(url)).toEqual(taken);
    expect(await send(url)).toEqual({ kind: 'unreachable', code: 'ECONNRESET' });
    expect(requests).toBe(3);
  });

  test('is not replaced after the time of the attempt is over', async () => {
    const requests: Exchange[] = [];
    const { url, sockets } = await rawServer((exchange) => {
      if (requests.push(exchange) === 1) exchange.socket.write(ok);
    });
    const { send, clock } = own();
    expect(await send(url)).toEqual(taken);
    const outcome = send(url);
    while (requests.length < 2) await nextTurn();
    await clock.advance(4000);
    expect(await outcome).toEqual({ kind: 'timeout' });
    expect(sockets).toHaveLength(1);
  });

  test.each([
    ['long enough', 'Keep-Alive: timeout=5', 1],
    ['for less time than an answer may need', 'Keep-Alive: timeout=2', 2],
    ['not at all', 'Connection: close', 2],
  ])('of an endpoint that keeps it %s is used accordingly', async (_, field, connections) => {
    const answer = `HTTP/1.1 200 OK\r\n${field}\r\nContent-Length: 2\r\n\r\nok`;
    const { url, sockets } = await rawServer(({ socket }) => void socket.write(answer));
    const { send } = own();
    for (let round = 0; round < 2; round += 1) expect(await send(url)).toEqual(taken);
    expect(sockets).toHaveLength(connections);
  });

  test('with TLS serves the next attempt, too', async () => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    onTestFinished(() => void vi.unstubAllEnvs());
    const { url, sockets } = await rawServer(({ socket }) => void socket.write(ok), 'https');
    const { send } = own();
    for (let round = 0; round < 3; round += 1) expect(await send(url)).toEqual(taken);
    expect(sockets).toHaveLength(1);
  });

  test('with TLS does not insist on a session that the endpoint refuses to resume', async () => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    onTestFinished(() => void vi.unstubAllEnvs());
    const url = await forgetfulServer();
    const { send } = own();
    expect(await send(url)).toEqual(taken);
    expect(await send(url)).toEqual({ kind: 'unreachable', code: 'ECONNRESET' });
    expect(await send(url)).toEqual(taken);
  });

  test('is not used again after garbage', async () => {
    const { url, sockets } = await rawServer(({ socket }) => void socket.write(`${ok}garbage`));
    const { send } = own();
    expect(await send(url)).toEqual(taken);
    expect(await send(url)).toEqual(taken);
    expect(sockets).toHaveLength(2);
  });

  test.each([
    ['is used again after a body of 64 KB', 64 * 1024, true],
    ['is not used again after a longer one', 64 * 1024 + 1, false],
  ])('%s', async (_, bytes, isSame) => {
    const answer = `HTTP/1.1 200 OK\r\nContent-Length: ${bytes}\r\n\r\n${'x'.repeat(bytes)}`;
    const used: number[] = [];
    const { url } = await rawServer(({ socket, connection }) => {
      used.push(connection);
      socket.write(answer);
    });
    const { send } = own();
    for (let round = 0; round < 2; round += 1) {
      expect(await send(url)).toMatchObject({ kind: 'answered', status: 200 });
    }
    expect(used[1] === used[0]).toBe(isSame);
  });
});

test.each(['localhost', 'localhost.'])(
  'TLS asks for the certificate of https://%s by its name',
  async (host) => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    onTestFinished(() => void vi.unstubAllEnvs());
    const { url, sockets } = await rawServer(({ socket }) => void socket.write(ok), 'https');
    const { send } = senderOf((clock) => createSender({ clock }));
    expect(await send(url.replace('127.0.0.1', host))).toEqual(taken);
    expect(sockets[0]).toMatchObject({ servername: 'localhost' });
  },
);

test('a connection that is not kept ends with its attempt, so that a receiver can be closed', async () => {
  const receiver = await Receiver.start();
  const { send } = senderOf((clock) => createSender({ clock, keepsConnections: false }));
  await send(receiver.url);
  receiver.server.close();
  await once(receiver.server, 'close');
});
