import { expect, test } from 'vitest';
import type { EventView, PageOf } from '../../src/views/deliveries.ts';
import { ask, fetchAsPage, pass } from '../support/browser/ask.ts';
import { seen, useChromium, visit } from '../support/browser/open-page.ts';
import { app, quickConfig } from '../support/e2e/config.ts';
import { startReceiver } from '../support/e2e/receiver.ts';
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
    input.value = 'channel:nowhere';
    input.dispatchEvent(new Event('input', { bubbles: true }));
    location.hash = '#/apps/1/events';
  });
  await seen(page, 'Events and why');
  await pass(page, 500);
  expect(page.url()).not.toContain('nowhere');
});
