import { expect, onTestFinished, test } from 'vitest';
import { seen, useChromium, visit } from '../support/browser/open-page.ts';
import { app, quickConfig } from '../support/e2e/config.ts';
import { startReceiver } from '../support/e2e/receiver.ts';
import { sdkFor } from '../support/e2e/sdk.ts';
import { startServer } from '../support/e2e/server.ts';
import { connectSocket } from '../support/e2e/socket.ts';

const openTab = useChromium();

test('the page reports a lost connection and recovers when the server is back', async () => {
  const first = await startServer(quickConfig());
  onTestFinished(() => first.kill());
  const tab = await openTab(first);
  const { page } = tab;
  await visit(tab, first, `apps/${app.id}/console`, 'Debug console');
  const state = page.locator('.live');
  await state.getByText('Live').waitFor();
  await sdkFor(first).trigger('news', 'before', {});
  await page.locator('.row').getByText('before on news').waitFor();

  await first.kill();
  await state.getByText('Lost').waitFor();
  await page.getByText('The connection to the server is lost.').waitFor();

  await using second = await startServer(quickConfig(), { args: ['--port', String(first.port)] });
  await state.getByText('Live').waitFor();
  await page.getByText('The connection to the server is lost.').waitFor({ state: 'hidden' });
  await sdkFor(second).trigger('news', 'after', {});
  await page.locator('.row').getByText('after on news').waitFor();
  await page.getByText('The server restarted').first().waitFor();
  expect(await page.locator('.row').getByText('before on news').count()).toBe(1);
});

test('nothing moves while a row of the console is open, and new rows are counted', async () => {
  await using server = await startServer(quickConfig());
  const tab = await openTab(server);
  const { page } = tab;
  await visit(tab, server, `apps/${app.id}/console`, 'Debug console');
  const sdk = sdkFor(server);
  await sdk.trigger('news', 'first', { n: 1 });
  const heads = page.locator('[data-row]');
  await heads.filter({ hasText: 'first on news' }).click();
  await page.locator('.row-detail').waitFor();
  const before = await heads.allTextContents();
  for (const name of ['second', 'third']) await sdk.trigger('news', name, {});
  const news = page.getByRole('button', { name: '2 new' });
  await news.waitFor();
  expect(await heads.allTextContents()).toEqual(before);
  await news.click();
  await heads.filter({ hasText: 'third on news' }).waitFor();
  await page.locator('.row-detail').waitFor();
  await page.keyboard.press('Escape');
});

test('nothing moves while a delivery is open, and new ones are counted', async () => {
  await using hooks = await startReceiver();
  await using server = await startServer(quickConfig({ id: 'main', url: hooks.url }));
  const socket = await connectSocket(server);
  const occupy = async (channel: string) => {
    await socket.subscribe(channel);
    await hooks.events.first((event) => event.channel === channel);
  };
  await occupy('one');
  const tab = await openTab(server);
  const { page } = tab;
  await visit(tab, server, `apps/${app.id}/webhooks/deliveries`, 'Deliveries');
  await page.getByRole('link', { name: 'Delivered' }).click();
  await page.getByRole('region', { name: 'Delivery' }).getByRole('button', { name: 'Resend' }).waitFor();
  await occupy('two');
  await page.getByRole('button', { name: '1 new' }).waitFor();
  const rows = page.locator('tbody tr');
  expect(await rows.count()).toBe(1);
  await page.getByRole('button', { name: '1 new' }).click();
  await rows.filter({ hasText: 'two' }).waitFor();
  expect(await rows.count()).toBe(2);
});

test('settings that another tab changed appear without a reload', async () => {
  await using server = await startServer(quickConfig());
  const [one, other] = [await openTab(server), await openTab(server)];
  await visit(one, server, `apps/${app.id}/settings`, 'Settings');
  await one.page.getByText('No endpoint yet').waitFor();
  await visit(other, server, `apps/${app.id}/settings?edit=%2B`, 'Settings');
  await other.page.getByLabel('Endpoint URL').fill('http://127.0.0.1:9/there');
  await other.page.getByRole('button', { name: 'Save' }).click();
  await one.page.getByText('http://127.0.0.1:9/there').waitFor();
  await seen(one.page, 'Settings');
  await one.page.getByText('No endpoint yet').waitFor({ state: 'hidden' });
});

test('a page says why it receives no changes if too many others do, and receives them later', async () => {
  await using server = await startServer(quickConfig());
  const others = await Promise.all(
    Array.from({ length: 16 }, async () => {
      const abort = new AbortController();
      const response = await fetch(`${server.url}/dashboard/api/stream`, {
        headers: { 'sec-fetch-site': 'same-origin' },
        signal: abort.signal,
      });
      expect(response.status).toBe(200);
      return abort;
    }),
  );
  const tab = await openTab(server);
  const { page } = tab;
  await visit(tab, server, `apps/${app.id}/truth`, 'Truth');
  const reason = page.getByText('The live stream has 16 readers already', { exact: false });
  await reason.waitFor();
  await page.locator('.live').getByText('Lost').waitFor();
  for (const other of others) other.abort();
  await page.locator('.live').getByText('Live').waitFor();
  await reason.waitFor({ state: 'hidden' });
});
