import { setTimeout as wait } from 'node:timers/promises';
import type { CDPSession, Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { seen, useChromium, visit } from '../support/browser/open-page.ts';
import { app, quick, type Config } from '../support/e2e/config.ts';
import { startReceiver } from '../support/e2e/receiver.ts';
import { sdkFor } from '../support/e2e/sdk.ts';
import { startServer } from '../support/e2e/server.ts';
import { connectSocket } from '../support/e2e/socket.ts';

const openTab = useChromium();
const mebibyte = 1024 * 1024;
const limits = { channelsPerConnection: null, newChannelsPerSecond: null, eventsPerBatch: 1500 };

/** A configuration that sends each event in its own webhook. */
function configFor(url: string): Config {
  return {
    apps: [{ ...app, limits, webhooks: [{ id: 'main', url }] }],
    webhooks: { ...quick, batch: { maxEvents: 1 } },
  };
}

/** The size of the heap after a garbage collection. */
async function heapOf(session: CDPSession): Promise<number> {
  await session.send('HeapProfiler.collectGarbage');
  const { metrics } = await session.send('Performance.getMetrics');
  const found = metrics.find(({ name }) => name === 'JSHeapUsedSize')?.value;
  if (found === undefined) throw new Error('Chromium does not report JSHeapUsedSize');
  return found;
}

async function measure(page: Page): Promise<CDPSession> {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  return session;
}

test('a page under 200 events a second stays small, shows what it skips, and responds to a click', async () => {
  await using hooks = await startReceiver();
  await using server = await startServer(configFor(hooks.url));
  const [one, two] = [await openTab(server), await openTab(server)];
  await visit(one, server, `apps/${app.id}/console`, 'Debug console');
  await visit(two, server, `apps/${app.id}/webhooks/deliveries`, 'Deliveries');
  const [console, deliveries] = [await measure(one.page), await measure(two.page)];
  const socket = await connectSocket(server);
  const sdk = sdkFor(server);

  let made = 0;
  /** 100 published events and 100 channels that are occupied or vacated, each second, until `isDone`. */
  const load = async (isDone: (tick: number) => boolean) => {
    for (let tick = 0; !isDone(tick); tick += 1) {
      const batch = Array.from({ length: 10 }, () => ({
        channel: 'news',
        name: `event-${(made += 1)}`,
        data: JSON.stringify({ text: 'x'.repeat(200) }),
      }));
      await sdk.triggerBatch(batch);
      for (let index = 0; index < 10; index += 1)
        socket.requestSubscription(`c-${tick % 20}-${index}-${made}`);
      // This sets the rate of the load. The test does not wait for anything here.
      await wait(100);
    }
  };

  const threeSeconds = (tick: number) => tick === 30;
  await load(threeSeconds);
  const before = [await heapOf(console), await heapOf(deliveries)];
  await load(threeSeconds);
  const after = [await heapOf(console), await heapOf(deliveries)];
  for (const [index, bytes] of after.entries()) {
    expect(bytes - (before[index] ?? 0), `growth of tab ${index}`).toBeLessThan(4 * mebibyte);
    expect(bytes).toBeLessThan(24 * mebibyte);
  }

  // A slow machine takes long for the following steps, and each of them needs rows that arrive.
  const steps = { areDone: false };
  const running = load(() => steps.areDone);
  try {
    // Rows move under the mouse, so a reader pauses the list first.
    await one.page.getByRole('button', { name: 'Pause' }).click();
    await one.page.locator('[data-row]').nth(3).click();
    await one.page.locator('.row-detail').waitFor();
    await one.page.getByRole('button', { name: /^[\d,]+ new$/ }).waitFor();
    // The list stops for a keyboard that is on a row, however many rows arrive meanwhile.
    await two.page.locator('a[data-row]').first().focus();
    await two.page.getByRole('button', { name: /^[\d,]+\+ new$/ }).waitFor();
    expect(await two.page.locator('a[data-row]:focus').count()).toBe(1);
    await two.page.keyboard.press('Enter');
    await two.page
      .getByRole('region', { name: 'Delivery' })
      .getByRole('button', { name: 'Resend' })
      .waitFor();
  } finally {
    steps.areDone = true;
    await running;
  }
  expect(await one.page.locator('.rows > li').count()).toBeLessThanOrEqual(1000);
  expect(await two.page.locator('tbody tr').count()).toBeLessThanOrEqual(200);

  await one.page.getByRole('link', { name: 'Settings' }).click();
  await seen(one.page, 'Settings');
});

test('a burst that is too large to show is reported as skipped', async () => {
  await using hooks = await startReceiver();
  await using server = await startServer(configFor(hooks.url));
  const tab = await openTab(server);
  const { page } = tab;
  await visit(tab, server, `apps/${app.id}/console`, 'Debug console');
  await page.locator('.live').getByText('Live').waitFor();
  // In few requests, so that it is a burst even on a slow machine.
  const burst = Array.from({ length: 1500 }, (_, index) => ({
    channel: 'news',
    name: `e-${index}`,
    data: 'x',
  }));
  const sdk = sdkFor(server);
  await Promise.all([1, 2, 3, 4].map(() => sdk.triggerBatch(burst)));
  await page
    .locator('.row-gap')
    .filter({ hasText: /Skipped [\d,]+ rows/ })
    .first()
    .waitFor();
  expect(await page.locator('.rows > li').count()).toBeLessThanOrEqual(1000);
});
