import { describe, expect, test } from 'vitest';
import { ask, errorOf, stage } from '../support/control.ts';
import { connect, start, startStage } from '../support/emulator.ts';
import { Receiver } from '../../support/receiver.ts';

describe('an endpoint', () => {
  test('of a backend that starts after the emulator can be added, and receives webhooks', async () => {
    const emulator = await start({ clock: 'virtual' });
    const receiver = await Receiver.start();
    const added = await emulator.endpoints.add({ url: receiver.url, eventTypes: ['channel_occupied'] });
    expect(emulator.endpoints.list).toEqual([added]);
    expect(added).toMatchObject({ url: receiver.url, enabled: true, eventTypes: ['channel_occupied'] });
    await (await connect(emulator)).subscribe('news');
    await emulator.webhooks.waitFor({ name: 'channel_occupied' });
    expect(receiver.events).toEqual(['channel_occupied news']);
  });

  test.each(['from the options', 'that was added'])('%s can be changed and removed', async (how) => {
    const receivers = [await Receiver.start(), await Receiver.start()] as const;
    const [previous, next] = receivers;
    const webhook = { id: 'main', url: previous.url };
    const isAdded = how === 'that was added';
    const emulator = await start({ clock: 'virtual', apps: [{ webhooks: isAdded ? [] : [webhook] }, {}] });
    if (isAdded) await emulator.endpoints.add(webhook);
    const client = await connect(emulator);
    await client.subscribe('one');
    await emulator.idle();
    expect(
      await emulator.endpoints.change('main', { url: next.url, eventTypes: ['channel_occupied'] }),
    ).toEqual(expect.objectContaining({ id: 'main', url: next.url }));
    await client.subscribe('two');
    await emulator.idle();
    await emulator.endpoints.remove('main');
    await client.subscribe('three');
    await emulator.clock.advance(10_000);
    expect(receivers.map(({ events }) => events)).toEqual([
      ['channel_occupied one'],
      ['channel_occupied two'],
    ]);
    expect(emulator.endpoints.list).toEqual([]);
    expect(emulator.events.at(-1)).toMatchObject({ channel: 'three', status: 'filtered' });
    // This disconnected nobody, and the first app stays the first.
    await client.ping();
    expect([emulator.id, emulator.appIds]).toEqual(['1', ['1', '2']]);
  });

  test('belongs to one app only, also to one that was created', async () => {
    const { emulator } = await startStage();
    const app = await emulator.createApp();
    const receiver = await Receiver.start();
    const { id } = await app.endpoints.add({ url: receiver.url });
    await (await connect(emulator)).subscribe('one');
    await (await connect(emulator, app)).subscribe('two');
    await emulator.idle();
    expect(receiver.events).toEqual(['channel_occupied two']);
    await app.endpoints.remove(id);
    expect(app.endpoints.list).toEqual([]);
    expect(emulator.endpoints.list).toHaveLength(1);
  });

  test('keeps its queue when it is changed', async () => {
    const { emulator, receiver } = await startStage();
    const [{ id } = { id: '' }] = emulator.endpoints.list;
    emulator.faults.webhooks({ status: 500, times: 1 });
    await (await connect(emulator)).subscribe('news');
    await emulator.clock.advance(300);
    const next = await Receiver.start();
    await emulator.endpoints.change(id, { url: next.url });
    await emulator.idle();
    expect([receiver.events, next.events]).toEqual([[], ['channel_occupied news']]);
  });

  test('that was added survives a reset', async () => {
    const emulator = await start();
    const added = await emulator.endpoints.add({ url: 'http://127.0.0.1:9/' });
    await emulator.reset();
    expect(emulator.endpoints.list).toEqual([added]);
  });

  test('is not known to have had another URL after a reset', async () => {
    const { emulator, receiver } = await startStage({ dashboard: true });
    const limitsOf = async (id: string): Promise<readonly string[]> => {
      const response = await fetch(`${emulator.url}/admin/apps/${emulator.id}/endpoints/${id}/truth`);
      const { limits } = (await response.json()) as { readonly limits: readonly string[] };
      return limits.filter((limit) => limit.startsWith('Its URL was changed'));
    };
    const [{ id } = { id: '' }] = emulator.endpoints.list;
    await emulator.endpoints.change(id, { url: `${receiver.url}?next` });
    expect(await limitsOf(id)).toHaveLength(1);
    await emulator.reset();
    expect(await limitsOf(id)).toEqual([]);
  });

  test('that is invalid is refused, and nothing changes', async () => {
    const { emulator, receiver } = await startStage();
    const { endpoints } = emulator;
    const before = endpoints.list;
    const [{ id } = { id: '' }] = before;
    await expect(endpoints.add({ url: 'nowhere' })).rejects.toMatchObject({
      code: 'ERR_CONFIG_INVALID',
      message: expect.stringMatching(/url\n +expected an http or https URL/) as string,
    });
    await expect(endpoints.add({ url: receiver.url, eventType: [] } as never)).rejects.toThrow(
      /did you mean "eventTypes"/,
    );
    await expect(endpoints.add({ id, url: receiver.url })).rejects.toMatchObject({
      code: 'ERR_ENDPOINT_EXISTS',
    });
    await expect(endpoints.change('other', { url: receiver.url })).rejects.toMatchObject({
      code: 'ERR_ENDPOINT_UNKNOWN',
      message: `the app '1' has no endpoint 'other'; known endpoints: ${id} (${receiver.url})`,
    });
    await expect(endpoints.change(id, { id: 'other', url: receiver.url })).rejects.toThrow(
      /the id .* cannot change/,
    );
    await expect(endpoints.change(id, { url: 'nowhere' })).rejects.toMatchObject({
      code: 'ERR_CONFIG_INVALID',
    });
    await expect(endpoints.remove('other')).rejects.toMatchObject({ code: 'ERR_ENDPOINT_UNKNOWN' });
    expect(endpoints.list).toEqual(before);
    await emulator.close();
    await expect(endpoints.add({ url: receiver.url })).rejects.toMatchObject({ code: 'ERR_CLOSED' });
  });

  test('is mentioned when creating an existing app is refused', async () => {
    const emulator = await start();
    await expect(emulator.createApp({ id: '1', webhooks: [{ url: 'http://a/' }] })).rejects.toThrow(
      "use app('1').endpoints.add, change or remove",
    );
  });

  test('can be added, changed and removed through the control API, too', async () => {
    const { emulator, receiver } = await stage({ apps: [{ webhooks: [] }] });
    const path = '/apps/1/endpoints';
    const body = { id: 'main', url: receiver.url, headers: { 'x-token': 'hush' } };
    const added = await ask(emulator, 'POST', path, { body });
    expect(added).toMatchObject({ status: 200, json: { id: 'main', url: receiver.url } });
    expect(JSON.stringify(added)).not.toContain('hush');
    await (await connect(emulator)).subscribe('news');
    await emulator.idle();
    expect(receiver.requests).toMatchObject([{ headers: { 'x-token': 'hush' } }]);
    const changed = await ask(emulator, 'PUT', `${path}/main`, { body: { url: `${receiver.url}/b` } });
    expect(changed).toMatchObject({ status: 200, json: { id: 'main', url: `${receiver.url}/b` } });
    expect(await ask(emulator, 'GET', path)).toEqual({ status: 200, json: { endpoints: [changed.json] } });
    expect((await ask(emulator, 'DELETE', `${path}/main`)).status).toBe(200);
    expect(await ask(emulator, 'DELETE', `${path}/main`)).toEqual({
      status: 404,
      json: errorOf('ERR_ENDPOINT_UNKNOWN', /no endpoint 'main'; known endpoints: none/),
    });
    expect(await ask(emulator, 'POST', path, { body: {} })).toEqual({
      status: 400,
      json: errorOf('ERR_CONFIG_INVALID', /url/),
    });
  });
});
