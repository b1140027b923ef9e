import { expect, onTestFinished, test } from 'vitest';
import { startEmulator } from 'soketify-emulator';
import { openSite, visit } from '../support.ts';
import { createApp, type Vehicle } from './app.ts';

const channel = 'cache-vehicle-V-001';
const location = { lat: 52.52, lng: 13.4, updatedAt: '2026-01-01T00:00:00Z' };

async function start({ vehicles = [{ id: 'V-001', ...location }] }: { vehicles?: readonly Vehicle[] } = {}) {
  const site = await openSite();
  onTestFinished(() => site.close());
  const webhooks = [{ url: `${site.url}/webhooks/refill`, eventTypes: ['cache_miss'] as const }];
  const soketify = await startEmulator({ clock: 'virtual', apps: [{ webhooks }] });
  onTestFinished(() => soketify.close());
  const db = {
    vehicles: { findOne: ({ id }: { id: string }) => Promise.resolve(vehicles.find((one) => one.id === id)) },
  };
  site.serve(createApp({ db, pusher: soketify.serverOptions() }));
  return {
    soketify,
    /** A client that watches the vehicle. Resolves once it is subscribed. */
    async watch() {
      const visitor = await visit(soketify);
      onTestFinished(() => visitor.leave());
      const view = visitor.pusher.subscribe(channel);
      const seen = new Promise((resolve) => view.bind('location-update', resolve));
      await new Promise((resolve) => view.bind('pusher:subscription_succeeded', resolve));
      return { seen };
    },
    misses: () =>
      soketify.events.filter(({ name, status }) => name === 'cache_miss' && status === 'delivered'),
  };
}

test('the first subscriber causes the refill, and receives the location', async () => {
  const { soketify, watch } = await start();
  const { seen } = await watch();
  await soketify.webhooks.waitFor({ name: 'cache_miss', channel });
  expect(await seen).toEqual(location);
});

test('a later subscriber receives the cached event, and the handler is not called', async () => {
  const { soketify, watch, misses } = await start();
  await watch();
  const first = await soketify.webhooks.waitFor({ name: 'cache_miss' });
  const { seen } = await watch();
  expect(await seen).toEqual(location);
  await soketify.webhooks.expectNone({ name: 'cache_miss' }, { after: first });
  expect(misses()).toHaveLength(1);
});

test('many simultaneous subscribers cause one call of the handler, and all of them receive the location', async () => {
  const { soketify, watch, misses } = await start();
  const others = await Promise.all(Array.from({ length: 20 }, () => watch()));
  await soketify.webhooks.waitFor({ name: 'cache_miss' });
  for (const { seen } of others) expect(await seen).toEqual(location);
  expect(misses()).toHaveLength(1);
});

test('half an hour later the cache is empty, and the handler is called again', async () => {
  const { soketify, watch } = await start();
  await watch();
  const first = await soketify.webhooks.waitFor({ name: 'cache_miss' });
  await soketify.clock.advance(30 * 60_000);
  const { seen } = await watch();
  await soketify.webhooks.waitFor({ name: 'cache_miss' }, { after: first });
  expect(await seen).toEqual(location);
});

test('a refill that the API rejects is repeated with the webhook', async () => {
  const { soketify, watch } = await start();
  const outage = soketify.faults.api({ status: 503, times: 2 });
  const { seen } = await watch();
  await soketify.webhooks.waitFor({ name: 'cache_miss' });
  expect(await seen).toEqual(location);
  expect(outage.hits).toBe(2);
  const [delivery] = soketify.deliveries;
  expect(delivery?.attempts.map(({ status }) => status)).toEqual([500, 500, 200]);
});

test('an unknown vehicle leaves the channel empty', async () => {
  const { soketify, watch } = await start({ vehicles: [] });
  await watch();
  await soketify.webhooks.waitFor({ name: 'cache_miss' });
  expect(await soketify.channels()).toEqual([{ name: channel, subscriptionCount: 1 }]);
});
