import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { test as base, expect } from '@playwright/test';
import Backend from 'pusher';
import { startEmulator, startReceiver } from 'soketify-emulator';

/** One Soketify for each worker process, and an application whose page shows the present members. */
const test = base.extend({
  soketify: [
    // oxlint-disable-next-line no-empty-pattern -- Playwright reads the dependencies of a fixture from its pattern
    async ({}, use) => {
      const receiver = await startReceiver();
      const soketify = await startEmulator({ apps: [{ webhooks: [{ url: receiver.url }] }] });
      await use(Object.assign(soketify, { receiver }));
      await soketify.close();
      await receiver.close();
    },
    { scope: 'worker' },
  ],
  site: [
    async ({ soketify }, use) => {
      const backend = new Backend(soketify.serverOptions());
      const script = await readFile(
        createRequire(import.meta.url).resolve('pusher-js/dist/web/pusher.min.js'),
      );
      const server = createServer((request, response) => void answer(request, response));
      async function answer(request, response) {
        if (request.url === '/pusher.js') return response.end(script);
        if (request.url !== '/pusher/auth')
          return response.setHeader('content-type', 'text/html').end(page(soketify));
        const form = new URLSearchParams(Buffer.concat(await request.toArray()).toString());
        const auth = backend.authorizeChannel(form.get('socket_id'), form.get('channel_name'), {
          user_id: '42',
        });
        return response.end(JSON.stringify(auth));
      }
      await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
      await use(`http://127.0.0.1:${server.address().port}`);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
    { scope: 'worker' },
  ],
});

const page = (soketify) => `<!doctype html>
<p id="members"></p>
<script src="/pusher.js"></script>
<script>
  const pusher = new Pusher('${soketify.key}', {
    ...${JSON.stringify(soketify.clientOptions())},
    channelAuthorization: { endpoint: '/pusher/auth' },
  });
  pusher.subscribe('presence-room').bind('pusher:subscription_succeeded', (members) => {
    document.querySelector('#members').textContent = members.count + ' here';
  });
</script>`;

test('a user who closes the tab goes offline', async ({ page: tab, soketify, site }) => {
  await tab.goto(site);
  await expect(tab.locator('#members')).toHaveText('1 here');
  await soketify.webhooks.waitFor({ name: 'member_added', user_id: '42' });
  await tab.close();
  // The connection ends with the tab. Then three seconds of grace pass immediately.
  await expect.poll(() => soketify.connections().length).toBe(0);
  await soketify.clock.advance(3000);
  await soketify.webhooks.waitFor({ name: 'member_removed', user_id: '42' });
  expect(soketify.receiver.state()).toMatchObject({ members: {} });
});
