import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv } from 'ajv';
import Backend from 'pusher';
import { describe, expect, test } from 'vitest';
import { ask, errorOf, stage } from '../support/control.ts';
import { connect, enter } from '../support/emulator.ts';

describe('the control API', () => {
  test('offers by HTTP what the library offers: clock, faults, waits, records', async () => {
    const { emulator, receiver } = await stage();
    const client = await connect(emulator);
    await enter(client, emulator, 'presence-a', '42');
    expect(await ask(emulator, 'POST', '/faults/webhooks', { body: { status: 500, times: 3 } })).toEqual({
      status: 200,
      json: { id: 1, hits: 0 },
    });
    const match = { name: 'member_added', user_id: '42' };
    const waited = await ask(emulator, 'POST', '/webhooks/wait-for', { body: { match } });
    expect(waited).toMatchObject({ status: 200, json: { ...match, status: 'delivered' } });
    expect(receiver.requests.map(({ headers }) => headers['x-soketify-attempt'])).toEqual(['4']);
    const { json: events } = await ask(emulator, 'GET', '/events?app=1&name=member_added');
    expect(events).toEqual({ events: [waited.json] });
    expect((await ask(emulator, 'GET', '/deliveries')).json).toEqual({ deliveries: emulator.deliveries });
    const before = emulator.clock.now();
    expect((await ask(emulator, 'POST', '/clock/advance', { body: { ms: 5000 } })).json).toEqual({
      mode: 'virtual',
      nowMs: before + 5000,
    });
    expect((await ask(emulator, 'POST', '/webhooks/expect-none', { body: { match } })).json).toMatchObject(
      errorOf('ERR_WEBHOOK_UNEXPECTED', /one was sent/),
    );
    expect((await ask(emulator, 'GET', '/apps/1/channels')).json).toEqual({
      channels: [{ name: 'presence-a', subscriptionCount: 1, userIds: ['42'] }],
    });
    expect((await ask(emulator, 'GET', '/apps/1/connections')).json).toEqual({
      connections: [{ socketId: client.socketId, channels: [{ name: 'presence-a', userId: '42' }] }],
    });
    expect((await ask(emulator, 'POST', '/faults/connections', { body: { drop: 'all' } })).json).toEqual({
      id: 0,
      hits: 1,
    });
    expect((await client.closed).code).toBe(1006);
    expect((await ask(emulator, 'POST', '/idle')).status).toBe(200);
    expect((await ask(emulator, 'POST', '/reset')).status).toBe(200);
    expect((await ask(emulator, 'GET', '/events')).json).toEqual({ events: [] });
  });

  test('responds to a failed wait with 409 and what was seen instead', async () => {
    const { emulator } = await stage();
    await (await connect(emulator)).subscribe('news');
    const body = { match: { name: 'cache_miss' }, timeoutMs: 0 };
    expect(await ask(emulator, 'POST', '/webhooks/wait-for', { body })).toEqual({
      status: 409,
      json: errorOf('ERR_WEBHOOK_MISSING', /Seen instead:\n {2}- channel_occupied on news/),
    });
    // curl -i shows it.
    const { statusText } = await fetch(`${emulator.url}/control/webhooks/wait-for`, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { connection: 'close' },
    });
    expect(statusText).toBe('Conflict');
  });

  test('holds a wait open until the webhook is delivered', async () => {
    const { emulator } = await stage();
    const waiting = ask(emulator, 'POST', '/webhooks/wait-for', {
      body: { match: { name: 'channel_occupied' }, timeoutMs: 10_000 },
    });
    await (await connect(emulator)).subscribe('news');
    expect(await waiting).toMatchObject({ status: 200, json: { channel: 'news' } });
  });

  test('lists what backends published, waits for it and asserts its absence', async () => {
    const { emulator } = await stage();
    await new Backend(emulator.serverOptions()).trigger('orders', 'created', { id: 7 });
    const published = emulator.published.list;
    expect((await ask(emulator, 'GET', '/published?app=1&channel=orders&event=created')).json).toEqual({
      published,
    });
    expect((await ask(emulator, 'GET', '/published?after=1')).json).toEqual({ published: [] });
    const match = { event: { $regex: '^CREA', $flags: 'i' }, data: { id: 7 } };
    expect((await ask(emulator, 'POST', '/published/wait-for', { body: { match } })).json).toEqual(
      published[0],
    );
    expect(await ask(emulator, 'POST', '/published/expect-none', { body: { match } })).toEqual({
      status: 409,
      json: errorOf('ERR_PUBLISH_UNEXPECTED', /but one was:\n {2}- created on orders/),
    });
    const missing = { body: { match: { event: 'removed' }, timeoutMs: 0 } };
    expect(await ask(emulator, 'POST', '/published/wait-for', missing)).toEqual({
      status: 409,
      json: errorOf('ERR_PUBLISH_MISSING', /Published instead:\n {2}- created on orders/),
    });
  });

  test('accepts regular expressions for webhooks, too', async () => {
    const { emulator } = await stage();
    await (await connect(emulator)).subscribe('news');
    const match = { channel: { $regex: '^ne' } };
    expect(await ask(emulator, 'POST', '/webhooks/wait-for', { body: { match } })).toMatchObject({
      status: 200,
      json: { channel: 'news' },
    });
  });

  test('adds and removes apps, and limits requests to one app', async () => {
    const { emulator, receiver } = await stage();
    const body = { secret: 'a secret', webhooks: [{ url: receiver.url }] };
    const { json } = await ask(emulator, 'POST', '/apps', { body });
    const { id, env } = json as { id: string; env: Record<string, string> };
    expect(env).toMatchObject({ PUSHER_APP_ID: id, PUSHER_PORT: String(emulator.port) });
    await (await connect(emulator, emulator.app(id))).subscribe('news');
    await ask(emulator, 'POST', '/faults/api', { body: { app: id, status: 500 } });
    expect((await ask(emulator, 'GET', '/events?app=1')).json).toEqual({ events: [] });
    expect((await ask(emulator, 'GET', `/events?app=${id}`)).json).toMatchObject({ events: [{ appId: id }] });
    expect((await ask(emulator, 'GET', '/faults')).json).toMatchObject({
      api: [{ appId: id, spec: { status: 500 } }],
    });
    expect((await ask(emulator, 'DELETE', `/faults?app=${id}`)).status).toBe(200);
    expect((await ask(emulator, 'GET', '/faults')).json).toEqual({ webhooks: [], connections: [], api: [] });
    expect((await ask(emulator, 'DELETE', `/apps/${id}`)).status).toBe(200);
    expect(await ask(emulator, 'GET', `/apps/${id}/channels`)).toMatchObject({ status: 404 });
    expect(((await ask(emulator, 'GET', '/apps')).json as { apps: object[] }).apps).toHaveLength(1);
  });

  test.each([
    ['POST', '/clock/advance', '{"ms":', 400, /expected a JSON object as the body, got '\{"ms":'/],
    ['POST', '/clock/advance', '[1]', 400, /expected a JSON object/],
    ['POST', '/clock/advance', '{}', 400, /clock.advance: missing; expected milliseconds, 0 or more/],
    ['POST', '/clock/advance', '{"seconds":1}', 400, /unknown field 'seconds'; expected one of ms/],
    ['POST', '/webhooks/wait-for', '{}', 400, /match: expected fields of an event/],
    ['POST', '/webhooks/wait-for', '{"match":{"user":"1"}}', 400, /events have no field 'user'/],
    ['POST', '/webhooks/wait-for', '{"match":{},"timeoutMs":"soon"}', 400, /timeoutMs: expected a number/],
    ['POST', '/webhooks/wait-for', '{"match":{},"app":1}', 400, /app: expected a string, got 1/],
    ['POST', '/webhooks/expect-none', '{"match":{},"app":"9"}', 404, /there is no app '9'; known apps: 1/],
    [
      'POST',
      '/faults/webhooks',
      '{"status":"500"}',
      400,
      /expected an HTTP status from 200 to 599, got "500"/,
    ],
    ['POST', '/faults/connections', '{"drop":{"user":"1"}}', 400, /drop: expected 'all'/],
    ['DELETE', '/faults/x', '', 400, /expected the id of a fault, got 'x'/],
    ['POST', '/apps', '{"id":"1","secret":"s"}', 409, /there is already an app with id '1'/],
    ['POST', '/apps', '{"id":"2"}', 400, /secret: missing; .* give the secret/],
    ['POST', '/apps', '{"colour":"red","secret":"s"}', 400, /unknown key "colour"/],
    ['POST', '/reset', '{"reconnect":"yes"}', 400, /reconnect: expected true or false/],
    ['POST', '/webhooks/wait-for', '{"match":{"channel":{"$regex":"("}}}', 400, /channel\.\$regex: Invalid/],
    [
      'POST',
      '/webhooks/wait-for',
      '{"match":{"channel":{"$regex":"a","$flags":1}}}',
      400,
      /\$flags: expected/,
    ],
    ['POST', '/published/wait-for', '{}', 400, /match: expected fields .*"orders"/],
    [
      'POST',
      '/published/wait-for',
      '{"match":{"name":"a"}}',
      400,
      /unknown field "name"; accepted fields: ch/,
    ],
    ['POST', '/faults/api', '{"status":500,"path":"/evnts"}', 400, /did you mean '\/events'/],
    ['GET', '/events?nam=x', undefined, 400, /unknown field 'nam'/],
  ] as const)('%s %s with %s returns %i and the reason', async (...given) => {
    const [method, path, body, status, message] = given;
    const { emulator } = await stage();
    const answer = await ask(emulator, method, path, body === undefined ? {} : { body });
    expect(answer).toEqual({
      status,
      json: {
        error: { code: expect.any(String) as string, message: expect.stringMatching(message) as string },
      },
    });
  });
});

describe('clock/next', () => {
  test('moves the clock to the next moment at which something is due, and no further', async () => {
    const { emulator } = await stage();
    const client = await connect(emulator);
    await enter(client, emulator, 'presence-a', '1');
    await emulator.idle();
    const leftAt = emulator.clock.now();
    await emulator.clock.advance(500);
    client.ws.close();
    await expect.poll(() => emulator.connections()).toEqual([]);
    const moved = await ask(emulator, 'POST', '/clock/next');
    expect(moved).toMatchObject({ status: 200, json: { mode: 'virtual', moved: true } });
    expect(emulator.clock.now()).toBe(leftAt + 500 + 3000);
    expect(emulator.events.map(({ name }) => name)).toContain('member_removed');
  });

  test('reports that nothing is due', async () => {
    const { emulator } = await stage();
    expect((await ask(emulator, 'POST', '/clock/next')).json).toEqual({
      mode: 'virtual',
      nowMs: 0,
      moved: false,
    });
  });
});

describe('openapi.json', () => {
  test('is a valid OpenAPI document that describes every operation', async () => {
    const { emulator } = await stage({ control: { token: 't' } });
    const { json } = await ask(emulator, 'GET', '/openapi.json', { headers: { authorization: 'Bearer t' } });
    expect(await new Validator().validate(json as Record<string, unknown>)).toEqual({ valid: true });
    const { paths } = json as { paths: Record<string, object> };
    expect(
      Object.entries(paths).map(([path, methods]) => `${path}: ${Object.keys(methods).join(', ')}`),
    ).toEqual([
      '/control/clock: get',
      '/control/clock/advance: post',
      '/control/clock/next: post',
      '/control/events: get',
      '/control/deliveries: get',
      '/control/record: get',
      '/control/webhooks/wait-for: post',
      '/control/webhooks/expect-none: post',
      '/control/idle: post',
      '/control/reset: post',
      '/control/published: get',
      '/control/published/wait-for: post',
      '/control/published/expect-none: post',
      '/control/faults: get, delete',
      '/control/faults/webhooks: post',
      '/control/faults/connections: post',
      '/control/faults/api: post',
      '/control/faults/{id}: get, delete',
      '/control/apps: get, post',
      '/control/apps/{app}: delete',
      '/control/apps/{app}/endpoints: get, post',
      '/control/apps/{app}/endpoints/{endpoint}: put, delete',
      '/control/apps/{app}/channels: get',
      '/control/apps/{app}/connections: get',
    ]);
  });

  test('describes events and deliveries correctly', async () => {
    const { emulator, receiver } = await stage();
    const client = await connect(emulator);
    await enter(client, emulator, 'presence-a', '1');
    client.ws.send(JSON.stringify({ event: 'client-a', channel: 'presence-a', data: '1' }));
    emulator.faults.webhooks({ reset: true, times: 1 });
    await client.ping();
    await emulator.idle();
    const { json } = await ask(emulator, 'GET', '/openapi.json');
    const { schemas } = (json as { components: { schemas: Record<string, object> } }).components;
    const ajv = new Ajv({ strict: false });
    const { json: events } = await ask(emulator, 'GET', '/events');
    const { json: sent } = await ask(emulator, 'GET', '/deliveries');
    for (const event of (events as { events: object[] }).events) {
      expect(ajv.validate(schemas['Event'] ?? {}, event), JSON.stringify(ajv.errors)).toBe(true);
    }
    for (const delivery of (sent as { deliveries: object[] }).deliveries) {
      expect(ajv.validate(schemas['Delivery'] ?? {}, delivery), JSON.stringify(ajv.errors)).toBe(true);
    }
    expect(receiver.events).toHaveLength(3);
  });
});
