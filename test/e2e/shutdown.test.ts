import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { Client } from 'undici';
import { app, quick } from '../support/e2e/config.ts';
import { startReceiver } from '../support/e2e/receiver.ts';
import { startServer } from '../support/e2e/server.ts';
import { connectSocket } from '../support/e2e/socket.ts';
import { replay } from '../support/webhook-state.ts';

const goodbye = { message: 'Server closed. Please reconnect shortly.', code: 4200 };

test.each(['SIGTERM', 'SIGINT'] as const)(
  '%s asks each client to reconnect and exits with 0',
  async (signal) => {
    const server = await startServer({ apps: [app] });
    const sockets = [await connectSocket(server), await connectSocket(server)];
    server.signal(signal);
    for (const socket of sockets) {
      await socket.expectFrame({ event: 'pusher:error', data: goodbye });
      expect(await socket.closed).toEqual({ code: 4200, reason: goodbye.message });
    }
    expect((await server.exit).code).toBe(0);
  },
);

test('a Ctrl-C that arrives twice, from the terminal and from npm, still shuts down gracefully', async () => {
  await using hooks = await startReceiver();
  const server = await startServer({ apps: [{ ...app, webhooks: [{ url: hooks.url }] }] });
  const anna = await connectSocket(server);
  await anna.subscribe('presence-room', { user_id: 'anna' });
  server.signal('SIGINT');
  server.signal('SIGINT');
  expect((await server.exit).code).toBe(0);
  expect(replay(hooks.events.items)).toEqual({ occupied: [], members: [], contradictions: [] });
});

test('clients that do not read and requests that are never finished do not delay the shutdown', async () => {
  const server = await startServer({ apps: [app], shutdownTimeoutMs: 1000 });
  const deaf = await connectSocket(server);
  await deaf.subscribe('news');
  deaf.pause();
  const unfinished = connect(server.port, '127.0.0.1');
  unfinished.on('error', () => {});
  unfinished.write('POST /apps/1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{"name":');
  const idle = connect(server.port, '127.0.0.1');
  idle.on('error', () => {});
  await new Promise((resolve) => idle.once('connect', resolve));
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  server.signal('SIGTERM');
  expect((await server.exit).code).toBe(0);
  unfinished.destroy();
  idle.destroy();
});

test('everybody still present is reported as gone before the program exits', async () => {
  await using hooks = await startReceiver();
  // With the default grace period of 3 s. The shutdown does not wait for it.
  const server = await startServer({ apps: [{ ...app, webhooks: [{ url: hooks.url }] }] });
  const anna = await connectSocket(server);
  const bert = await connectSocket(server);
  await anna.subscribe('presence-room', { user_id: 'anna' });
  await anna.subscribe('news');
  await bert.subscribe('presence-room', { user_id: 'bert' });
  await bert.subscribe('presence-hall', { user_id: 'bert' });
  await bert.subscribe('cache-rates');
  server.signal('SIGTERM');
  expect((await server.exit).code).toBe(0);

  expect(replay(hooks.events.items)).toEqual({ occupied: [], members: [], contradictions: [] });
  const removed = hooks.events.items.filter(({ name }) => name === 'member_removed');
  expect(removed.map(({ channel, user_id }) => `${channel} ${user_id}`).toSorted()).toEqual([
    'presence-hall bert',
    'presence-room anna',
    'presence-room bert',
  ]);
  const vacated = hooks.events.items.filter(({ name }) => name === 'channel_vacated');
  expect(vacated.map(({ channel }) => channel).toSorted()).toEqual([
    'cache-rates',
    'news',
    'presence-hall',
    'presence-room',
  ]);
});

test('a user who left shortly before the shutdown is reported as gone once', async () => {
  await using hooks = await startReceiver();
  const server = await startServer({ apps: [{ ...app, webhooks: [{ url: hooks.url }] }] });
  const anna = await connectSocket(server);
  await anna.subscribe('presence-room', { user_id: 'anna' });
  await hooks.eventsOf('presence-room', 2);
  anna.unsubscribe('presence-room');
  await anna.framesBeforePong();
  server.signal('SIGTERM');
  expect((await server.exit).code).toBe(0);
  expect(hooks.events.items.map(({ name }) => name)).toEqual([
    'channel_occupied',
    'member_added',
    'member_removed',
    'channel_vacated',
  ]);
});

test('a failing endpoint still receives its events during the shutdown', async () => {
  await using hooks = await startReceiver({ answer: (index) => (index < 2 ? 503 : 200) });
  const webhooks = [{ url: hooks.url }];
  const server = await startServer({ apps: [{ ...app, webhooks }], webhooks: quick });
  const anna = await connectSocket(server);
  await anna.subscribe('news');
  server.signal('SIGTERM');
  expect((await server.exit).code).toBe(0);
  expect(hooks.events.items.map(({ name }) => name)).toEqual(['channel_occupied', 'channel_vacated']);
});

test('/healthz answers 503 while webhooks are still being delivered', async () => {
  let release: (status: number) => void = () => {};
  const held = new Promise<number>((resolve) => (release = resolve));
  await using hooks = await startReceiver({ answer: () => held });
  const webhooks = [{ url: hooks.url }];
  const server = await startServer({ apps: [{ ...app, webhooks }], shutdownTimeoutMs: 10_000 });
  // A connection that is already open, because no new ones are accepted during the shutdown.
  const monitor = new Client(server.url, { keepAliveTimeout: 60_000 });
  const health = async () => {
    const { statusCode, body } = await monitor.request({ path: '/healthz', method: 'GET' });
    await body.dump();
    return statusCode;
  };
  expect(await health()).toBe(200);
  const anna = await connectSocket(server);
  await anna.subscribe('news');
  server.signal('SIGTERM');
  await anna.closed;
  expect(await health()).toBe(503);
  await expect(fetch(`${server.url}/livez`)).rejects.toThrow();
  release(200);
  expect((await server.exit).code).toBe(0);
  await monitor.destroy();
});

test('an endpoint that never answers delays the exit by at most shutdownTimeoutMs', async () => {
  await using hooks = await startReceiver({ answer: () => 'hang' });
  const webhooks = [{ url: hooks.url }];
  const server = await startServer({ apps: [{ ...app, webhooks }], shutdownTimeoutMs: 1000 });
  const anna = await connectSocket(server);
  await anna.subscribe('news');
  server.signal('SIGTERM');
  expect((await server.exit).code).toBe(0);
});

test('a second signal exits immediately with 0, and pending deliveries are logged', async () => {
  await using hooks = await startReceiver({ answer: () => 'hang' });
  const webhooks = [{ url: hooks.url }];
  const server = await startServer({ apps: [{ ...app, webhooks }], shutdownTimeoutMs: 600_000 });
  const anna = await connectSocket(server);
  await anna.subscribe('news');
  server.signal('SIGTERM');
  await anna.closed;
  // Signals of the first second count as the same key press.
  const pressing = setInterval(() => server.signal('SIGINT'), 50);
  const { code, stdout } = await server.exit.finally(() => clearInterval(pressing));
  expect(code).toBe(0);
  expect(stdout).toContain('"msg":"closed immediately after a second signal"');
  for (const name of ['channel_occupied', 'channel_vacated']) {
    expect(stdout).toMatch(new RegExp(`"reason":"shutdown".*"${name}"|"${name}".*"reason":"shutdown"`));
  }
});

test('a log without a reader does not delay the exit', async () => {
  const server = await startServer({ apps: [app] });
  server.closeLog();
  server.signal('SIGTERM');
  expect((await server.exit).code).toBe(0);
});
