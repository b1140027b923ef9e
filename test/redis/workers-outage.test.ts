import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { app, quick } from '../support/e2e/config.ts';
import { callApi } from '../support/e2e/http.ts';
import { startServer, type Server } from '../support/e2e/server.ts';
import type { Socket } from '../support/e2e/socket.ts';
import { startRedis, type RedisServer } from '../support/redis/server.ts';
import { connectCrowd, connectionsOfWorkers } from '../support/workers/crowd.ts';

const token = 'a-token-that-is-long-enough';

let redis: RedisServer;
let server: Server;
beforeAll(async () => {
  redis = await startRedis();
  server = await startServer({
    apps: [app],
    webhooks: quick,
    redis: { url: redis.url, leaseMs: 3000 },
    workers: 2,
    dashboard: { token },
  });
});
afterAll(async () => {
  redis.thaw();
  await server.kill();
  await redis.stop();
});

/** Opens connections on both threads, all of them on this channel. */
async function gather(channel: string): Promise<readonly [Socket, ...Socket[]]> {
  const sockets = await connectCrowd(server);
  onTestFinished(() => sockets.forEach((socket) => socket.destroy()));
  for (const socket of sockets) await socket.subscribe(channel);
  const counts = await connectionsOfWorkers(server);
  expect(Math.min(...counts)).toBeGreaterThan(0);
  return sockets as [Socket, ...Socket[]];
}

/** Freezes Redis, does `work` once all threads have noticed, and waits until all of them have Redis again. */
async function whileRedisIsAway(work: () => Promise<void>): Promise<void> {
  const status = async (): Promise<unknown> =>
    ((await (await fetch(`${server.url}/healthz`)).json()) as { status: unknown }).status;
  redis.freeze();
  try {
    await expect.poll(status).toBe('degraded');
    await work();
  } finally {
    redis.thaw();
  }
  await expect.poll(status).toBe('ready');
}

async function publish(channel: string, name: string): Promise<void> {
  const body = JSON.stringify({ name, channel, data: 'x' });
  expect((await callApi(server, { path: `/apps/${app.id}/events`, body })).status).toBe(200);
}

async function publishInDashboard(channel: string, name: string): Promise<void> {
  const response = await fetch(`${server.url}/admin/apps/${app.id}/publish`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ events: [{ name, channels: [channel], data: 'x' }] }),
  });
  expect(response.ok, await response.text()).toBe(true);
}

/** What was published on the channel, in the order in which the socket received it. */
function heardBy({ frames }: Socket, channel: string): string[] {
  return frames.items
    .filter((frame) => frame.channel === channel && !/^pusher(_internal)?:/.test(frame.event))
    .map(({ event }) => event);
}

test('events that are published one after the other reach the clients of all threads once and in that order, also while Redis is away', async () => {
  const sockets = await gather('private-news');
  const [speaker, ...listeners] = sockets;
  const names: string[] = [];
  const publishAll = async (phase: string): Promise<void> => {
    for (let index = 0; index < 20; index += 1) {
      names.push(`${phase}-${index}`);
      await publish('private-news', `${phase}-${index}`);
    }
    names.push(`${phase}-dashboard`);
    await publishInDashboard('private-news', `${phase}-dashboard`);
  };
  await publishAll('before');
  await whileRedisIsAway(async () => {
    await publishAll('meanwhile');
    names.push('client-meanwhile');
    speaker.send({ event: 'client-meanwhile', channel: 'private-news', data: '1' });
    for (const socket of listeners) {
      await expect.poll(() => heardBy(socket, 'private-news')).toEqual(names);
    }
  });
  await publishAll('after');
  for (const socket of listeners) {
    await expect.poll(() => heardBy(socket, 'private-news')).toEqual(names);
  }
  expect(heardBy(speaker, 'private-news')).toEqual(names.filter((name) => name !== 'client-meanwhile'));
}, 60_000);

test('a user is disconnected from all threads while Redis is away', async () => {
  const sockets = await gather('news');
  for (const socket of sockets) {
    socket.requestSignIn(JSON.stringify({ id: 'anna' }));
    await socket.frames.first(({ event }) => event === 'pusher:signin_success');
  }
  await whileRedisIsAway(async () => {
    const path = `/apps/${app.id}/users/anna/terminate_connections`;
    expect((await callApi(server, { path, body: '{}' })).status).toBe(503);
    for (const socket of sockets) expect((await socket.closed).code).toBe(4009);
  });
}, 60_000);
