import { describe, expect, test } from 'vitest';
import { replayRecord, startReceiver, type Emulator, type RunRecord } from '../../../src/index.ts';
import { connect, enter, start } from '../support/emulator.ts';

/** The record of a run in which two users join and one leaves, while the endpoint fails now and then. */
async function recordOf(visit: (emulator: Emulator) => Promise<void> = visits): Promise<{
  readonly record: RunRecord;
  readonly state: unknown;
}> {
  await using receiver = await startReceiver();
  const emulator = await start({
    clock: 'virtual',
    apps: [{ webhooks: [{ id: 'main', url: receiver.url }] }],
    webhooks: { batch: { maxEvents: 1 } },
  });
  await visit(emulator);
  await emulator.idle();
  return { record: await emulator.record(), state: receiver.state() };
}

async function visits(emulator: Emulator): Promise<void> {
  const [first, second] = [await connect(emulator), await connect(emulator)];
  await enter(first, emulator, 'presence-a', '42');
  emulator.faults.webhooks({ status: 500, times: 2 });
  await enter(second, emulator, 'presence-a', '43');
  await enter(second, emulator, 'presence-b', '43');
  await emulator.webhooks.waitFor({ channel: 'presence-b', name: 'member_added' });
  await first.leave();
  await emulator.webhooks.waitFor({ name: 'member_removed' });
}

describe('replayRecord', () => {
  test('sends a backend the same state, each webhook once, signed for it and recent', async () => {
    const { record, state } = await recordOf();
    const before = Date.now();
    await using backend = await startReceiver({ secret: 'other', maxAgeMs: 60_000 });
    const old = JSON.parse(JSON.stringify(record).replaceAll(/(time_ms[^\d]+)\d+/g, '$11000')) as RunRecord;
    const answers = await replayRecord(old, { url: backend.url, secret: 'other' });
    expect(backend.state()).toEqual(state);
    expect(backend.state()).toMatchObject({ contradictions: [], members: { 'presence-a': ['43'] } });
    expect(answers.map(({ id }) => id)).toEqual(record.deliveries.map(({ id }) => id));
    expect(answers[0]).toMatchObject({
      recordedId: record.deliveries[0]?.id,
      recorded: 'delivered',
      outcome: 'success',
      status: 200,
    });
    expect(backend.webhooks.map(({ headers }) => headers['x-pusher-key'])).toEqual(
      answers.map(() => 'app-key'),
    );
    expect(backend.webhooks.every(({ timeMs = 0 }) => timeMs >= before)).toBe(true);
    const eventsOf = (body: string) => body.slice(body.indexOf('"events"'));
    expect(answers.map(({ body }) => eventsOf(body))).toEqual(
      record.deliveries.map(({ body }) => eventsOf(body)),
    );
  });

  test('continues after a failure, and resolves with the responses of the backend', async () => {
    const { record } = await recordOf();
    await using backend = await startReceiver();
    backend.respondWith({ status: 500, body: 'no database', times: 1 });
    backend.respondWith({ status: 'reset', times: 1 });
    const answers = await replayRecord(record, { url: backend.url, secret: 'app-secret' });
    expect(answers.slice(0, 3)).toMatchObject([
      { outcome: 'refused', status: 500, answer: 'no database' },
      { outcome: 'unreachable' },
      { outcome: 'success' },
    ]);
    expect(backend.webhooks).toHaveLength(record.deliveries.length);
  });

  test('also sends what the recorded endpoint never accepted', async () => {
    const { record } = await recordOf(async (emulator) => {
      emulator.faults.webhooks({ status: 500 });
      await (await connect(emulator)).subscribe('news');
      await emulator.clock.advance(400_000);
    });
    await using backend = await startReceiver();
    const answers = await replayRecord(record, { url: backend.url, secret: 'app-secret' });
    expect(answers).toMatchObject([{ recorded: 'dropped', outcome: 'success' }]);
    expect(backend.state()).toMatchObject({ occupied: ['news'] });
  });

  test('sends new ids on request to a backend that knows the recorded ones', async () => {
    const { record } = await recordOf();
    await using backend = await startReceiver();
    const to = { url: backend.url, secret: 'app-secret' };
    await replayRecord(record, to);
    await replayRecord(record, to);
    const headers = { 'X-Extra': 'yes' };
    const seen: string[] = [];
    const onAnswer = ({ id }: { readonly id: string }) => seen.push(id);
    const fresh = await replayRecord(record, { ...to, key: 'own', newIds: true, headers, onAnswer });
    const count = record.deliveries.length;
    expect(backend.webhooks.map(({ isDuplicate }) => isDuplicate)).toEqual(
      [false, true, false].flatMap((isDuplicate) => Array.from({ length: count }, () => isDuplicate)),
    );
    expect(fresh.map(({ recordedId }) => recordedId)).toEqual(record.deliveries.map(({ id }) => id));
    expect(seen).toEqual(fresh.map(({ id }) => id));
    expect(backend.webhooks.at(-1)?.headers).toMatchObject({ 'x-extra': 'yes', 'x-pusher-key': 'own' });
  });

  test('requires an app and an endpoint if the record has several', async () => {
    await using receiver = await startReceiver();
    const webhooks = ['x', 'y'].map((id) => ({ id, url: `${receiver.url}${id}` }));
    const emulator = await start({
      clock: 'virtual',
      apps: [{ webhooks }, { webhooks: [{ id: 'z', url: receiver.url }] }],
    });
    await (await connect(emulator)).subscribe('one');
    await (await connect(emulator, emulator.app('2'))).subscribe('two');
    await emulator.idle();
    const record = await emulator.record();
    await using backend = await startReceiver({ secret: 's' });
    const to = { url: backend.url, secret: 's' };
    const refused = (message: string) => ({
      code: 'ERR_ARGUMENT_INVALID',
      message: expect.stringContaining(message) as string,
    });
    await expect(replayRecord(record, to)).rejects.toMatchObject(
      refused('app: missing; the record has webhooks of 2 apps: 1, 2'),
    );
    await expect(replayRecord(record, { ...to, app: '1' })).rejects.toMatchObject(
      refused('endpoint: missing; the record has webhooks of 2 endpoints: x, y'),
    );
    await expect(replayRecord(record, { ...to, app: '1', endpoint: 'z' })).rejects.toMatchObject(
      refused("no webhooks of the endpoint 'z'; it has those of x, y"),
    );
    expect(backend.webhooks).toEqual([]);
    expect(await replayRecord(record, { ...to, app: '1', endpoint: 'y' })).toHaveLength(1);
    await replayRecord(record, { ...to, app: '2' });
    expect(backend.webhooks.map(({ headers }) => headers['x-pusher-key'])).toEqual(['app-key', 'app-key-2']);
  });
});
