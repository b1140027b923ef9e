import { expect, test } from 'vitest';
import type { AppView } from '../../../src/views/settings.ts';
import { token } from '../support/admin.ts';
import { AdminWorld } from '../support/admin-world.ts';
import { Receiver } from '../../support/receiver.ts';
import { app } from '../support/server.ts';

const of = { app: '1' };
const full = { authorization: `Bearer ${token}` };
const production = { env: { NODE_ENV: 'production' } };

/** Production, where endpoints that are added at run time must not have a private address. */
const inProduction = () =>
  AdminWorld.start(
    { apps: [app], dashboard: { token }, webhooks: {}, shutdownTimeoutMs: 0 },
    production,
    full,
  );

test('in production an endpoint must use HTTPS, and the refusal names the reason', async () => {
  const { admin } = await inProduction();
  expect(await admin.call('addEndpoint', { of, body: { url: 'http://example.com/hook' } })).toMatchObject({
    status: 400,
    json: { error: { faults: [{ path: 'url', message: expect.stringMatching(/https/i) as string }] } },
  });
});

test.each([
  'https://127.0.0.1:9/hook',
  'https://[::1]:9/hook',
  'https://169.254.169.254/latest',
  'https://10.0.0.1/',
])('in production nothing is sent to %s, which is a private address', async (url) => {
  const { admin } = await inProduction();
  await admin.get('addEndpoint', { of, body: { id: 'inside', url } });
  const body = { event: 'channel_occupied' };
  expect(await admin.get('testEndpoint', { of: { ...of, endpoint: 'inside' }, body })).toMatchObject({
    result: 'unreachable',
    error: 'ADDRESS_NOT_PUBLIC',
    verdict: expect.stringMatching(/privateAddresses/) as string,
  });
});

test('a thousand endpoints, two hundred of them added at run time, are listed and receive events', async () => {
  const receiver = await Receiver.start();
  const ids = Array.from({ length: 1000 }, (_, index) => `e-${index}`);
  const endpoints = ids.map((id) => ({ id, url: `${receiver.url}/${id}`, eventTypes: ['channel_occupied'] }));
  const world = await AdminWorld.start({ apps: [{ ...app, webhooks: endpoints.slice(0, 800) }] });
  for (const body of endpoints.slice(800)) await world.admin.get('addEndpoint', { of, body });
  const listed = await world.admin.get<AppView>('showApp', { of });
  expect(listed.endpoints.map(({ id }) => id)).toEqual(ids);
  await (await world.connect()).subscribe('news');
  // On a busy machine some attempts take too long, and are repeated.
  const reached = () => new Set(receiver.requests.map((request) => request.url)).size;
  await expect.poll(reached, { timeout: 60_000 }).toBe(1000);
}, 120_000);
