import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { useChromium, visit } from '../support/browser/open-page.ts';
import { photograph } from '../support/browser/screenshots.ts';
import { connectClient } from '../support/e2e/client.ts';
import { app, quick, type EndpointConfig } from '../support/e2e/config.ts';
import { startReceiver } from '../support/e2e/receiver.ts';
import { startServer } from '../support/e2e/server.ts';
import { replay } from '../support/webhook-state.ts';

const openTab = useChromium();

/** One app with this endpoint, whose deliveries are retried for `maxElapsedMs`. */
function configFor(endpoint: EndpointConfig, maxElapsedMs: number) {
  return {
    apps: [{ ...app, webhooks: [endpoint] }],
    webhooks: { ...quick, retry: { initialDelayMs: 50, maxDelayMs: 200, maxElapsedMs } },
  };
}

/** The row of a difference. */
function difference(page: Page, about: string) {
  return page.getByRole('table', { name: 'Differences' }).getByRole('row').filter({ hasText: about });
}

test('a difference whose webhook waits is temporary, and is gone once the endpoint responds', async () => {
  let isDown = true;
  await using hooks = await startReceiver({ answer: () => (isDown ? 503 : 200) });
  await using server = await startServer(configFor({ id: 'main', url: hooks.url }, 60_000));
  const anna = await connectClient(server, { member: { user_id: 'anna' } });
  await anna.subscribePresence('presence-room');
  const tab = await openTab(server);
  const { page } = tab;
  await visit(tab, server, 'apps/1/truth', 'Truth');

  await page.getByText('2 differences. They will go away without a repair.').waitFor();
  const row = difference(page, 'member anna');
  await row.getByText('temporary').waitFor();
  expect(await row.textContent()).toMatch(/gone.*there.*member_added/);
  expect(await page.getByRole('button', { name: 'Repair' }).count()).toBe(0);
  await page.getByText('failing', { exact: true }).waitFor();

  isDown = false;
  await page.getByText('This endpoint knows the true state.').waitFor();
  await page.getByText('1 channel and 1 member').waitFor();
  expect(await page.getByRole('table', { name: 'Differences' }).count()).toBe(0);
});

test('a member in the grace period is a temporary difference', async () => {
  await using hooks = await startReceiver();
  const config = configFor({ id: 'main', url: hooks.url }, 60_000);
  await using server = await startServer({
    ...config,
    webhooks: { ...config.webhooks, disconnectGraceMs: 4000, shutdownGraceMs: 0 },
  });
  const anna = await connectClient(server, { member: { user_id: 'anna' } });
  await anna.subscribePresence('presence-room');
  await hooks.eventsOf('presence-room', 2);
  const tab = await openTab(server);
  const { page } = tab;
  await visit(tab, server, 'apps/1/truth', 'Truth');
  await page.getByText('This endpoint knows the true state.').waitFor();

  anna.pusher.disconnect();
  await difference(page, 'member anna').getByText('may return until').waitFor();
  await page.getByText('2 differences. They will go away without a repair.').waitFor();
  await page.getByText('This endpoint knows the true state.').waitFor();
  await page.getByText('0 channels and 0 members').waitFor();
});

test('the difference after a drop lasts until it is repaired', async () => {
  let isDown = true;
  await using hooks = await startReceiver({ answer: () => (isDown ? 500 : 200) });
  await using server = await startServer(configFor({ id: 'main', url: hooks.url }, 200));
  const anna = await connectClient(server, { member: { user_id: 'anna' } });
  await anna.subscribePresence('presence-room');
  const tab = await openTab(server);
  const { page } = tab;
  await visit(tab, server, 'apps/1/truth', 'Truth');

  await page.getByText('2 of 2 differences will not go away without a repair.').waitFor();
  await difference(page, 'member anna').getByText('lasting').waitFor();
  await photograph(page, 'truth-lasting');

  isDown = false;
  await page.getByRole('button', { name: 'Repair' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Send the true state' }).click();
  await page.getByText('This endpoint knows the true state.').waitFor();
  expect(replay(hooks.events.items)).toEqual({
    occupied: ['presence-room'],
    members: ['presence-room anna'],
    contradictions: [],
  });
  expect(await page.getByRole('button', { name: 'Repair' }).count()).toBe(0);
});

test('the page gives no verdict on an endpoint that selects only half of the events', async () => {
  await using hooks = await startReceiver();
  await using server = await startServer(
    configFor({ id: 'half', url: hooks.url, eventTypes: ['member_added'] }, 60_000),
  );
  const tab = await openTab(server);
  await visit(tab, server, 'apps/1/truth', 'Truth');
  await tab.page.getByText('Not known').waitFor();
  await tab.page.getByText('Its event types contain neither both').waitFor();
});
