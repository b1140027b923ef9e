import type { Page } from 'playwright-core';
import { expect, onTestFinished, test } from 'vitest';
import { ask } from '../support/browser/ask.ts';
import { press, stopsOf, tabTo, type, unreached } from '../support/browser/keyboard.ts';
import { seen, useChromium, visit, type Tab } from '../support/browser/open-page.ts';
import { pages, startStage, type Stage } from '../support/browser/stage.ts';
import { connectClient } from '../support/e2e/client.ts';
import { app, quick } from '../support/e2e/config.ts';
import { startReceiver } from '../support/e2e/receiver.ts';
import { startServer } from '../support/e2e/server.ts';

// No test in this file uses the mouse.
const openTab = useChromium();

async function enter(): Promise<{ readonly stage: Stage; readonly tab: Tab; readonly page: Page }> {
  const stage = await startStage();
  onTestFinished(() => stage[Symbol.asyncDispose]());
  const tab = await openTab(stage.server);
  await visit(tab, stage.server, `apps/${app.id}/overview`, 'Overview');
  return { stage, tab, page: tab.page };
}

test('Tab and Enter reach every page, and the focus moves to its heading', async () => {
  const { page } = await enter();
  const sidebar = page.getByRole('navigation', { name: 'Pages' });
  const [overview, ...others] = await sidebar.getByRole('link').all();
  for (const link of [...others, ...(overview === undefined ? [] : [overview])]) {
    const title = (await link.textContent()) ?? '';
    // After a page opens, its heading has the focus, and the menu comes before the heading.
    await tabTo(page, link, 'Shift+Tab');
    await page.keyboard.press('Enter');
    await seen(page, title);
    await page
      .getByRole('heading', { level: 1, name: title, exact: true })
      .and(page.locator(':focus'))
      .waitFor();
    expect(await link.getAttribute('aria-current')).toBe('page');
  }
});

test('two keys reach every page', async () => {
  const { page } = await enter();
  for (const [key, title] of Object.entries({
    d: 'Debug console',
    c: 'Channels',
    e: 'Endpoints',
    w: 'Deliveries',
    x: 'Dropped',
    v: 'Verify a signature',
    y: 'Events and why',
    t: 'Truth',
    s: 'Settings',
    o: 'Overview',
  })) {
    await page.keyboard.press('g');
    await page.keyboard.press(key);
    await seen(page, title);
  }
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'hidden' });
});

test('Tab reaches everything that a mouse can use, and the focus is visible', async () => {
  const { stage, tab, page } = await enter();
  const faults: string[] = [];
  for (const { name, address, heading } of pages) {
    await visit(tab, stage.server, address, heading);
    await page.locator('.loading').first().waitFor({ state: 'hidden' });
    const stops = await stopsOf(page);
    expect(stops.length).toBeGreaterThan(10);
    for (const stop of stops)
      if (!stop.isMarked) faults.push(`${name}: the focus on "${stop.name}" is not visible`);
    for (const missed of await unreached(page)) faults.push(`${name}: Tab never reaches "${missed}"`);
  }
  expect(faults).toEqual([]);
});

test('the first link skips the menu', async () => {
  const { page } = await enter();
  await page.reload();
  await seen(page, 'Overview');
  await press(page, page.getByRole('link', { name: 'Skip to content' }));
  await page.locator('h1:focus').waitFor();
});

test('an endpoint is added, tested, paused, resumed and deleted', async () => {
  const { page } = await enter();
  await using hooks = await startReceiver();
  await page.keyboard.press('g');
  await page.keyboard.press('s');
  await press(page, page.getByRole('link', { name: 'Add endpoint' }));
  const field = page.getByLabel('Endpoint URL');
  await field.and(page.locator(':focus')).waitFor();
  await page.keyboard.press('Enter');
  await page.getByText('Enter a URL, such as').waitFor();
  await field.and(page.locator(':focus')).waitFor();
  await page.keyboard.type(hooks.url);
  for (const box of await page.getByRole('group', { name: 'Event types' }).getByRole('checkbox').all()) {
    const isWanted = (await box.evaluate((element) => element.parentElement?.textContent))?.startsWith(
      'member_added',
    );
    if ((await box.isChecked()) !== (isWanted === true)) await press(page, box, 'Space');
  }
  await press(page, page.getByRole('button', { name: 'Save' }));
  await page.getByText('It is active now').waitFor();

  const card = page.locator('.cards > li').filter({ hasText: hooks.url });
  await card.getByText('member_added').waitFor();
  await press(page, card.getByRole('button', { name: 'Test' }));
  const dialog = page.getByRole('dialog');
  await press(page, dialog.getByRole('button', { name: 'Send' }));
  await dialog.getByText(/^200 after/).waitFor();
  expect((await hooks.requests.first(() => true)).verified).toBe(true);
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'hidden' });

  await press(page, card.getByRole('button', { name: 'Pause' }));
  await tabTo(page, dialog.getByRole('radio', { name: /^Hold/ }));
  await page.keyboard.press('ArrowDown');
  expect(await dialog.getByRole('radio', { name: /^Off/ }).isChecked()).toBe(true);
  await press(page, dialog.getByRole('button', { name: 'Pause' }));
  // The dialog is a part of the card, and contains "Off" as well until it is closed.
  await dialog.waitFor({ state: 'hidden' });
  await card.getByText('Off', { exact: true }).waitFor();
  await press(page, card.getByRole('button', { name: 'Resume' }));
  await card.getByText('Active').waitFor();

  await press(page, card.getByRole('button', { name: /^Delete/ }));
  await press(page, dialog.getByRole('button', { name: 'Delete endpoint' }));
  await card.waitFor({ state: 'hidden' });
});

test('a delivery is found, opened by arrows and Enter, and sent again', async () => {
  const { stage, page } = await enter();
  await page.keyboard.press('g');
  await page.keyboard.press('w');
  await seen(page, 'Deliveries');
  await page.keyboard.press('/');
  await page.getByRole('searchbox').and(page.locator(':focus')).waitFor();
  await page.keyboard.type('endpoint:good');
  await page.keyboard.press('Enter');
  const rows = page.locator('a[data-row]');
  await page.locator('tbody').getByText('refuses').first().waitFor({ state: 'hidden' });
  await tabTo(page, rows.first());
  await page.keyboard.press('ArrowDown');
  await rows.nth(1).and(page.locator(':focus')).waitFor();
  await page.keyboard.press('Enter');
  const panel = page.getByRole('region', { name: 'Delivery' });
  await panel.locator('h2:focus').waitFor();
  const before = stage.good.requests.items.length;
  await press(page, panel.getByRole('button', { name: 'Resend' }));
  await press(page, page.getByRole('dialog').getByRole('button', { name: 'Resend' }));
  await page.getByText('Accepted: 200').waitFor();
  expect(stage.good.requests.items[before]?.headers['x-soketify-resend']).toBeDefined();
  await tabTo(page, panel.getByRole('button', { name: 'Resend' }));
  await page.keyboard.press('Escape');
  await rows.nth(1).and(page.locator(':focus')).waitFor();
});

test('an event is published from the event creator, and its row opens and closes', async () => {
  const { stage, page } = await enter();
  const room = await stage.anna.subscribe('private-news');
  await page.keyboard.press('g');
  await page.keyboard.press('d');
  await press(page, page.getByRole('button', { name: 'Event creator' }));
  const form = page.getByRole('region', { name: 'Event creator' });
  await type(page, form.getByLabel('Channels'), 'private-news');
  await type(page, form.getByLabel('Event', { exact: true }), 'greeting');
  await type(page, form.getByLabel('Data'), '{"text":"hello"}');
  await press(page, form.getByRole('button', { name: 'Send' }));
  expect(await room.data('greeting')).toEqual({ text: 'hello' });

  const row = page.locator('[data-row]').filter({ hasText: 'greeting on private-news' });
  await row.waitFor();
  await tabTo(page, page.locator('[data-row]').first());
  for (let step = 0; step < 20 && !(await row.evaluate((one) => one === document.activeElement)); step += 1)
    await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.locator('.row-detail').getByText('hello').waitFor();
  await page.keyboard.press('Escape');
  await page.locator('.row-detail').waitFor({ state: 'hidden' });
});

test('the timeline moves between marks, zooms, and shows all again', async () => {
  const { page, stage, tab } = await enter();
  await visit(tab, stage.server, `apps/${app.id}/channels/presence-room`, 'presence-room');
  const timeline = page.getByRole('application');
  await tabTo(page, timeline);
  await page.keyboard.press('ArrowRight');
  const detail = page.locator('.tl-detail');
  await expect.poll(() => detail.textContent()).toMatch(/\d\d:\d\d/);
  const first = await detail.textContent();
  await page.keyboard.press('ArrowRight');
  await expect.poll(() => detail.textContent()).not.toBe(first);
  const all = page.getByRole('button', { name: /show all/i });
  await page.keyboard.press('+');
  await expect
    .poll(() => all.getAttribute('aria-disabled').then((off) => off === 'true' || all.isDisabled()))
    .toBe(false);
  await page.keyboard.press('0');
  await timeline.and(page.locator(':focus')).waitFor();
});

test('an endpoint that lost events is repaired', async () => {
  let isDown = true;
  await using hooks = await startReceiver({ answer: () => (isDown ? 500 : 200) });
  await using server = await startServer({
    apps: [{ ...app, webhooks: [{ id: 'main', url: hooks.url }] }],
    // Long enough that even a loaded machine does not drop the repair before its first attempt.
    webhooks: { ...quick, retry: { initialDelayMs: 50, maxDelayMs: 50, maxElapsedMs: 1000 } },
  });
  const anna = await connectClient(server, { member: { user_id: 'anna' } });
  await anna.subscribePresence('presence-room');
  await server.log.first(({ msg }) => msg === 'webhook events dropped');
  const tab = await openTab(server);
  const { page } = tab;
  await visit(tab, server);
  await seen(page, 'Overview');
  await page.keyboard.press('g');
  await page.keyboard.press('t');
  await press(page, page.getByRole('button', { name: 'Repair' }));
  isDown = false;
  await press(page, page.getByRole('dialog').getByRole('button', { name: 'Send the true state' }));
  await page.getByText('This endpoint knows the true state.').waitFor();
  expect(hooks.events.items.map(({ name }) => name)).toEqual(['channel_occupied', 'member_added']);
});

test('the focus stays near a control that its own action removed', async () => {
  await using hooks = await startReceiver();
  await using server = await startServer({ apps: [app], webhooks: quick, control: {} });
  const client = await connectClient(server, { member: { user_id: 'anna' } });
  await client.subscribePresence('presence-room');
  const tab = await openTab(server);
  const { page } = tab;
  const heading = (name: string) =>
    page.getByRole('heading', { name, exact: true }).and(page.locator(':focus'));
  await visit(tab, server, `apps/${app.id}/settings`, 'Settings');
  await ask(page, 'POST', `apps/${app.id}/endpoints`, { id: 'main', url: hooks.url });
  await press(page, page.getByRole('button', { name: 'Delete main' }));
  await press(page, page.getByRole('dialog').getByRole('button', { name: 'Cancel' }));
  await page.getByRole('button', { name: 'Delete main' }).and(page.locator(':focus')).waitFor();
  await page.keyboard.press('Enter');
  await press(page, page.getByRole('dialog').getByRole('button', { name: 'Delete endpoint' }));
  await page.getByText('Deleted endpoint main').waitFor();
  await heading('Webhooks').waitFor();

  await visit(tab, server, `apps/${app.id}/channels/presence-room`, 'presence-room');
  await press(page, page.getByRole('button', { name: 'Close', exact: true }));
  await press(page, page.getByRole('dialog').getByRole('button', { name: 'Close connection' }));
  await page.getByText('No subscriber is connected').waitFor();
  await heading('Connections').waitFor();

  await visit(tab, server, 'clock', 'Clock and faults');
  await press(page, page.getByRole('button', { name: 'Add fault' }).first());
  await press(page, page.getByRole('button', { name: 'Remove', exact: true }));
  await page.getByText('No fault is active').waitFor();
  await heading('Active faults').waitFor();
});
