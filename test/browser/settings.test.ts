import { expect, test } from 'vitest';
import type { AppView } from '../../src/views/settings.ts';
import { ask, fetchAsPage, pass, turn } from '../support/browser/ask.ts';
import { seen, useChromium, visit } from '../support/browser/open-page.ts';
import { app, otherApp, quickConfig } from '../support/e2e/config.ts';
import { startServer } from '../support/e2e/server.ts';
import { connectSocket } from '../support/e2e/socket.ts';

const openTab = useChromium();
const added = { id: 'added', key: 'added-key', secret: 'added-secret' };
const elsewhere = 'http://127.0.0.1:9/elsewhere';

test('limits that another tab changed are shown, and are not changed back by a save', async () => {
  await using server = await startServer(quickConfig());
  const tab = await openTab(server);
  const { page } = tab;
  await visit(tab, server, 'overview', 'Overview');
  await ask(page, 'POST', 'apps', added);
  await visit(tab, server, 'apps/added/settings', 'Settings');
  await page.locator('summary').filter({ hasText: '21 limits' }).click();
  const field = (name: string) => page.getByLabel(name, { exact: true });
  await field('channelsPerConnection').fill('7');
  await ask(page, 'PUT', 'apps/added', {
    limits: { eventsPerBatch: 3 },
    allowedOrigins: ['https://example.com', 'https://example.org'],
  });
  await page.getByText('2 allowed origins').waitFor();
  expect(await field('eventsPerBatch').inputValue()).toBe('3');
  expect(await field('Allowed origins').inputValue()).toBe('https://example.com\nhttps://example.org');
  expect(await field('channelsPerConnection').inputValue()).toBe('7');
  await page.getByRole('form', { name: 'Origins and limits' }).getByRole('button', { name: 'Save' }).click();
  await page.getByText('Saved', { exact: true }).waitFor();
  const { apps } = await ask<{ apps: readonly AppView[] }>(page, 'GET', 'apps');
  const saved = apps.find(({ id }) => id === added.id);
  expect(saved?.limits).toMatchObject({ eventsPerBatch: 3, channelsPerConnection: 7 });
  expect(saved?.allowedOrigins).toEqual(['https://example.com', 'https://example.org']);
});

test('an export that is shown follows the settings', async () => {
  await using server = await startServer(quickConfig());
  const tab = await openTab(server);
  const { page } = tab;
  await visit(tab, server, `apps/${app.id}/settings?export=shown`, 'Settings');
  const text = page.getByRole('region', { name: 'Configuration' });
  await text.waitFor();
  await ask(page, 'POST', `apps/${app.id}/endpoints`, { id: 'new', url: elsewhere });
  await text.getByText(elsewhere).waitFor();
});

test('the uses of a key stay up to date, because its removal depends on them', async () => {
  await using server = await startServer(quickConfig());
  const tab = await openTab(server);
  const { page } = tab;
  await visit(tab, server, `apps/${app.id}/settings`, 'Settings');
  await page.getByText('not since the start').waitFor();
  await connectSocket(server);
  await page.getByText('not since the start').waitFor({ state: 'hidden', timeout: 15_000 });
});

test('settings that were changed while the tab was hidden are shown when it is visible again', async () => {
  await using server = await startServer(quickConfig());
  const [one, other] = [await openTab(server), await openTab(server)];
  const { page } = one;
  await visit(one, server, 'overview', 'Overview');
  await visit(other, server, 'overview', 'Overview');
  await page.locator('.live').getByText('Live').waitFor();
  await turn(page, 'hidden');
  await page.locator('.live').getByText('Paused').waitFor();
  await ask(other.page, 'POST', 'apps', added);
  await turn(page, 'visible');
  await page.locator('.live').getByText('Live').waitFor();
  await page.locator('.app-switcher option').filter({ hasText: 'added' }).waitFor({ state: 'attached' });
});

test('settings that were loaded before a change do not replace newer ones', async () => {
  await using server = await startServer(quickConfig());
  const tab = await openTab(server);
  const { page } = tab;
  await visit(tab, server, `apps/${app.id}/webhooks/verify`, 'Verify a signature');
  let release = () => {};
  const isReleased = new Promise<void>((resolve) => {
    release = resolve;
  });
  const old = new Promise<void>((resolve) => {
    void page.route(
      '**/api/apps',
      async (route) => {
        const response = await fetchAsPage(route);
        resolve();
        await isReleased;
        await route.fulfill({ response });
      },
      { times: 1 },
    );
  });
  await page.getByRole('link', { name: 'Endpoints' }).click();
  await seen(page, 'Endpoints');
  await old;
  await ask(page, 'POST', `apps/${app.id}/endpoints`, { id: 'new', url: elsewhere });
  await page.getByText(elsewhere).waitFor();
  await pass(page, 1000);
  release();
  await pass(page, 1000);
  expect(await page.getByText(elsewhere).count()).toBe(1);
});

test('a page that was left while its settings loaded loads them no more', async () => {
  await using server = await startServer(quickConfig());
  const tab = await openTab(server);
  const { page } = tab;
  await visit(tab, server, `apps/${app.id}/webhooks/verify`, 'Verify a signature');
  await page.route('**/api/apps', async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 500));
    await route.continue();
  });
  await page.getByRole('link', { name: 'Endpoints' }).click();
  await seen(page, 'Endpoints');
  await page.getByRole('link', { name: 'Verify a signature' }).click();
  await seen(page, 'Verify a signature');
  await pass(page, 2000);
  let loads = 0;
  page.on('request', (request) => {
    if (request.url().endsWith('/api/apps')) loads += 1;
  });
  await pass(page, 6000);
  expect(loads).toBe(0);
});

test('a token with a percent sign in the fragment logs in', async () => {
  const token = 'a-token-of-100%-randomness';
  await using server = await startServer({ ...quickConfig(), dashboard: { token } });
  const { page } = await openTab(server);
  await page.goto(`${server.url}/dashboard/#token=${token}`);
  await seen(page, 'Overview');
});

test('a fault is not added for an endpoint of an app that is no longer shown', async () => {
  const webhooks = [{ id: 'of-the-first', url: elsewhere }];
  const apps = [{ ...app, webhooks }, otherApp];
  await using server = await startServer({ ...quickConfig(), apps, control: {} });
  const tab = await openTab(server);
  const { page } = tab;
  await visit(tab, server, `apps/${app.id}/clock`, 'Clock and faults');
  const choice = page.getByLabel('Endpoint', { exact: true });
  await choice.selectOption('of-the-first');
  await page.getByRole('banner').getByLabel('App').selectOption(otherApp.id);
  await page.getByText('affect only app 2').waitFor();
  await expect.poll(() => choice.inputValue()).toBe('');
  expect(await choice.locator('option').allTextContents()).toEqual(['Any endpoint']);
  expect(await choice.evaluate((element: HTMLSelectElement) => element.selectedIndex)).toBe(0);
  const request = page.waitForRequest(/faults\/webhooks$/);
  await page.getByRole('button', { name: 'Add fault' }).first().click();
  expect((await request).postDataJSON()).not.toHaveProperty('endpoint');
});

test('Dropped shows that it is filtered by an endpoint that no longer exists', async () => {
  await using server = await startServer(quickConfig({ id: 'main', url: elsewhere }));
  const tab = await openTab(server);
  const { page } = tab;
  await visit(tab, server, `apps/${app.id}/webhooks/dropped?endpoint=gone`, 'Dropped');
  const filter = page.getByLabel('Endpoint', { exact: true });
  expect(await filter.locator('option:checked').textContent()).toBe('gone (unknown)');
  await filter.selectOption('All endpoints');
  await page.getByText('Every delivery was accepted').waitFor();
  expect(page.url()).not.toContain('gone');
});
