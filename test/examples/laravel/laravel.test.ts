import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import Pusher from 'pusher';
import { startEmulator } from 'soketify-emulator';
import { expect, onTestFinished, test } from 'vitest';
import { tools } from '../../support/examples/tools.ts';
import { requireTool } from '../../support/tools.ts';
import { openSite, visit } from '../support.ts';

const folder = fileURLToPath(new URL('.', import.meta.url));
const secret = 'a-secret-of-this-test';

/** The application on PHP's own server. */
async function startApplication(): Promise<string> {
  const data = await mkdtemp(join(tmpdir(), 'soketify-laravel-'));
  const env = { PATH: process.env['PATH'], PUSHER_APP_SECRET: secret, USERS_FILE: join(data, 'users.json') };
  const args = ['-S', '127.0.0.1:0', 'index.php'];
  const child = spawn(requireTool(tools.php), args, {
    cwd: folder,
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const exit = once(child, 'exit');
  onTestFinished(async () => {
    child.kill('SIGTERM');
    await exit;
    await rm(data, { recursive: true, force: true });
  });
  return new Promise((resolve, reject) => {
    let output = '';
    createInterface({ input: child.stderr }).on('line', (line) => {
      output = `${output}${line}\n`.slice(-4000);
      const url = /Development Server \((http:.*?)\) started/.exec(line)?.[1];
      if (url !== undefined) resolve(url);
    });
    void exit.then(() => reject(new Error(`PHP exited before it listened:\n${output}`)));
  });
}

/**
 * The application, a Soketify that sends webhooks to it, and the users who are online according to the
 * application.
 */
async function start() {
  const url = await startApplication();
  const webhooks = [{ url: `${url}/api/webhooks/soketify` }];
  const soketify = await startEmulator({ clock: 'virtual', apps: [{ secret, webhooks }] });
  onTestFinished(() => soketify.close());
  const login = await openSite();
  onTestFinished(() => login.close());
  const backend = new Pusher(soketify.serverOptions());
  login.serve((req, res) => {
    void text(req).then((body) => {
      const form = new URLSearchParams(body);
      const [socketId, channel] = [form.get('socket_id') ?? '', form.get('channel_name') ?? ''];
      const member = { user_id: String(req.headers['x-user']) };
      res.end(JSON.stringify(backend.authorizeChannel(socketId, channel, member)));
    });
  });
  return {
    soketify,
    hook: webhooks[0]?.url ?? '',
    online: async (): Promise<unknown> => (await fetch(`${url}/users/online`)).json(),
    async open(user: string) {
      const visitor = await visit(soketify, { site: login, user });
      onTestFinished(() => visitor.leave());
      await visitor.subscribe('presence-online');
      return visitor;
    },
  };
}

test('the handler marks a user as online, and as offline after three seconds away', async () => {
  const { soketify, open, online } = await start();
  const ada = await open('ada');
  await open('bob');
  await soketify.webhooks.waitFor({ name: 'member_added', user_id: 'bob' });
  expect(await online()).toEqual(['ada', 'bob']);

  ada.leave();
  await soketify.clock.advance(2_900);
  expect(await online()).toEqual(['ada', 'bob']);
  await soketify.webhooks.waitFor({ name: 'member_removed', user_id: 'ada' });
  expect(await online()).toEqual(['bob']);
});

test('webhooks that it missed while it was down are sent again', async () => {
  const { soketify, open, online } = await start();
  const ada = await open('ada');
  await soketify.webhooks.waitFor({ name: 'member_added', user_id: 'ada' });
  soketify.faults.webhooks({ status: 500, times: 3 });
  ada.leave();
  await soketify.webhooks.waitFor({ name: 'member_removed', user_id: 'ada' });
  expect(await online()).toEqual([]);
  expect(soketify.deliveries.at(-1)?.attempts).toHaveLength(4);
});

test('a cache_miss without a listener, and an event without a branch, are answered 2xx', async () => {
  const { soketify } = await start();
  const visitor = await visit(soketify);
  onTestFinished(() => visitor.leave());
  await visitor.subscribe('cache-vehicle-1');
  await soketify.webhooks.waitFor({ name: 'channel_occupied' });
  await soketify.webhooks.waitFor({ name: 'cache_miss' });
});

test.each([
  ['signed with another secret', { 'x-pusher-signature': '0'.repeat(64) }, 401],
  // PHP 8's hash_equals() does not accept null, and Laravel answers that with its error page.
  ['without a signature', {}, 500],
])('a forged body, %s, is rejected', async (_, headers, status) => {
  const { hook, online } = await start();
  const events = [{ name: 'member_added', channel: 'presence-online', user_id: 'eve' }];
  const body = JSON.stringify({ time_ms: Date.now(), events });
  const answer = await fetch(hook, { method: 'POST', headers, body });
  expect(answer.status).toBe(status);
  expect(await online()).toEqual([]);
});
