import { describe, expect, test } from 'vitest';
import type { EndpointView } from '../../../src/views/settings.ts';
import { AdminWorld } from '../support/admin-world.ts';

const of = { app: '1' };
const main = { ...of, endpoint: 'main' };

const pause = ({ admin }: AdminWorld, how: 'hold' | 'off') =>
  admin.get<EndpointView>('pauseEndpoint', { of: main, body: { how } });
const resume = ({ admin }: AdminWorld) => admin.get<EndpointView>('resumeEndpoint', { of: main });

describe('an endpoint on hold', () => {
  test('receives the waiting events in order after a resume', async () => {
    const world = await AdminWorld.start();
    await pause(world, 'hold');
    const client = await world.connect();
    const channels = Array.from({ length: 20 }, (_, index) => `room-${index}`);
    for (const channel of channels) await client.subscribe(channel);
    client.send('pusher:unsubscribe', { channel: 'room-0' });
    await client.subscribe('last');
    const { queue } = await world.admin.get<EndpointView>('pauseEndpoint', {
      of: main,
      body: { how: 'hold' },
    });
    expect(queue?.events).toBeGreaterThanOrEqual(21);
    expect(world.receiver.requests).toEqual([]);

    await resume(world);
    const all = [...channels, 'last'].map((channel) => `channel_occupied ${channel}`);
    await expect.poll(() => world.receiver.events.length).toBe(all.length + 1);
    expect(world.receiver.events.filter((event) => !event.includes('vacated')).toSorted()).toEqual(
      all.toSorted(),
    );
    const ofRoom = world.receiver.events.filter((event) => event.endsWith(' room-0'));
    expect(ofRoom).toEqual(['channel_occupied room-0', 'channel_vacated room-0']);
    expect(await world.admin.get('readTruth', { of: main })).toMatchObject({ differing: 0 });
  });

  test('keeps the start of its hold if it is held again', async () => {
    const world = await AdminWorld.start();
    const { pause: first } = await pause(world, 'hold');
    expect((await pause(world, 'hold')).pause).toEqual(first);
    expect(await resume(world)).not.toHaveProperty('pause');
    expect(await resume(world)).not.toHaveProperty('pause');
  });
});

test('events of an endpoint that is off are listed as dropped, and recovered on request', async () => {
  const world = await AdminWorld.start();
  await pause(world, 'off');
  await (await world.connect()).subscribe('news');
  const id = await world.droppedOf('news');
  expect(await world.admin.get('listEvents', { of })).toMatchObject({
    items: [{ channel: 'news', status: 'dropped', endpoints: [{ endpoint: 'main', reason: 'disabled' }] }],
  });
  await resume(world);
  expect(world.receiver.requests).toEqual([]);
  await world.admin.get('resendDelivery', { of: { ...of, delivery: id } });
  expect(world.receiver.events).toEqual(['channel_occupied news']);
});

describe.each(['hold', 'off'] as const)('while it is paused by %s', (how) => {
  test('resend, recover and reconcile are refused with the solution', async () => {
    const world = await AdminWorld.start();
    const delivery = await world.delivered();
    await pause(world, how);
    const refused = {
      status: 409,
      json: { error: { message: expect.stringMatching(/resume it first/i) as string } },
    };
    expect(await world.admin.call('resendDelivery', { of: { ...of, delivery } })).toMatchObject(refused);
    expect(await world.admin.call('reconcileEndpoint', { of: main })).toMatchObject(refused);
    const recovery = await world.admin.call('recover', { of, body: { endpoint: 'main' } });
    expect(recovery).toMatchObject(refused);
    expect(world.receiver.requests).toHaveLength(1);
    // A test is not a delivery, so it is sent anyway.
    expect(await world.admin.get('testEndpoint', { of: main, body: { event: 'cache_miss' } })).toMatchObject({
      result: 'success',
    });
  });
});
