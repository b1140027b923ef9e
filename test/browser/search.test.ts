import type { Locator, Page } from 'playwright-core';
import { expect, test } from 'vitest';
import type { EventView, PageOf } from '../../src/views/deliveries.ts';
import { ask, fetchAsPage, pass } from '../support/browser/ask.ts';
import { seen, useChromium, visit } from '../support/browser/open-page.ts';
import { connectClient } from '../support/e2e/client.ts';
import { app, quick, quickConfig } from '../support/e2e/config.ts';
import { startReceiver, type Answer } from '../support/e2e/receiver.ts';
import { startServer } from '../support/e2e/server.ts';
import { connectSocket } from '../support/e2e/socket.ts';

const openTab = useChromium();

test('a search keeps the space after a word while the next word is typed', async () => {
  await using server = await startServer(quickConfig());
  const tab = await openTab(server);
  const { page } = tab;
  await visit(tab, server, `apps/${app.id}/webhooks/deliveries`, 'Deliveries');
  const field = page.getByLabel('Search deliveries');
  await field.pressSequentially('status:5xx ');
  await expect.poll(() => page.url()).toContain('q=status');
  await pass(page, 300);
  await field.pressSequentially('since:10m');
  expect(await field.inputValue()).toBe('status:5xx since:10m');
  await page.getByRole('button', { name: 'dropped' }).click();
  expect(await field.inputValue()).toBe('since:10m status:dropped');
});

test('a search that was being typed does not reach the next page', async () => {
  await using server = await startServer(quickConfig());
  const tab = await openTab(server);
  const { page } = tab;
  await visit(tab, server, `apps/${app.id}/webhooks/deliveries`, 'Deliveries');
  await page.getByLabel('Search deliveries').evaluate((input: HTMLInputElement) => {
    input.focus();
    input.value = 'channel:nowhere';
    input.dispatchEvent(new Event('input', { bubbles: true }));
    location.hash = '#/apps/1/events';
  });
  await seen(page, 'Events and why');
  await pass(page, 500);
  expect(page.url()).not.toContain('nowhere');
});

/** Lists the only delivery of the server as many times as the page requests. The server still decides which limits are valid. */
async function multiplyDeliveries(page: Page, numberAt: (index: number) => number): Promise<void> {
  await page.route(/\/deliveries\?/, async (route) => {
    const response = await fetchAsPage(route);
    if (!response.ok()) return route.fulfill({ response });
    const { items, ...rest } = await response.json();
    const limit = Number(new URL(route.request().url()).searchParams.get('limit'));
    const many = Array.from({ length: limit }, (_, index) => ({ ...items[0], id: `msg_${numberAt(index)}` }));
    return route.fulfill({ json: { ...rest, items: many, next: '1' } });
  });
}

test('deliveries are listed up to the limit of the server, and the page says so', async () => {
  await using hooks = await startReceiver();
  await using server = await startServer(quickConfig({ id: 'main', url: hooks.url }));
  const socket = await connectSocket(server);
  await socket.subscribe('one');
  await hooks.events.first(() => true);
  const tab = await openTab(server);
  const { page } = tab;
  await multiplyDeliveries(page, (index) => index);
  await visit(tab, server, `apps/${app.id}/webhooks/deliveries`, 'Deliveries');
  const older = page.getByRole('button', { name: 'Show older' });
  const further = page.getByRole('button', { name: /^Show \d+ more$/ });
  const rows = page.locator('tbody tr');
  const press = async (button: Locator) => {
    // It may disappear at this moment. The next look finds what there is to press then.
    if (await button.isVisible()) await button.click({ timeout: 2000 }).catch(() => undefined);
  };
  await expect
    .poll(async () => {
      await press(older);
      // The table renders only some of the rows.
      await press(further);
      return rows.count();
    })
    .toBe(500);
  await page.getByText('Only the newest 500 are listed').waitFor();
  expect(await older.count()).toBe(0);
  expect(await page.locator('.fault').count()).toBe(0);
});

test('older deliveries are shown below a held list, however many new ones have arrived', async () => {
  await using hooks = await startReceiver();
  await using server = await startServer(quickConfig({ id: 'main', url: hooks.url }));
  const socket = await connectSocket(server);
  await socket.subscribe('one');
  await hooks.events.first(() => true);
  const tab = await openTab(server);
  const { page } = tab;
  let newest = 10_000;
  await multiplyDeliveries(page, (index) => newest - index);
  await visit(tab, server, `apps/${app.id}/webhooks/deliveries`, 'Deliveries');
  const rows = page.locator('tbody tr');
  const older = page.getByRole('button', { name: 'Show older' });
  const refresh = async (count: string) => {
    await page.getByRole('button', { name: 'Refresh' }).evaluate((button: HTMLElement) => button.click());
    await page.getByRole('button', { name: `${count} new` }).waitFor();
  };
  await older.scrollIntoViewIfNeeded();
  newest += 200;
  await refresh('150+');
  await older.click();
  await expect.poll(() => rows.count()).toBe(100);
  newest += 1000;
  await refresh('500+');
  // The server lists no more than 500, which are all newer.
  await older.click();
  await page.getByText('Only the newest 500 are listed').waitFor();
  expect(await rows.count()).toBe(100);
});

test('the newest events can be reached from the last page of older ones', async () => {
  await using hooks = await startReceiver();
  await using server = await startServer(quickConfig({ id: 'main', url: hooks.url }));
  const socket = await connectSocket(server);
  await socket.subscribe('one');
  await hooks.events.first(() => true);
  const tab = await openTab(server);
  const { page } = tab;
  await visit(tab, server, `apps/${app.id}/events`, 'Events and why');
  const { items } = await ask<PageOf<EventView>>(page, 'GET', `apps/${app.id}/events`);
  await visit(tab, server, `apps/${app.id}/events?before=${items[0]?.id}`, 'Events and why');
  await page.getByRole('button', { name: 'Newest events' }).click();
  await page.getByRole('link', { name: 'one', exact: true }).waitFor();
});

test('an event on an older page is shown as delivered when it has been delivered', async () => {
  let answer: Answer = 500;
  await using hooks = await startReceiver({ answer: () => answer });
  await using server = await startServer(quickConfig({ id: 'main', url: hooks.url }));
  const socket = await connectSocket(server);
  await socket.subscribe('one');
  const tab = await openTab(server);
  const { page } = tab;
  await visit(tab, server, `apps/${app.id}/events`, 'Events and why');
  const { items } = await ask<PageOf<EventView>>(page, 'GET', `apps/${app.id}/events`);
  await visit(tab, server, `apps/${app.id}/events?before=${Number(items[0]?.id) + 1}`, 'Events and why');
  await page.getByRole('cell', { name: 'pending', exact: true }).waitFor();
  answer = 200;
  await page.getByRole('cell', { name: 'delivered', exact: true }).waitFor();
});

test('the link of a member finds its rows, whatever its id contains', async () => {
  await using server = await startServer(quickConfig());
  const userId = 'o"neil \\\\ "x" * \\';
  const client = await connectClient(server, { member: { user_id: userId } });
  await client.subscribePresence('presence-room');
  const tab = await openTab(server);
  const { page } = tab;
  await visit(tab, server, `apps/${app.id}/channels/presence-room`, 'presence-room');
  await page.getByRole('link', { name: userId, exact: true }).click();
  await seen(page, 'Debug console');
  await page.locator('[data-row]').filter({ hasText: 'presence-room' }).first().waitFor();
  client.pusher.disconnect();
});

test('an attempt stays open while it is read and the next one is made', async () => {
  await using hooks = await startReceiver({ answer: () => 500 });
  await using server = await startServer({
    ...quickConfig({ id: 'main', url: hooks.url }),
    webhooks: { ...quick, retry: { initialDelayMs: 2000, maxDelayMs: 2000 } },
  });
  const socket = await connectSocket(server);
  await socket.subscribe('one');
  await hooks.requests.first(() => true);
  const tab = await openTab(server);
  const { page } = tab;
  await visit(tab, server, `apps/${app.id}/webhooks/deliveries`, 'Deliveries');
  await page.locator('a[data-row]').click();
  const attempts = page.locator('.attempts > li');
  await attempts.first().waitFor();
  const before = await attempts.count();
  const first = attempts.filter({ hasText: `#${before}` }).locator('details');
  await expect.poll(() => attempts.count()).toBeGreaterThan(before);
  expect(await first.getAttribute('open')).not.toBeNull();
});
