import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { useChromium, visit } from '../support/browser/open-page.ts';
import { photograph } from '../support/browser/screenshots.ts';
import { connectClient } from '../support/e2e/client.ts';
import { app, quick, type EndpointConfig } from '../support/e2e/config.ts';
import { replay, startReceiver } from '../support/e2e/receiver.ts';
import { startServer } from '../support/e2e/server.ts';

const openTab = useChromium();

/** One app with this endpoint, whose deliveries are tried for so long. */
function withPatience(endpoint: EndpointConfig, maxElapsedMs: number) {
  return {
    apps: [{ ...app, webhooks: [endpoint] }],
    webhooks: { ...quick, retry: { initialDelayMs: 50, maxDelayMs: 200, maxElapsedMs } },
  };
}

/** The row of the table of differences that is about this. */
function difference(page: Page, about: string) {
  return page.getByRole('table', { name: 'Differences' }).getByRole('row').filter({ hasText: about });
}

test('a difference whose webhook waits is said to heal, and is gone once the endpoint answers', async () => {
  let isDown = true;
  await using hooks = await startReceiver({ answer: () => (isDown ? 503 : 200) });
  await using server = await startServer(withPatience({ id: 'main', url: hooks.url }, 60_000));
  const anna = await connectClient(server, { member: { user_id: 'anna' } });
  await anna.subscribePresence('presence-room');
  const tab = await openTab(server);
  const { page } = tab;
  await visit(tab, server, 'apps/1/truth', 'Truth');

  await page.getByText('2 differences; time will heal them.').waitFor();
  const row = difference(page, 'member anna');
  await row.getByText('heals').waitFor();
  expect(await row.textContent()).toMatch(/gone.*there.*member_added/);
  expect(await page.getByRole('button', { name: 'Repair' }).count()).toBe(0);
  await page.getByText('failing', { exact: true }).waitFor();

  isDown = false;
  await page.getByText('This endpoint knows the truth.').waitFor();
  await page.getByText('1 channel and 1 member').waitFor();
  expect(await page.getByRole('table', { name: 'Differences' }).count()).toBe(0);
});

test('a departure within its grace is said to follow', async () => {
  await using hooks = await startReceiver();
  const config = withPatience({ id: 'main', url: hooks.url }, 60_000);
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
  await page.getByText('This endpoint knows the truth.').waitFor();

  anna.pusher.disconnect();
  await difference(page, 'member anna').getByText('may return until').waitFor();
  await page.getByText('2 differences; time will heal them.').waitFor();
  await page.getByText('This endpoint knows the truth.').waitFor();
  await page.getByText('0 channels and 0 members').waitFor();
});

test('what was dropped stays wrong until it is repaired', async () => {
  let isDown = true;
  await using hooks = await startReceiver({ answer: () => (isDown ? 500 : 200) });
  await using server = await startServer(withPatience({ id: 'main', url: hooks.url }, 200));
  const anna = await connectClient(server, { member: { user_id: 'anna' } });
  await anna.subscribePresence('presence-room');
  const tab = await openTab(server);
  const { page } = tab;
  await visit(tab, server, 'apps/1/truth', 'Truth');

  await page.getByText('2 of 2 differences will not heal by themselves.').waitFor();
  await difference(page, 'member anna').getByText('stays wrong').waitFor();
  await photograph(page, 'truth-stays-wrong');

  isDown = false;
  await page.getByRole('button', { name: 'Repair' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Send what is true' }).click();
  await page.getByText('This endpoint knows the truth.').waitFor();
  expect(replay(hooks.events.items)).toEqual({
    occupied: ['presence-room'],
    members: ['presence-room anna'],
  });
  expect(await page.getByRole('button', { name: 'Repair' }).count()).toBe(0);
});

test('an endpoint that hears of half of what happens is not said to know anything', async () => {
  await using hooks = await startReceiver();
  await using server = await startServer(
    withPatience({ id: 'half', url: hooks.url, eventTypes: ['member_added'] }, 60_000),
  );
  const tab = await openTab(server);
  await visit(tab, server, 'apps/1/truth', 'Truth');
  await tab.page.getByText('Nobody can tell').waitFor();
  await tab.page.getByText('Its event types contain neither both').waitFor();
});
