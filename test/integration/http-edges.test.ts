import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { json, type OutgoingResponse } from '../../src/transport/http-message.ts';
import type { Route } from '../../src/transport/http.ts';
import { startGateway } from './support/gateway.ts';
import { dial, readAll, readUntil, requestHead as request } from './support/http.ts';
import { dialTls, pair } from './support/tls.ts';

const mebibyte = 1024 * 1024;

interface Stage {
  readonly port: number;
  /** The paths that were served, in order. */
  readonly served: string[];
  /** Lets `GET /later`, which waits for it, be answered. */
  release(): void;
  /** Resolves when everything written before has been read. */
  caughtUp(): Promise<void>;
  advance(ms: number): void;
  readonly log: Awaited<ReturnType<typeof startGateway>>['log'];
}

/** A gateway with a route that answers immediately, one that answers on command, and one with a body. */
async function startStage(given: Parameters<typeof startGateway>[0] = {}): Promise<Stage> {
  const served: string[] = [];
  let release = () => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  const note = (path: string): OutgoingResponse => {
    served.push(path);
    return json(JSON.stringify({ path }));
  };
  const routes: readonly Route[] = [
    { method: 'get', pattern: '/now/:n', handle: ({ path }) => note(path) },
    { method: 'get', pattern: '/later/:n', handle: ({ path }) => released.then(() => note(path)) },
    { method: 'post', pattern: '/body', handle: ({ path }) => note(path) },
    { method: 'get', pattern: '/probe', handle: () => json('{}') },
  ];
  const { port, clock, log } = await startGateway(given, routes);
  return {
    port,
    served,
    release,
    log,
    async caughtUp() {
      const socket = await (given.tls === undefined ? dial({ port }, '') : dialTls({ port }));
      socket.write(request('GET /probe'));
      await once(socket, 'data');
      socket.destroy();
    },
    advance: (ms) => void clock.advance(ms),
  };
}

describe('a request whose end is uncertain', () => {
  const chunked = '5\r\nhello\r\n0\r\n\r\n';
  type Case = readonly [fields: readonly string[], body: string, reason: string];
  const twoHosts: Case = [['Host: elsewhere'], '', 'expected one Host header, got 2'];
  const cases: readonly Case[] = [
    [['Transfer-Encoding: xchunked'], chunked, "expected no Transfer-Encoding but 'chunked', got 'xchunked'"],
    [
      ['Transfer-Encoding: gzip, chunked'],
      chunked,
      "expected no Transfer-Encoding but 'chunked', got 'gzip, chunked'",
    ],
    [
      ['Transfer-Encoding: chunked', 'Transfer-Encoding: identity'],
      chunked,
      'expected one Transfer-Encoding header, got 2',
    ],
    [['Transfer-Encoding:'], '', "expected no Transfer-Encoding but 'chunked', got ''"],
    [
      ['Transfer-Encoding:', 'Content-Length: 5'],
      'hello',
      'expected either Transfer-Encoding or Content-Length, got both',
    ],
    [
      ['Transfer-Encoding:', 'Transfer-Encoding: chunked', 'Content-Length: 15'],
      chunked,
      'expected either Transfer-Encoding or Content-Length, got both',
    ],
    [['Content-Length: 5', 'Content-Length: 7'], 'hello', 'expected one Content-Length header, got 2'],
    [['Content-Length: 5', 'Content-Length: 5'], 'hello', 'expected one Content-Length header, got 2'],
    [['Content-Length:', 'Content-Length: 5'], '', 'expected one Content-Length header, got 2'],
    [['Content-Length:'], '', 'expected a number as Content-Length, got nothing'],
  ];

  test.each(cases)('is refused with 400, and its connection closed: %j', async (fields, body, reason) => {
    const stage = await startStage();
    const socket = await dial(stage, request('POST /body', ...fields) + body);
    const answer = await readAll(socket);
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(answer).toContain('\r\nConnection: close\r\n');
    expect(answer.split('\r\n\r\n')[1]).toBe(`Invalid request: ${reason}`);
    expect(stage.served).toEqual([]);
    expect(stage.log.of('request refused')).toContainEqual(
      expect.objectContaining({
        status: 400,
        remoteAddress: '127.0.0.1',
        error: `Invalid request: ${reason}`,
      }),
    );
  });

  // Binaries for Node 22 and later refuse it themselves.
  test('is refused with 400, and its connection closed, when it is for two hosts', async () => {
    const stage = await startStage();
    const answer = await readAll(await dial(stage, request('POST /body', ...twoHosts[0])));
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(answer).toContain('\r\nConnection: close\r\n');
    expect(stage.served).toEqual([]);
  });

  test.each([...cases, twoHosts])('hides no other request that is served: %j', async (fields, body) => {
    const stage = await startStage();
    for (const target of [
      'POST /body',
      'GET /now/1',
      'GET /none',
      'PUT /body',
      'OPTIONS /body',
      'GET /app/key',
    ]) {
      const hidden = request('GET /now/hidden');
      const socket = await dial(stage, request(target, ...fields) + body + hidden);
      expect(await readAll(socket)).not.toContain('HTTP/1.1 2');
    }
    expect(stage.served).toEqual([]);
  });

  test.each(['Transfer-Encoding: xchunked', 'Transfer-Encoding: chunked'])(
    'is refused by the native parser when it has a length and %s',
    async (coding) => {
      const stage = await startStage();
      const bytes =
        request('POST /body', coding, 'Content-Length: 15') + chunked + request('GET /now/hidden');
      expect(await readAll(await dial(stage, bytes))).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
      expect(stage.served).toEqual([]);
    },
  );

  test('is not a request in chunks, in whatever case that is written', async () => {
    const stage = await startStage();
    for (const coding of ['chunked', 'Chunked', 'CHUNKED ']) {
      const bytes = request('POST /body', `Transfer-Encoding: ${coding}`) + chunked;
      expect(await readUntil(await dial(stage, bytes), '/body')).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    }
  });

  test('is also refused without Host, by the native parser', async () => {
    const stage = await startStage();
    const socket = await dial(stage, 'GET /now/1 HTTP/1.1\r\nAccept: */*\r\n\r\n');
    expect(await readAll(socket)).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(stage.served).toEqual([]);
  });
});

describe('requests that do not wait for the previous response', () => {
  test('are answered in order, although the first response is slow', async () => {
    const stage = await startStage();
    const socket = await dial(stage, request('GET /later/1'));
    await stage.caughtUp();
    for (const target of ['GET /now/2', 'GET /later/3', 'GET /now/4']) socket.write(request(target));
    await stage.caughtUp();
    expect(stage.served).toEqual([]);
    stage.release();
    const answers = await readUntil(socket, '/now/4');
    expect(answers.match(/\/(now|later)\/\d/g)).toEqual(['/later/1', '/now/2', '/later/3', '/now/4']);
  });

  test('are answered in order, although each response is slow', async () => {
    const stage = await startStage();
    const socket = await dial(stage, request('GET /later/1'));
    await stage.caughtUp();
    socket.write(request('GET /later/2'));
    await stage.caughtUp();
    stage.release();
    const answers = await readUntil(socket, '/later/2');
    expect(answers.match(/\/later\/\d/g)).toEqual(['/later/1', '/later/2']);
  });

  test('are answered in order over TLS, too', async () => {
    const stage = await startStage({ tls: pair('localhost') });
    const socket = await dialTls(stage);
    socket.write(request('GET /later/1'));
    await stage.caughtUp();
    for (const target of ['GET /now/2', 'GET /now/3']) socket.write(request(target));
    await stage.caughtUp();
    expect(stage.served).toEqual([]);
    stage.release();
    const answers = await readUntil(socket, '/now/3');
    expect(answers.match(/\/(now|later)\/\d/g)).toEqual(['/later/1', '/now/2', '/now/3']);
  });

  test('cause no harm if their client disconnects meanwhile', async () => {
    const stage = await startStage();
    const sockets = await Promise.all(Array.from({ length: 20 }, () => dial(stage, request('GET /later/1'))));
    await stage.caughtUp();
    for (const [index, socket] of sockets.entries()) {
      socket.write(request('GET /now/2'));
      if (index % 2 === 0) socket.destroy();
      else socket.resetAndDestroy();
    }
    await stage.caughtUp();
    stage.release();
    await stage.caughtUp();
    expect(stage.served.filter((path) => path === '/later/1')).toHaveLength(20);
  });
});

describe('a body that is too large', () => {
  /** Sends like simple clients: all of the body, and only then reads the response. */
  async function sendAll(port: number, head: string, pieces: Iterable<string>): Promise<string> {
    const socket = connect(port, '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    const failed = once(socket, 'error').then(([error]) => String(error));
    failed.catch(() => {});
    socket.pause();
    await once(socket, 'connect');
    const sent = (async () => {
      socket.write(head);
      for (const piece of pieces) {
        if (!socket.write(piece)) await once(socket, 'drain');
      }
      return readUntil(socket, 'maximum (1048576 bytes)');
    })();
    return Promise.race([sent, failed]);
  }

  test.each([2, 5, 60])(
    'of %d MB, with its length, is read to its end by a server that has answered',
    async (mb) => {
      const stage = await startStage();
      const head = request('POST /body', `Content-Length: ${mb * mebibyte}`);
      const answer = await sendAll(
        stage.port,
        head,
        Array.from({ length: mb }, () => 'x'.repeat(mebibyte)),
      );
      expect(answer).toMatch(/^HTTP\/1\.1 413 Payload Too Large\r\n/);
    },
  );

  test.each([2, 5, 60])(
    'of %d MB is read to its end before the response if the client asks to close the connection',
    async (mb) => {
      const stage = await startStage();
      const head = request('POST /body', `Content-Length: ${mb * mebibyte}\r\nConnection: close`);
      const pieces = Array.from({ length: mb }, () => 'x'.repeat(mebibyte));
      expect(await sendAll(stage.port, head, pieces)).toMatch(/^HTTP\/1\.1 413 Payload Too Large\r\n/);
      expect(stage.log.of('request refused')).toMatchObject([{ receivedBytes: mb * mebibyte }]);
    },
  );

  test.each([2, 5, 60])('of %d MB, in chunks, is read to its end before the response', async (mb) => {
    const stage = await startStage();
    const chunk = `100000\r\n${'x'.repeat(mebibyte)}\r\n`;
    const pieces = [...Array.from({ length: mb }, () => chunk), '0\r\n\r\n'];
    const answer = await sendAll(stage.port, request('POST /body', 'Transfer-Encoding: chunked'), pieces);
    expect(answer).toMatch(/^HTTP\/1\.1 413 Payload Too Large\r\n/);
    expect(answer).toContain('\r\nConnection: close\r\n');
  });

  test('leaves the connection to the next request', async () => {
    const stage = await startStage();
    const head = request('POST /body', `Content-Length: ${2 * mebibyte}`);
    const socket = await dial(stage, head + 'x'.repeat(2 * mebibyte) + request('GET /now/2'));
    expect(await readUntil(socket, '/now/2')).toMatch(/413 Payload Too Large.*200 OK/s);
  });

  test('is not read if it declares 64 MB more than accepted: the response is immediate, and closes the connection', async () => {
    const stage = await startStage();
    const socket = await dial(stage, request('POST /body', `Content-Length: ${65 * mebibyte + 1}`));
    expect(await readAll(socket)).toMatch(/^HTTP\/1\.1 413 .*\r\nConnection: close\r\n/s);
  });

  test('in chunks is read no further than 64 MB beyond what is accepted', async () => {
    const stage = await startStage();
    const socket = await dial(stage, request('POST /body', 'Transfer-Encoding: chunked'));
    const chunk = `100000\r\n${'x'.repeat(mebibyte)}\r\n`;
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    while (socket.writable) {
      if (socket.write(chunk)) continue;
      await Promise.race([closed, new Promise<void>((resolve) => socket.once('drain', resolve))]);
    }
    await closed;
    const [line] = stage.log.of('request refused');
    expect(line?.['receivedBytes']).toBeGreaterThan(65 * mebibyte);
    expect(line?.['receivedBytes']).toBeLessThan(67 * mebibyte);
  });

  test('in chunks is read no longer than 10 s', async () => {
    const stage = await startStage();
    const socket = await dial(stage, request('POST /body', 'Transfer-Encoding: chunked'));
    const chunk = `180000\r\n${'x'.repeat(1.5 * mebibyte)}\r\n`;
    await new Promise((resolve) => socket.write(chunk, resolve));
    await stage.caughtUp();
    stage.advance(10_001);
    socket.write('1\r\nx\r\n');
    expect(await readAll(socket)).toMatch(/^HTTP\/1\.1 413 .*\r\nConnection: close\r\n/s);
  });
});
