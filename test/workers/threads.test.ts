import { expect, onTestFinished, test } from 'vitest';
import { app, quick } from '../support/e2e/config.ts';
import { callApi } from '../support/e2e/http.ts';
import { runWithConfig, startServer, type Server } from '../support/e2e/server.ts';
import { Socket } from '../support/e2e/socket.ts';
import {
  connectMany,
  connectionsOfWorkers,
  manyConnections as many,
} from '../support/workers/connections.ts';
import { freePort } from '../support/redis/ports.ts';
import { createThreadFault } from '../support/workers/failing-thread.ts';

async function subscribe(server: Server, channel: string, count = many): Promise<Socket[]> {
  const sockets = await connectMany(server, app, count);
  for (const socket of sockets) await socket.subscribe(channel);
  return sockets;
}

test('messages that are published one after the other reach the clients of all workers, each once and in that order', async () => {
  await using server = await startServer();
  const sockets = await subscribe(server, 'news');
  const counts = await connectionsOfWorkers(server);
  expect(counts).toHaveLength(2);
  expect(Math.min(...counts)).toBeGreaterThan(0);
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(many);
  const names = Array.from({ length: 40 }, (_, index) => `event-${index}`);
  for (const name of names) {
    const answer = await callApi(server, {
      path: `/apps/${app.id}/events`,
      body: JSON.stringify({ name, channel: 'news', data: 'x' }),
    });
    expect(answer.status).toBe(200);
  }
  for (const socket of sockets) {
    const frames = await Promise.all(names.map(() => socket.nextFrame()));
    expect(frames.map(({ event }) => event)).toEqual(names);
  }
});

test('backends receive answers about all workers', async () => {
  await using server = await startServer();
  const sockets = await subscribe(server, 'presence-room', 0);
  expect(sockets).toEqual([]);
  await subscribe(server, 'news');
  const path = `/apps/${app.id}/channels/news`;
  const answer = await callApi(server, { path, params: { info: 'subscription_count' } });
  expect(JSON.parse(answer.text)).toEqual({ occupied: true, subscription_count: many });
});

// Each checked the port before the other listened, both listened, and each client reached one of the two by chance.
test('of two programs that are started on one port at the same time, one serves and one exits with the reason', async () => {
  const port = await freePort();
  const args = ['--port', String(port)];
  const starts = await Promise.allSettled([1, 2].map(() => startServer({ apps: [app] }, { args })));
  for (const start of starts) if (start.status === 'fulfilled') onTestFinished(() => start.value.kill());
  const refusals = starts.flatMap((start) => (start.status === 'rejected' ? [String(start.reason)] : []));
  expect(refusals).toEqual([expect.stringContaining(`cannot listen on 127.0.0.1:${port}`)]);
});

test('limits apply to the whole server', async () => {
  await using server = await startServer({
    apps: [{ ...app, limits: { connections: 8, channels: 3 } }],
  });
  const sockets = Array.from({ length: 12 }, () => new Socket(server));
  const first = await Promise.all(sockets.map((socket) => socket.nextFrame()));
  const established = first.filter(({ event }) => event === 'pusher:connection_established');
  expect(established).toHaveLength(8);
  const admitted = sockets.filter((_, index) => first[index]?.event === 'pusher:connection_established');
  const answers: string[] = [];
  for (const [index, socket] of admitted.entries()) {
    socket.requestSubscription(`room-${index}`);
    answers.push((await socket.nextFrame()).event);
  }
  expect(answers.filter((event) => event === 'pusher_internal:subscription_succeeded')).toHaveLength(3);
  expect(answers.filter((event) => event === 'pusher:subscription_error')).toHaveLength(5);
});

test('connections of one address are counted over all workers', async () => {
  await using server = await startServer({ apps: [app], maxConnectionsPerAddress: 5 });
  const sockets = Array.from({ length: 9 }, () => new Socket(server));
  const first = await Promise.all(sockets.map((socket) => socket.nextFrame()));
  expect(first.filter(({ event }) => event === 'pusher:connection_established')).toHaveLength(5);
});

test('any worker serves a stream of the admin API', async () => {
  const token = 'a-token-that-is-long-enough';
  await using server = await startServer({ apps: [app], dashboard: { token } });
  const ending = new AbortController();
  const response = await fetch(`${server.url}/admin/stream`, {
    headers: { authorization: `Bearer ${token}` },
    signal: ending.signal,
  });
  expect(response.status).toBe(200);
  await subscribe(server, 'seen-by-all', 2);
  const decoder = new TextDecoder();
  let text = '';
  for await (const piece of response.body ?? []) {
    text += decoder.decode(piece, { stream: true });
    if (text.includes('seen-by-all')) break;
  }
  ending.abort();
  expect(text).toContain('seen-by-all');
});

test('a failing thread ends the process with 1 and one clear log entry', async () => {
  const fault = await createThreadFault();
  const server = await startServer({ apps: [app], webhooks: quick }, { env: fault.env });
  await fault.happen();
  const { code, stderr } = await server.exit;
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /^ERR_WORKER: worker thread [12] has failed, so the server exits: Error: made by the test/,
  );
});

test.each([
  ['workers', { workers: 0 }, 'expected a whole number from 1 to 31, or "auto"'],
  ['workers', { workers: 'all' }, 'expected a whole number from 1 to 31, or "auto"'],
  ['control', { workers: 2, control: true }, 'cannot be used with control'],
])('an impossible setting is rejected with the reason (%s)', async (_, config, words) => {
  const { code, stderr } = await runWithConfig(config);
  expect(code).toBe(2);
  expect(stderr).toContain(words);
});
