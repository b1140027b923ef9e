import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { useChromium, visit } from '../support/browser/open-page.ts';
import { pages, startAnswering } from '../support/browser/stage.ts';
import { app, quick, type EndpointConfig } from '../support/e2e/config.ts';
import { sdkFor } from '../support/e2e/sdk.ts';
import { startServer, type Server } from '../support/e2e/server.ts';
import { connectSocket } from '../support/e2e/socket.ts';

// Each tab fails its test if the page runs a script, makes a request, opens a window or violates the policy: see `useChromium`.
const openTab = useChromium();
const image = '<img src=x onerror=alert(1)>';
const script = '"><script>alert(2)</script>';
const link = 'javascript:alert(3)';

const startHostile = (endpoint: EndpointConfig): Promise<Server> =>
  startServer({
    apps: [{ ...app, clientEvents: true, webhooks: [endpoint] }],
    webhooks: { ...quick, retry: { initialDelayMs: 50, maxDelayMs: 200, maxElapsedMs: 1000 } },
  });

/** A client whose id, info, events and data all try to break out of a page. */
async function attack(server: Server): Promise<void> {
  const eve = await connectSocket(server);
  const member = { user_id: `${image}${link}`, user_info: { name: script, home: link } };
  await eve.subscribe('presence-room', member);
  await eve.subscribe(link.replace(':', '.').replaceAll(/[()]/g, '_'));
  eve.send({ event: `client-${image}`, channel: 'presence-room', data: { text: script } });
  await eve.framesBeforePong();
  await sdkFor(server).trigger(['presence-room', 'cache-stock'], image, { html: script, href: link });
  await sdkFor(server).trigger('presence-room', link, `${script}${image}`);
  // These are refused, and appear in the console as refused.
  eve.send({ event: 'pusher:subscribe', data: { channel: image, auth: '' } });
  eve.send({ event: script, data: link });
  await eve.framesBeforePong();
}

async function openAll(page: Page): Promise<void> {
  const heads = page.locator('[data-row]');
  const texts = await heads.allTextContents();
  for (const text of texts.filter((one) => one.includes('img') || one.includes('javascript'))) {
    // By the keyboard, because the count of new rows may cover the first row.
    await heads.filter({ hasText: text }).first().press('Enter');
    await page.locator('.row-detail').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('.row-detail').waitFor({ state: 'hidden' });
  }
}

/** Opens all details of a delivery. */
async function unfold(page: Page): Promise<void> {
  const folded = page.locator('section.side details:not([open]) > summary');
  for (let left = await folded.count(); left > 0; left -= 1) await folded.first().click();
}

const markup = `${image}${script}<a href="${link}">${link}</a>`;

describe('untrusted input', () => {
  test('is text on every page: ids, names, data, and the responses and headers of endpoints', async () => {
    await using hooks = await startAnswering((request, response) => {
      request.resume();
      response.writeHead(500, image, {
        'content-type': 'text/html',
        'x-attack': image,
        location: link,
        'set-cookie': `a=${script}`,
      });
      response.end(markup);
    });
    await using server = await startHostile({ id: 'main', url: hooks.url, headers: { 'x-own': script } });
    const tab = await openTab(server);
    const { page } = tab;
    await visit(tab, server, 'apps/1/console', 'Debug console');
    await attack(server);
    await page.locator('[data-row]').filter({ hasText: image }).first().waitFor();
    // New rows would move the others away under the mouse.
    await page.getByRole('button', { name: 'Pause' }).click();
    await openAll(page);

    await visit(tab, server, 'apps/1/webhooks/deliveries', 'Deliveries');
    const rows = page.locator('a[data-row]');
    await rows.first().waitFor();
    for (let index = 0; index < (await rows.count()); index += 1) {
      await rows.nth(index).click();
      await page.getByRole('region', { name: 'Delivery' }).getByText('500').first().waitFor();
      await unfold(page);
    }
    await page.getByRole('region', { name: 'Delivery' }).getByText(markup.slice(0, 20)).first().waitFor();

    for (const { address, heading } of pages) await visit(tab, server, address, heading);
    await visit(tab, server, 'apps/1/channels/presence-room', 'presence-room');
    await page.getByText(image).first().waitFor();

    await visit(tab, server, 'apps/1/webhooks/endpoints', 'Endpoints');
    await page.getByRole('button', { name: 'Test' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Send' }).click();
    await page.getByRole('dialog').getByText('onerror').first().waitFor();
    expect(await page.locator('main img, main script, dialog img, dialog script').count()).toBe(0);
    expect(await page.locator('a[href^="javascript:" i]').count()).toBe(0);
  });

  test('has no effect in the address', async () => {
    await using server = await startHostile({ id: 'main', url: 'http://127.0.0.1:9/' });
    const tab = await openTab(server);
    for (const address of [
      'apps/<img src=x onerror=alert(1)>/settings',
      `apps/1/channels/${encodeURIComponent(image)}`,
      `apps/1/console?q=${encodeURIComponent(script)}&types=${encodeURIComponent(image)}`,
      `apps/1/webhooks/deliveries?q=${encodeURIComponent(image)}&id=${encodeURIComponent(script)}`,
      `apps/1/truth?endpoint=${encodeURIComponent(image)}`,
      `apps/1/settings?edit=${encodeURIComponent(link)}`,
      'apps/1/channels/%E0%A4%A',
      'constructor/__proto__/toString',
      link,
      `//${link}`,
    ]) {
      await visit(tab, server, address);
      await tab.page.reload();
      await visit(tab, server, address);
      expect(await tab.page.locator('main img, main script').count(), address).toBe(0);
    }
  });

  test('is not accepted as the address of an endpoint', async () => {
    await using server = await startHostile({ id: 'main', url: 'http://127.0.0.1:9/' });
    const tab = await openTab(server);
    const { page } = tab;
    await visit(tab, server, 'apps/1/settings?edit=%2B', 'Settings');
    for (const url of [link, 'data:text/html,x', 'file:///etc/passwd', image]) {
      await page.getByLabel('Endpoint URL').fill(url);
      await page.getByRole('button', { name: 'Save' }).click();
      await page.locator('.field .fault').first().waitFor();
    }
    expect(await page.locator('.cards > li').count()).toBe(1);
  });

  test('can be a response of 10 MB, of which the page shows the beginning', async () => {
    const part = 'x'.repeat(64 * 1024);
    await using hooks = await startAnswering((request, response) => {
      request.resume();
      response.writeHead(500, { 'content-type': 'text/plain' });
      for (let sent = 0; sent < 160; sent += 1) response.write(part);
      response.end();
    });
    await using server = await startHostile({ id: 'main', url: hooks.url });
    const socket = await connectSocket(server);
    await socket.subscribe('news');
    const tab = await openTab(server);
    const { page } = tab;
    await visit(tab, server, 'apps/1/webhooks/deliveries', 'Deliveries');
    await page.locator('a[data-row]').filter({ hasText: 'Dropped' }).click();
    const panel = page.getByRole('region', { name: 'Delivery' });
    await panel.getByText('500').first().waitFor();
    await unfold(page);
    await panel.getByText('xxxxxxxx').first().waitFor();
    expect(((await panel.textContent()) ?? '').length).toBeLessThan(100_000);
  });
});

describe('a list of 10,000 channels', () => {
  test('shows some channels and finds each one', async () => {
    const limits = { channelsPerConnection: null, newChannelsPerSecond: null, messageBurst: 20_000 };
    await using server = await startServer({ apps: [{ ...app, limits }] });
    const socket = await connectSocket(server);
    for (let index = 0; index < 10_000; index += 1)
      socket.requestSubscription(`channel-${String(index).padStart(5, '0')}`);
    await socket.framesBeforePong();
    const tab = await openTab(server);
    const { page } = tab;
    await visit(tab, server, 'apps/1/channels', 'Channels');
    const rows = page.locator('tbody tr');
    await rows.filter({ hasText: 'channel-00099' }).waitFor();
    expect(await rows.count()).toBe(100);
    await page.getByRole('button', { name: 'Show more' }).click();
    await rows.filter({ hasText: 'channel-00199' }).waitFor();
    await page.getByRole('searchbox').fill('channel-0999');
    await rows.filter({ hasText: 'channel-09999' }).waitFor();
    await expect.poll(() => rows.count()).toBe(10);
  });
});
