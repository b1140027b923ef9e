import { once } from 'node:events';
import type { Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { unauthorized } from '../../src/protocol/http-error.ts';
import { json, refusal } from '../../src/transport/http-message.ts';
import type { Route } from '../../src/transport/http.ts';
import { startGateway } from './support/gateway.ts';
import { caughtUp, dial, post, readAll, readUntil, requestHead, signedTarget } from './support/http.ts';
import { startServer } from './support/server.ts';

const mebibyte = 1024 * 1024;

/** Only two such bodies are held at a time. */
const largeBytes = 32 * mebibyte;

/** A gateway that accepts bodies for /signed, and none for /unsigned. */
async function startStage() {
  const bodies: Uint8Array[] = [];
  const routes: readonly Route[] = [
    {
      method: 'post',
      pattern: '/signed',
      begin: () => (request) => {
        bodies.push(request.body);
        return json(`{"bytes":${request.body.byteLength}}`);
      },
    },
    {
      method: 'post',
      pattern: '/strange',
      readsUnauthenticated: true,
      handle: () => json('{"strange":true}'),
    },
    { method: 'post', pattern: '/unsigned', begin: () => refusal(unauthorized('Not signed')) },
    { method: 'get', pattern: '/probe', handle: () => json('{"probe":true}') },
  ];
  const stage = await startGateway({ bodyBytes: () => largeBytes }, routes);
  return {
    ...stage,
    bodies,
    caughtUp: () => caughtUp(stage),
  };
}

/** A request whose body has been sent only in part. */
function beginBody(server: { port: number }, line: string, bytes = largeBytes): Promise<Socket> {
  return dial(server, `${requestHead(line, `Content-Length: ${bytes}`)}x`);
}

describe('an unsigned request', () => {
  test.each(['/apps/1/events', '/apps/1/batch_events', '/apps/1/users/a/terminate_connections'])(
    'to %s is refused before anything of its body is sent',
    async (path) => {
      const server = await startServer();
      const socket = await dial(server, requestHead(`POST ${path}`, 'Transfer-Encoding: chunked'));
      const answer = await readUntil(socket, 'auth_key');
      expect(answer).toMatch(/^HTTP\/1\.1 401 Unauthorized\r\n/);
      expect(answer).toContain('Missing parameter: auth_key');
    },
  );

  test('is also refused immediately with a signature that is wrong or too old, or for no app', async () => {
    const server = await startServer();
    const target = signedTarget('POST', '/apps/1/events', { body: 'x' });
    for (const [changed, status] of [
      [target.replace('auth_signature=', 'auth_signature=0'), 401],
      [target.replace('/apps/1/', '/apps/2/'), 404],
      [signedTarget('POST', '/apps/1/events', { parameters: { body_md5: 'x' } }).slice(0, -1), 401],
    ] as const) {
      const socket = await dial(server, requestHead(`POST ${changed}`, 'Content-Length: 1000'));
      await once(socket, 'readable');
      expect(String(socket.read())).toContain(`HTTP/1.1 ${status} `);
    }
  });

  test('leaves its connection to the next one when it has sent the rest', async () => {
    const stage = await startStage();
    const socket = await dial(stage, requestHead('POST /unsigned', 'Content-Length: 5'));
    socket.write(`hello${requestHead('GET /probe')}`);
    expect(await readUntil(socket, '"probe"')).toMatch(/401 Unauthorized.*200 OK/s);
  });

  test('takes no memory, however many there are, and neither does the body of a GET', async () => {
    const stage = await startStage();
    for (let index = 0; index < 4; index += 1) {
      await beginBody(stage, 'POST /unsigned');
      await beginBody(stage, 'GET /probe');
    }
    await stage.caughtUp();
    const socket = await dial(stage, `${requestHead('POST /signed', `Content-Length: ${largeBytes}`)}x`);
    await stage.caughtUp();
    socket.write('x'.repeat(largeBytes - 1));
    expect(await readUntil(socket, '"bytes"')).toContain(`{"bytes":${largeBytes}}`);
  });
});

describe('a signed request', () => {
  test('whose body is not the signed one is refused once the body has arrived', async () => {
    const server = await startServer();
    const target = signedTarget('POST', '/apps/1/events', { body: 'hello' });
    const socket = await dial(server, requestHead(`POST ${target}`, 'Content-Length: 5'));
    socket.write('world');
    expect(await readUntil(socket, 'body_md5')).toMatch(/401 .*Invalid body_md5/s);
  });

  test('of which only the query is signed may have no body', async () => {
    const server = await startServer();
    const target = signedTarget('GET', '/apps/1/channels');
    const socket = await dial(server, `${requestHead(`GET ${target}`, 'Content-Length: 5')}hello`);
    expect(await readUntil(socket, 'body_md5')).toMatch(/401 .*Missing parameter: body_md5/s);
  });

  test('that arrives byte by byte is served', async () => {
    const server = await startServer();
    const body = JSON.stringify({ name: 'news', channels: ['a'], data: '{}' });
    const target = signedTarget('POST', '/apps/1/events', { body });
    const socket = await dial(server, requestHead(`POST ${target}`, 'Transfer-Encoding: chunked'));
    for (const byte of body) socket.write(`1\r\n${byte}\r\n`);
    socket.write('0\r\n\r\n');
    expect(await readUntil(socket, '{}')).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect((await post(server, '/apps/1/events', body)).status).toBe(200);
  });
});

describe('a body that arrives in pieces', () => {
  test('is in one piece of memory, at most twice as large', async () => {
    const stage = await startStage();
    const pieces = 20_000;
    const socket = await dial(stage, requestHead('POST /signed', 'Transfer-Encoding: chunked'));
    for (let piece = 0; piece < 20; piece += 1) {
      socket.write('1\r\nx\r\n'.repeat(pieces / 20));
      await stage.caughtUp();
    }
    socket.write('0\r\n\r\n');
    await readUntil(socket, '"bytes"');
    const [body] = stage.bodies;
    expect(Buffer.from(body ?? []).toString()).toBe('x'.repeat(pieces));
    expect(body?.buffer.byteLength).toBeLessThanOrEqual(2 * pieces);
  });

  test('finds no memory while others have taken all of it, until one of those is finished', async () => {
    const stage = await startStage();
    const first = await beginBody(stage, 'POST /signed');
    await beginBody(stage, 'POST /signed');
    await stage.caughtUp();
    const refused = await readUntil(await beginBody(stage, 'POST /signed', 1000), 'try again');
    expect(refused).toMatch(/^HTTP\/1\.1 503 Service Unavailable\r\n/);
    expect(refused).toContain('\r\nRetry-After: 1\r\n');
    // A body in one piece takes none of the memory.
    const small = await dial(stage, `${requestHead('POST /signed', 'Content-Length: 5')}hello`);
    expect(await readUntil(small, '"bytes"')).toContain('{"bytes":5}');
    first.destroy();
    await once(first, 'close');
    await stage.caughtUp();
    const next = await beginBody(stage, 'POST /signed', 1000);
    await stage.caughtUp();
    next.write('x'.repeat(999));
    expect(await readUntil(next, '"bytes"')).toContain('{"bytes":1000}');
  });

  test('does not wait for memory of unauthenticated requests, nor they for its', async () => {
    const stage = await startStage();
    for (let count = 0; count < 3; count += 1) await beginBody(stage, 'POST /strange');
    await stage.caughtUp();
    expect(await readUntil(await beginBody(stage, 'POST /strange', 1000), 'try again')).toContain(' 503 ');
    await beginBody(stage, 'POST /signed');
    const second = await beginBody(stage, 'POST /signed');
    await stage.caughtUp();
    second.write('x'.repeat(largeBytes - 1));
    expect(await readUntil(second, '"bytes"')).toContain('200 OK');
  });

  test('frees its memory when it has arrived, has become too large, or is late', async () => {
    const stage = await startStage();
    for (let round = 0; round < 3; round += 1) {
      const whole = await beginBody(stage, 'POST /signed');
      await stage.caughtUp();
      whole.write('x'.repeat(largeBytes - 1));
      expect(await readUntil(whole, '"bytes"')).toContain('200 OK');
      const late = await beginBody(stage, 'POST /signed');
      await stage.caughtUp();
      await stage.clock.advance(30_000);
      expect(await readAll(late)).toContain('408');
    }
    expect(stage.clock.pending).toBe(0);
  });

  test('has 30 s from its head; then the response is 408, and the connection is closed', async () => {
    const stage = await startStage();
    const socket = await beginBody(stage, 'POST /signed', 1000);
    await stage.caughtUp();
    await stage.clock.advance(29_999);
    socket.write('x');
    await stage.caughtUp();
    expect(socket.readableLength).toBe(0);
    await stage.clock.advance(1);
    const answer = await readAll(socket);
    expect(answer).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/);
    expect(answer).toContain('\r\nConnection: close\r\n');
    expect(stage.log.of('request refused')).toContainEqual(
      expect.objectContaining({ status: 408, receivedBytes: 2 }),
    );
  });
});

describe('a head', () => {
  test.each([
    ['many header fields', `GET /probe`, Array.from({ length: 40 }, (_, n) => `X-${n}: ${'y'.repeat(500)}`)],
    ['a query of 20 KB', `GET /probe?${'y'.repeat(20_000)}`, []],
    ['a header field of 20 KB for no route', `GET /nowhere`, [`X-Long: ${'y'.repeat(20_000)}`]],
  ])('that is too large is refused, and its connection closed: %s', async (_, line, fields) => {
    const stage = await startStage();
    const answer = await readAll(await dial(stage, requestHead(line, ...fields)));
    expect(answer).toMatch(/^HTTP\/1\.1 431 Request Header Fields Too Large\r\n/);
    expect(answer).toContain('exceed the allowed maximum (16384 bytes)');
  });

  // Depending on the version of Node, the native parser refuses it.
  test('that is far too large is refused, and its connection closed', async () => {
    const stage = await startStage();
    const answer = await readAll(
      await dial(stage, requestHead('GET /probe', `X-Long: ${'y'.repeat(100_000)}`)),
    );
    expect(answer).toMatch(/^HTTP\/1\.1 431 Request Header Fields Too Large\r\n/);
  });

  test('of 15 KB is read', async () => {
    const stage = await startStage();
    const socket = await dial(stage, requestHead('GET /probe', `Cookie: ${'y'.repeat(15_000)}`));
    expect(await readUntil(socket, '"probe"')).toContain('200 OK');
  });
});
