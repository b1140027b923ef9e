import { expect, test } from 'vitest';
import { seen, useChromium, visit } from '../support/browser/open-page.ts';
import { photograph } from '../support/browser/screenshots.ts';
import { faultsOfAccess } from '../support/browser/axe.ts';
import { app, quickConfig } from '../support/e2e/config.ts';
import { startServer } from '../support/e2e/server.ts';

const openTab = useChromium();
const token = 'a-token-that-may-do-all';
const viewToken = 'a-token-that-may-look';
const start = () =>
  startServer({
    ...quickConfig({ id: 'main', url: 'http://127.0.0.1:9/hook' }),
    dashboard: { token, viewToken },
  });

test('a wrong token is refused, the right one is accepted, and logging out shows the login again', async () => {
  await using server = await start();
  const tab = await openTab(server);
  const { page } = tab;
  await visit(tab, server, '', 'Log in to the Dashboard');
  await photograph(page, 'login');
  expect(await faultsOfAccess(page)).toEqual([]);
  const field = page.getByLabel('Token');
  await field.fill('a-token-that-is-not-one');
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.locator('main .notice.bad').waitFor();
  expect(await page.context().cookies()).toEqual([]);

  await field.fill(token);
  await page.getByRole('button', { name: 'Log in' }).click();
  await seen(page, 'Overview');
  const [cookie] = await page.context().cookies();
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict', path: '/dashboard' });
  expect(await page.evaluate(() => document.cookie)).toBe('');

  await page.getByRole('button', { name: 'Log out' }).click();
  await seen(page, 'Log in to the Dashboard');
  const answer = await fetch(`${server.url}/dashboard/api/apps`, {
    headers: { cookie: `${cookie?.name}=${cookie?.value}`, 'sec-fetch-site': 'same-origin' },
  });
  expect(answer.status).toBe(401);
  await page.reload();
  await seen(page, 'Log in to the Dashboard');
});

test('a token in the fragment logs in and disappears from the address and the history', async () => {
  await using server = await start();
  const { page } = await openTab(server);
  await page.goto(`${server.url}/dashboard/#token=${token}`);
  await seen(page, 'Overview');
  expect(page.url()).not.toContain(token);
  await page.reload();
  await seen(page, 'Overview');
  await page.goBack().catch(() => undefined);
  expect(page.url()).not.toContain(token);
});

test('the view token sees everything and changes nothing, in the page and at the server', async () => {
  await using server = await start();
  const tab = await openTab(server);
  const { page } = tab;
  await page.goto(`${server.url}/dashboard/#token=${viewToken}`);
  await seen(page, 'Overview');
  await page.getByText('Read-only').waitFor();

  await visit(tab, server, `apps/${app.id}/settings?edit=%2B`, 'Settings');
  await page.getByRole('heading', { name: 'main' }).waitFor();
  expect(await page.getByLabel('Endpoint URL').count()).toBe(0);
  for (const name of ['Add endpoint', 'Test', 'Pause']) {
    const button = page.getByRole('button', { name, exact: true }).first();
    expect(await button.getAttribute('aria-disabled'), name).toBe('true');
    await button.click({ force: true });
    expect(await page.getByRole('dialog').count()).toBe(0);
  }
  await visit(tab, server, `apps/${app.id}/console`, 'Debug console');
  expect(await page.getByRole('button', { name: 'Event creator' }).getAttribute('aria-disabled')).toBe(
    'true',
  );

  // The requests are those that the page could make; only the role does not allow them.
  const refused = await page.evaluate(async () => {
    const ask = async (method: string, path: string, body: unknown) => {
      const headers = { 'content-type': 'application/json' };
      const { status } = await fetch(`api/${path}`, { method, headers, body: JSON.stringify(body) });
      return `${status} ${path}`;
    };
    return Promise.all([
      ask('POST', 'apps/1/endpoints', { url: 'http://127.0.0.1:9/x' }),
      ask('POST', 'apps/1/endpoints/main/test', { event: 'member_added' }),
      ask('POST', 'apps/1/endpoints/main/pause', { how: 'off' }),
      ask('POST', 'apps/1/publish', { events: [{ name: 'x', channels: ['news'], data: '' }] }),
      ask('POST', 'apps/1/secrets', {}),
      ask('POST', 'apps', { id: '2' }),
      ask('DELETE', 'apps/1', {}),
    ]);
  });
  expect(refused.map((line) => line.slice(0, 3))).toEqual(Array<string>(7).fill('403'));
});

test('a form that is half filled outlives the end of the session', async () => {
  await using server = await start();
  const { page } = await openTab(server);
  await page.goto(`${server.url}/dashboard/#token=${token}`);
  await seen(page, 'Overview');
  await page.goto(`${server.url}/dashboard/#/apps/${app.id}/settings?edit=%2B`);
  const field = page.getByLabel('Endpoint URL');
  await field.fill('http://127.0.0.1:9/half');
  await page.context().clearCookies();
  // The page asks for news every few seconds, and then learns that the session has ended.
  await seen(page, 'Log in to the Dashboard');
  await page.getByLabel('Token').and(page.locator(':focus')).waitFor();
  expect(await faultsOfAccess(page)).toEqual([]);
  for (let presses = 0; presses < 3; presses += 1) await page.keyboard.press('Escape');
  await page.getByLabel('Token').fill('a-token-that-is-not-one');
  await page.keyboard.press('Enter');
  await page.locator('dialog .notice.bad').waitFor();
  await page.locator('dialog button[aria-busy=false]').waitFor();
  await page.getByLabel('Token').fill(token);
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  expect(await field.inputValue()).toBe('http://127.0.0.1:9/half');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('It is active now').waitFor();
});

test('a login of another tab with the view token applies to this tab, too', async () => {
  await using server = await start();
  const tab = await openTab(server);
  const { page } = tab;
  await page.goto(`${server.url}/dashboard/#token=${token}`);
  await seen(page, 'Overview');
  await visit(tab, server, `apps/${app.id}/webhooks/endpoints`, 'Endpoints');
  const other = await page.context().newPage();
  await other.goto(`${server.url}/dashboard/#token=${viewToken}`);
  await seen(other, 'Overview');
  await page.getByRole('button', { name: 'Pause', exact: true }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Pause' }).click();
  await page.getByText('Read-only', { exact: true }).waitFor({ state: 'attached' });
  await page.keyboard.press('Escape');
  const button = page.getByRole('button', { name: 'Pause', exact: true });
  await expect.poll(() => button.getAttribute('aria-disabled')).toBe('true');
});
