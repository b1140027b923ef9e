import Backend from 'pusher';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { Emulator, EmulatorOptions, RunRecord } from '../../../src/index.ts';
import { ask } from '../support/control.ts';
import { connect, enter, start, startStage } from '../support/emulator.ts';
import { Receiver } from '../../support/receiver.ts';

const kinds = ({ entries }: RunRecord) => entries.map(({ kind }) => kind);

/** A user signs in, joins, types and leaves, while the endpoint fails at first. */
async function visit(emulator: Emulator): Promise<void> {
  const backend = new Backend(emulator.serverOptions());
  const client = await connect(emulator);
  client.send('pusher:signin', backend.authenticateUser(client.socketId, { id: '42' }));
  await client.next('pusher:signin_success');
  emulator.faults.webhooks({ status: 500, times: 1 });
  await enter(client, emulator, 'presence-room', '42');
  await emulator.webhooks.waitFor({ name: 'member_added' });
  client.ws.send(JSON.stringify({ event: 'client-typing', channel: 'presence-room', data: '{"on":true}' }));
  await client.ping();
  await backend.trigger('presence-room', 'created', { id: 7 }, { socket_id: client.socketId });
  client.send('pusher:subscribe', { channel: 'private-x', auth: 'app-key:forged' });
  await client.ping();
  client.send('pusher:unsubscribe', { channel: 'presence-room' });
  await client.ping();
  await client.leave();
  await emulator.clock.advance(3000);
  await emulator.idle();
}

test('a record contains everything that was received, in order and with its time, and everything that was sent', async () => {
  const { emulator } = await startStage({
    seed: 7,
    apps: [{ webhooks: [{ id: 'main', url: (await Receiver.start()).url }] }],
  });
  await visit(emulator);
  const record = await emulator.record();
  expect(record).toMatchObject({
    format: 'soketify-record',
    version: 1,
    clock: { mode: 'virtual', nowMs: emulator.clock.now() },
    seed: 7,
    apps: [{ id: '1', key: 'app-key', endpoints: [{ id: 'main' }] }],
    lost: { entries: 0, deliveries: 0 },
  });
  const { socket_id } = record.entries[0] as { readonly socket_id: string };
  const room = { appId: '1', socket_id, channel: 'presence-room', user_id: '42' };
  expect(record.entries).toEqual([
    { atMs: 0, appId: '1', kind: 'connected', socket_id },
    { atMs: 0, appId: '1', kind: 'signed in', socket_id, user_id: '42' },
    { atMs: 0, kind: 'fault injected', on: 'webhooks', id: 1, fault: { status: 500, times: 1 } },
    { atMs: 0, ...room, kind: 'subscribed' },
    ...record.entries.slice(4, 5),
    {
      atMs: expect.any(Number) as number,
      ...room,
      kind: 'client event',
      event: 'client-typing',
      data: '{"on":true}',
    },
    {
      atMs: expect.any(Number) as number,
      appId: '1',
      kind: 'published',
      source: 'api',
      channels: ['presence-room'],
      event: 'created',
      data: '{"id":7}',
      socket_id,
    },
    {
      atMs: expect.any(Number) as number,
      appId: '1',
      kind: 'refused',
      what: 'subscription',
      reason: 'wrong_signature',
      socket_id,
      channel: 'private-x',
    },
    { atMs: expect.any(Number) as number, ...room, kind: 'unsubscribed' },
    { atMs: expect.any(Number) as number, appId: '1', kind: 'disconnected', socket_id, reason: 'client' },
    { atMs: expect.any(Number) as number, kind: 'clock advanced', ms: 3000 },
    ...record.entries.slice(11),
  ]);
  const [first] = record.deliveries;
  expect(record.entries[4]).toMatchObject({ kind: 'delivered', endpoint: 'main', delivery: first?.id });
  expect(first).toMatchObject({
    appId: '1',
    endpoint: 'main',
    status: 'delivered',
    body: expect.stringContaining('"name":"member_added"') as string,
    attempts: [
      { number: 1, outcome: 'refused', status: 500 },
      { number: 2, outcome: 'success', status: 200 },
    ],
  });
  expect(record.deliveries.map(({ body }) => body).join()).toContain('"name":"member_removed"');
  expect(JSON.parse(JSON.stringify(record))).toEqual(record);
});

test('the same seed gives the same record', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 0, 1) });
  onTestFinished(() => void vi.useRealTimers());
  const receiver = await Receiver.start();
  const run = async (seed: number): Promise<RunRecord> => {
    const apps = [{ webhooks: [{ id: 'main', url: receiver.url }] }];
    const options: EmulatorOptions = { clock: 'virtual', seed, now: () => Date.now(), apps };
    const emulator = await start(options);
    await visit(emulator);
    return emulator.record();
  };
  const first = await run(7);
  expect(first.deliveries.length).toBeGreaterThan(1);
  expect(await run(7)).toEqual(first);
  expect(await run(8)).not.toEqual(first);
});

test('a record contains neither secrets nor headers', async () => {
  const receiver = await Receiver.start();
  const url = `${receiver.url}?token=hush-query`;
  const headers = { Authorization: 'Bearer hush-header' };
  const emulator = await start({
    clock: 'virtual',
    apps: [{ secret: 'hush-secret', webhooks: [{ url, headers }] }],
  });
  await (await connect(emulator)).subscribe('news');
  await emulator.webhooks.waitFor({ name: 'channel_occupied' });
  const record = await emulator.record();
  expect(record.deliveries).toHaveLength(1);
  expect(JSON.stringify(record)).not.toMatch(/hush|signature/i);
});

test('a record says why the server closed a connection', async () => {
  const emulator = await start({ clock: 'virtual' });
  const backend = new Backend(emulator.serverOptions());
  const user = await connect(emulator);
  user.send('pusher:signin', backend.authenticateUser(user.socketId, { id: '42' }));
  await user.next('pusher:signin_success');
  await backend.terminateUserConnections('42');
  await user.closed;
  const dropped = await connect(emulator);
  emulator.faults.connections({ drop: 'all', code: 4100 });
  await dropped.closed;
  await (await connect(emulator)).leave();
  await vi.waitFor(() => expect(emulator.connections()).toEqual([]));
  const reasons = (await emulator.record()).entries.flatMap((entry) =>
    entry.kind === 'disconnected' ? [entry.reason] : [],
  );
  expect(reasons).toEqual(['terminated', 'injected_fault', 'client']);
});

test('a record can be limited to one app, restarts with a reset, and is available after close', async () => {
  const emulator = await start({ clock: 'virtual', apps: [{}, {}] });
  const two = emulator.app('2');
  await (await connect(emulator)).subscribe('one');
  await (await connect(emulator, two)).subscribe('two');
  two.faults.api({ status: 503 }).clear();
  const own = await two.record();
  expect(own.apps.map(({ id }) => id)).toEqual(['2']);
  expect(kinds(own)).toEqual(['connected', 'subscribed', 'fault injected', 'fault cleared']);
  expect(kinds(await emulator.app('1').record())).toEqual(['connected', 'subscribed']);
  await emulator.app('1').reset();
  await emulator.clock.advance(5);
  expect(kinds(await emulator.record())).toEqual([...kinds(own), 'clock advanced']);
  await emulator.close();
  expect(kinds(await two.record())).toEqual([...kinds(own), 'clock advanced']);
  expect((await emulator.record()).apps).toHaveLength(2);
});

test('deliveries are in the order in which they were accepted or dropped, with pending ones last', async () => {
  const receiver = await Receiver.start();
  const slow = { id: 'slow', url: `${receiver.url}/slow` };
  const emulator = await start({
    clock: 'virtual',
    apps: [{ webhooks: [slow, { id: 'main', url: receiver.url }] }],
    webhooks: { batch: { maxEvents: 1 } },
  });
  const client = await connect(emulator);
  emulator.faults.webhooks({ status: 500, endpoint: 'slow', times: 1 });
  await client.subscribe('a');
  await emulator.idle();
  emulator.faults.webhooks({ status: 500, endpoint: 'slow' });
  await client.subscribe('b');
  await emulator.webhooks.waitFor({ channel: 'b' });
  await emulator.clock.advance(400_000);
  await client.subscribe('c');
  await emulator.webhooks.waitFor({ channel: 'c' });
  const { deliveries } = await emulator.record();
  const lines = deliveries.map(({ endpoint, status, body }) => {
    const { events } = JSON.parse(body) as { readonly events: readonly { readonly channel: string }[] };
    return `${events.map(({ channel }) => channel).join()} ${endpoint} ${status}`;
  });
  expect(lines).toEqual([
    'a main delivered',
    'a slow delivered',
    'b main delivered',
    'b slow dropped',
    'c main delivered',
    'c slow pending',
  ]);
});

test('the control API returns the record, and refuses one of an unknown app', async () => {
  const { emulator } = await startStage({ control: true });
  await (await connect(emulator)).subscribe('news');
  const { status, json } = await ask(emulator, 'GET', '/record?app=1');
  expect(status).toBe(200);
  expect(json).toEqual(await emulator.app('1').record());
  expect(await ask(emulator, 'GET', '/record?app=none')).toMatchObject({
    status: 404,
    json: { error: { code: 'ERR_APP_UNKNOWN' } },
  });
  await fetch(`${emulator.url}/control/nothing`);
  expect(kinds(await emulator.record())).toEqual(['connected', 'subscribed']);
});
