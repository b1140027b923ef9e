import { expect, onTestFinished, test } from 'vitest';
import { faultsOfAccess } from '../support/browser/axe.ts';
import { cutOff } from '../support/browser/layout.ts';
import { seen, useChromium, visit, type Tab } from '../support/browser/open-page.ts';
import { photograph } from '../support/browser/screenshots.ts';
import { quickConfig } from '../support/e2e/config.ts';
import { startServer } from '../support/e2e/server.ts';
import { connectSocket } from '../support/e2e/socket.ts';
import { pages, startStage, type Stage } from '../support/browser/stage.ts';

const openTab = useChromium();

/** Visits all pages, and waits on each until it has loaded. */
async function onEachPage(
  stage: Stage,
  tab: Tab,
  look: (name: string) => Promise<readonly string[]>,
): Promise<void> {
  const faults: string[] = [];
  for (const { name, address, heading } of pages) {
    await visit(tab, stage.server, address, heading);
    await tab.page.locator('.loading').first().waitFor({ state: 'hidden' });
    for (const fault of await look(name)) faults.push(`${name}: ${fault}`);
  }
  expect(faults).toEqual([]);
}

test.each(['light', 'dark'] as const)(
  'axe finds no fault on any page in the %s theme',
  async (colorScheme) => {
    const stage = await startStage();
    onTestFinished(() => stage[Symbol.asyncDispose]());
    const tab = await openTab(stage.server, { colorScheme });
    await onEachPage(stage, tab, async (name) => {
      await photograph(tab.page, `${name}-${colorScheme}`);
      return faultsOfAccess(tab.page, colorScheme === 'dark' ? 'colours' : 'everything');
    });
  },
);

test.each([
  ['on a phone', { width: 360, height: 740 }],
  ['at a zoom of 200 %', { width: 640, height: 400 }],
])('nothing is cut off or sticks out %s', async (_, size) => {
  const stage = await startStage();
  onTestFinished(() => stage[Symbol.asyncDispose]());
  const tab = await openTab(stage.server, size);
  await onEachPage(stage, tab, async (name) => {
    await photograph(tab.page, `${name}-${size.width}`);
    return cutOff(tab.page);
  });
});

test('on a phone the header is one line, and a row of events begins with its name', async () => {
  const stage = await startStage();
  onTestFinished(() => stage[Symbol.asyncDispose]());
  const tab = await openTab(stage.server, { width: 420, height: 740 });
  await visit(tab, stage.server, 'overview', 'Overview');
  const topOf = async (selector: string) => (await tab.page.locator(selector).first().boundingBox())?.y ?? 0;
  expect((await tab.page.locator('header.top').boundingBox())?.height).toBeLessThan(56);
  await visit(tab, stage.server, 'apps/1/events', 'Events and why');
  await tab.page.locator('td.name').first().waitFor();
  expect(await topOf('td.name')).toBeLessThan(await topOf('td.grow'));
  expect(await topOf('td.grow')).toBeLessThan(await topOf('td:not(.name, .grow)'));
});

test('dialogs, panels and the menu have no faults and nothing cut off', async () => {
  const stage = await startStage();
  onTestFinished(() => stage[Symbol.asyncDispose]());
  const tab = await openTab(stage.server, { width: 360, height: 740 });
  const { page } = tab;
  const look = async (name: string) => {
    await photograph(page, `${name}-360`);
    expect([...(await faultsOfAccess(page)), ...(await cutOff(page))], name).toEqual([]);
  };
  await visit(tab, stage.server, 'apps/1/webhooks/deliveries', 'Deliveries');
  await page.locator('a[data-row]').first().click();
  await page.getByRole('button', { name: 'Resend' }).waitFor();
  await look('delivery');
  await page.getByRole('button', { name: 'Resend' }).click();
  await page.getByRole('dialog').waitFor();
  await look('resend');
  await page.keyboard.press('Escape');

  await visit(tab, stage.server, 'apps/1/webhooks/endpoints', 'Endpoints');
  for (const name of ['Test', 'Pause']) {
    await page.getByRole('button', { name, exact: true }).first().click();
    await page.getByRole('dialog').waitFor();
    await look(name.toLowerCase());
    await page.keyboard.press('Escape');
  }

  await visit(tab, stage.server, 'apps/1/console', 'Debug console');
  await page.getByRole('button', { name: 'Event creator' }).click();
  await page.locator('[data-row]').first().click();
  await page.locator('.row-detail').waitFor();
  await look('console-open');

  await page.getByRole('button', { name: 'Menu' }).click();
  await page.getByRole('navigation', { name: 'Pages' }).waitFor();
  await look('menu');
  await page.getByRole('link', { name: 'Overview' }).click();
  await seen(page, 'Overview');
  await page.keyboard.press('?');
  await page.getByRole('dialog').waitFor();
  await look('shortcuts');
});

test('the longest name of a channel fits, and a server without history says so', async () => {
  await using server = await startServer(quickConfig());
  const name = 'abcdefghijklmnopqrstuvwxyz0123456789-'.repeat(5).slice(0, 164);
  const socket = await connectSocket(server);
  await socket.subscribe(name);
  const tab = await openTab(server, { width: 420, height: 740 });
  await visit(tab, server, 'overview', 'Overview');
  await tab.page.getByText('no history yet').first().waitFor();
  await visit(tab, server, `apps/1/channels/${name}`);
  await tab.page.getByText('Recorded since').waitFor();
  expect(await cutOff(tab.page)).toEqual([]);
});
