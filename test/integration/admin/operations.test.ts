import { createHmac } from 'node:crypto';
import { Validator } from '@seriousme/openapi-schema-validator';
import { expect, test } from 'vitest';
import { AdminWorld } from '../support/admin-world.ts';
import { Admin, type Call } from '../support/admin.ts';
import { app } from '../support/server.ts';

const of = { app: '1' };
const main = { ...of, endpoint: 'main' };
const added = { ...of, endpoint: 'added' };
const own = { app: 'own' };

type Case = (world: AdminWorld) => Promise<readonly [call: Call, expected: object]>;

const at = (call: Call, expected: object): Case => {
  return () => Promise.resolve([call, expected] as const);
};

/** Drops the event of a channel, because its endpoint is off. */
async function lose(world: AdminWorld): Promise<string> {
  await world.admin.get('pauseEndpoint', { of: main, body: { how: 'off' } });
  await (await world.connect()).subscribe('lost');
  const id = await world.droppedOf('lost');
  await world.admin.get('resumeEndpoint', { of: main });
  return id;
}

/** Each operation once, with its answer on success. */
const cases: Readonly<Record<string, Case>> = {
  readSelf: at({}, { role: 'full', kept: 'memory', savedIn: 'memory', isProduction: false }),
  readOverview: async (world) => {
    await world.connect();
    return [{}, { connections: 1, series: { stepMs: expect.any(Number) as number } }];
  },
  listApps: at(
    {},
    {
      apps: [
        { id: '1', origin: 'file' },
        { id: 'own', origin: 'run-time' },
      ],
    },
  ),
  addApp: at(
    { body: { id: 'third', clientEvents: true, limits: { connections: 5 } } },
    { id: 'third', origin: 'run-time', clientEvents: true, limits: { connections: 5 }, endpoints: [] },
  ),
  showApp: at(
    { of },
    {
      id: '1',
      keys: [{ key: 'app-key', isFirst: true }],
      endpoints: [
        { id: 'main', origin: 'file', headers: { 'X-Api-Key': 'of-the-file' } },
        { id: 'added', origin: 'run-time', headers: { 'X-Api-Key': 'of-the-api' } },
      ],
    },
  ),
  changeApp: at(
    { of: own, body: { subscriptionCount: true, limits: { connections: 7 } } },
    { id: 'own', subscriptionCount: true, limits: { connections: 7 } },
  ),
  removeApp: at({ of: own }, {}),
  exportSettings: at({}, { apps: [{ id: 'own', secretFile: 'own-key.secret' }, { id: '1' }] }),
  showSecrets: at({ of }, { pairs: [{ key: app.key, secret: app.secret }] }),
  addKey: at({ of: own, body: { key: 'second', secret: 'second-secret' } }, { key: 'second' }),
  makeKeyFirst: async ({ admin }) => {
    await admin.get('addKey', { of: own, body: { key: 'second' } });
    const keys = [
      { key: 'second', isFirst: true },
      { key: 'own-key', isFirst: false },
    ];
    return [{ of: { ...own, key: 'second' } }, { keys }];
  },
  removeKey: async ({ admin }) => {
    await admin.get('addKey', { of: own, body: { key: 'second' } });
    return [{ of: { ...own, key: 'second' } }, { keys: [{ key: 'own-key', isFirst: true }] }];
  },
  addEndpoint: at(
    { of, body: { url: 'http://127.0.0.1:9/hook', eventTypes: ['member_added'], batch: { maxEvents: 3 } } },
    { origin: 'run-time', eventTypes: ['member_added'], batch: { maxEvents: 3 } },
  ),
  changeEndpoint: at(
    { of: added, body: { url: 'http://127.0.0.1:9/other', channels: { startsWith: 'news-' } } },
    { id: 'added', url: 'http://127.0.0.1:9/other', channels: { startsWith: 'news-' }, headers: {} },
  ),
  removeEndpoint: at({ of: added }, {}),
  pauseEndpoint: at({ of: main, body: { how: 'hold' } }, { id: 'main', pause: { how: 'hold' } }),
  resumeEndpoint: async ({ admin }) => {
    await admin.get('pauseEndpoint', { of: main, body: { how: 'off' } });
    return [{ of: main }, { id: 'main', enabled: true }];
  },
  testEndpoint: at(
    { of: main, body: { event: 'channel_occupied' } },
    {
      result: 'success',
      status: 200,
      answer: 'thanks',
      request: { headers: { 'X-Api-Key': 'of-the-file' } },
    },
  ),
  reconcileEndpoint: at({ of: main }, { channels: 0 }),
  readTruth: async (world) => {
    await world.delivered();
    return [{ of: main }, { endpoint: 'main', channels: 1, differing: 0 }];
  },
  readLanes: async (world) => {
    await world.admin.get('pauseEndpoint', { of: main, body: { how: 'hold' } });
    await (await world.connect()).subscribe('news');
    return [{ of: main }, { endpoint: 'main', laneCount: 1, lanes: [{ channel: 'news', events: 1 }] }];
  },
  listDeliveries: async (world) => {
    const id = await world.delivered();
    return [{ of, query: { q: 'endpoint:main' } }, { items: [{ id, status: 'delivered', attempts: 1 }] }];
  },
  showDelivery: async (world) => {
    const delivery = await world.delivered();
    return [{ of: { ...of, delivery } }, { id: delivery, attemptList: [{ number: 1, answer: 'thanks' }] }];
  },
  resendDelivery: async (world) => {
    const delivery = await world.delivered();
    return [
      { of: { ...of, delivery } },
      { number: 2, resend: 1, result: 'success', answer: 'thanks', headers: { 'X-Soketify-Resend': '1' } },
    ];
  },
  listEvents: async (world) => {
    await world.delivered();
    return [{ of, query: { limit: 5 } }, { items: [{ name: 'channel_occupied', channel: 'news' }] }];
  },
  verifySignature: () => {
    const body = '{"time_ms":1,"events":[]}';
    const signature = createHmac('sha256', app.secret).update(body).digest('hex');
    return Promise.resolve([
      { of, body: { body, signature } },
      { isGenuine: true, key: app.key },
    ]);
  },
  listDropped: async (world) => {
    const id = await lose(world);
    return [{ of, query: { endpoint: 'main' } }, { deliveries: [{ id, reason: 'disabled' }] }];
  },
  recover: async (world) => {
    await lose(world);
    return [{ of, body: { endpoint: 'main', dry_run: true } }, { matched: { deliveries: 1, events: 1 } }];
  },
  showRecovery: async (world) => {
    await lose(world);
    const { id } = await world.admin.get<{ id: string }>('recover', { of, body: { endpoint: 'main' } });
    return [{ of: { ...of, recovery: id } }, { id, endpoint: 'main' }];
  },
  cancelRecovery: async (world) => {
    await lose(world);
    const { id } = await world.admin.get<{ id: string }>('recover', { of, body: { endpoint: 'main' } });
    return [{ of: { ...of, recovery: id } }, { id, endpoint: 'main' }];
  },
  listChannels: async (world) => {
    const client = await world.connect();
    for (const channel of ['a-1', 'a-2', 'b-1']) await client.subscribe(channel);
    return [
      { of, query: { prefix: 'a-', limit: 1 } },
      { items: [{ name: 'a-1' }], next: 'a-1' },
    ];
  },
  showChannel: async (world) => {
    await world.enter(await world.connect(), 'presence-room', '7');
    return [
      { of: { ...of, channel: 'presence-room' } },
      { occupied: true, userIds: ['7'], connections: [{ channels: [{ userId: '7' }] }] },
    ];
  },
  listConnections: async (world) => {
    const { socketId } = await world.connect();
    return [{ of }, { connections: [{ socketId, channels: [] }], total: 1 }];
  },
  closeConnection: async (world) => {
    const { socketId } = await world.connect();
    return [{ of: { ...of, socket: socketId } }, {}];
  },
  terminateUser: at({ of: { ...of, user: '7' } }, {}),
  readTimeline: async (world) => {
    await world.enter(await world.connect(), 'presence-room', '7');
    return [
      { of: { ...of, channel: 'presence-room' } },
      { channel: 'presence-room', rows: [{ spans: [{ state: 'present' }] }, { userId: '7' }] },
    ];
  },
  publish: at({ of, body: { events: [{ name: 'a', channels: ['news'], data: '1' }] } }, { published: 1 }),
  sendClientEvent: async (world) => {
    const client = await world.connect();
    await world.enter(client, 'private-room');
    const body = { socketId: client.socketId, channel: 'private-room', event: 'client-hello', data: '"x"' };
    return [{ of, body }, {}];
  },
  readConsole: async (world) => {
    const { socketId } = await world.connect();
    return [{ query: { types: 'connection' } }, { rows: [{ type: 'connection', appId: '1', socketId }] }];
  },
};

test.each(Object.entries(cases))('%s, if it is possible, responds as documented', async (id, prepare) => {
  const world = await AdminWorld.start();
  await world.addOwn();
  const [call, expected] = await prepare(world);
  const { status, json } = await world.admin.call(id, call);
  expect({ status, json }).toMatchObject({ status: 200, json: expected });
});

test('questions and terminations also accept names that are longer than the limits, which may have been lowered', async () => {
  const { admin } = await AdminWorld.start();
  const channel = 'x'.repeat(165);
  expect(await admin.call('showChannel', { of: { ...of, channel } })).toMatchObject({
    status: 200,
    json: { name: channel, occupied: false },
  });
  const user = 'u'.repeat(129);
  expect(await admin.call('terminateUser', { of: { ...of, user } })).toMatchObject({ status: 200 });
});

test('every operation has a case here, and the document is valid', async () => {
  const { operations, document } = await Admin.start();
  expect(operations.map(({ id }) => id).toSorted()).toEqual(Object.keys(cases).toSorted());
  expect(await new Validator().validate(document as unknown as Record<string, unknown>)).toEqual({
    valid: true,
  });
});
