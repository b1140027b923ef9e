import { describe, expect, test } from 'vitest';
import { AdminWorld } from '../support/admin-world.ts';
import { type Call } from '../support/admin.ts';
import { app } from '../support/server.ts';

const of = { app: '1' };
const main = { ...of, endpoint: 'main' };
const added = { ...of, endpoint: 'added' };
const own = { app: 'own' };
const url = 'http://127.0.0.1:9/hook';
const event = { name: 'a', channels: ['news'], data: '1' };

type Refusal = readonly [id: string, call: Call, status: number, code: string, message: RegExp];

const ofPaths: readonly Refusal[] = [
  ['changeApp', { of: { app: '1' }, body: { enabled: false } }, 409, 'ERR_SET_BY_FILE', /app '1'/],
  ['removeApp', { of: { app: '1' } }, 409, 'ERR_SET_BY_FILE', /app '1'/],
  ['addKey', { of: { app: '1' } }, 409, 'ERR_SET_BY_FILE', /app '1'/],
  ['makeKeyFirst', { of: { app: '1', key: 'app-key' } }, 409, 'ERR_SET_BY_FILE', /app '1'/],
  ['removeKey', { of: { app: '1', key: 'app-key' } }, 409, 'ERR_SET_BY_FILE', /app '1'/],
  ['changeEndpoint', { of: main, body: { url } }, 409, 'ERR_SET_BY_FILE', /endpoint 'main'/],
  ['removeEndpoint', { of: main }, 409, 'ERR_SET_BY_FILE', /endpoint 'main'/],
  ['makeKeyFirst', { of: { ...own, key: 'no' } }, 404, 'ERR_KEY_UNKNOWN', /app 'own' has no key 'no'/],
  ['removeKey', { of: { ...own, key: 'no' } }, 404, 'ERR_KEY_UNKNOWN', /app 'own' has no key 'no'/],
  ['removeKey', { of: { ...own, key: 'own-key' } }, 409, 'ERR_FIRST_KEY', /make another one the first/],
  ['changeEndpoint', { of: { ...of, endpoint: 'no' }, body: { url } }, 404, 'ERR_ENDPOINT_UNKNOWN', /'no'/],
  ['removeEndpoint', { of: { ...of, endpoint: 'no' } }, 404, 'ERR_ENDPOINT_UNKNOWN', /'no'/],
  [
    'pauseEndpoint',
    { of: { ...of, endpoint: 'no' }, body: { how: 'hold' } },
    404,
    'ERR_ENDPOINT_UNKNOWN',
    /'no'/,
  ],
  ['resumeEndpoint', { of: { ...of, endpoint: 'no' } }, 404, 'ERR_ENDPOINT_UNKNOWN', /'no'/],
  [
    'testEndpoint',
    { of: { ...of, endpoint: 'no' }, body: { event: 'cache_miss' } },
    404,
    'ERR_ENDPOINT_UNKNOWN',
    /it has: main, added/,
  ],
  [
    'reconcileEndpoint',
    { of: { ...of, endpoint: 'no' } },
    404,
    'ERR_ENDPOINT_UNKNOWN',
    /it has: main, added/,
  ],
  ['readTruth', { of: { ...of, endpoint: 'no' } }, 404, 'ERR_ENDPOINT_UNKNOWN', /it has: main, added/],
  ['readLanes', { of: { ...own, endpoint: 'no' } }, 404, 'ERR_ENDPOINT_UNKNOWN', /it has: none/],
  ['showDelivery', { of: { ...of, delivery: 'msg_no' } }, 404, 'ERR_DELIVERY_UNKNOWN', /msg_no/],
  [
    'resendDelivery',
    { of: { ...of, delivery: 'msg_no' } },
    404,
    'ERR_NOT_SENT',
    /no delivery 'msg_no' is kept/,
  ],
  ['showRecovery', { of: { ...of, recovery: 'rec_no' } }, 404, 'ERR_UNKNOWN', /No recovery 'rec_no'/],
  ['cancelRecovery', { of: { ...of, recovery: 'rec_no' } }, 404, 'ERR_UNKNOWN', /No recovery 'rec_no'/],
  ['recover', { of, body: { endpoint: 'no' } }, 409, 'ERR_CONFLICT', /no endpoint 'no'/],
  ['showChannel', { of: { ...of, channel: 'no such' } }, 400, 'ERR_ARGUMENT_INVALID', /channel/i],
  ['showChannel', { of: { ...of, channel: '#server-to-user-7' } }, 400, 'ERR_ARGUMENT_INVALID', /internal/],
  ['closeConnection', { of: { ...of, socket: '1.1' } }, 404, 'ERR_CONNECTION_UNKNOWN', /'1\.1'/],
  [
    'closeConnection',
    { of: { ...of, socket: '__proto__' } },
    404,
    'ERR_CONNECTION_UNKNOWN',
    /on another node/,
  ],
  [
    'sendClientEvent',
    { of, body: { socketId: '1.1', channel: 'a', event: 'client-a', data: '' } },
    404,
    'ERR_CONNECTION_UNKNOWN',
    /'1\.1'/,
  ],
  ['terminateUser', { of: { ...of, user: 'u'.repeat(300) } }, 400, 'ERR_ARGUMENT_INVALID', /invalid user id/],
];

const ofBodies: readonly Refusal[] = [
  ['addApp', { body: { id: 7 } }, 400, 'ERR_INVALID', /id: /],
  ['addApp', { body: { id: '1' } }, 409, 'ERR_TAKEN', /id '1' is taken/],
  ['addApp', { body: { id: 'x', key: app.key } }, 409, 'ERR_TAKEN', /key 'app-key' is taken by the app '1'/],
  [
    'addApp',
    { body: { colour: 'red' } },
    400,
    'ERR_ARGUMENT_INVALID',
    /unknown field 'colour'; accepted are id/,
  ],
  [
    'addApp',
    { body: { secretFile: '/etc/hostname' } },
    400,
    'ERR_ARGUMENT_INVALID',
    /unknown field 'secretFile'/,
  ],
  ['addApp', { body: { webhooks: [] } }, 400, 'ERR_ARGUMENT_INVALID', /unknown field 'webhooks'/],
  ['addApp', { body: { limits: { connections: 0 } } }, 400, 'ERR_INVALID', /limits\.connections/],
  ['addApp', { body: { limits: { colours: 1 } } }, 400, 'ERR_INVALID', /colours/],
  ['addApp', { body: { limits: { messageBytes: 1e15 } } }, 400, 'ERR_INVALID', /limits/],
  ['addApp', { body: { allowedOrigins: 'https://a' } }, 400, 'ERR_INVALID', /allowedOrigins/],
  ['changeApp', { of: own, body: { enabled: 'yes' } }, 400, 'ERR_INVALID', /enabled/],
  ['changeApp', { of: own, body: { id: 'other' } }, 400, 'ERR_ARGUMENT_INVALID', /unknown field 'id'/],
  ['changeApp', { of: own, body: { secret: 's' } }, 400, 'ERR_ARGUMENT_INVALID', /unknown field 'secret'/],
  ['addKey', { of: own, body: { key: 'own-key' } }, 409, 'ERR_TAKEN', /own-key/],
  ['addKey', { of: own, body: { key: app.key } }, 409, 'ERR_TAKEN', /app-key/],
  ['addKey', { of: own, body: { secret: '' } }, 400, 'ERR_INVALID', /secret/],
  [
    'addKey',
    { of: own, body: { keys: [] } },
    400,
    'ERR_ARGUMENT_INVALID',
    /unknown field 'keys'; accepted are key, secret/,
  ],
  ['addEndpoint', { of, body: {} }, 400, 'ERR_INVALID', /url/],
  ['addEndpoint', { of, body: { url: 'ftp://a.example' } }, 400, 'ERR_INVALID', /url/],
  ['addEndpoint', { of, body: { url: 'not a url' } }, 400, 'ERR_INVALID', /url/],
  ['addEndpoint', { of, body: { url, id: 'main' } }, 409, 'ERR_TAKEN', /main/],
  ['addEndpoint', { of, body: { url, id: 'added' } }, 409, 'ERR_TAKEN', /added/],
  ['addEndpoint', { of, body: { url, eventTypes: ['member_aded'] } }, 400, 'ERR_INVALID', /member_aded/],
  ['addEndpoint', { of, body: { url, eventTypes: 'member_added' } }, 400, 'ERR_INVALID', /eventTypes/],
  ['addEndpoint', { of, body: { url, channels: { contains: 'a' } } }, 400, 'ERR_INVALID', /contains/],
  ['addEndpoint', { of, body: { url, batch: { maxEvents: 0 } } }, 400, 'ERR_INVALID', /batch\.maxEvents/],
  ['addEndpoint', { of, body: { url, headers: { 'X-A': 1 } } }, 400, 'ERR_INVALID', /headers\["X-A"\]/],
  [
    'addEndpoint',
    { of, body: { url, headers: { 'X-A': 'a\r\nX-B: b' } } },
    400,
    'ERR_INVALID',
    /headers\["X-A"\]/,
  ],
  ['addEndpoint', { of, body: { url, headers: { 'X A': 'a' } } }, 400, 'ERR_INVALID', /X A/],
  [
    'addEndpoint',
    { of, body: { url, headers: { 'X-Pusher-Signature': 'a' } } },
    400,
    'ERR_INVALID',
    /X-Pusher-Signature/,
  ],
  [
    'addEndpoint',
    { of, body: { url, headers: { 'Content-Length': '1' } } },
    400,
    'ERR_INVALID',
    /Content-Length/,
  ],
  [
    'addEndpoint',
    { of, body: { url, pause: { how: 'hold' } } },
    400,
    'ERR_ARGUMENT_INVALID',
    /unknown field 'pause'/,
  ],
  [
    'addEndpoint',
    { of, body: { url, isSetAtRunTime: false } },
    400,
    'ERR_ARGUMENT_INVALID',
    /unknown field 'isSetAtRunTime'/,
  ],
  [
    'changeEndpoint',
    { of: added, body: { url, id: 'other' } },
    400,
    'ERR_INVALID',
    /the id of an endpoint stays/,
  ],
  ['changeEndpoint', { of: added, body: {} }, 400, 'ERR_INVALID', /url/],
  ['pauseEndpoint', { of: main, body: {} }, 400, 'ERR_INVALID', /how: expected "hold" or "off", got nothing/],
  ['pauseEndpoint', { of: main, body: { how: 'on' } }, 400, 'ERR_INVALID', /expected "hold" or "off"/],
  [
    'testEndpoint',
    { of: main, body: {} },
    400,
    'ERR_ARGUMENT_INVALID',
    /event: expected one of channel_occupied/,
  ],
  ['testEndpoint', { of: main, body: { event: 7 } }, 400, 'ERR_ARGUMENT_INVALID', /event: expected/],
  ['recover', { of, body: {} }, 400, 'ERR_ARGUMENT_INVALID', /endpoint/],
  ['recover', { of, body: { endpoint: 'main', dry_run: 'yes' } }, 400, 'ERR_ARGUMENT_INVALID', /dry_run/],
  ['recover', { of, body: { endpoint: 'main', since: 'soon' } }, 400, 'ERR_ARGUMENT_INVALID', /since/],
  ['verifySignature', { of, body: { signature: 'a' } }, 400, 'ERR_ARGUMENT_INVALID', /body: missing/],
  ['verifySignature', { of, body: { body: 'a' } }, 400, 'ERR_ARGUMENT_INVALID', /signature: missing/],
  [
    'verifySignature',
    { of, body: { body: {}, signature: 'a' } },
    400,
    'ERR_ARGUMENT_INVALID',
    /body: expected a string/,
  ],
  ['publish', { of, body: {} }, 400, 'ERR_ARGUMENT_INVALID', /events: expected a list of 1 to/],
  ['publish', { of, body: { events: [] } }, 400, 'ERR_ARGUMENT_INVALID', /events: expected a list/],
  [
    'publish',
    { of, body: { events: [event, 7] } },
    400,
    'ERR_ARGUMENT_INVALID',
    /events\[1\]: expected an object/,
  ],
  [
    'publish',
    { of, body: { events: [event, { ...event, channels: [] }] } },
    400,
    'ERR_ARGUMENT_INVALID',
    /events\[1\]: /,
  ],
  [
    'publish',
    { of, body: { events: [{ ...event, name: 'client-a' }] } },
    400,
    'ERR_ARGUMENT_INVALID',
    /events\[0\]: /,
  ],
  [
    'publish',
    { of, body: { events: [{ ...event, socket_id: 'x' }] } },
    400,
    'ERR_ARGUMENT_INVALID',
    /events\[0\]: /,
  ],
  [
    'publish',
    { of, body: { events: [{ ...event, socketId: '1.1' }] } },
    400,
    'ERR_ARGUMENT_INVALID',
    /events\[0\]: .*unknown field 'socketId'/,
  ],
  [
    'publish',
    { of, body: { events: [{ ...event, data: { a: 1 } }] } },
    400,
    'ERR_ARGUMENT_INVALID',
    /events\[0\]: data/,
  ],
  ['sendClientEvent', { of, body: {} }, 400, 'ERR_ARGUMENT_INVALID', /socketId: missing/],
  [
    'resumeEndpoint',
    { of: main, body: { how: 'hold' } },
    400,
    'ERR_ARGUMENT_INVALID',
    /unknown field 'how'; none are accepted/,
  ],
  [
    'removeEndpoint',
    { of: added, body: { dry_run: true } },
    400,
    'ERR_ARGUMENT_INVALID',
    /unknown field 'dry_run'; none are accepted/,
  ],
];

const ofQueries: readonly Refusal[] = [
  [
    'listDeliveries',
    { of, query: { q: 'colour:red' } },
    400,
    'ERR_ARGUMENT_INVALID',
    /no key 'colour'.*accepted are channel, user/,
  ],
  [
    'listDeliveries',
    { of, query: { q: 'attempts:>x' } },
    400,
    'ERR_ARGUMENT_INVALID',
    /attempts: expected a number behind >, got 'x'/,
  ],
  ['listDeliveries', { of, query: { q: 'since:soon' } }, 400, 'ERR_ARGUMENT_INVALID', /since: expected/],
  [
    'listDeliveries',
    { of, query: { q: '"open' } },
    400,
    'ERR_ARGUMENT_INVALID',
    /quote is opened and not closed/,
  ],
  ['listDeliveries', { of, query: { q: 'a'.repeat(1001) } }, 400, 'ERR_ARGUMENT_INVALID', /at most 1000/],
  ['listDeliveries', { of, query: { q: 'a '.repeat(51) } }, 400, 'ERR_ARGUMENT_INVALID', /at most 50 words/],
  [
    'listDeliveries',
    { of, query: { limit: 0 } },
    400,
    'ERR_ARGUMENT_INVALID',
    /limit: expected a whole number from 1 to 500, got 0/,
  ],
  ['listDeliveries', { of, query: { limit: 501 } }, 400, 'ERR_ARGUMENT_INVALID', /limit: /],
  ['listDeliveries', { of, query: { limit: '1e999' } }, 400, 'ERR_ARGUMENT_INVALID', /limit: /],
  ['listDeliveries', { of, query: { before: '-1' } }, 400, 'ERR_ARGUMENT_INVALID', /before: /],
  [
    'listDeliveries',
    { of, query: { after: '1' } },
    400,
    'ERR_ARGUMENT_INVALID',
    /unknown field 'after'; accepted are q, limit, before/,
  ],
  [
    'listEvents',
    { of, query: { q: 'user:', limit: 'many' } },
    400,
    'ERR_ARGUMENT_INVALID',
    /limit: expected a number, got "many"/,
  ],
  ['listDropped', { of, query: { reason: 'whim' } }, 400, 'ERR_ARGUMENT_INVALID', /reason/],
  ['listDropped', { of, query: { limit: 'x' } }, 400, 'ERR_ARGUMENT_INVALID', /limit/],
  ['listDropped', { of, query: { cursor: 'x' } }, 400, 'ERR_ARGUMENT_INVALID', /cursor/],
  [
    'listChannels',
    { of, query: { limit: 1001 } },
    400,
    'ERR_ARGUMENT_INVALID',
    /limit: expected a whole number from 1 to 1000/,
  ],
  ['readConsole', { query: { types: 'connection,lunch' } }, 400, 'ERR_ARGUMENT_INVALID', /lunch/],
  ['readConsole', { query: { limit: 1.5 } }, 400, 'ERR_ARGUMENT_INVALID', /limit/],
  ['readConsole', { query: { before: 'x' } }, 400, 'ERR_ARGUMENT_INVALID', /before/],
  ['readSelf', { query: { verbose: 1 } }, 400, 'ERR_ARGUMENT_INVALID', /none are accepted/],
];

describe('what cannot be done is refused with the reason, and changes nothing', () => {
  test.each([...ofPaths, ...ofBodies, ...ofQueries])(
    '%s %j is %i %s',
    async (id, call, status, code, message) => {
      const world = await AdminWorld.start();
      await world.addOwn();
      const before = await world.admin.get('listApps');
      const told = await world.admin.call(id, call);
      expect({ status: told.status, json: told.json }).toMatchObject({
        status,
        json: { error: { code, message: expect.stringMatching(message) as string } },
      });
      expect(await world.admin.get('listApps')).toEqual(before);
    },
  );
});

test.each([
  ['no JSON', '{"url":'],
  ['a list', '[1]'],
  ['null', 'null'],
  ['text', '"url"'],
])('a body that is %s is refused', async (_, body) => {
  const { admin } = await AdminWorld.start();
  const headers = { 'content-type': 'application/json' };
  expect(await admin.call('addEndpoint', { of, body, headers })).toMatchObject({
    status: 400,
    json: { error: { message: expect.stringMatching(/expected a JSON object as the body, got/) as string } },
  });
});

test('every operation on an app says which apps there are, if there is no such one', async () => {
  const { admin } = await AdminWorld.start();
  const ofApps = admin.operations.filter(({ path }) => path.includes('{app}'));
  expect(ofApps.length).toBeGreaterThan(30);
  const body: Readonly<Record<string, object>> = {
    addEndpoint: { url },
    changeEndpoint: { url },
    pauseEndpoint: { how: 'hold' },
    testEndpoint: { event: 'cache_miss' },
    publish: { events: [event] },
    verifySignature: { body: 'a', signature: 'a' },
    recover: { endpoint: 'a' },
    sendClientEvent: { socketId: '1.1', channel: 'a', event: 'client-a', data: '' },
  };
  for (const { id } of ofApps) {
    const told = await admin.call(id, {
      of: {
        app: 'none',
        endpoint: 'a',
        key: 'a',
        channel: 'a',
        delivery: 'a',
        socket: '1.1',
        user: 'a',
        recovery: 'a',
      },
      ...(body[id] && { body: body[id] }),
    });
    expect({ id, status: told.status, text: told.text }).toMatchObject({
      status: 404,
      text: expect.stringMatching(/'none'/) as string,
    });
  }
});

test('a disabled app takes no events, and says so', async () => {
  const world = await AdminWorld.start();
  await world.addOwn();
  await world.admin.get('changeApp', { of: own, body: { enabled: false } });
  const told = await world.admin.call('publish', { of: own, body: { events: [event] } });
  expect(told).toMatchObject({ status: 403, json: { error: { code: 'ERR_DISABLED' } } });
});
