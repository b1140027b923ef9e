import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { app } from '../support/e2e/config.ts';
import { answered, callApi } from '../support/e2e/http.ts';
import { startReceiver } from '../support/e2e/receiver.ts';
import { runWithConfig, startServer, type Server } from '../support/e2e/server.ts';
import { connectSocket } from '../support/e2e/socket.ts';
import { config, folder, taken } from '../support/e2e/store.ts';

async function stateOf(server: Server): Promise<Record<string, unknown>> {
  return (await answered(callApi(server, { path: '/apps/1/webhooks/state' }))) as Record<string, unknown>;
}

describe('a node with a store that is killed', () => {
  test('reports no clients that return in time, and then that others have left', async () => {
    const path = await folder();
    await using hooks = await startReceiver();
    const before = await startServer(config({ path, hooks }));
    const [anna, bert] = [await connectSocket(before), await connectSocket(before)];
    await anna.subscribe('presence-room', { user_id: 'anna' });
    await bert.subscribe('presence-room', { user_id: 'bert' });
    await bert.subscribe('news');
    await hooks.requests.until((requests) => taken(requests).length === 4);
    await before.kill();

    await using after = await startServer(config({ path, hooks, graceMs: 500 }));
    const again = await connectSocket(after);
    await again.subscribe('presence-room', { user_id: 'anna' });
    await hooks.requests.until((requests) => taken(requests).length === 6);
    const reported = taken(hooks.requests.items)
      .slice(4)
      .map(({ name, channel, user_id: user }) => [name, channel, user]);
    expect(new Set(reported)).toEqual(
      new Set([
        ['channel_vacated', 'news', undefined],
        ['member_removed', 'presence-room', 'bert'],
      ]),
    );
  });

  test('answers backends with the present state, not the earlier one', async () => {
    const path = await folder();
    const before = await startServer(config({ path }));
    await (await connectSocket(before)).subscribe('news');
    await before.kill();
    await using after = await startServer(config({ path }));
    expect(await answered(callApi(after, { path: '/apps/1/channels' }))).toEqual({ channels: {} });
  });

  test('sends what an endpoint has not accepted, with the same id and the same bytes', async () => {
    const path = await folder();
    let isDown = true;
    await using hooks = await startReceiver({ answer: () => (isDown ? 'hang' : 200) });
    const before = await startServer(config({ path, hooks }));
    await (await connectSocket(before)).subscribe('news');
    await hooks.requests.until((requests) => requests.length === 1);
    await before.kill();
    isDown = false;
    await using after = await startServer(config({ path, hooks }));
    await hooks.requests.until((requests) => taken(requests).length === 1);
    const [first, second] = hooks.requests.items;
    expect(second?.body).toBe(first?.body);
    expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id']);
    expect(second?.headers['x-soketify-epoch']).toBe(first?.headers['x-soketify-epoch']);
    expect([first, second].map((request) => request?.headers['x-soketify-attempt'])).toEqual(['1', '2']);
    expect(await stateOf(after)).toMatchObject({ pending: [{ endpoint: 'main', events: 0 }] });
  });

  test('loses no client event that a client received, and no cached event that was answered 200', async () => {
    const path = await folder();
    let isDown = true;
    await using hooks = await startReceiver({ answer: () => (isDown ? 500 : 200) });
    const before = await startServer(config({ path, hooks }));
    const [anna, bert] = [await connectSocket(before), await connectSocket(before)];
    await anna.subscribe('private-room');
    await bert.subscribe('private-room');
    const body = JSON.stringify({ name: 'state', channel: 'cache-room', data: '"full"' });
    await answered(callApi(before, { path: '/apps/1/events', body }));
    anna.send({ event: 'client-typing', channel: 'private-room', data: '"yes"' });
    await bert.frames.until((frames) => frames.some(({ event }) => event === 'client-typing'));
    await before.kill();

    isDown = false;
    await using after = await startServer(config({ path, hooks }));
    await hooks.events.until((events) => events.some(({ name }) => name === 'client_event'));
    const late = await connectSocket(after);
    await late.subscribe('cache-room');
    expect(await late.nextFrame()).toMatchObject({ event: 'state', data: '"full"' });
  });

  test('still lists what an endpoint did not receive, with its attempts, and resends it', async () => {
    const path = await folder();
    let isDown = true;
    await using hooks = await startReceiver({ answer: () => (isDown ? 503 : 200) });
    const given = config({ path, hooks });
    const short = {
      ...given,
      webhooks: { ...given.webhooks, retry: { initialDelayMs: 20, maxElapsedMs: 1000 } },
    };
    const before = await startServer(short);
    await (await connectSocket(before)).subscribe('news');
    await before.log.first(({ msg }) => msg === 'webhook events dropped');
    const list = async (server: Server) =>
      (await answered(callApi(server, { path: '/apps/1/webhooks/deliveries' }))) as {
        deliveries: readonly { id: string; attempts: readonly unknown[] }[];
      };
    const [letter] = (await list(before)).deliveries;
    // Usually several, but each is sent only once the disk has the one before.
    expect(letter?.attempts.length).toBeGreaterThan(0);
    // It is answered once it and everything before it is on disk.
    const body = JSON.stringify({ name: 'state', channel: 'cache-room', data: '"full"' });
    await answered(callApi(before, { path: '/apps/1/events', body }));
    await before.kill();

    await using after = await startServer(short);
    expect((await list(after)).deliveries).toEqual([letter]);
    isDown = false;
    const resend = `/apps/1/webhooks/deliveries/${letter?.id}/resend`;
    expect(await answered(callApi(after, { path: resend, method: 'POST', body: '' }))).toMatchObject({
      result: 'success',
    });
    const last = hooks.requests.items.at(-1);
    expect(last?.headers).toMatchObject({ 'webhook-id': letter?.id, 'x-soketify-resend': '1' });
  });

  test('logs how the last run ended, how many runs there were, and what it restores', async () => {
    const path = await folder();
    const before = await startServer(config({ path }));
    const first = await stateOf(before);
    expect(first).toMatchObject({ kept: 'disk', starts: 1, last_end: null });
    await before.kill();
    const second = await startServer(config({ path }));
    expect(await stateOf(second)).toMatchObject({
      epoch: first['epoch'],
      starts: 2,
      last_end: { how: 'killed' },
    });
    await second.stop();
    await using third = await startServer(config({ path }));
    expect(await stateOf(third)).toMatchObject({ starts: 3, last_end: { how: 'orderly' } });
    expect(third.log.items).toContainEqual(
      expect.objectContaining({ msg: 'continuing with the state in the store', ended: 'orderly' }),
    );
  });
});

describe('a graceful shutdown', () => {
  test('reports that everybody has left, and keeps undelivered events in the store', async () => {
    const path = await folder();
    let isDown = false;
    await using hooks = await startReceiver({ answer: () => (isDown ? 500 : 200) });
    const before = await startServer(config({ path, hooks }));
    await (await connectSocket(before)).subscribe('news');
    await hooks.requests.until((requests) => taken(requests).length === 1);
    isDown = true;
    await before.stop();
    isDown = false;
    await using after = await startServer(config({ path, hooks }));
    await hooks.requests.until((requests) => taken(requests).length === 2);
    expect(taken(hooks.requests.items).map(({ name }) => name)).toEqual([
      'channel_occupied',
      'channel_vacated',
    ]);
    const { dropped } = (await answered(callApi(after, { path: '/apps/1/webhooks/dropped' }))) as {
      dropped: unknown[];
    };
    expect(dropped).toEqual([]);
  });

  test.each(['report', 'keep'] as const)('leaves cached events for the next start (%s)', async (shutdown) => {
    const path = await folder();
    const before = await startServer(config({ path, shutdown }));
    const body = JSON.stringify({ name: 'state', channel: 'cache-room', data: '"full"' });
    await answered(callApi(before, { path: '/apps/1/events', body }));
    await before.stop();
    await using after = await startServer(config({ path, shutdown }));
    const late = await connectSocket(after);
    await late.subscribe('cache-room');
    expect(await late.nextFrame()).toMatchObject({ event: 'state', data: '"full"' });
  });

  test('with "keep" reports nothing, and the next start continues', async () => {
    const path = await folder();
    await using hooks = await startReceiver();
    const before = await startServer(config({ path, hooks, shutdown: 'keep' }));
    await (await connectSocket(before)).subscribe('news');
    await hooks.requests.until((requests) => taken(requests).length === 1);
    await before.stop();
    const after = await startServer(config({ path, hooks, shutdown: 'keep' }));
    const again = await connectSocket(after);
    await again.subscribe('news');
    await again.subscribe('other');
    await hooks.requests.until((requests) => taken(requests).length === 2);
    expect(taken(hooks.requests.items).map(({ channel }) => channel)).toEqual(['news', 'other']);
    await after.stop();
    expect(taken(hooks.requests.items)).toHaveLength(2);
  });
});

describe('a store', () => {
  test('belongs to one process: a second one exits with 1 and names the holder', async () => {
    const path = await folder();
    await using first = await startServer(config({ path }));
    const { code, stderr } = await runWithConfig(config({ path }));
    expect(code).toBe(1);
    expect(stderr).toContain('ERR_STORE');
    expect(stderr).toContain(String(first.pid));
  });

  test('that cannot be read is moved aside, which the log, the health check and backends report', async () => {
    const path = await folder();
    const before = await startServer(config({ path }));
    const { epoch } = await stateOf(before);
    await before.stop();
    for (const name of await readdir(path)) {
      if (name.startsWith('data.mdb')) await writeFile(join(path, name), 'this is no store'.repeat(1000));
    }
    const after = await startServer(config({ path }));
    expect(after.log.items).toContainEqual(
      expect.objectContaining({ msg: expect.stringContaining('moved aside') as string }),
    );
    const state = await stateOf(after);
    expect(state['epoch']).not.toBe(epoch);
    expect(state).toMatchObject({ starts: 1, store_lost: { reason: expect.any(String) as string } });
    const health = (await (await fetch(`${after.url}/healthz`)).json()) as object;
    expect(health).toMatchObject({ status: 'degraded', storeLost: {} });
    await after.stop();
    // Restarts by a supervisor do not hide it.
    await using again = await startServer(config({ path }));
    expect(await stateOf(again)).toMatchObject({
      starts: 2,
      store_lost: { reason: expect.any(String) as string },
    });
  });

  test('that is empty counts as lost, not as new', async () => {
    const path = await folder();
    await (await startServer(config({ path }))).stop();
    await writeFile(join(path, 'data.mdb'), '');
    await using after = await startServer(config({ path }));
    expect(await stateOf(after)).toMatchObject({ starts: 1, store_lost: { reason: 'the file is empty' } });
  });

  test('is rejected together with redis and with control, by its path', async () => {
    const path = await folder();
    const beside = { ...config({ path }), redis: { url: 'redis://127.0.0.1:1' }, control: {} };
    const { code, stderr } = await runWithConfig(beside);
    expect(code).toBe(2);
    expect(stderr).toMatch(/store\s+is given together with redis/);
    expect(stderr).toMatch(/store\s+cannot be combined with control/);
  });

  test('is set by the command line before the environment, and by both before the file', async () => {
    const [file, env, option] = [await folder(), await folder(), await folder()];
    await using server = await startServer(config({ path: file }), {
      args: ['--store', option],
      env: { SOKETIFY_STORE: env },
    });
    expect(await readdir(option)).toContain('data.mdb');
    expect([await readdir(env), await readdir(file)]).toEqual([[], []]);
    expect(server.log.items).toContainEqual(
      expect.objectContaining({ msg: expect.stringContaining('overridden by --store') as string }),
    );
  });
});

test.each([
  [{ store: { path: '' } }, /store\.path/],
  [{ store: { path: 'x', sync: 'never' } }, /store\.sync\s.*process, disk/],
  [{ store: { path: 'x', shutdown: 'now' } }, /store\.shutdown\s.*report, keep/],
  [{ store: { folder: 'x' } }, /store\.folder/],
  [{ webhooks: { restartGraceMs: 'long' } }, /webhooks\.restartGraceMs/],
])('a configuration with %j is rejected by its path', async (given, names) => {
  const { code, stderr } = await runWithConfig({ apps: [app], ...given });
  expect(stderr).toMatch(names);
  expect(code).toBe(2);
});
