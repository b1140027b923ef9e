import { expect, test } from 'vitest';
import { fetchAsPage } from '../support/browser/ask.ts';
import { useChromium, visit } from '../support/browser/open-page.ts';
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
