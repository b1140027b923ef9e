import { expect, test } from 'vitest';
import type { AppView } from '../../../src/views/settings.ts';
import { token } from '../support/admin.ts';
import { AdminWorld } from '../support/admin-world.ts';
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

test('a thousand endpoints are added and listed, and receive events', async () => {
  const world = await AdminWorld.start();
  const ids = Array.from({ length: 1000 }, (_, index) => `e-${index}`);
  for (const id of ids) {
    const url = `${world.receiver.url}/${id}`;
    await world.admin.call('addEndpoint', { of, body: { id, url, eventTypes: ['channel_occupied'] } });
  }
  const { endpoints } = await world.admin.get<AppView>('showApp', { of });
  expect(endpoints.map(({ id }) => id)).toEqual(['main', ...ids]);
  await (await world.connect()).subscribe('news');
  await expect.poll(() => world.receiver.requests.length, { timeout: 10_000 }).toBe(1001);
}, 60_000);
