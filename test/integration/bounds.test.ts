import { describe, expect, test } from 'vitest';
import { createHmac } from 'node:crypto';
import { Client } from './support/client.ts';
import { start } from './support/emulator.ts';
import { metric, post, trigger } from './support/http.ts';
import { RecordingLog } from './support/log.ts';
import { Receiver } from '../support/receiver.ts';
import { app, configOf, otherApp, startServer } from './support/server.ts';

const kibibyte = 1024;
const refused = 'message refused';
const cut =
  'Message is far too large, or cannot be decompressed: at most 262144 bytes are accepted; the connection was cut';

/** How many frames were too large, according to the metrics. */
function tooLarge(server: Parameters<typeof metric>[0]): Promise<number> {
  return metric(server, 'soketify_refusals_total', 'reason="frame_too_large"');
}

async function joinPrivate(client: Client, channel: string, of: typeof app | typeof otherApp = app) {
  const signed = `${client.socketId}:${channel}`;
  const auth = `${of.key}:${createHmac('sha256', of.secret).update(signed).digest('hex')}`;
  await client.subscribe(channel, { auth });
}

/** The JSON of a client event in which every byte of the data takes six. */
function clientEvent(channel: string, dataBytes: number): string {
  return JSON.stringify({ event: 'client-big', channel, data: '\u0001'.repeat(dataBytes) });
}

describe('a frame above the bound', () => {
  test.each([
    ['text', false],
    ['binary', true],
  ])('of %s causes an error and a close with 4100, which is logged and counted', async (_, binary) => {
    const log = new RecordingLog();
    const server = await startServer({}, { log });
    const [client, other] = [await Client.connect(server), await Client.connect(server)];
    await client.subscribe('news');
    client.ws.send('x'.repeat(256 * kibibyte + 1), { binary });
    const message = 'Message is too large: got 262145 bytes, at most 262144 are accepted';
    expect(await client.closed).toEqual({ code: 4100, reason: message });
    expect(client.frames.items.at(-1)).toEqual({ event: 'pusher:error', data: { message, code: 4100 } });
    const reason = 'frame_too_large';
    expect(log.of(refused)).toEqual([
      { appId: '1', socketId: client.socketId, reason, code: 4100, error: message },
    ]);
    expect(await tooLarge(server)).toBe(1);
    expect(await metric(server, 'soketify_connections')).toBe(1);
    await other.ping();
  });

  test('and far above it is not read, and is logged and counted as well', async () => {
    const log = new RecordingLog();
    const server = await startServer({}, { log });
    const client = await Client.connect(server);
    client.ws.send('x'.repeat(1024 * kibibyte + 1));
    expect(await client.closed).toMatchObject({ code: 1006 });
    await expect
      .poll(() => log.of(refused))
      .toMatchObject([{ appId: '1', socketId: client.socketId, reason: 'frame_too_large', error: cut }]);
    expect(await tooLarge(server)).toBe(1);
    expect(await metric(server, 'soketify_connections')).toBe(0);
  });

  test('may be one that is too large after decompression', async () => {
    const log = new RecordingLog();
    const server = await startServer({ compression: true }, { log });
    const client = new Client(`ws://127.0.0.1:${server.port}/app/app-key`, [], { perMessageDeflate: true });
    await client.next('pusher:connection_established');
    client.ws.send('x'.repeat(8 * 1024 * kibibyte));
    expect(await client.closed).toMatchObject({ code: 1006 });
    await expect.poll(() => log.of(refused)).toMatchObject([{ error: cut }]);
    expect(await tooLarge(server)).toBe(1);
  });

  test('of 256 KB is still read, so that the client gets an error and stays connected', async () => {
    const server = await startServer();
    const client = await Client.connect(server);
    await joinPrivate(client, 'private-a');
    const head = '{"event":"client-a","channel":"private-a","data":"';
    client.ws.send(`${head}${'x'.repeat(256 * kibibyte - head.length - 2)}"}`);
    expect((await client.next('pusher:error')).data).toMatchObject({
      message: expect.stringContaining('exceeds the allowed maximum (10240 bytes)') as string,
    });
    await client.ping();
  });
});

describe('limits above the default', () => {
  const given = { limits: { eventDataBytes: 2_000_000 } };

  test('let a backend publish 1.5 MB, a full batch of 2 MB escaped, and a client send 400 KB', async () => {
    const receiver = await Receiver.start();
    const apps = [{ ...app, webhooks: [{ url: receiver.url, eventTypes: ['client_event'] }] }];
    const server = await startServer({ ...given, apps });
    const [speaker, listener] = [await Client.connect(server), await Client.connect(server)];
    for (const client of [speaker, listener]) await joinPrivate(client, 'private-a');

    const published = 'x'.repeat(1_500_000);
    expect(await trigger(server, 'private-a', published)).toMatchObject({ status: 200 });
    expect((await listener.next('news')).data).toBe(published);

    const batch = Array.from({ length: 10 }, () => ({
      name: 'item',
      channel: 'private-b',
      data: '\u0001'.repeat(2_000_000),
    }));
    expect(await post(server, '/apps/1/batch_events', { batch })).toMatchObject({ status: 200 });

    const content = 'x'.repeat(400_000);
    speaker.ws.send(JSON.stringify({ event: 'client-a', channel: 'private-a', data: content }));
    expect((await listener.next('client-a')).data).toBe(content);
    const { events } = JSON.parse((await receiver.next()).body) as { events: unknown[] };
    expect(events).toMatchObject([{ name: 'client_event', data: content }]);
  });

  test('let a client use all of its limit, however it is escaped, twice in a row', async () => {
    const server = await startServer(given);
    const [speaker, listener] = [await Client.connect(server), await Client.connect(server)];
    for (const client of [speaker, listener]) await joinPrivate(client, 'private-a');
    for (let count = 0; count < 2; count += 1) speaker.ws.send(clientEvent('private-a', 2_000_000));
    for (let count = 0; count < 2; count += 1) {
      expect((await listener.next('client-big')).data).toHaveLength(2_000_000);
    }
    await speaker.ping();
  });

  test('apply only to their app', async () => {
    const server = await startServer({ apps: [{ ...app, ...given }, otherApp] });
    const [large, small] = [
      await Client.connect(server),
      await Client.connect(server, `/app/${otherApp.key}?protocol=7`),
    ];
    await joinPrivate(large, 'private-a');
    large.ws.send(clientEvent('private-a', 400_000));
    await large.ping();
    small.ws.send(clientEvent('private-a', 400_000));
    expect(await small.closed).toMatchObject({ code: 4100 });
    const content = { name: 'news', channels: ['news'], data: 'x'.repeat(1_500_000) };
    expect(await post(server, '/apps/1/events', content)).toMatchObject({ status: 200 });
    expect(await post(server, '/apps/2/events', content)).toMatchObject({
      status: 413,
      body: 'Request body exceeds the allowed maximum (1048576 bytes)',
    });
  });
});

describe('limits that are raised while the server runs', () => {
  test('take effect immediately if the bounds at the start of the server suffice', async () => {
    const server = await startServer({ limits: { eventDataBytes: 10 } });
    const client = await Client.connect(server);
    await joinPrivate(client, 'private-a');
    await server.configuration.takeFile(configOf({ limits: { eventDataBytes: 100_000 } }), 'test');
    client.ws.send(clientEvent('private-a', 100_000));
    await client.ping();
    expect(client.of('pusher:error')).toEqual([]);
  });

  test('are refused with the reason if they do not, and change nothing', async () => {
    const log = new RecordingLog();
    const server = await startServer({}, { log });
    const next = configOf({ apps: [app, otherApp], limits: { eventDataBytes: 2_000_000 } });
    await server.configuration.takeFile(next, 'test');
    const message =
      /^maxBackpressureBytes: expected at least 12003976, .*limits\.eventDataBytes of app 1 \(2000000\).*, got 1048576; .*Restart/;
    expect(log.of('configuration not reloaded, the old one stays active')).toMatchObject([
      { err: { message: expect.stringMatching(message) as string } },
    ]);
    const answer = await trigger(server, 'news', 'x'.repeat(20_000));
    expect(answer).toMatchObject({ status: 413, body: expect.stringContaining('(10240 bytes)') as string });
    const client = new Client(`ws://127.0.0.1:${server.port}/app/${otherApp.key}`);
    expect(await client.closed).toMatchObject({ code: 4001 });
  });

  test('also apply to an app that is added', async () => {
    const emulator = await start({ maxBackpressureBytes: 2_000_000 });
    const added = await emulator.createApp({ limits: { eventDataBytes: 300_000 } });
    await expect(emulator.createApp({ limits: { eventDataBytes: 400_000 } })).rejects.toMatchObject({
      code: 'ERR_CONFIG_INVALID',
      message: expect.stringMatching(
        /maxBackpressureBytes\n +expected at least 24\d+, .*eventDataBytes \(400000\).*, got 2000000/,
      ) as string,
    });
    const client = await Client.connect(emulator, `/app/${added.key}?protocol=7`);
    client.ws.send(clientEvent('private-a', 300_000));
    await client.ping();
  });
});
