import { expect, onTestFinished, test } from 'vitest';
import { startEmulator } from 'soketify-emulator';
import { openSite, visit } from '../support.ts';
import { createApp, createDatabase } from './app.ts';

const channel = 'presence-online';

/** The application and a Soketify of its own, whose clock moves only when the test advances it. */
async function start() {
  const site = await openSite();
  onTestFinished(() => site.close());
  const webhooks = [{ url: `${site.url}/webhooks/soketify`, channels: { startsWith: channel } }];
  const soketify = await startEmulator({ clock: 'virtual', apps: [{ webhooks }] });
  onTestFinished(() => soketify.close());
  site.serve(createApp({ db: createDatabase('ada', 'bob'), pusher: soketify.serverOptions() }));
  return {
    soketify,
    site,
    online: async (): Promise<unknown> => (await fetch(`${site.url}/users/online`)).json(),
    async open(user: string, ...rooms: string[]) {
      const visitor = await visit(soketify, { site, user });
      onTestFinished(() => visitor.leave());
      for (const room of [channel, ...rooms]) await visitor.subscribe(room);
      return visitor;
    },
  };
}

test('a user who opens the page is online, and offline after three seconds away', async () => {
  const { soketify, open, online } = await start();
  const ada = await open('ada');
  await open('bob');
  await soketify.webhooks.waitFor({ name: 'member_added', user_id: 'bob' });
  expect(await online()).toEqual(['ada', 'bob']);

  ada.leave();
  await soketify.webhooks.waitFor({ name: 'member_removed', user_id: 'ada' });
  expect(await online()).toEqual(['bob']);
});

test('a user who reloads the page stays online', async () => {
  const { soketify, open, online } = await start();
  const before = await open('ada');
  const added = await soketify.webhooks.waitFor({ name: 'member_added', user_id: 'ada' });
  before.leave();
  await soketify.clock.advance(2_900);
  await open('ada');
  await soketify.webhooks.expectNone({ user_id: 'ada' }, { after: added });
  expect(await online()).toEqual(['ada']);
});

test('a user who closes one of two tabs stays online', async () => {
  const { soketify, open, online } = await start();
  const first = await open('ada');
  const added = await soketify.webhooks.waitFor({ name: 'member_added', user_id: 'ada' });
  await open('ada');
  first.leave();
  await soketify.webhooks.expectNone({ user_id: 'ada' }, { after: added });
  expect(await online()).toEqual(['ada']);
});

test('leaving another room makes nobody offline', async () => {
  const { soketify, open, online } = await start();
  const ada = await open('ada', 'presence-room-1');
  await soketify.webhooks.waitFor({ name: 'member_added', user_id: 'ada' });
  ada.pusher.unsubscribe('presence-room-1');
  await soketify.webhooks.expectNone({ name: 'member_removed' });
  expect(await online()).toEqual(['ada']);
});

test('webhooks that the application missed while it was down are sent again', async () => {
  const { soketify, open, online } = await start();
  const ada = await open('ada');
  await soketify.webhooks.waitFor({ name: 'member_added', user_id: 'ada' });
  const outage = soketify.faults.webhooks({ status: 502 });
  ada.leave();
  await soketify.clock.advance(60_000);
  expect(await online()).toEqual(['ada']);

  outage.clear();
  await soketify.webhooks.waitFor({ name: 'member_removed', user_id: 'ada' });
  expect(await online()).toEqual([]);
});

test('only Soketify can make a user online', async () => {
  const { site, online } = await start();
  const forged = await fetch(`${site.url}/webhooks/soketify`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-pusher-signature': '0'.repeat(64) },
    body: JSON.stringify({
      time_ms: Date.now(),
      events: [{ name: 'member_added', channel, user_id: 'bob' }],
    }),
  });
  expect(forged.status).toBe(401);
  expect(await online()).toEqual([]);
});
