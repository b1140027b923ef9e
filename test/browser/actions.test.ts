import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { fetchAsPage, pass } from '../support/browser/ask.ts';
import { seen, useChromium, visit } from '../support/browser/open-page.ts';
import { app, quick, quickConfig } from '../support/e2e/config.ts';
import { startReceiver, type Answer } from '../support/e2e/receiver.ts';
import { startServer } from '../support/e2e/server.ts';
import { connectSocket } from '../support/e2e/socket.ts';

const openTab = useChromium();

test('a verdict about a signature disappears when the form is changed', async () => {
  await using server = await startServer(quickConfig());
  const tab = await openTab(server);
  const { page } = tab;
  await visit(tab, server, `apps/${app.id}/webhooks/verify`, 'Verify a signature');
  const body = '{"time_ms":1,"events":[]}';
  await page.getByLabel('Body').fill(body);
  await page
    .getByLabel('X-Pusher-Signature')
    .fill(createHmac('sha256', app.secret).update(body).digest('hex'));
  await page.getByRole('button', { name: 'Verify' }).click();
  await page.getByText('Genuine.', { exact: true }).waitFor();
  await page.getByLabel('Body').fill(`${body} `);
  await page.getByText('Genuine.', { exact: true }).waitFor({ state: 'hidden' });
});

test('a test of an endpoint that fails does not leave the result of an earlier one', async () => {
  await using hooks = await startReceiver();
  await using server = await startServer(quickConfig({ id: 'main', url: hooks.url }));
  const tab = await openTab(server);
  const { page } = tab;
  await visit(tab, server, `apps/${app.id}/webhooks/endpoints`, 'Endpoints');
  await page.getByRole('button', { name: 'Test' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Send' }).click();
  await dialog.getByText(/^200 after/).waitFor();
  await page.route('**/endpoints/main/test', (route) => route.abort());
  await dialog.getByRole('button', { name: 'Send' }).click();
  await dialog.getByText('The server cannot be reached.').waitFor();
  expect(await dialog.getByText(/^200 after/).count()).toBe(0);
});

async function stageDropped() {
  let answer: Answer = 500;
  const hooks = await startReceiver({ answer: () => answer });
  const server = await startServer({
    ...quickConfig({ id: 'main', url: hooks.url }),
    webhooks: { ...quick, retry: { initialDelayMs: 50, maxDelayMs: 100, maxElapsedMs: 300 } },
  });
  const socket = await connectSocket(server);
  await socket.subscribe('one');
  const tab = await openTab(server);
  const { page } = tab;
  await visit(tab, server, `apps/${app.id}/webhooks/dropped`, 'Dropped');
  await expect
    .poll(async () => {
      await page.getByRole('button', { name: 'Refresh' }).click();
      return page.locator('tbody tr').count();
    })
    .toBe(1);
  answer = 200;
  return {
    page,
    async recover() {
      await page.getByRole('link', { name: 'Recover' }).click();
      await page.getByRole('button', { name: 'Estimate' }).click();
      await page.getByRole('button', { name: 'Send them' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Send them' }).click();
    },
    async [Symbol.asyncDispose]() {
      await server.kill();
      await hooks.close();
    },
  };
}

test('the list of dropped deliveries shows what a quick recovery has sent', async () => {
  await using stage = await stageDropped();
  const { page } = stage;
  await page.route('**/recover/*', async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    await route.continue();
  });
  await stage.recover();
  await page.getByText('Finished.').waitFor();
  await page.getByRole('cell', { name: 'accepted' }).waitFor();
});

test('a recovery that a restart has ended is not shown as running', async () => {
  await using stage = await stageDropped();
  const { page } = stage;
  let loads = 0;
  await page.route('**/recover/*', async (route) => {
    loads += 1;
    const response = await fetchAsPage(route);
    if (loads === 1) return route.fulfill({ json: { ...(await response.json()), state: 'running' } });
    const error = { code: 'ERR_UNKNOWN', message: 'no recovery has this id' };
    return route.fulfill({ status: 404, json: { error } });
  });
  await stage.recover();
  await page.getByText('no recovery has this id').waitFor();
  expect(await page.getByText('Sending.').count()).toBe(0);
  const before = loads;
  await pass(page, 3000);
  expect(loads).toBe(before);
  await page.getByRole('button', { name: 'Recover more' }).click();
  await page.getByRole('button', { name: 'Estimate' }).waitFor();
});

test('a comparison that takes long is shown although the state keeps changing', async () => {
  await using hooks = await startReceiver();
  await using server = await startServer(quickConfig({ id: 'main', url: hooks.url }));
  const socket = await connectSocket(server);
  const tab = await openTab(server);
  const { page } = tab;
  await page.route('**/endpoints/main/truth', async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 2500));
    await route.continue();
  });
  await visit(tab, server, `apps/${app.id}/truth`, 'Truth');
  const state = { isShown: false };
  const shown = page
    .getByRole('button', { name: 'Compare again' })
    .waitFor({ timeout: 20_000 })
    .finally(() => {
      state.isShown = true;
    });
  for (let count = 0; !state.isShown; count += 1) {
    await socket.subscribe(`c-${count}`);
    await pass(page, 300);
  }
  await shown;
});

test('while the clock is shown, only the clock is loaded again', async () => {
  await using server = await startServer({ ...quickConfig(), control: { clock: 'virtual' } });
  const tab = await openTab(server);
  const { page } = tab;
  await visit(tab, server, 'clock', 'Clock and faults');
  const isOfClock = (url: string) => url.endsWith('/api/control/clock');
  await page.waitForResponse((response) => isOfClock(response.url()));
  const requested: string[] = [];
  page.on('request', (request) => requested.push(request.url()));
  await expect.poll(() => requested.filter(isOfClock).length).toBe(2);
  // The list of faults may be loaded a little later than the clock, once.
  const again = requested.filter((url, index) => requested.indexOf(url) < index);
  expect(again.every(isOfClock), again.join(' ')).toBe(true);
});

test('the clock shows what a test has moved, and says how far a button has moved it', async () => {
  await using server = await startServer({ ...quickConfig(), control: { clock: 'virtual' } });
  const tab = await openTab(server);
  const { page } = tab;
  await visit(tab, server, 'clock', 'Clock and faults');
  const response = await fetch(`${server.url}/control/clock/advance`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ms: 60_000 }),
  });
  expect(response.status).toBe(200);
  await page.getByRole('button', { name: '+ 3 s' }).click();
  await page.getByText('Advanced by 3 s', { exact: true }).waitFor();
  await fetch(`${server.url}/control/clock/advance`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ms: 3_600_000 }),
  });
  await page.locator('.clock-time').getByText('1:01:').waitFor();
  await seen(page, 'Clock and faults');
});
