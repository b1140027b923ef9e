import { expect, test } from 'vitest';
import { app, quick } from '../support/e2e/config.ts';
import { answered, callApi, plainText } from '../support/e2e/http.ts';
import { startReceiver } from '../support/e2e/receiver.ts';
import { startServer, type Server } from '../support/e2e/server.ts';
import { connectSocket } from '../support/e2e/socket.ts';

/** Events expire soon. On Redis, not before another node has taken over their delivery, or corrections would expire as well. */
const maxElapsedMs = process.env['TEST_REDIS'] === undefined ? 300 : 2500;
const webhooks = { ...quick, retry: { initialDelayMs: 20, maxElapsedMs } };

const ask = (server: Server, endpoint: string) =>
  callApi(server, { path: '/apps/1/webhooks/reconcile', body: JSON.stringify({ endpoint }) });

test('an endpoint that has lost events receives what it does not know together with the next event it accepts', async () => {
  let isDown = false;
  await using hooks = await startReceiver({ answer: () => (isDown ? 503 : 200) });
  await using server = await startServer({
    apps: [{ ...app, webhooks: [{ id: 'main', url: hooks.url, reconcile: true }] }],
    webhooks,
  });
  const [anna, bert] = [await connectSocket(server), await connectSocket(server)];
  await anna.subscribe('presence-room', { user_id: 'anna' });
  await hooks.events.until((events) => events.length === 2);
  isDown = true;
  await bert.subscribe('presence-room', { user_id: 'bert' });
  anna.unsubscribe('presence-room');
  await server.log.until((lines) => lines.filter(({ msg }) => msg === 'webhook events dropped').length > 0);
  isDown = false;
  anna.requestSubscription('news');
  await hooks.events.until((events) => events.length === 5);
  const reported = hooks.events.items
    .slice(2)
    .map(({ name, channel, user_id: user }) => `${name} ${channel} ${user}`);
  expect(reported.toSorted()).toEqual([
    'channel_occupied news undefined',
    'member_added presence-room bert',
    'member_removed presence-room anna',
  ]);
  const listed = () => answered(callApi(server, { path: '/apps/1/webhooks/dropped' }));
  await expect.poll(listed).toMatchObject({ dropped: [] });
});

test('a backend can request it, and receives the number of channels', async () => {
  let isDown = true;
  await using hooks = await startReceiver({ answer: () => (isDown ? 503 : 200) });
  await using server = await startServer({
    apps: [{ ...app, webhooks: [{ id: 'main', url: hooks.url, reconcile: true }] }],
    webhooks,
  });
  await (await connectSocket(server)).subscribe('news');
  await server.log.first(({ msg }) => msg === 'webhook events dropped');
  isDown = false;
  expect(await ask(server, 'main')).toMatchObject({ status: 202, text: '{"channels":1}' });
  await hooks.events.until((events) => events.length === 1);
  expect(hooks.events.items).toMatchObject([{ name: 'channel_occupied', channel: 'news' }]);
});

test('a backend can request it for an endpoint that is not reconciled automatically, too', async () => {
  let isDown = true;
  await using hooks = await startReceiver({ answer: () => (isDown ? 503 : 200) });
  await using server = await startServer({
    apps: [{ ...app, webhooks: [{ id: 'main', url: hooks.url }] }],
    webhooks,
  });
  await (await connectSocket(server)).subscribe('news');
  await server.log.first(({ msg }) => msg === 'webhook events dropped');
  isDown = false;
  expect(await ask(server, 'main')).toMatchObject({ status: 202, text: '{"channels":1}' });
  await hooks.events.until((events) => events.length === 1);
  expect(hooks.events.items).toMatchObject([{ name: 'channel_occupied', channel: 'news' }]);
});

test('an endpoint that cannot be reconciled is rejected with the reason', async () => {
  await using server = await startServer({
    apps: [
      {
        ...app,
        webhooks: [{ id: 'off', url: 'http://127.0.0.1:9/off', reconcile: true, enabled: false }],
      },
    ],
  });
  expect(await ask(server, 'off')).toEqual(plainText(409, /disabled/));
  expect(await ask(server, 'other')).toEqual(plainText(404, /other/));
  const bad = callApi(server, { path: '/apps/1/webhooks/reconcile', body: '{"endpiont":"main"}' });
  expect(await bad).toEqual(plainText(400, /endpiont/));
});

test('an endpoint that is added receives the current state, and then what happens', async () => {
  await using hooks = await startReceiver();
  await using server = await startServer({ apps: [app], webhooks });
  const [anna, bert] = [await connectSocket(server), await connectSocket(server)];
  await anna.subscribe('presence-room', { user_id: 'anna' });
  await bert.subscribe('presence-room', { user_id: 'bert' });
  await bert.subscribe('news');
  await server.rewriteConfig({
    apps: [{ ...app, webhooks: [{ id: 'main', url: hooks.url, reconcile: true }] }],
    webhooks,
  });
  server.signal('SIGHUP');
  // While a node takes over the webhooks of another one, the state may be sent twice.
  const reported = () => [
    ...new Set(
      hooks.events.items.map(({ name, channel, user_id: user }) => `${name} ${channel} ${user}`).toSorted(),
    ),
  ];
  const present = [
    'channel_occupied news undefined',
    'channel_occupied presence-room undefined',
    'member_added presence-room anna',
    'member_added presence-room bert',
  ];
  await expect.poll(reported).toEqual(present);
  anna.unsubscribe('presence-room');
  await expect.poll(reported).toEqual([...present, 'member_removed presence-room anna']);
});
