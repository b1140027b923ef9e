import { once } from 'node:events';
import { Agent, request as requestByNode, type IncomingMessage } from 'node:http';
import { text as textOf } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { unauthorized } from '../../src/protocol/http-error.ts';
import { json, noContent, refusal } from '../../src/transport/http-message.ts';
import type { Route } from '../../src/transport/http.ts';
import { startGateway } from './support/gateway.ts';
import { caughtUp, dial, readAll, requestHead } from './support/http.ts';

/** A gateway that notes which requests it has handled. */
async function startStage() {
  const handled: string[] = [];
  const routes: readonly Route[] = [
    {
      method: 'post',
      pattern: '/echo',
      handle({ body }) {
        handled.push(Buffer.from(body).toString());
        return json(JSON.stringify({ got: Buffer.from(body).toString() }));
      },
    },
    {
      method: 'post',
      pattern: '/later',
      handle: async ({ body }) => {
        await new Promise((resolve) => setImmediate(resolve));
        return json(JSON.stringify({ later: Buffer.from(body).toString() }));
      },
    },
    { method: 'post', pattern: '/empty', handle: () => noContent({}) },
    { method: 'post', pattern: '/unsigned', begin: () => refusal(unauthorized('Not signed')) },
    {
      method: 'get',
      pattern: '/hidden',
      handle() {
        handled.push('hidden');
        return json('{"hidden":true}');
      },
    },
    { method: 'get', pattern: '/probe', handle: () => json('{"probe":true}') },
  ];
  const stage = await startGateway({}, routes);
  return {
    ...stage,
    handled,
    caughtUp: () => caughtUp(stage),
  };
}

const head = (path = '/echo', ...fields: string[]) =>
  requestHead(`POST ${path}`, 'Transfer-Encoding: chunked', ...fields);
const hello = '5\r\nhello\r\n';
const end = '0\r\n\r\n';
const hidden = requestHead('GET /hidden');

describe('a request in chunks', () => {
  test.each([
    ['in one piece', [head() + hello + end]],
    ['its body later', [head(), hello + end]],
    ['its end later', [head() + hello, end]],
    ['its body byte by byte', [head(), ...Array.from(hello + end)]],
    ['spaces behind a size', [`${head()}5  \r\nhello\r\n0 \r\n\r\n`]],
    ['leading zeros and capitals', [`${head()}005\r\nhello\r\n000\r\n\r\n`]],
  ])('is answered, and its connection closed, when it arrives with %s', async (_, pieces) => {
    const stage = await startStage();
    const socket = await dial(stage, '');
    const answered = readAll(socket);
    for (const piece of pieces) {
      socket.write(piece);
      await stage.caughtUp();
    }
    const answer = await answered;
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n.*\r\nConnection: close\r\n.*\{"got":"hello"\}$/s);
    expect(stage.handled).toEqual(['hello']);
    expect(stage.clock.pending).toBe(0);
  });

  test.each([
    ['/later', /200 OK.*\r\nConnection: close\r\n.*\{"later":"hello"\}$/s],
    ['/empty', /204 No Content.*\r\nConnection: close\r\n/s],
    ['/unsigned', /401 Unauthorized.*\r\nConnection: close\r\n.*Not signed$/s],
    ['/nowhere', /404 Not Found.*\r\nConnection: close\r\n/s],
    ['/hidden', /405 Method Not Allowed.*\r\nConnection: close\r\n/s],
  ])('to %s is answered likewise', async (path, expected) => {
    const stage = await startStage();
    expect(await readAll(await dial(stage, head(path) + hello + end))).toMatch(expected);
    expect(stage.clock.pending).toBe(0);
  });

  test.each(['GET', 'HEAD', 'OPTIONS'])(
    'is refused with the method %s, which has no use for a body',
    async (method) => {
      const stage = await startStage();
      const bytes = requestHead(`${method} /probe`, 'Transfer-Encoding: chunked') + hello;
      const answer = await readAll(await dial(stage, bytes));
      expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n.*\r\nConnection: close\r\n/s);
      const text = `Invalid request: expected no Transfer-Encoding in a ${method} request`;
      expect(answer.split('\r\n\r\n')[1]).toBe(method === 'HEAD' ? '' : text);
    },
  );

  test('that is refused by its head is answered after its body, which is discarded', async () => {
    const stage = await startStage();
    const socket = await dial(stage, head('/unsigned'));
    await stage.caughtUp();
    socket.write(hello.repeat(1000));
    await stage.clock.advance(999);
    await stage.caughtUp();
    expect(socket.readableLength).toBe(0);
    socket.write(end);
    expect(await readAll(socket)).toMatch(/^HTTP\/1\.1 401 .*Not signed$/s);
  });

  test('that is refused by its head is answered after a second if its body has not ended', async () => {
    const stage = await startStage();
    const socket = await dial(stage, head('/unsigned'));
    await stage.caughtUp();
    await stage.clock.advance(1000);
    expect(await readAll(socket)).toMatch(/^HTTP\/1\.1 401 .*\r\nConnection: close\r\n.*Not signed$/s);
  });

  test('whose client disconnects before the response leaves nothing behind', async () => {
    const stage = await startStage();
    const socket = await dial(stage, head('/unsigned'));
    await stage.caughtUp();
    expect(stage.clock.pending).toBe(1);
    socket.destroy();
    await expect.poll(() => stage.clock.pending).toBe(0);
  });
});

describe('what follows a body in chunks', () => {
  const trailer = 'X-Checksum: 1\r\n\r\n';
  // The native parser skips two bytes and would take the rest for a request.
  const disguised = 'XXGET: /hidden HTTP/1.1\r\nHost: localhost\r\n\r\n';
  const following: readonly [what: string, bytes: string][] = [
    ['another request', `\r\n${hidden}`],
    ['trailer fields', trailer],
    ['trailer fields in the form of a request', disguised],
    ['no line end, but another request', `XX${hidden}`],
  ];

  test.each(following)('is not served if it arrives at once: %s', async (_, bytes) => {
    const stage = await startStage();
    for (const path of ['/echo', '/unsigned', '/nowhere']) {
      const socket = await dial(stage, `${head(path)}${hello}0\r\n${bytes}`);
      expect(await readAll(socket)).not.toMatch(/HTTP\/1\.1 [24]/);
    }
    // The request itself is not handled either, because its client does not get an answer.
    expect(stage.handled).toEqual([]);
    expect(stage.log.of('request refused')).toContainEqual(
      expect.objectContaining({
        route: '/echo',
        status: 400,
        receivedBytes: 5,
        error: expect.stringContaining('trailer fields or another request followed') as string,
      }),
    );
    expect(stage.clock.pending).toBe(0);
  });

  test.each(following)('is not served if it arrives later: %s', async (_, bytes) => {
    const stage = await startStage();
    const socket = await dial(stage, `${head()}${hello}0\r\n`);
    const answers = readAll(socket);
    await stage.caughtUp();
    socket.write(bytes);
    expect((await answers).match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200']);
    expect(stage.handled).toEqual(['hello']);
  });

  test('is not served behind a chunk extension, which the native parser takes for digits of the size', async () => {
    const stage = await startStage();
    for (const body of ['5;a=b\r\nhello\r\n0\r\n\r\n', `${hello}0;a\r\n\r\n`, '0;\r\n\r\n']) {
      const socket = await dial(stage, `${head()}${body}`);
      await stage.caughtUp();
      socket.write(hidden + hidden);
      await stage.caughtUp();
      await stage.clock.advance(7000);
      expect(await readAll(socket)).not.toContain('"hidden"');
    }
    expect(stage.handled).not.toContain('hidden');
  });
});

describe('the end of a body in chunks', () => {
  test('is awaited for 7 s after each piece; then the response is 408, and the connection is closed', async () => {
    const stage = await startStage();
    const socket = await dial(stage, `${head()}5;a=b\r\nhello\r\n0\r\n\r\n`);
    await stage.caughtUp();
    await stage.clock.advance(6000);
    socket.write('x');
    await stage.caughtUp();
    await stage.clock.advance(6999);
    await stage.caughtUp();
    expect(socket.readableLength).toBe(0);
    await stage.clock.advance(1);
    expect(await readAll(socket)).toMatch(
      /^HTTP\/1\.1 408 Request Timeout\r\n.*\r\nConnection: close\r\n.*paused for 7 s before its end\. Chunk extensions are not supported$/s,
    );
    expect(stage.clock.pending).toBe(0);
  });

  test('must arrive 30 s after the head, however many pieces arrive', async () => {
    const stage = await startStage();
    const socket = await dial(stage, head() + hello);
    for (let elapsed = 0; elapsed < 30_000; elapsed += 5000) {
      await stage.caughtUp();
      socket.write(hello);
      await stage.caughtUp();
      await stage.clock.advance(5000);
    }
    expect(await readAll(socket)).toMatch(/^HTTP\/1\.1 408 .*had not arrived 30 s after the head$/s);
  });

  test.each(['z\r\n', '-1\r\n', 'fffffffffffffffff\r\n'])(
    'is refused by the native parser at the size %j',
    async (size) => {
      const stage = await startStage();
      const answer = await readAll(await dial(stage, head() + size));
      expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\nConnection: close\r\n/);
      expect(stage.handled).toEqual([]);
    },
  );
});

describe('clients that send chunks', () => {
  const words = ['one ', 'two ', 'three'];

  test('with fetch and a stream are served one request after the other, and at the same time', async () => {
    const stage = await startStage();
    const send = async () => {
      const body = new Blob(words).stream();
      const init = { method: 'POST', body, duplex: 'half' } as RequestInit;
      const response = await fetch(`http://127.0.0.1:${stage.port}/echo`, init);
      return response.json();
    };
    for (let count = 0; count < 5; count += 1) expect(await send()).toEqual({ got: words.join('') });
    expect(await Promise.all([send(), send(), send()])).toEqual(
      Array.from({ length: 3 }, () => ({ got: words.join('') })),
    );
  });

  test.each(['/echo', '/later', '/unsigned'])(
    'with a kept connection of Node get an answer from %s each time',
    async (path) => {
      const stage = await startStage();
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      const send = async () => {
        const request = requestByNode({ port: stage.port, host: '127.0.0.1', method: 'POST', path, agent });
        for (const word of words) {
          request.write(word);
          await stage.caughtUp();
        }
        request.end();
        const [response] = (await once(request, 'response')) as [IncomingMessage];
        return [response.statusCode, await textOf(response)];
      };
      for (let count = 0; count < 3; count += 1) {
        expect((await send())[0]).toBe(path === '/unsigned' ? 401 : 200);
      }
      agent.destroy();
    },
  );
});
