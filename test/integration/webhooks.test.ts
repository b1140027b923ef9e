import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { FakeClock } from '../support/fake-clock.ts';
import { Client } from './support/client.ts';
import { metric, post, query, trigger } from './support/http.ts';
import { Receiver, type Received } from '../support/receiver.ts';
import { app, otherApp, startServer } from './support/server.ts';

const batch = { maxDelayMs: 0 };
const isSigned = ({ headers, body }: Received, secret: string) =>
  headers['x-pusher-signature'] === createHmac('sha256', secret).update(body).digest('hex');

describe('a webhook', () => {
  test('contains what its endpoint selects, of one app, signed with the secret of that app', async () => {
    const receivers = [await Receiver.start(), await Receiver.start(), await Receiver.start()] as const;
    const [news, sport, other] = receivers;
    const server = await startServer({
      apps: [
        {
          ...app,
          webhooks: [
            { url: news.url, eventTypes: ['channel_occupied'], channels: { startsWith: 'news' } },
            { url: sport.url, eventTypes: ['channel_occupied'], channels: { endsWith: '-sport' } },
          ],
        },
        { ...otherApp, webhooks: [{ url: other.url }] },
      ],
      webhooks: { batch },
    });
    const client = await Client.connect(server);
    const otherAppClient = await Client.connect(server, '/app/other-key');
    for (const channel of ['news-1', 'a-sport', 'misc']) await client.subscribe(channel);
    await otherAppClient.subscribe('news-1');
    const received = await Promise.all(receivers.map((receiver) => receiver.next()));
    await server.close();
    expect(received.map((one, index) => isSigned(one, index === 2 ? otherApp.secret : app.secret))).toEqual([
      true,
      true,
      true,
    ]);
    expect(received.map(({ headers }) => headers['x-pusher-key'])).toEqual([
      'app-key',
      'app-key',
      'other-key',
    ]);
    expect(news.events).toEqual(['channel_occupied news-1']);
    expect(sport.events).toEqual(['channel_occupied a-sport']);
    expect(other.events).toEqual(['channel_occupied news-1', 'channel_vacated news-1']);
  });

  test('has the same bytes, id and signature on each attempt, and its own number and time', async () => {
    const clock = new FakeClock();
    let status = 500;
    const receiver = await Receiver.start(({ response }) => void response.writeHead(status).end());
    const server = await startServer({ apps: [{ ...app, webhooks: [{ url: receiver.url }] }] }, { clock });
    const client = await Client.connect(server);
    await client.subscribe('news');
    await clock.advance(250);
    const first = await receiver.next();
    status = 200;
    await expect.poll(() => clock.pending).toBeGreaterThan(0);
    await expect.poll(() => metric(server, 'soketify_webhook_attempts_total', 'refused')).toBe(1);
    await clock.advance(1100);
    const second = await receiver.next();
    expect(second.body).toBe(first.body);
    for (const name of ['x-pusher-signature', 'webhook-id', 'content-type']) {
      expect(second.headers[name]).toBe(first.headers[name]);
    }
    expect(first.headers['content-type']).toBe('application/json');
    expect([first, second].map(({ headers }) => headers['x-soketify-attempt'])).toEqual(['1', '2']);
    await expect.poll(() => metric(server, 'soketify_webhook_events_delivered_total')).toBe(1);
  });
});

describe('a dead endpoint', () => {
  test('delays neither another endpoint of its app, nor another app, nor the sockets', async () => {
    const clock = new FakeClock();
    const dead = await Receiver.start(() => {});
    const alive = await Receiver.start();
    const server = await startServer(
      {
        apps: [
          { ...app, webhooks: [{ url: dead.url }, { url: alive.url }] },
          { ...otherApp, webhooks: [{ url: alive.url }] },
        ],
        webhooks: { batch: { maxEvents: 1 } },
      },
      { clock },
    );
    const client = await Client.connect(server);
    const other = await Client.connect(server, '/app/other-key');
    for (let count = 0; count < 30; count += 1) await client.subscribe(`news-${count}`);
    await other.subscribe('news');
    for (let count = 0; count < 31; count += 1) await alive.next();
    expect(alive.events.toSorted()).toEqual(
      [
        ...Array.from({ length: 30 }, (_, count) => `channel_occupied news-${count}`),
        'channel_occupied news',
      ].toSorted(),
    );
    await client.ping();
  });
});

describe('two endpoints of one app with the same URL', () => {
  test('are separate: each is sent what it selects, and drops are recorded for the one that dropped', async () => {
    const receiver = await Receiver.start();
    const server = await startServer({
      apps: [
        {
          ...app,
          webhooks: [
            { url: receiver.url, id: 'one', eventTypes: ['channel_occupied'] },
            { url: receiver.url, id: 'two', eventTypes: ['channel_occupied', 'channel_vacated'] },
          ],
        },
      ],
      webhooks: { batch, unsubscribeGraceMs: 0 },
    });
    const client = await Client.connect(server);
    await client.subscribe('news');
    client.send('pusher:unsubscribe', { channel: 'news' });
    for (let count = 0; count < 3; count += 1) await receiver.next();
    expect(receiver.events.toSorted()).toEqual([
      'channel_occupied news',
      'channel_occupied news',
      'channel_vacated news',
    ]);
    const delivered = 'soketify_webhook_events_delivered_total';
    await expect.poll(() => metric(server, delivered, 'endpoint="one"')).toBe(1);
    await expect.poll(() => metric(server, delivered, 'endpoint="two"')).toBe(2);
  });
});

test('receive the epoch of the state in each webhook, like the list of drops, and a new server has another', async () => {
  const epochs: unknown[] = [];
  for (let start = 0; start < 2; start += 1) {
    const receiver = await Receiver.start();
    const apps = [{ ...app, webhooks: [{ url: receiver.url }] }];
    const server = await startServer({ apps, webhooks: { batch } });
    const client = await Client.connect(server);
    for (const channel of ['news', 'sport']) {
      await client.subscribe(channel);
      const { headers } = await receiver.next();
      expect(headers['x-soketify-epoch']).toMatch(/^\S{16,}$/);
      expect(await query(server, '/apps/1/webhooks/dropped')).toMatchObject({
        epoch: headers['x-soketify-epoch'],
      });
      epochs[start] ??= headers['x-soketify-epoch'];
      expect(headers['x-soketify-epoch']).toBe(epochs[start]);
    }
  }
  expect(epochs[0]).not.toBe(epochs[1]);
});

test('have their drops listed by channel', async () => {
  const clock = new FakeClock();
  const receiver = await Receiver.start(({ response }) => void response.writeHead(500).end());
  const server = await startServer(
    {
      apps: [{ ...app, webhooks: [{ url: receiver.url, id: 'bad' }] }],
      webhooks: { batch, retry: { maxElapsedMs: 500 } },
    },
    { clock, wallTime: { now: () => Date.now() } },
  );
  const client = await Client.connect(server);
  await client.subscribe('news');
  await receiver.next();
  await expect.poll(() => metric(server, 'soketify_webhook_attempts_total')).toBe(1);
  await clock.advance(500);
  expect(await query(server, '/apps/1/webhooks/dropped')).toEqual({
    dropped: [
      {
        endpoint: 'bad',
        channel: 'news',
        name: 'channel_occupied',
        reason: 'expired',
        timeMs: expect.any(Number) as number,
      },
    ],
    forgotten: 0,
    epoch: expect.any(String) as string,
  });
  expect(await metric(server, 'soketify_webhook_events_dropped_total', 'reason="expired"')).toBe(1);
});

test('do not lose an event because an excluded connection is not subscribed', async () => {
  const server = await startServer();
  const [outsider, member] = [await Client.connect(server), await Client.connect(server)];
  await member.subscribe('news');
  await outsider.subscribe('sport');
  const publish = (exceptId: string) =>
    post(server, '/apps/1/events', {
      name: 'a',
      channels: ['news', 'sport'],
      data: '1',
      socket_id: exceptId,
    });
  await publish(outsider.socketId);
  await member.next('a', 'news');
  await outsider.ping();
  expect(outsider.of('a')).toEqual([]);
  await publish('1.1');
  await member.next('a', 'news');
  await outsider.next('a', 'sport');
  await trigger(server, 'news');
  await member.next('news');
});
