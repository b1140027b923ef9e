import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { describe, expect, onTestFinished, test } from 'vitest';
import { seen, useChromium, visit } from '../support/browser/open-page.ts';
import { connectClient } from '../support/e2e/client.ts';
import { app, quickConfig, type Config } from '../support/e2e/config.ts';
import { startReceiver } from '../support/e2e/receiver.ts';
import { startServer } from '../support/e2e/server.ts';

const openTab = useChromium();

async function configWithStore(): Promise<Config> {
  const folder = await mkdtemp(join(tmpdir(), 'soketify-browser-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return { ...quickConfig(), store: { path: join(folder, 'store') } };
}

/** Checks one event type and unchecks all others. */
async function chooseOnly(page: Page, name: string): Promise<void> {
  const boxes = page.getByRole('group', { name: 'Event types' }).getByRole('checkbox');
  for (const box of await boxes.all()) await box.uncheck();
  await page.getByRole('checkbox', { name, exact: true }).check();
}

describe('an endpoint that is added under Settings, Webhooks', () => {
  test('receives only the chosen event, and survives a kill of the server', async () => {
    await using hooks = await startReceiver();
    const config = await configWithStore();
    const first = await startServer(config);
    onTestFinished(() => first.kill());
    const tab = await openTab(first);
    const { page } = tab;

    await visit(tab, first);
    await page.getByRole('combobox', { name: 'App' }).selectOption(app.id);
    await page.getByRole('navigation').getByRole('link', { name: 'Settings' }).click();
    await seen(page, 'Settings');
    const webhooks = page.locator('#webhooks');
    await webhooks.getByRole('link', { name: 'Add endpoint' }).click();
    await page.getByLabel('Endpoint URL').fill(hooks.url);
    await chooseOnly(page, 'member_added');
    await page.getByRole('button', { name: 'Save' }).click();
    await webhooks.getByText('It is active now. Settings made here are kept on disk').waitFor();

    const anna = await connectClient(first, { member: { user_id: 'anna' } });
    await anna.subscribePresence('presence-room');
    const sent = { name: 'member_added', channel: 'presence-room', user_id: 'anna' };
    await hooks.events.first(({ name }) => name === sent.name);
    const [request] = hooks.requests.items;
    expect(request).toMatchObject({ verified: true, events: [sent] });

    anna.pusher.disconnect();
    await visit(tab, first, `apps/${app.id}/webhooks/deliveries`, 'Deliveries');
    await page.getByRole('cell', { name: 'Delivered' }).waitFor();
    await visit(tab, first, `apps/${app.id}/settings`, 'Settings');

    await first.kill();
    await using second = await startServer(config, { args: ['--port', String(first.port)] });
    await page.reload();
    await webhooks.getByText(hooks.url).waitFor();
    const bert = await connectClient(second, { member: { user_id: 'bert' } });
    await bert.subscribePresence('presence-room');
    await hooks.events.first(({ user_id: user }) => user === 'bert');
    // The kill may come before the disk has noted that the first webhook was accepted. It is then sent again with its id.
    const byId = new Map(hooks.requests.items.map(({ headers, events }) => [headers['webhook-id'], events]));
    expect([...byId.values()].flat()).toEqual([sent, { ...sent, user_id: 'bert' }]);
    expect(hooks.requests.items.every(({ verified }) => verified)).toBe(true);
  });

  test('is refused in production unless it is https, with the text of the server beside the field', async () => {
    const token = 'a-token-for-production';
    await using server = await startServer(
      { ...(await configWithStore()), dashboard: { token } },
      { env: { NODE_ENV: 'production' }, args: ['--host', '127.0.0.1'] },
    );
    const tab = await openTab(server);
    const { page } = tab;
    await page.goto(`${server.url}/dashboard/#token=${token}`);
    await seen(page, 'Overview');
    await visit(tab, server, `apps/${app.id}/settings?edit=%2B`, 'Settings');

    const field = page.getByLabel('Endpoint URL');
    await field.fill('http://example.com/hook');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.locator('[aria-invalid="true"]').waitFor();
    expect(await field.getAttribute('aria-invalid')).toBe('true');
    const about = await field.getAttribute('aria-describedby');
    const refusal = await page.locator(`[id="${about}"] .fault`).textContent();

    const answer = await fetch(`${server.url}/admin/apps/${app.id}/endpoints`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ url: 'http://example.com/hook' }),
    });
    expect(answer.status).toBe(400);
    expect(JSON.stringify(await answer.json())).toContain(JSON.stringify(refusal).slice(1, -1));
    expect(refusal).toContain('https');
    expect(await page.locator('.cards li').count()).toBe(0);
  });
});
