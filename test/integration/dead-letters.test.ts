import { createHmac } from 'node:crypto';
import Backend from 'pusher';
import { request } from 'undici';
import { describe, expect, test } from 'vitest';
import type { Server } from '../../src/node/server.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { Client } from './support/client.ts';
import { connect, startStage } from './support/emulator.ts';
import { get, metric, post, query, signedTarget, type Answer } from './support/http.ts';
import { Receiver, type Received } from '../support/receiver.ts';
import { app, startServer } from './support/server.ts';

const deliveries = '/apps/1/webhooks/deliveries';
const recoveries = '/apps/1/webhooks/recover';

interface Listed {
  readonly deliveries: readonly { readonly id: string; readonly events: readonly { channel: string }[] }[];
  readonly next?: string;
}

/** An endpoint that is down until it is opened: each delivery has one attempt. */
async function stage() {
  const clock = new FakeClock();
  let isOpen = false;
  const receiver = await Receiver.start(({ response }) => {
    response.writeHead(isOpen ? 200 : 503).end(isOpen ? 'thanks' : 'down for maintenance');
  });
  const server = await startServer(
    {
      apps: [{ ...app, webhooks: [{ id: 'main', url: receiver.url, standardSignature: true }] }],
      webhooks: {
        batch: { maxEvents: 1, maxDelayMs: 0 },
        retry: { initialDelayMs: 1000, maxElapsedMs: 1 },
      },
    },
    { clock },
  );
  const client = await Client.connect(server);
  const list = async (parameters: Record<string, string> = {}) =>
    (await query(server, deliveries, parameters)) as Listed;
  return {
    receiver,
    server,
    list,
    open: () => void (isOpen = true),
    shut: () => void (isOpen = false),
    /** The events of these channels are lost, in this order; returns what the endpoint got of them. */
    async lose(...channels: string[]): Promise<Received[]> {
      const received: Received[] = [];
      for (const channel of channels) {
        await client.subscribe(channel);
        await clock.advance(0);
        received.push(await receiver.next());
        await expect.poll(async () => (await list()).deliveries.length).toBe(received.length);
      }
      return received;
    },
  };
}

/** The libraries of Standard Webhooks verify this, and that the timestamp is that of the attempt. */
function standardSignatureOf(body: string, headers: Received['headers']): string {
  const at = String(headers['webhook-timestamp']);
  const signed = `${String(headers['webhook-id'])}.${at}.${body}`;
  return `v1,${createHmac('sha256', app.secret).update(signed).digest('base64')}`;
}

const signatureOf = (body: string) => createHmac('sha256', app.secret).update(body).digest('hex');

async function remove(server: Server, path: string): Promise<unknown> {
  const target = `http://127.0.0.1:${server.port}${signedTarget('DELETE', path)}`;
  const { statusCode, body } = await request(target, { method: 'DELETE' });
  return statusCode === 200 ? body.json() : `${statusCode} ${await body.text()}`;
}

const read = ({ status, body }: Answer): unknown => [status, JSON.parse(body)];

describe('what an endpoint did not get', () => {
  test('is listed with its attempts, and one by one', async () => {
    const { server, list, lose } = await stage();
    const [first] = await lose('news', 'sport');
    const { deliveries: listed, ...rest } = await list();
    expect(rest).toEqual({ forgotten: { deliveries: 0, events: 0 }, kept_since: expect.any(Number) });
    expect(listed.map(({ events }) => events)).toEqual(
      ['sport', 'news'].map((channel) => [{ name: 'channel_occupied', channel }]),
    );
    const { time_ms } = JSON.parse(first?.body ?? '') as { time_ms: number };
    const news = await query(server, `${deliveries}/${String(first?.headers['webhook-id'])}`);
    expect(news).toEqual(listed[1]);
    expect(news).toMatchObject({
      endpoint: 'main',
      reason: 'expired',
      time_ms,
      resends: 0,
      attempts_made: 1,
      attempts: [{ number: 1, result: 'refused', status: 503, answer: 'down for maintenance' }],
    });
    expect(await list({ channel: 'news' })).toMatchObject({ deliveries: [news] });
    const page = await list({ limit: '1' });
    expect(await list({ limit: '1', cursor: page.next ?? '' })).toMatchObject({ deliveries: [news] });
  });

  test('is resent on request with the same bytes, marked as a resend', async () => {
    const { server, receiver, lose, open, list } = await stage();
    const [first] = await lose('news');
    const id = String(first?.headers['webhook-id']);
    const resend = async () => read(await post(server, `${deliveries}/${id}/resend`, ''));
    expect(await resend()).toEqual([
      200,
      {
        status: 503,
        result: 'refused',
        elapsed_ms: 0,
        answer: 'down for maintenance',
        attempt: 2,
        resend: 1,
      },
    ]);
    open();
    expect(await resend()).toEqual([
      200,
      { status: 200, result: 'success', elapsed_ms: 0, answer: 'thanks', attempt: 3, resend: 2 },
    ]);
    const resent = [await receiver.next(), await receiver.next()];
    for (const [index, { body, headers }] of resent.entries()) {
      expect(body).toBe(first?.body);
      expect(headers).toMatchObject({
        'webhook-id': id,
        'webhook-signature': standardSignatureOf(body, headers),
        'x-pusher-signature': signatureOf(body),
        'x-soketify-attempt': String(index + 2),
        'x-soketify-resend': String(index + 1),
      });
    }
    expect(first?.headers).not.toHaveProperty('x-soketify-resend');
    expect(await list()).toMatchObject({
      deliveries: [{ id, resends: 2, resent_at: expect.any(Number), attempts_made: 3 }],
    });
    expect(await metric(server, 'soketify_webhook_attempts_total')).toBe(3);
  });

  test('is recovered in order once the endpoint works again', async () => {
    const { server, receiver, lose, open } = await stage();
    const lost = await lose('a', 'b', 'c', 'd');
    const filter = { endpoint: 'main', since: '2020-01-01T00:00:00Z' };
    const recover = async (more = {}) => read(await post(server, recoveries, { ...filter, ...more }));
    const matched = { deliveries: 4, events: 4 };
    expect(await recover({ dry_run: true })).toEqual([200, { matched }]);
    open();
    const [status, started] = (await recover()) as [number, { id: string }];
    expect([status, started]).toEqual([202, { id: started.id, matched }]);
    for (const { body, headers } of lost) {
      const resent = await receiver.next();
      expect(resent.body).toBe(body);
      expect(resent.headers).toMatchObject({
        'webhook-id': headers['webhook-id'],
        'x-soketify-resend': '1',
      });
    }
    const progress = async () => query(server, `${recoveries}/${started.id}`);
    const end = { id: started.id, endpoint: 'main', matched, sent: 4, failed: 0, skipped: 0, left: 0 };
    await expect.poll(progress).toEqual({ ...end, state: 'finished' });
    expect(await remove(server, `${recoveries}/${started.id}`)).toEqual({ ...end, state: 'finished' });
    expect(await recover({ dry_run: true })).toEqual([200, { matched: { deliveries: 0, events: 0 } }]);
  });

  test('is not poured onto an endpoint that is still down', async () => {
    const { server, receiver, lose } = await stage();
    await lose('a', 'b', 'c', 'd');
    const [, started] = read(await post(server, recoveries, { endpoint: 'main' })) as [
      number,
      { id: string },
    ];
    await expect
      .poll(() => query(server, `${recoveries}/${started.id}`))
      .toMatchObject({ state: 'stopped', cause: '3 attempts in a row failed', failed: 3, left: 1 });
    expect(receiver.requests).toHaveLength(7);
  });

  test('can be queried by the library of a backend', async () => {
    const { server, lose } = await stage();
    await lose('news');
    const backend = new Backend({
      appId: app.id,
      key: app.key,
      secret: app.secret,
      host: '127.0.0.1',
      port: String(server.port),
    });
    const answer = await backend.get({
      path: '/webhooks/deliveries',
      params: { channel: 'news', since: '2020-01-01T00:00:00+00:00' },
    });
    expect(await answer.json()).toMatchObject({ deliveries: [{ reason: 'expired' }] });
    const started = await backend.post({
      path: '/webhooks/recover',
      body: { endpoint: 'main' } as unknown as string,
    });
    expect(started.status).toBe(202);
  });
});

describe('an invalid request', () => {
  test.each([
    ['GET', `${deliveries}/msg_none`, 404, /^No dropped delivery 'msg_none' is kept/],
    ['POST', `${deliveries}/msg_none/resend`, 404, /^No dropped delivery 'msg_none' is kept/],
    ['GET', `${recoveries}/rec_none`, 404, /^No recovery 'rec_none'/],
    ['DELETE', `${recoveries}/rec_none`, 404, /^No recovery 'rec_none'/],
    ['GET', `${deliveries}/%E0%A4%A/resend`, 405, /expected one of POST, OPTIONS$/],
    ['DELETE', deliveries, 405, /expected one of GET, HEAD, OPTIONS$/],
    ['GET', recoveries, 405, /expected one of POST, OPTIONS$/],
    ['POST', `${recoveries}/rec_none`, 405, /expected one of GET, HEAD, DELETE, OPTIONS$/],
    ['POST', recoveries, 400, /^Invalid body: expected a JSON object, got /],
    ['GET', '/apps/none/webhooks/deliveries', 404, /^App none not found$/],
  ] as const)('%s %s is %i', async (method, path, status, text) => {
    const { server } = await stage();
    const target = `http://127.0.0.1:${server.port}${signedTarget(method, path)}`;
    const { statusCode, body } = await request(target, { method });
    expect([statusCode, await body.text()]).toEqual([status, expect.stringMatching(text)]);
  });

  test('gets 401 without a signature, and with a changed body, too', async () => {
    const { server } = await stage();
    expect(await get(server, deliveries)).toMatchObject({ status: 401 });
    const target = signedTarget('POST', recoveries, { body: '{"endpoint":"main","dry_run":true}' });
    const { statusCode } = await request(`http://127.0.0.1:${server.port}${target}`, {
      method: 'POST',
      body: '{"endpoint":"main"}',
    });
    expect(statusCode).toBe(401);
  });
});

test('a reset of the emulator forgets what was dropped', async () => {
  const { emulator, receiver } = await startStage();
  emulator.faults.webhooks({ status: 500 });
  const client = await connect(emulator);
  await client.subscribe('news');
  await emulator.clock.advance(400_000);
  const backend = new Backend(emulator.serverOptions());
  const list = async () => (await backend.get({ path: '/webhooks/deliveries' })).json();
  expect(await list()).toMatchObject({ deliveries: [{ reason: 'expired', attempts_made: 10 }] });
  await emulator.reset();
  expect(await list()).toMatchObject({ deliveries: [], forgotten: { deliveries: 0 } });
  expect(receiver.requests).toEqual([]);
});
