import { expect, test } from 'vitest';
import { app, quick } from '../support/e2e/config.ts';
import { startReceiver } from '../support/e2e/receiver.ts';
import { startServer, type Server } from '../support/e2e/server.ts';
import { connectSocket } from '../support/e2e/socket.ts';
import { folder } from '../support/e2e/store.ts';

async function call(server: Server, method: string, path: string, body: object = {}): Promise<unknown> {
  const answer = await fetch(`${server.url}/admin${path}`, {
    method,
    ...(method !== 'GET' && {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }),
  });
  const json: unknown = await answer.json();
  if (!answer.ok) throw new Error(`${answer.status} ${JSON.stringify(json)}`);
  return json;
}

test('settings made by the admin API survive a kill, and events held for an endpoint are sent afterwards in order', async () => {
  const path = await folder();
  await using hooks = await startReceiver();
  const config = { apps: [app], webhooks: { ...quick, restartGraceMs: 60_000 }, store: { path } };
  const before = await startServer(config);
  expect(await call(before, 'GET', '/self')).toMatchObject({ savedIn: 'disk', kept: 'disk' });
  await call(before, 'POST', '/apps', { id: 'own', key: 'own-key', secret: 'own-secret' });
  await call(before, 'POST', '/apps/1/endpoints', { id: 'hook', url: hooks.url });
  await call(before, 'POST', '/apps/1/endpoints/hook/pause', { how: 'hold' });
  const socket = await connectSocket(before);
  await socket.subscribe('room-1');
  await socket.subscribe('room-2');
  // A change is saved after everything that happened before it.
  await call(before, 'POST', '/apps/own/keys', { key: 'second-key' });
  await before.kill();

  await using after = await startServer(config);
  expect(await call(after, 'GET', '/apps')).toMatchObject({
    apps: [
      {
        id: '1',
        endpoints: [{ id: 'hook', origin: 'run-time', pause: { how: 'hold' }, queue: { events: 2 } }],
      },
      { id: 'own', origin: 'run-time', keys: [{ key: 'own-key' }, { key: 'second-key' }] },
    ],
  });
  const again = await connectSocket(after);
  await again.subscribe('room-1');
  await again.subscribe('room-2');
  expect(hooks.requests.items).toEqual([]);
  await call(after, 'POST', '/apps/1/endpoints/hook/resume');
  await hooks.requests.until((requests) => requests.flatMap(({ events }) => events).length === 2);
  const reported = hooks.requests.items.flatMap(({ events }) =>
    events.map(({ name, channel }) => `${name} ${channel}`),
  );
  expect(reported.toSorted()).toEqual(['channel_occupied room-1', 'channel_occupied room-2']);
});

test('without a store settings made at run time are lost when the process stops, and the server reports that', async () => {
  await using server = await startServer({ apps: [app] });
  await call(server, 'POST', '/apps/1/endpoints', { id: 'hook', url: 'http://127.0.0.1:9/hook' });
  expect(await call(server, 'GET', '/self')).toMatchObject({
    savedIn: 'memory',
    notes: [expect.stringMatching(/kept in memory and are lost when the process stops/)],
  });
});
