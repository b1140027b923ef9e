import { describe, expect, test } from 'vitest';
import { connectClient } from '../support/e2e/client.ts';
import { app } from '../support/e2e/config.ts';
import { startReceiver } from '../support/e2e/receiver.ts';
import { runProgram, startServer, type Server } from '../support/e2e/server.ts';

/** Sends a request to the control API. */
async function ask(server: Server, path: string, body?: object): Promise<unknown> {
  const response = await fetch(`${server.url}/control${path}`, {
    ...(body && { method: 'POST', body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  return response.json();
}

describe('a program with --control', () => {
  test('lets a test in another process wait for webhooks, on the real clock and on its own', async () => {
    await using receiver = await startReceiver();
    await using server = await startServer(
      { apps: [{ ...app, webhooks: [{ url: receiver.url }] }] },
      { args: ['--control'] },
    );
    const { pusher } = await connectClient(server);
    pusher.subscribe('news');
    await ask(server, '/webhooks/wait-for', { match: { name: 'channel_occupied' } });
    pusher.disconnect();
    const left = ask(server, '/webhooks/wait-for', { match: { name: 'channel_vacated' }, timeoutMs: 20_000 });
    await expect.poll(() => ask(server, `/apps/${app.id}/channels`)).toEqual({ channels: [] });
    await ask(server, '/clock/advance', { ms: 5000 });
    expect(await left).toMatchObject({ name: 'channel_vacated', cause: { kind: 'disconnected' } });
  });

  test('keeps added apps when the configuration is reloaded', async () => {
    const config = { apps: [app] };
    await using server = await startServer(config, { args: ['--control'] });
    const { id } = (await ask(server, '/apps', { id: 'added', secret: 's' })) as { id: string };
    await server.rewriteConfig({ apps: [app, { id: 'late', key: 'late-key', secret: 's' }] });
    server.signal('SIGHUP');
    await server.log.first(({ msg }) => msg === 'configuration reloaded');
    const { apps } = (await ask(server, '/apps')) as { apps: { id: string }[] };
    expect(apps.map((one) => one.id)).toEqual([app.id, 'late', id]);
  });

  test('exits immediately on SIGTERM while its clock stands still', async () => {
    await using receiver = await startReceiver();
    await using server = await startServer(
      { apps: [{ ...app, webhooks: [{ url: receiver.url }] }] },
      { args: ['--control', 'virtual'] },
    );
    expect(await ask(server, '/clock')).toEqual({ mode: 'virtual', nowMs: 0 });
    const { pusher } = await connectClient(server);
    pusher.subscribe('news');
    await expect
      .poll(() => ask(server, `/apps/${app.id}/connections`))
      .toMatchObject({
        connections: [{ channels: [{ name: 'news' }] }],
      });
    await server.stop();
  });
});

describe('control', () => {
  test('is not served unless configured', async () => {
    await using server = await startServer({ apps: [app] });
    expect((await fetch(`${server.url}/control/openapi.json`)).status).toBe(404);
  });

  test.each([
    [
      { NODE_ENV: 'production', SOKETIFY_APP_SECRET: 's' },
      /--control\n.*is not served when NODE_ENV is production/,
    ],
    [
      { SOKETIFY_HOST: '0.0.0.0', SOKETIFY_APP_SECRET: 's' },
      /control\.token\n.*missing; on the host "0\.0\.0\.0"/,
    ],
  ])('is rejected with %j', async (env, message) => {
    const { code, stderr } = await runProgram(['--control', '--port', '0'], env);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });
});
