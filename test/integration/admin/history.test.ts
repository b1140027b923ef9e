import { describe, expect, test } from 'vitest';
import type { DeliveryDetail, DeliveryView, EventView, PageOf } from '../../../src/views/deliveries.ts';
import { AdminWorld } from '../support/admin-world.ts';

const of = { app: '1' };

async function search(world: AdminWorld, q: string): Promise<readonly string[]> {
  const { items } = await world.admin.get<PageOf<DeliveryView>>('listDeliveries', { of, query: { q } });
  return items.map(({ events }) => events.map(({ channel }) => channel).join()).toReversed();
}

describe('a delivery', () => {
  test('is resent with the same id and bytes and the header of a resend', async () => {
    const world = await AdminWorld.start();
    const id = await world.delivered();
    await world.admin.get('resendDelivery', { of: { ...of, delivery: id } });
    const [sent, again] = world.receiver.requests;
    expect(again?.body).toBe(sent?.body);
    expect(again?.headers).toMatchObject({
      'webhook-id': id,
      'x-soketify-resend': '1',
      'x-soketify-attempt': '2',
    });
    const detail = await world.admin.get<DeliveryDetail>('showDelivery', { of: { ...of, delivery: id } });
    expect(detail).toMatchObject({ status: 'delivered', isResent: true, attempts: 2, body: sent?.body });
    expect(detail.attemptList.map(({ number, resend, result }) => [number, resend, result])).toEqual([
      [1, undefined, 'success'],
      [2, 1, 'success'],
    ]);
  });

  test('shows the last response and the time of the next attempt until it is accepted', async () => {
    const world = await AdminWorld.start({
      webhooks: {
        batch: { maxEvents: 1, maxDelayMs: 0 },
        retry: { initialDelayMs: 60_000, maxDelayMs: 60_000, maxElapsedMs: 300_000 },
      },
      shutdownTimeoutMs: 0,
    });
    world.answer(503);
    await (await world.connect()).subscribe('news');
    await expect.poll(() => search(world, 'status:503 status:pending')).toEqual(['news']);
    const { items } = await world.admin.get<PageOf<DeliveryView>>('listDeliveries', { of });
    const [delivery] = items;
    expect(delivery).toMatchObject({
      status: 'pending',
      attempts: 1,
      lastAttempt: { result: 'refused', status: 503 },
    });
    expect(delivery?.nextAttemptAtMs).toBeGreaterThan(delivery?.atMs ?? Infinity);
    expect(await search(world, 'status:5xx')).toEqual(['news']);
    expect(await search(world, 'down')).toEqual(['news']);
    expect(await search(world, 'attempts:>1')).toEqual([]);
  });
});

test('a search finds deliveries and events by their fields', async () => {
  const world = await AdminWorld.start();
  await world.addOwn();
  const client = await world.connect();
  await world.enter(client, 'presence-a', '42');
  await client.subscribe('news-1');
  await world.deliveryOf('news-1', 'delivered', 'added');
  await world.deliveryOf('news-1', 'delivered', 'main');
  for (const [q, channels] of [
    ['channel:news-* endpoint:main', ['news-1']],
    ['channel:NEWS-1 -endpoint:main', ['news-1']],
    ['user:42 endpoint:added', ['presence-a']],
    ['event:member_* endpoint:main', ['presence-a']],
    ['url:*/added channel:news-1', ['news-1']],
    ['status:200 endpoint:main channel:n*', ['news-1']],
    ['attempts:>=1 attempts:<2 endpoint:main channel:news-1', ['news-1']],
    ['thanks channel:news-1 endpoint:main', ['news-1']],
    ['"news-1" endpoint:main', ['news-1']],
    ['since:10m channel:news-1 endpoint:main', ['news-1']],
    ['until:2020-01-01', []],
    ['channel:none', []],
    ['status:dropped', []],
  ] as const) {
    expect([q, await search(world, q)]).toEqual([q, channels]);
  }
  const { items } = await world.admin.get<PageOf<EventView>>('listEvents', {
    of,
    query: { q: 'user:42 type:member_*' },
  });
  expect(items.map(({ name }) => name)).toEqual(['member_added']);
});

test('the pages of a list are stable while new items arrive', async () => {
  const world = await AdminWorld.start();
  const client = await world.connect();
  const names = Array.from({ length: 25 }, (_, index) => `room-${index}`);
  for (const name of names) await client.subscribe(name);
  await expect.poll(() => search(world, 'status:delivered')).toHaveLength(25);
  for (const id of ['listDeliveries', 'listEvents']) {
    const ids: (string | number)[] = [];
    let next: string | undefined;
    do {
      const page: PageOf<{ readonly id: string | number }> = await world.admin.get(id, {
        of,
        query: { limit: 7, q: 'channel:room-*', ...(next !== undefined && { before: next }) },
      });
      ids.push(...page.items.map((item) => item.id));
      ({ next } = page);
      await client.subscribe(`room-late-${id}-${ids.length}`);
    } while (next !== undefined);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.length).toBeGreaterThanOrEqual(25);
    expect(ids.length).toBeLessThanOrEqual(29);
  }
});

test('payloads are hidden everywhere if the configuration disables them', async () => {
  const world = await AdminWorld.start({ dashboard: { payloads: false } });
  const client = await world.connect();
  await world.enter(client, 'private-room');
  const data = 'a-payload-to-hide';
  const sent = { socketId: client.socketId, channel: 'private-room', event: 'client-hello', data };
  await world.admin.get('sendClientEvent', { of, body: sent });
  await world.admin.get('publish', {
    of,
    body: { events: [{ name: 'a', channels: ['private-room'], data }] },
  });
  await expect.poll(() => search(world, 'event:client-hello status:delivered')).toHaveLength(1);
  const delivery = await world.deliveryOf('private-room', 'delivered');
  const shown = [
    await world.admin.call('showDelivery', { of: { ...of, delivery } }),
    await world.admin.call('listEvents', { of }),
    await world.admin.call('listDeliveries', { of }),
    await world.admin.call('readConsole'),
    await world.admin.call('readTimeline', { of: { ...of, channel: 'private-room' } }),
  ];
  for (const { text } of shown) expect(text).not.toContain(data);
  expect(await search(world, data)).toEqual([]);
  expect(await world.admin.get('readSelf')).toMatchObject({ showsPayloads: false });
});
