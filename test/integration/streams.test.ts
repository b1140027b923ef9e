import { once } from 'node:events';
import { request } from 'undici';
import { describe, expect, test } from 'vitest';
import type { Sink } from '../../src/transport/http-message.ts';
import type { Route } from '../../src/transport/http.ts';
import type { MaybePromise } from '../../src/ports/maybe-promise.ts';
import { startGateway } from './support/gateway.ts';
import { dial, readAll, readUntil, requestHead } from './support/http.ts';

const megabyte = 1024 * 1024;

/** A route that streams, and what happens to its stream. */
class Stage {
  readonly sinks: Sink[] = [];
  over = 0;
  readonly routes: readonly Route[];

  constructor(contentType = 'text/event-stream', wait: () => MaybePromise<void> = () => {}) {
    const answer = {
      status: 200 as const,
      contentType,
      headers: { 'X-Accel-Buffering': 'no' },
      stream: (sink: Sink) => {
        this.sinks.push(sink);
        return () => void (this.over += 1);
      },
    };
    this.routes = [
      {
        method: 'get',
        pattern: '/stream',
        handle: () => {
          const waiting = wait();
          return waiting instanceof Promise ? waiting.then(() => answer) : answer;
        },
      },
    ];
  }

  get sink(): Sink {
    const [sink] = this.sinks;
    if (sink === undefined) throw new Error('no stream was opened');
    return sink;
  }
}

const streamRequest = requestHead('GET /stream');

describe('a stream', () => {
  test('sends its head immediately, and each text as it is written', async () => {
    const stage = new Stage();
    const server = await startGateway({}, stage.routes);
    const { statusCode, headers, body } = await request(`http://127.0.0.1:${server.port}/stream`);
    expect(statusCode).toBe(200);
    expect(headers).toMatchObject({ 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' });
    expect(stage.sink.write('data: é\n\n')).toBe(true);
    stage.sink.end();
    expect(await body.text()).toBe(':\n\ndata: é\n\n');
    expect(stage.over).toBe(1);
    expect(stage.sink.write('data: too late\n\n')).toBe(false);
    stage.sink.end();
  });

  test('may begin in a later turn', async () => {
    const stage = new Stage('text/plain', () => Promise.resolve());
    const server = await startGateway({}, stage.routes);
    const socket = await dial(server, streamRequest);
    await expect.poll(() => stage.sinks.length).toBe(1);
    stage.sink.write('late');
    expect(await readUntil(socket, 'late')).toContain('HTTP/1.1 200 OK');
    socket.destroy();
    await expect.poll(() => stage.over).toBe(1);
  });

  test('ends once when its client disconnects', async () => {
    const stage = new Stage();
    const server = await startGateway({}, stage.routes);
    const socket = await dial(server, streamRequest);
    await readUntil(socket, ':\n\n');
    socket.destroy();
    await expect.poll(() => stage.over).toBe(1);
    expect(stage.sink.write('data: nobody\n\n')).toBe(false);
    server.gateway.close();
    expect(stage.over).toBe(1);
  });

  test('is complete, and ends once, when the server closes', async () => {
    const stage = new Stage();
    const server = await startGateway({}, stage.routes);
    const { body } = await request(`http://127.0.0.1:${server.port}/stream`);
    stage.sink.write('data: last\n\n');
    server.gateway.close();
    expect(await body.text()).toBe(':\n\ndata: last\n\n');
    expect(stage.over).toBe(1);
  });

  test('is not opened for HEAD', async () => {
    const stage = new Stage();
    const server = await startGateway({}, stage.routes);
    const url = `http://127.0.0.1:${server.port}/stream`;
    const { statusCode, headers, body } = await request(url, { method: 'HEAD' });
    await body.dump();
    expect({ statusCode, type: headers['content-type'] }).toEqual({
      statusCode: 200,
      type: 'text/event-stream',
    });
    expect(stage.sinks).toEqual([]);
  });

  test('counts as one request', async () => {
    const stage = new Stage();
    const answered: unknown[] = [];
    const server = await startGateway(
      { answered: (route, status) => answered.push([route, status]) },
      stage.routes,
    );
    const socket = await dial(server, streamRequest);
    await readUntil(socket, ':\n\n');
    stage.sink.write('data: 1\n\n');
    stage.sink.end();
    expect(answered).toEqual([['/stream', 200]]);
  });

  test('that fails at its start is logged and ended', async () => {
    const failing: Route = {
      method: 'get',
      pattern: '/stream',
      handle: () => ({
        status: 200,
        contentType: 'text/event-stream',
        stream() {
          throw new Error('no rows');
        },
      }),
    };
    const server = await startGateway({}, [failing]);
    const { body } = await request(`http://127.0.0.1:${server.port}/stream`);
    expect(await body.text()).toBe(':\n\n');
    expect(server.log.lines).toMatchObject([{ message: 'request failed' }]);
  });

  test('leaves its connection to the next request when it has ended', async () => {
    const stage = new Stage();
    const server = await startGateway({}, stage.routes);
    const socket = await dial(server, streamRequest);
    await expect.poll(() => stage.sinks.length).toBe(1);
    stage.sink.end();
    socket.write(requestHead('GET /nothing', 'Connection: close'));
    expect(await readAll(socket)).toMatch(/^HTTP\/1\.1 200 OK[^]*HTTP\/1\.1 404 Not Found/);
  });
});

describe('a stream whose client does not read', () => {
  test('accepts nothing more until the client has caught up, and loses nothing that it accepted', async () => {
    const stage = new Stage('text/plain');
    const server = await startGateway({}, stage.routes);
    const socket = await dial(server, streamRequest);
    socket.pause();
    await expect.poll(() => stage.sinks.length).toBe(1);
    let drained = 0;
    stage.sink.onDrained(() => void (drained += 1));
    const text = '#'.repeat(megabyte);
    let taken = 1;
    while (stage.sink.write(text) && taken < 100) taken += 1;
    expect(taken).toBeLessThan(100);
    expect(stage.sink.write('dropped')).toBe(false);
    expect(drained).toBe(0);
    let received = '';
    socket.on('data', (chunk) => (received += String(chunk)));
    socket.resume();
    await expect.poll(() => drained).toBe(1);
    expect(stage.sink.write('after')).toBe(true);
    stage.sink.end();
    await expect.poll(() => received.endsWith('0\r\n\r\n')).toBe(true);
    expect(received.split('#').length - 1).toBe(taken * megabyte);
    expect(received).toContain('after');
    expect(received).not.toContain('dropped');
  });

  test('does not make memory grow, however often somebody writes', async () => {
    const stage = new Stage('text/plain');
    const server = await startGateway({}, stage.routes);
    const socket = await dial(server, streamRequest);
    socket.pause();
    await expect.poll(() => stage.sinks.length).toBe(1);
    const text = '#'.repeat(64 * 1024);
    while (stage.sink.write(text));
    const before = process.memoryUsage().rss;
    for (let round = 0; round < 10_000; round += 1) stage.sink.write(text);
    // 640 MB were written.
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * megabyte);
  });

  test('ends by itself once the client has received what waits', async () => {
    const stage = new Stage('text/plain');
    const server = await startGateway({}, stage.routes);
    const socket = await dial(server, streamRequest);
    socket.pause();
    await expect.poll(() => stage.sinks.length).toBe(1);
    while (stage.sink.write('#'.repeat(megabyte)));
    stage.sink.end();
    expect(stage.over).toBe(0);
    socket.resume();
    await expect.poll(() => stage.over).toBe(1);
  });

  test('is closed by the shutdown of the server', async () => {
    const stage = new Stage('text/plain');
    const server = await startGateway({}, stage.routes);
    const socket = await dial(server, streamRequest);
    socket.pause();
    await expect.poll(() => stage.sinks.length).toBe(1);
    while (stage.sink.write('#'.repeat(megabyte)));
    server.gateway.close();
    expect(stage.over).toBe(1);
    socket.resume();
    await once(socket, 'close');
  });
});
