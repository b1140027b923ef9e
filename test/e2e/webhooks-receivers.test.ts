import { afterEach, describe, expect, test, vi } from 'vitest';
import { app, quickConfig } from '../support/e2e/config.ts';
import { startExpressReceiver, startNextReceiver } from '../support/e2e/page-receivers.ts';
import { startServer } from '../support/e2e/server.ts';
import { connectSocket } from '../support/e2e/socket.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

describe.each([
  ['the Express handler', startExpressReceiver],
  ['the Next.js route', startNextReceiver],
])('%s of the documentation', (_, startPageReceiver) => {
  test('accepts every webhook and receives all six events', async () => {
    vi.stubEnv('SOKETIFY_APP_SECRET', app.secret);
    await using hooks = await startPageReceiver();
    await using server = await startServer(quickConfig({ url: hooks.url }));
    const socket = await connectSocket(server);
    await socket.subscribe('presence-cache-general', {
      user_id: 'ünï-42',
    });
    socket.send({ event: 'client-typing', channel: 'presence-cache-general', data: { text: 'é ☃ 😀' } });
    socket.unsubscribe('presence-cache-general');
    await hooks.events.count(6);
    expect(hooks.events.items.map(({ name }) => name)).toEqual([
      'channel_occupied',
      'member_added',
      'cache_miss',
      'client_event',
      'member_removed',
      'channel_vacated',
    ]);
    expect(hooks.events.items[3]).toMatchObject({ data: '{"text":"é ☃ 😀"}', user_id: 'ünï-42' });
    expect(hooks.answers.items.filter(({ status }) => status !== 200)).toEqual([]);
  });

  test('answers 401 while it has another secret, and then receives the same bytes again', async () => {
    vi.stubEnv('SOKETIFY_APP_SECRET', 'another-secret');
    await using hooks = await startPageReceiver();
    await using server = await startServer(quickConfig({ url: hooks.url }));
    const socket = await connectSocket(server);
    await socket.subscribe('news');
    await hooks.answers.count(2);
    vi.stubEnv('SOKETIFY_APP_SECRET', app.secret);
    await hooks.events.count(1);
    const answers = hooks.answers.items.filter(({ body }) => body.includes('channel_occupied'));
    const refused = answers.filter(({ status }) => status === 401);
    expect(refused.length).toBeGreaterThanOrEqual(2);
    expect(new Set(refused.map(({ body }) => body)).size).toBe(1);
    const accepted = await hooks.answers.first(({ status }) => status === 200);
    expect(accepted.body).toBe(refused[0]?.body);
    expect(hooks.events.items).toEqual([{ name: 'channel_occupied', channel: 'news' }]);
  });

  test('answers 401 to an unsigned body and to a changed one', async () => {
    vi.stubEnv('SOKETIFY_APP_SECRET', app.secret);
    await using hooks = await startPageReceiver();
    const post = (headers: Record<string, string>) =>
      fetch(hooks.url, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', ...headers },
        body: '{"time_ms":1,"events":[]}',
      });
    expect((await post({})).status).toBe(401);
    expect((await post({ 'X-Pusher-Signature': '0'.repeat(64) })).status).toBe(401);
    expect(hooks.events.items).toEqual([]);
  });
});
