import Backend from 'pusher';
import { describe, expect, test } from 'vitest';
import type { Emulator } from '../../../src/index.ts';
import { connect, enter } from '../support/emulator.ts';
import { Receiver } from '../../support/receiver.ts';

/** The contract of an emulator with the virtual clock and the default app, in this process or in another one. */
export function emulatorContract(name: string, open: () => Promise<Emulator>): void {
  describe(name, () => {
    const stage = async () => {
      const emulator = await open();
      await emulator.reset();
      const receiver = await Receiver.start();
      await emulator.endpoints.add({ id: 'main', url: receiver.url });
      return { emulator, receiver };
    };

    test('returns its address and its apps', async () => {
      const { emulator } = await stage();
      expect(emulator).toMatchObject({ id: '1', key: 'app-key', secret: 'app-secret', host: '127.0.0.1' });
      expect(emulator.url).toBe(`http://127.0.0.1:${emulator.port}`);
      expect(emulator.appIds).toEqual(['1']);
      expect(emulator.clientOptions()).toMatchObject({ key: 'app-key', wsPort: emulator.port });
      expect(emulator.serverOptions()).toMatchObject({ appId: '1', secret: 'app-secret' });
      expect(emulator.env()).toMatchObject({ PUSHER_APP_SECRET: 'app-secret' });
      expect(() => emulator.app('none')).toThrow(expect.objectContaining({ code: 'ERR_APP_UNKNOWN' }));
    });

    test('waits for webhooks, injects failures, and records them', async () => {
      const { emulator, receiver } = await stage();
      const client = await connect(emulator);
      const fault = emulator.faults.webhooks({ status: 500, times: 2 });
      await enter(client, emulator, 'presence-a', '42');
      const event = await emulator.webhooks.waitFor({ name: 'member_added', user_id: /^4/ });
      expect(event).toMatchObject({ channel: 'presence-a', status: 'delivered' });
      expect(fault.hits).toBe(2);
      await emulator.idle();
      expect(emulator.events.map(({ name: one }) => one)).toEqual(['channel_occupied', 'member_added']);
      expect(emulator.deliveries[0]?.attempts).toHaveLength(3);
      expect(receiver.events).toEqual(['channel_occupied presence-a', 'member_added presence-a 42']);
      expect(await emulator.channels()).toEqual([
        { name: 'presence-a', subscriptionCount: 1, userIds: ['42'] },
      ]);
      expect(emulator.connections()).toMatchObject([{ socketId: client.socketId }]);
      await emulator.webhooks.expectNone({}, { after: emulator.events[1] ?? 0, withinMs: 0 });
    });

    test('moves its clock', async () => {
      const { emulator } = await stage();
      const before = emulator.clock.now();
      await emulator.clock.advance(1500);
      expect([emulator.clock.mode, emulator.clock.now()]).toEqual(['virtual', before + 1500]);
      await expect(emulator.clock.advance(-1)).rejects.toMatchObject({ code: 'ERR_ARGUMENT_INVALID' });
    });

    test('moves its clock by each of several calls at the same time', async () => {
      const { emulator } = await stage();
      const before = emulator.clock.now();
      await Promise.all([emulator.clock.advance(1000), emulator.clock.advance(1000)]);
      expect(emulator.clock.now()).toBe(before + 2000);
      const moved = emulator.clock.advance(500);
      await expect(emulator.clock.advance(-1)).rejects.toMatchObject({ code: 'ERR_ARGUMENT_INVALID' });
      await Promise.all([moved, emulator.clock.advance(250)]);
      expect(emulator.clock.now()).toBe(before + 2750);
    });

    test('reports a missing webhook with a code, a reason and the caller', async () => {
      const { emulator } = await stage();
      await (await connect(emulator)).subscribe('news');
      const error: unknown = await emulator.webhooks
        .waitFor({ name: 'cache_miss' }, { timeoutMs: 0 })
        .catch((one: unknown) => one);
      expect(error).toMatchObject({
        name: 'EmulatorError',
        code: 'ERR_WEBHOOK_MISSING',
        message: expect.stringContaining('channel_occupied on news') as string,
        stack: expect.stringContaining('contract.suite.ts') as string,
      });
      const typo: object = { timeout: 5 };
      await expect(emulator.webhooks.waitFor({}, typo)).rejects.toMatchObject({
        code: 'ERR_ARGUMENT_INVALID',
      });
    });

    test('lists what a backend published', async () => {
      const { emulator } = await stage();
      const client = await connect(emulator);
      await client.subscribe('orders');
      await new Backend(emulator.serverOptions()).trigger('orders', 'created', { id: 7 });
      expect(emulator.published.list).toMatchObject([
        { event: 'created', receivers: [{ socketId: client.socketId, channels: ['orders'] }] },
      ]);
      const found = await emulator.published.waitFor({ channel: /ord/, data: { id: 7 } });
      await emulator.published.expectNone({ event: 'created' }, { after: found, withinMs: 0 });
      await expect(emulator.published.expectNone({ data: /7/ })).rejects.toMatchObject({
        code: 'ERR_PUBLISH_UNEXPECTED',
      });
    });

    test('records a run', async () => {
      const { emulator } = await stage();
      await enter(await connect(emulator), emulator, 'presence-a', '42');
      await emulator.webhooks.waitFor({ name: 'member_added' });
      const record = await emulator.record();
      expect(record).toMatchObject({ format: 'soketify-record', version: 1, clock: { mode: 'virtual' } });
      expect(record.entries.map(({ kind }) => kind)).toEqual(['connected', 'subscribed', 'delivered']);
      expect(record.deliveries).toMatchObject([{ endpoint: 'main', status: 'delivered' }]);
      expect((await emulator.app('1').record()).entries).toEqual(record.entries);
    });

    test('injects failures of connections and the HTTP API', async () => {
      const { emulator } = await stage();
      const client = await connect(emulator);
      expect(emulator.faults.connections({ drop: { socketId: client.socketId }, code: 4201 }).hits).toBe(1);
      expect((await client.closed).code).toBe(4201);
      const fault = emulator.faults.api({ status: 503, path: '/events' });
      const backend = new Backend(emulator.serverOptions());
      await expect(backend.trigger('news', 'a', {})).rejects.toMatchObject({ status: 503 });
      expect(fault.hits).toBe(1);
      fault.clear();
      emulator.faults.api({ status: 503 });
      emulator.faults.clear();
      expect((await backend.trigger('news', 'a', {})).status).toBe(200);
      expect(() => emulator.faults.api({ status: 1 })).toThrow(
        expect.objectContaining({ code: 'ERR_ARGUMENT_INVALID' }),
      );
    });

    test('adds and removes apps and endpoints of a test', async () => {
      const { emulator, receiver } = await stage();
      const app = await emulator.createApp({ webhooks: [{ id: 'own', url: receiver.url }] });
      expect(app.endpoints.list).toMatchObject([{ id: 'own', url: receiver.url }]);
      await (await connect(emulator, app)).subscribe('mine');
      await app.webhooks.waitFor({ channel: 'mine' });
      expect([app.events.length, app.connections().length]).toEqual([1, 1]);
      expect(new Backend(app.serverOptions()).authorizeChannel('1.2', 'private-a').auth).toContain(app.key);
      await app.endpoints.change('own', { url: `${receiver.url}/b` });
      await app.endpoints.remove('own');
      expect(app.endpoints.list).toEqual([]);
      await app.reset();
      expect(app.events).toEqual([]);
      await emulator.removeApp(app.id);
      expect(emulator.appIds).toEqual(['1']);
    });

    test('ends pending waits with a reset and with close', async () => {
      const { emulator } = await stage();
      const begin = () => emulator.published.waitFor({ event: 'never' }, { timeoutMs: 60_000 });
      const first = expect(begin()).rejects.toMatchObject({ code: 'ERR_RESET' });
      // A request of another process may take longer than the reset.
      await emulator.clock.advance(0);
      await emulator.reset();
      await first;
      const second = expect(begin()).rejects.toMatchObject({ code: 'ERR_CLOSED' });
      await emulator.close();
      await second;
      expect(() => emulator.appIds).toThrow(expect.objectContaining({ code: 'ERR_CLOSED' }));
    });
  });
}
