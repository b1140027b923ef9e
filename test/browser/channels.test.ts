import { expect, test } from 'vitest';
import { fetchAsPage } from '../support/browser/ask.ts';
import { seen, useChromium, visit } from '../support/browser/open-page.ts';
import { connectClient } from '../support/e2e/client.ts';
import { app, quick } from '../support/e2e/config.ts';
import { startServer } from '../support/e2e/server.ts';
import { connectSocket } from '../support/e2e/socket.ts';

const openTab = useChromium();
const limits = { channelsPerConnection: null, newChannelsPerSecond: null };

test('a long list of channels stays complete while channels come and go', async () => {
  await using server = await startServer({ apps: [{ ...app, limits }], webhooks: quick });
  const socket = await connectSocket(server);
  const names = Array.from({ length: 150 }, (_, index) => `c-${String(index).padStart(3, '0')}`);
  for (const name of names) await socket.subscribe(name);
  const tab = await openTab(server);
  const { page } = tab;
  await visit(tab, server, `apps/${app.id}/channels`, 'Channels');
  const links = page.locator('a[data-row]');
  await expect.poll(() => links.count()).toBe(100);
  await page.getByRole('button', { name: 'Show more' }).click();
  await expect.poll(() => links.count()).toBe(150);

  await socket.subscribe('a-new-one');
  await expect.poll(() => links.allTextContents()).toEqual(['a-new-one', ...names]);
  const other = await connectSocket(server);
  await other.subscribe('b-new-one');
  socket.unsubscribe('c-149');
  await expect.poll(() => links.allTextContents()).toEqual(['a-new-one', 'b-new-one', ...names.slice(0, -1)]);
});

test('channels and users whose names are dots have a page and can be terminated', async () => {
  await using server = await startServer({ apps: [app], webhooks: quick });
  const socket = await connectSocket(server);
  await socket.subscribe('.');
  await socket.subscribe('..');
  const client = await connectClient(server, { member: { user_id: '..' } });
  await client.subscribePresence('presence-room');
  const tab = await openTab(server);
  const { page } = tab;
  for (const name of ['.', '..']) {
    await visit(tab, server, `apps/${app.id}/channels`, 'Channels');
    await page.getByRole('link', { name, exact: true }).click();
    await seen(page, name);
    await page.getByRole('table', { name: 'Connections' }).waitFor();
    await page.getByText('Recorded since').waitFor();
  }
  await visit(tab, server, `apps/${app.id}/channels/presence-room`, 'presence-room');
  await page.getByRole('button', { name: 'Terminate' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Terminate user' }).click();
  await page.getByText('Terminated user ..').waitFor();
});

test('the timeline of a channel names the date of what did not happen today', async () => {
  await using server = await startServer({ apps: [app], webhooks: quick });
  const socket = await connectSocket(server);
  await socket.subscribe('room');
  const tab = await openTab(server);
  const { page } = tab;
  const twoDaysMs = 2 * 24 * 3_600_000;
  await page.route(/\/room\/timeline$/, async (route) => {
    const response = await fetchAsPage(route);
    const isTime = (value: unknown): value is number => typeof value === 'number' && value > 1e12;
    const body = JSON.stringify(await response.json(), (_, value: unknown) =>
      isTime(value) ? value - twoDaysMs : value,
    );
    await route.fulfill({ response, body });
  });
  await visit(tab, server, `apps/${app.id}/channels/room`, 'room');
  await page.getByText(/Recorded since \d{4}-\d\d-\d\d \d\d:/).waitFor();
  await page.getByText('As a table').click();
  // In the time zone of the browser, as everywhere else.
  const date = new Date(Date.now() - twoDaysMs).getDate();
  const cell = page.getByRole('cell', { name: /^\d{4}-\d\d-\d\d / }).first();
  expect(Number((await cell.textContent())?.slice(8, 10))).toBe(date);
  await page.unrouteAll({ behavior: 'ignoreErrors' });
});
