import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Front, Inside } from '../../src/node/overrides.ts';
import { plainText } from '../../src/transport/http-message.ts';
import type { Route } from '../../src/transport/http.ts';
import { Client } from './support/client.ts';
import { get, metric, post, signedTarget, trigger } from './support/http.ts';
import { RecordingLog } from './support/log.ts';
import { Receiver } from '../support/receiver.ts';
import { app, configOf, otherApp, startServer } from './support/server.ts';

const sign = (text: string): string => createHmac('sha256', app.secret).update(text).digest('hex');

describe('at the level trace', () => {
  test('frames and bodies are in the log, shortened, without credentials', async () => {
    const log = new RecordingLog('trace');
    // Like the error pages of some frameworks, it shows what it was sent.
    const receiver = await Receiver.start(({ headers, response }) => {
      response.setHeader('location', `/seen/${String(headers['x-pusher-signature'])}`);
      response.writeHead(307).end(JSON.stringify(headers) + 'x'.repeat(3000));
    });
    const apps = [{ ...app, webhooks: [{ url: receiver.url }] }];
    const server = await startServer({ apps, shutdownTimeoutMs: 1 }, { log });
    const client = await Client.connect(server);
    const signature = sign(`${client.socketId}:private-a`);
    await client.subscribe('private-a', { auth: `${app.key}:${signature}` });
    // Two common mistakes: the secret in place of the signature, and a signature of something else.
    client.send('pusher:subscribe', { channel: 'private-b', auth: `${app.key}:${app.secret}` });
    const other = sign('something else');
    client.send('pusher:subscribe', { channel: 'private-c', auth: `${app.key}:${other}` });
    client.ws.send(JSON.stringify({ event: 'client-a', channel: 'private-a', data: app.secret }));
    await client.ping();
    await trigger(server, 'private-a', 'x'.repeat(5000));
    await client.next('news');
    await receiver.next();
    await expect.poll(() => log.of('webhook answered').length).toBeGreaterThan(0);
    await get(server, `${signedTarget('GET', '/apps/1/channels')}0`);

    const textOf = (message: string): string => JSON.stringify(log.of(message));
    expect(textOf('frame received')).toContain('pusher:subscribe');
    expect(textOf('frame sent')).toContain('pusher_internal:subscription_succeeded');
    expect(textOf('request received')).toContain('/apps/1/events');
    expect(textOf('request answered')).toContain('"status":401');
    expect(textOf('webhook sent')).toContain('channel_occupied');
    expect(textOf('webhook answered')).toMatch(
      /"status":307,.*"location":"\/seen\/\*{8}".*x-pusher-signature/,
    );
    const lines = log.lines.map((line) => JSON.stringify(line));
    for (const line of lines) {
      expect(line.length).toBeLessThan(3000);
      for (const secret of [app.secret, signature, other]) expect(line).not.toContain(secret);
      expect(line).not.toMatch(/[0-9a-f]{64}/);
    }
  });

  test('bytes and streams are not in the log, nor the token of the Dashboard', async () => {
    const log = new RecordingLog('trace');
    const token = 'a-token-of-24-characters';
    const stream = { status: 200, contentType: 'text/plain' } as const;
    const routes: readonly Route[] = [
      {
        method: 'get',
        pattern: '/stream',
        handle: () => ({
          ...stream,
          stream(sink) {
            sink.end();
            return () => {};
          },
        }),
      },
      { method: 'get', pattern: '/file', handle: () => ({ ...stream, body: Buffer.from('page') }) },
      { method: 'post', pattern: '/login', handle: () => plainText(200, 'welcome') },
    ];
    const front = (inside: Inside): Front => ({ ...inside, routes });
    const server = await startServer({ dashboard: { token } }, { log, front });
    expect((await get(server, '/file')).body).toBe('page');
    await get(server, '/stream');
    await post(server, '/login', { token });
    expect(log.of('request answered').map((fields) => fields['body'])).toEqual([
      '(4 bytes)',
      '(a stream)',
      'welcome',
    ]);
    expect(JSON.stringify(log.lines)).not.toContain(token);
  });
});

describe('at the level debug', () => {
  test('a webhook that is delivered and one that is not cause one line each', async () => {
    const log = new RecordingLog('debug');
    const receiver = await Receiver.start();
    const server = await startServer({ apps: [{ ...app, webhooks: [{ url: receiver.url }] }] }, { log });
    const client = await Client.connect(server);
    await client.subscribe('news');
    await receiver.next();
    await expect.poll(() => log.of('webhook delivered')).toHaveLength(1);
    expect(log.of('webhook delivered')[0]).toMatchObject({
      appId: '1',
      webhookId: expect.stringMatching(/^msg_/) as string,
      attempts: 1,
      events: 1,
      elapsedMs: expect.any(Number) as number,
    });
    expect(log.lines.some(({ level }) => level === 'trace')).toBe(false);
  });
});

test('500 subscriptions signed with a wrong secret are counted, and cause a few log lines', async () => {
  const log = new RecordingLog();
  const server = await startServer({}, { log });
  const client = await Client.connect(server);
  for (let time = 0; time < 500; time += 1)
    client.send('pusher:subscribe', { channel: 'private-a', auth: `${app.key}:${'0'.repeat(64)}` });
  await client.ping();
  expect(await metric(server, 'soketify_refusals_total', 'reason="wrong_signature"')).toBe(500);
  expect(log.of('subscription refused')[0]).toMatchObject({
    appId: '1',
    channel: 'private-a',
    reason: 'wrong_signature',
  });
  await server.close();
  const times = log.of('subscription refused').map((fields) => Number(fields['times'] ?? 1));
  expect(times.reduce((sum, some) => sum + some, 0)).toBe(500);
  expect(times.length).toBeLessThan(20);
});

test('an app that a reload adds has its series immediately, with 0', async () => {
  const server = await startServer();
  await server.configuration.takeFile(configOf({ apps: [app, otherApp] }), 'test');
  const { body } = await get(server, '/metrics');
  expect(body).toContain('soketify_connections{app="2"} 0');
  expect(body).toContain('soketify_occupied_channels{app="2"} 0');
});

test('members and occupied channels are the current ones', async () => {
  const server = await startServer();
  const [one, two] = [await Client.connect(server), await Client.connect(server)];
  const channel_data = '{"user_id":"u1"}';
  for (const client of [one, two]) {
    const auth = `${app.key}:${sign(`${client.socketId}:presence-a:${channel_data}`)}`;
    await client.subscribe('presence-a', { auth, channel_data });
  }
  await one.subscribe('news');
  const read = async () => [
    await metric(server, 'soketify_occupied_channels'),
    await metric(server, 'soketify_members'),
  ];
  expect(await read()).toEqual([2, 1]);
  await one.leave();
  await expect.poll(read).toEqual([1, 1]);
  await two.leave();
  await expect.poll(read).toEqual([0, 0]);
});
