import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { turn } from '../support/browser/ask.ts';
import { seen, useChromium, visit } from '../support/browser/open-page.ts';
import { app, otherApp, quick, quickConfig } from '../support/e2e/config.ts';
import { sdkFor } from '../support/e2e/sdk.ts';
import { startServer } from '../support/e2e/server.ts';

const openTab = useChromium();

test('a replay is sent to the app that published, also from the console of all apps', async () => {
  await using server = await startServer({ apps: [app, otherApp], webhooks: quick });
  const tab = await openTab(server);
  const { page } = tab;
  await visit(tab, server, 'console', 'Debug console');
  await sdkFor(server, otherApp).trigger('news', 'of-the-other', {});
  await page.locator('[data-row]').filter({ hasText: 'of-the-other on news' }).click();
  await page.getByRole('button', { name: 'Replay' }).click();
  const creator = page.getByRole('region', { name: 'Event creator' });
  expect(await creator.getByLabel('App').inputValue()).toBe(otherApp.id);
  await creator.getByRole('button', { name: 'Send' }).click();
  await page.getByText('Published 1 event').waitFor();
  await page.getByRole('button', { name: '1 new' }).click();
  await expect.poll(() => page.locator('[data-row]').filter({ hasText: 'of-the-other' }).count()).toBe(2);
});

test('an event is not replayed if the console does not have all of its data', async () => {
  await using server = await startServer({ apps: [app], webhooks: quick, dashboard: { payloads: false } });
  await using open = await startServer(quickConfig());
  const [hidden, clipped] = [await openTab(server), await openTab(open)];
  await visit(hidden, server, `apps/${app.id}/console`, 'Debug console');
  await visit(clipped, open, `apps/${app.id}/console`, 'Debug console');
  await sdkFor(server).trigger('news', 'hidden', { text: 'short' });
  await sdkFor(open).trigger('news', 'long', { text: 'x'.repeat(5000) });
  await sdkFor(open).trigger('news', 'whole', { text: 'x'.repeat(4000) });
  for (const [page, name] of [
    [hidden.page, 'hidden'],
    [clipped.page, 'long'],
  ] as const) {
    await page
      .locator('[data-row]')
      .filter({ hasText: `${name} on news` })
      .click();
    await page.locator('.row-detail').waitFor();
    expect(await page.getByRole('button', { name: 'Replay' }).count(), name).toBe(0);
  }
  await clipped.page.getByText('Only the beginning of the payload is shown').waitFor();
  await clipped.page.locator('[data-row]').filter({ hasText: 'whole on news' }).click();
  await clipped.page.getByRole('button', { name: 'Replay' }).waitFor();
});

test('new rows appear after Clear, even if a row was open', async () => {
  await using server = await startServer(quickConfig());
  const tab = await openTab(server);
  const { page } = tab;
  await visit(tab, server, `apps/${app.id}/console`, 'Debug console');
  await sdkFor(server).trigger('news', 'first', {});
  await page.locator('[data-row]').filter({ hasText: 'first on news' }).click();
  await page.locator('.row-detail').waitFor();
  await page.getByRole('button', { name: 'Clear' }).click();
  await page.getByText('New rows appear here immediately.').waitFor();
  await sdkFor(server).trigger('news', 'second', {});
  await page.locator('[data-row]').filter({ hasText: 'second on news' }).waitFor();
  // A shared address may name a row that is no longer kept.
  await visit(tab, server, `apps/${app.id}/console?row=98765`, 'Debug console');
  await page.locator('[data-row]').filter({ hasText: 'second on news' }).waitFor();
  await sdkFor(server).trigger('news', 'third', {});
  await page.locator('[data-row]').filter({ hasText: 'third on news' }).waitFor();
});

test('a row of the console keeps the keyboard, however many rows arrive', async () => {
  await using server = await startServer(quickConfig());
  const tab = await openTab(server);
  const { page } = tab;
  await visit(tab, server, `apps/${app.id}/console`, 'Debug console');
  const sdk = sdkFor(server);
  await sdk.trigger('news', 'first', {});
  const first = page.locator('[data-row]').filter({ hasText: 'first on news' });
  await first.waitFor();
  await page.keyboard.press('Tab');
  await first.focus();
  for (let batch = 0; batch < 30; batch += 1)
    await sdk.triggerBatch(
      Array.from({ length: 10 }, (_, index) => ({
        channel: 'news',
        name: `e-${batch}-${index}`,
        data: 'x',
      })),
    );
  await page.getByRole('button', { name: '300 new' }).waitFor();
  expect(await page.locator('[data-row]:focus').textContent()).toContain('first on news');
  await page.keyboard.press('Enter');
  await page.locator('.row-detail').waitFor();
  await seen(page, 'Debug console');
});

test('the console says that rows are missing if too many came while the tab was hidden', async () => {
  const limits = { eventsPerBatch: 100 };
  await using server = await startServer({ apps: [{ ...app, limits }], webhooks: quick });
  const tab = await openTab(server);
  const { page } = tab;
  await visit(tab, server, `apps/${app.id}/console`, 'Debug console');
  const sdk = sdkFor(server);
  await sdk.trigger('news', 'first', {});
  await page.locator('[data-row]').filter({ hasText: 'first on news' }).waitFor();
  await turn(page, 'hidden');
  await page.locator('.live').getByText('Paused').waitFor();
  const batch = Array.from({ length: 100 }, () => ({ channel: 'news', name: 'missed', data: 'x' }));
  for (let index = 0; index < 5; index += 1) {
    await sdk.triggerBatch(batch);
    // The console records only a part of a burst.
    await wait(700);
  }
  await turn(page, 'visible');
  await page.getByRole('button', { name: 'Show more' }).click();
  const gap = page.locator('li').filter({ hasText: 'Rows may be missing here' });
  await gap.waitFor();
  expect(await page.locator('.rows > li').count()).toBe(302);
  expect(await gap.locator('+ li').textContent()).toContain('first on news');
});

test('the channel of a user is no link, because it has no page', async () => {
  await using server = await startServer(quickConfig());
  const tab = await openTab(server);
  const { page } = tab;
  await visit(tab, server, `apps/${app.id}/console`, 'Debug console');
  await sdkFor(server).sendToUser('anna', 'greeting', {});
  await page.locator('[data-row]').filter({ hasText: 'greeting' }).click();
  await page.locator('.row-detail').getByText('#server-to-user-anna').first().waitFor();
  expect(await page.locator('.row-detail a[href*="/channels/"]').count()).toBe(0);
});

test('the event creator forgets connections of an app that is no longer shown, and keeps the rest', async () => {
  await using server = await startServer({ apps: [app, otherApp], webhooks: quick });
  const tab = await openTab(server);
  const { page } = tab;
  await visit(tab, server, `apps/${app.id}/console`, 'Debug console');
  await page.getByRole('button', { name: 'Event creator' }).click();
  const creator = page.getByRole('region', { name: 'Event creator' });
  await creator.getByLabel('Channels').fill('news');
  await creator.getByLabel('Except').fill('1.2');
  await page.getByRole('banner').getByLabel('App').selectOption(otherApp.id);
  await expect.poll(() => creator.getByLabel('Except').inputValue()).toBe('');
  expect(await creator.getByLabel('Channels').inputValue()).toBe('news');
});
