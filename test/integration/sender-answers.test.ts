import type { Socket } from 'node:net';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { nextTurn } from '../support/turns.ts';
import {
  bodyPatienceMs,
  halfOk,
  halfTaken,
  ok,
  rawServer,
  senderOf,
  senders,
  taken,
  timerSet,
  writeParts,
} from './support/senders.ts';

const longestBodyMs = 30_000;

/** Resolves when the connection has ended, for any reason. */
const closing = (socket: Socket): Promise<void> =>
  new Promise((resolve) => void socket.once('close', () => resolve()));

describe.each(senders)('an attempt by %s', (_, create) => {
  const sendTo = async (...parts: readonly string[]) => {
    const server = await rawServer(({ socket }) => void writeParts(socket, parts));
    const own = senderOf(create);
    return { ...own, ...server, outcome: own.send(server.url) };
  };

  /** An attempt whose response has begun, and whose body is awaited. */
  const answeredHalf = async (half = halfOk) => {
    const own = senderOf(create);
    const waits = timerSet(own.clock, bodyPatienceMs);
    const server = await rawServer(({ socket }) => void socket.write(half));
    const outcome = own.send(server.url);
    await waits;
    return { ...own, ...server, outcome };
  };

  describe('that gets an interim response', () => {
    test.each([
      ['100', ['HTTP/1.1 100 Continue\r\n\r\n', ok]],
      ['100 in one packet with the answer', [`HTTP/1.1 100 Continue\r\n\r\n${ok}`]],
      ['102', ['HTTP/1.1 102 Processing\r\n\r\n', ok]],
      ['103 with headers', ['HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n', ok]],
      ['a number of nobody', ['HTTP/1.1 199 Perhaps\r\n\r\n', ok]],
      ['several', [...Array<string>(20).fill('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\n\r\n'), ok]],
      ['byte by byte', `HTTP/1.1 100 Continue\r\nA: b\r\n\r\n${ok}`.split('')],
    ])('waits for the final response: %s', async (__, parts) => {
      const { outcome } = await sendTo(...parts);
      expect(await outcome).toEqual(taken);
    });

    test('waits for the final response, with TLS as well', async () => {
      vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
      onTestFinished(() => void vi.unstubAllEnvs());
      const parts = ['HTTP/1.1 100 Continue\r\n\r\n', 'HTTP/1.1 103 Hints\r\n\r\n', ok];
      const { url } = await rawServer(({ socket }) => void writeParts(socket, parts), 'https');
      expect(await senderOf(create).send(url)).toEqual(taken);
    });

    test('fails when its time is over and nothing else was received', async () => {
      const { outcome, clock, sockets } = await sendTo('HTTP/1.1 100 Continue\r\n\r\n');
      // The response is pending as long as nobody advances the clock.
      while (sockets[0]?.bytesWritten === undefined) await nextTurn();
      await clock.advance(4000);
      expect(await outcome).toEqual({ kind: 'timeout' });
      expect(clock.pending).toBe(0);
    });

    test('is unreachable when the connection ends then', async () => {
      const url = await rawServer(({ socket }) => void socket.end('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.'));
      expect(await senderOf(create).send(url.url)).toMatchObject({ kind: 'unreachable' });
    });

    test.each([
      ['switches the protocol', 'HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n'],
      ['gets an interim response that never ends', `HTTP/1.1 100 Continue\r\nA: ${'x'.repeat(100_000)}`],
    ])('is unreachable when it %s', async (__, answer) => {
      const { outcome } = await sendTo(answer);
      expect(await outcome).toMatchObject({ kind: 'unreachable' });
    });
  });

  describe('that gets a response', () => {
    test.each([
      ['with a body', [ok], taken],
      ['with a body behind it', ['HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n', 'o', 'k'], taken],
      ['with no body', ['HTTP/1.1 204 No Content\r\n\r\n'], { kind: 'answered', status: 204 }],
      [
        'with an empty body',
        ['HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'],
        { kind: 'answered', status: 200 },
      ],
      [
        'in chunks, with trailers',
        [
          'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: A\r\n\r\n',
          '1\r\no\r\n',
          '1\r\nk\r\n0\r\nA: b\r\n\r\n',
        ],
        taken,
      ],
      ['with garbage behind it', [`${ok}\0\0garbage`], taken],
      ['with another answer behind it', [`${ok}HTTP/1.1 500 No\r\n\r\n`], taken],
      [
        'with a body that looks like an interim answer',
        ['HTTP/1.1 200 OK\r\nContent-Length: 25\r\n\r\n', 'HTTP/1.1 100 Continue\r\n\r\n'],
        { kind: 'answered', status: 200, body: 'HTTP/1.1 100 Continue\r\n\r\n' },
      ],
      [
        'with a body in chunks that are none',
        ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', 'zz\r\n'],
        { kind: 'answered', status: 200 },
      ],
    ])('is classified by it: %s', async (__, parts, expected) => {
      const { outcome, clock } = await sendTo(...parts);
      expect(await outcome).toEqual(expected);
      expect(clock.pending).toBe(0);
    });

    test.each([200, 500])(
      'is classified by %i, although the connection breaks before the body ends',
      async (status) => {
        const head = `HTTP/1.1 ${status} Well\r\nContent-Length: 100\r\n\r\n`;
        const { outcome, sockets, clock } = await answeredHalf(head);
        sockets[0]?.resetAndDestroy();
        expect(await outcome).toEqual({ kind: 'answered', status });
        expect(clock.pending).toBe(0);
      },
    );

    test('as HTTP/1.0 is classified by what was received until the connection ended', async () => {
      const { url } = await rawServer(({ socket }) => void socket.end('HTTP/1.0 200 OK\r\n\r\nok'));
      expect(await senderOf(create).send(url)).toEqual(taken);
    });

    test('keeps 4 KB of the body for the record', async () => {
      const body = '\u00e9'.repeat(3000);
      const { outcome } = await sendTo('HTTP/1.1 500 No\r\nContent-Length: 6000\r\n\r\n', body);
      expect(await outcome).toEqual({ kind: 'answered', status: 500, body: '\u00e9'.repeat(2048) });
    });

    test('reads Retry-After, although the body does not end', async () => {
      const { outcome, clock } = await answeredHalf('HTTP/1.1 503 No\r\nRetry-After: 7\r\n\r\n');
      await clock.advance(bodyPatienceMs);
      expect(await outcome).toMatchObject({ kind: 'answered', status: 503, retryAfterMs: 7000 });
    });
  });

  describe('whose response does not end', () => {
    test('waits a little for the body, then counts by the status line', async () => {
      const { outcome, clock } = await answeredHalf();
      let isOver = false;
      void outcome.then(() => (isOver = true));
      await clock.advance(bodyPatienceMs - 1);
      expect(isOver).toBe(false);
      await clock.advance(1);
      expect(await outcome).toEqual(halfTaken);
    });

    test('ends with its time at the latest, and counts by the status line then, too', async () => {
      const own = senderOf(create);
      let answer: (() => void) | undefined;
      const requested = new Promise<void>((resolve) => {
        void rawServer(({ socket }) => {
          answer = () => void socket.write(halfOk);
          resolve();
        }).then(({ url }) => void (outcome = own.send(url)));
      });
      let outcome: Promise<unknown> | undefined;
      await requested;
      await own.clock.advance(3900);
      const waits = timerSet(own.clock, 100);
      answer?.();
      await waits;
      await own.clock.advance(100);
      expect(await outcome).toEqual(halfTaken);
    });

    test('lets the endpoint finish it, and closes the connection only much later', async () => {
      const { outcome, clock, sockets } = await answeredHalf();
      await clock.advance(bodyPatienceMs);
      await outcome;
      await clock.advance(longestBodyMs - 1);
      await nextTurn();
      expect(sockets[0]?.destroyed).toBe(false);
      const closed = sockets[0] && closing(sockets[0]);
      await clock.advance(1);
      await closed;
      expect(clock.pending).toBe(0);
    });

    test('has the connection to itself until it does', async () => {
      const { outcome, clock, sockets } = await answeredHalf();
      await clock.advance(bodyPatienceMs);
      await outcome;
      const [socket] = sockets;
      const closed = socket && closing(socket);
      // A persistent connection is free after this, one for a single request ends.
      socket?.end('x'.repeat(96));
      await closed;
      expect(clock.pending).toBe(0);
    });

    test('is not read beyond a bound, at which the connection is closed as well', async () => {
      const pour = (socket: { destroyed: boolean; write(part: string): boolean }): void => {
        while (!socket.destroyed && socket.write('x'.repeat(10_000)));
      };
      let closed: Promise<unknown> | undefined;
      const { url } = await rawServer(({ socket }) => {
        closed = closing(socket);
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        socket.on('drain', () => pour(socket));
        pour(socket);
      });
      const { send } = senderOf(create);
      expect(await send(url)).toEqual({ kind: 'answered', status: 200, body: 'x'.repeat(4096) });
      await closed;
    });

    test('is one of a hundred at most: the oldest is closed for another one', async () => {
      const own = senderOf(create);
      const { url, sockets } = await rawServer(({ socket }) => void socket.write(halfOk));
      const one = async (): Promise<void> => {
        const waits = timerSet(own.clock, bodyPatienceMs);
        const outcome = own.send(url);
        await waits;
        await own.clock.advance(bodyPatienceMs);
        expect(await outcome).toEqual(halfTaken);
      };
      for (let count = 0; count < 100; count += 1) await one();
      expect(sockets.filter(({ destroyed }) => destroyed)).toEqual([]);
      const closed = sockets[0] && closing(sockets[0]);
      await one();
      await closed;
      expect(sockets.filter(({ destroyed }) => destroyed)).toHaveLength(1);
    });

    test('ends with its sender', async () => {
      const { outcome, clock, sockets, sender } = await answeredHalf();
      await clock.advance(bodyPatienceMs);
      await outcome;
      const closed = sockets[0] && closing(sockets[0]);
      await sender.close();
      await closed;
      await nextTurn();
      expect(clock.pending).toBe(0);
    });
  });
});
