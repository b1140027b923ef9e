import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { useChromium, visit } from '../support/browser/open-page.ts';
import { connectClient } from '../support/e2e/client.ts';
import { app, quick } from '../support/e2e/config.ts';
import { startReceiver } from '../support/e2e/receiver.ts';
import { startServer, type Server } from '../support/e2e/server.ts';
import { startRedis, type RedisServer } from '../support/redis/server.ts';

const openTab = useChromium();
let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

async function startNode(): Promise<Server> {
  const server = await startServer({ apps: [app], webhooks: quick, redis: { url: redis.url } });
  onTestFinished(() => server.kill());
  return server;
}

test('an endpoint saved on one node is shown and active on all, and any node can delete it', async () => {
  await using hooks = await startReceiver();
  const [first, second, third] = await Promise.all([startNode(), startNode(), startNode()]);
  const [one, two, three] = [await openTab(first), await openTab(second), await openTab(third)];
  await visit(one, first, `apps/${app.id}/settings?edit=%2B`, 'Settings');
  await visit(two, second, `apps/${app.id}/settings`, 'Settings');
  await visit(three, third, `apps/${app.id}/webhooks/endpoints`, 'Endpoints');
  await two.page.getByText('No endpoint yet').waitFor();

  await one.page.getByLabel('Endpoint URL').fill(hooks.url);
  await one.page.getByRole('button', { name: 'Save' }).click();
  await one.page
    .getByText('It is active now. Settings made here are kept in Redis and apply on every node.')
    .waitFor();
  for (const { page } of [two, three]) await page.getByText(hooks.url).waitFor();

  for (const [index, node] of [first, second, third].entries()) {
    const client = await connectClient(node, { member: { user_id: `user-${index}` } });
    await client.subscribePresence(`presence-${index}`);
    expect(await hooks.namesOf(`presence-${index}`, 2)).toEqual(['channel_occupied', 'member_added']);
  }

  await three.page.getByRole('button', { name: /^Delete/ }).click();
  await three.page.getByRole('dialog').getByRole('button', { name: 'Delete endpoint' }).click();
  for (const { page } of [one, two, three]) await page.getByText(hooks.url).waitFor({ state: 'hidden' });
  const last = await connectClient(first, { member: { user_id: 'late' } });
  await last.subscribePresence('presence-late');
  // Another endpoint receives the events that the deleted one must not, which shows that they were sent.
  await using others = await startReceiver();
  await two.page.getByRole('link', { name: 'Add endpoint' }).click();
  await two.page.getByLabel('Endpoint URL').fill(others.url);
  await two.page.getByRole('button', { name: 'Save' }).click();
  await two.page.getByText('It is active now.').waitFor();
  await one.page.getByText(others.url).waitFor();
  await last.subscribePresence('presence-later');
  await others.namesOf('presence-later', 2);
  expect(hooks.events.items.filter(({ channel }) => channel.startsWith('presence-late'))).toEqual([]);
});

test('a node says that it knows only itself, and offers to reconcile instead of a repair', async () => {
  const apps = [{ ...app, webhooks: [{ id: 'main', url: 'http://127.0.0.1:9/hook' }] }];
  const server = await startServer({ apps, webhooks: quick, redis: { url: redis.url, keyPrefix: 'alone:' } });
  onTestFinished(() => server.kill());
  const tab = await openTab(server);
  const { page } = tab;
  for (const [address, heading, text] of [
    ['endpoints', 'Endpoints', 'Nothing waits on this node.'],
    ['endpoints', 'Endpoints', '1 endpoint, none of them failing on this node'],
    ['dropped?recover=main', 'Dropped', 'Reconcile sends only the events that bring'],
  ] as const) {
    await visit(tab, server, `apps/${app.id}/webhooks/${address}`, heading);
    await page.getByText(text).waitFor();
  }
  expect(await page.getByText('Repair it').count()).toBe(0);
  await visit(tab, server, `apps/${app.id}/truth?endpoint=main`, 'Truth');
  await page.getByText('and nothing waits on this node.').waitFor();
  await visit(tab, server, `apps/${app.id}/console`, 'Debug console');
  await page.getByText('are kept on this node.').waitFor();
});
