import { once } from 'node:events';
import type { Server } from '../../src/node/server.ts';
import { describe, expect, test } from 'vitest';
import { FakeClock } from '../support/fake-clock.ts';
import { Client } from './support/client.ts';
import { metric, query, trigger } from './support/http.ts';
import { startServer } from './support/server.ts';

const slowClients = 'soketify_slow_clients_closed_total';
// Room for one message in which each byte is escaped.
const given = { maxBackpressureBytes: 430_000, limits: { eventDataBytes: 70_000 } };
const frame = 'x'.repeat(65_536);

/** Publishes frames of 64 KB until the server has disconnected a client. Returns their number. */
async function flood(server: Server, channel: string): Promise<number> {
  for (let sent = 1; sent <= 1000; sent += 1) {
    await trigger(server, channel, frame);
    if (sent % 10 === 0 && (await metric(server, slowClients)) > 0) return sent;
  }
  throw new Error('no client was given up after 64 MB');
}

async function subscribers(server: Server, channel: string): Promise<unknown> {
  return query(server, `/apps/1/channels/${channel}`, { info: 'subscription_count' });
}

async function pausedClient(server: Server, channel: string): Promise<Client> {
  const client = await Client.connect(server);
  await client.subscribe(channel);
  client.ws.pause();
  return client;
}

describe('a client that does not read', () => {
  test('is unsubscribed and counted, and closed with 4100 once it reads again', async () => {
    const server = await startServer(given);
    const reader = await Client.connect(server);
    await reader.subscribe('news');
    const slow = await pausedClient(server, 'news');

    const sent = await flood(server, 'news');

    expect(await subscribers(server, 'news')).toEqual({ occupied: true, subscription_count: 1 });
    expect(await metric(server, slowClients)).toBe(1);
    expect(await metric(server, 'soketify_connections')).toBe(1);
    slow.ws.resume();
    const { code, reason } = await slow.closed;
    expect({ code, reason }).toEqual({ code: 4100, reason: expect.stringContaining('slow') as string });
    expect(slow.frames.items.at(-1)).toEqual({
      event: 'pusher:error',
      data: { code: 4100, message: reason },
    });
    expect(slow.of('news').length).toBeLessThan(sent);

    await reader.ping();
    expect(reader.of('news')).toHaveLength(sent);
    expect(await metric(server, slowClients)).toBe(1);
  });

  test('gets every frame before the first lost one, in order', async () => {
    const server = await startServer(given);
    const slow = await pausedClient(server, 'news');
    let sent = 0;
    while ((await metric(server, slowClients)) === 0) {
      await trigger(server, 'news', `${sent}:${frame}`);
      sent += 1;
    }
    slow.ws.resume();
    await slow.closed;
    const numbers = slow.of('news').map(({ data }) => Number.parseInt(data as string, 10));
    expect(numbers).toEqual(numbers.map((_, index) => index));
  });

  test('and never reads again is disconnected after ten seconds', async () => {
    const clock = new FakeClock();
    const server = await startServer(given, { livenessClock: clock });
    const slow = await pausedClient(server, 'news');
    await flood(server, 'news');
    await clock.advance(9999);
    expect(slow.ws.readyState).toBe(slow.ws.OPEN);
    await clock.advance(1);
    slow.ws.resume();
    expect(await slow.closed).toMatchObject({ code: 1006 });
    await (await Client.connect(server)).ping();
  });

  test('but disconnects just leaves', async () => {
    const clock = new FakeClock();
    const server = await startServer(given, { livenessClock: clock });
    const slow = await pausedClient(server, 'news');
    await flood(server, 'news');
    slow.ws.terminate();
    const other = await Client.connect(server);
    await clock.advance(60_000);
    await other.ping();
    expect(await metric(server, 'soketify_connections')).toBe(1);
  });

  test('cannot join a channel any more', async () => {
    const server = await startServer(given);
    const slow = await pausedClient(server, 'news');
    await flood(server, 'news');
    slow.send('pusher:subscribe', { channel: 'ghost' });
    slow.ws.ping();
    slow.ws.resume();
    await slow.closed;
    expect(await query(server, '/apps/1/channels')).toEqual({ channels: {} });
  });

  test('delays neither another channel nor the HTTP API', async () => {
    const server = await startServer(given);
    const other = await Client.connect(server);
    await other.subscribe('sport');
    await pausedClient(server, 'news');
    await flood(server, 'news');
    await trigger(server, 'sport', '"goal"');
    expect((await other.next('news', 'sport')).data).toBe('"goal"');
  });

  test('while responses to it pile up is closed with 4100', async () => {
    const limits = { messagesPerSecond: null, bytesPerSecond: null };
    const server = await startServer({ maxBackpressureBytes: 65_536, limits });
    const slow = await Client.connect(server);
    slow.ws.pause();
    const question = JSON.stringify({ event: `pusher:${'x'.repeat(190)}` });
    for (let round = 0; (await metric(server, slowClients)) === 0; round += 1) {
      expect(round).toBeLessThan(500);
      for (let count = 0; count < 1000; count += 1) slow.ws.send(question);
      slow.ws.ping();
    }
    slow.ws.resume();
    expect(await slow.closed).toMatchObject({ code: 4100 });
  });

  test('does not delay the shutdown of the server', async () => {
    const server = await startServer(given);
    const slow = await pausedClient(server, 'news');
    await flood(server, 'news');
    const closed = once(slow.ws, 'close');
    await server.close();
    slow.ws.resume();
    await closed;
  });
});
