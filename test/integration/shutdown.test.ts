import { createHmac } from 'node:crypto';
import { Pool } from 'undici';
import { describe, expect, onTestFinished, test } from 'vitest';
import { FakeClock } from '../support/fake-clock.ts';
import { Client } from './support/client.ts';
import { get } from './support/http.ts';
import { Receiver } from '../support/receiver.ts';
import { app, startServer } from './support/server.ts';

const withWebhook = (url: string, rest: object = {}) => ({
  apps: [{ ...app, webhooks: [{ url }] }],
  webhooks: { batch: { maxDelayMs: 0 } },
  ...rest,
});

describe('a graceful shutdown', () => {
  test('sends every client an error, then a close with 4200', async () => {
    const server = await startServer();
    const clients = await Promise.all(Array.from({ length: 20 }, () => Client.connect(server)));
    await server.close();
    for (const client of clients) {
      expect(await client.closed).toEqual({ code: 4200, reason: 'Server closed. Please reconnect shortly.' });
      expect(client.frames.items.at(-1)).toEqual({
        event: 'pusher:error',
        data: { code: 4200, message: 'Server closed. Please reconnect shortly.' },
      });
    }
  });

  test('is not ready, accepts nobody and has disconnected the clients while the last webhooks are sent', async () => {
    const receiver = await Receiver.start(() => {});
    const server = await startServer(withWebhook(receiver.url));
    const pool = new Pool(`http://127.0.0.1:${server.port}`, { connections: 1, pipelining: 1 });
    onTestFinished(() => pool.destroy());
    expect(await get(server, '/healthz', pool)).toMatchObject({ status: 200 });
    const client = await Client.connect(server);
    await client.subscribe('news');
    const occupied = await receiver.next();

    const closed = server.close();

    expect(await client.closed).toMatchObject({ code: 4200 });
    expect(await get(server, '/healthz', pool)).toMatchObject({
      status: 503,
      body: '{"status":"draining","apps":1}',
    });
    expect(await get(server, '/livez', pool)).toMatchObject({ status: 200 });
    const late = new Client(`ws://127.0.0.1:${server.port}/app/app-key`);
    expect(await late.closed).toMatchObject({ code: 1006 });
    occupied.response.end();
    (await receiver.next()).response.end();
    await closed;
    expect(receiver.events).toEqual(['channel_occupied news', 'channel_vacated news']);
  });

  test('reports all members and channels as gone, members before channels', async () => {
    const receiver = await Receiver.start();
    const server = await startServer(withWebhook(receiver.url));
    const client = await Client.connect(server);
    await client.subscribe('news');
    const channelData = '{"user_id":"7"}';
    const signed = `${client.socketId}:presence-a:${channelData}`;
    const auth = `${app.key}:${createHmac('sha256', app.secret).update(signed).digest('hex')}`;
    await client.subscribe('presence-a', { auth, channel_data: channelData });
    await server.close();
    const of = (channel: string) => receiver.events.filter((event) => event.includes(` ${channel}`));
    expect(of('news')).toEqual(['channel_occupied news', 'channel_vacated news']);
    expect(of('presence-a')).toEqual([
      'channel_occupied presence-a',
      'member_added presence-a 7',
      'member_removed presence-a 7',
      'channel_vacated presence-a',
    ]);
  });

  test('does not wait for the grace of clients that left before', async () => {
    const receiver = await Receiver.start();
    const clock = new FakeClock();
    const server = await startServer(withWebhook(receiver.url), { clock });
    const client = await Client.connect(server);
    await client.subscribe('news');
    await receiver.next();
    await client.leave();
    await server.close();
    expect(receiver.events).toEqual(['channel_occupied news', 'channel_vacated news']);
    expect(clock.now()).toBe(0);
  });

  test('drops what an endpoint does not accept in time', async () => {
    const receiver = await Receiver.start(() => {});
    const clock = new FakeClock();
    const server = await startServer({ ...withWebhook(receiver.url), shutdownTimeoutMs: 2000 }, { clock });
    const client = await Client.connect(server);
    await client.subscribe('news');
    await receiver.next();
    let isClosed = false;
    const closed = server.close().finally(() => {
      isClosed = true;
    });
    await clock.advance(1999);
    expect(isClosed).toBe(false);
    await clock.advance(1);
    await closed;
  });

  test('happens once, even if it is requested repeatedly', async () => {
    const server = await startServer();
    await Promise.all([server.close(), server.close()]);
    await server.close();
    await expect(get(server, '/livez')).rejects.toThrow();
  });
});
