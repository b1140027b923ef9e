import type { Call } from '../support/admin.ts';

export const of = { app: '1' };
export const main = { ...of, endpoint: 'main' };
export const added = { ...of, endpoint: 'added' };
export const own = { app: 'own' };
export const url = 'http://127.0.0.1:9/hook';
export const event = { name: 'a', channels: ['news'], data: '1' };

/** An operation with its arguments and the expected refusal. */
export type Refusal = readonly [id: string, call: Call, status: number, code: string, message: RegExp];

/** Paths to things that do not exist or cannot be changed. */
export const ofPaths: readonly Refusal[] = [
  ['changeApp', { of: { app: '1' }, body: { enabled: false } }, 409, 'ERR_SET_BY_FILE', /app '1'/],
  ['removeApp', { of: { app: '1' } }, 409, 'ERR_SET_BY_FILE', /app '1'/],
  ['addKey', { of: { app: '1' } }, 409, 'ERR_SET_BY_FILE', /app '1'/],
  ['makeKeyFirst', { of: { app: '1', key: 'app-key' } }, 409, 'ERR_SET_BY_FILE', /app '1'/],
  ['removeKey', { of: { app: '1', key: 'app-key' } }, 409, 'ERR_SET_BY_FILE', /app '1'/],
  ['changeEndpoint', { of: main, body: { url } }, 409, 'ERR_SET_BY_FILE', /endpoint 'main'/],
  ['removeEndpoint', { of: main }, 409, 'ERR_SET_BY_FILE', /endpoint 'main'/],
  ['makeKeyFirst', { of: { ...own, key: 'no' } }, 404, 'ERR_KEY_UNKNOWN', /app 'own' has no key 'no'/],
  ['removeKey', { of: { ...own, key: 'no' } }, 404, 'ERR_KEY_UNKNOWN', /app 'own' has no key 'no'/],
  ['removeKey', { of: { ...own, key: 'own-key' } }, 409, 'ERR_FIRST_KEY', /make another key first/],
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
  [
    'terminateUser',
    { of: { ...of, user: 'u '.repeat(300) } },
    400,
    'ERR_ARGUMENT_INVALID',
    /invalid user id/,
  ],
];

/** Queries that are not valid. */
export const ofQueries: readonly Refusal[] = [
  [
    'listDeliveries',
    { of, query: { q: 'colour:red' } },
    400,
    'ERR_ARGUMENT_INVALID',
    /unknown search key 'colour'; accepted keys are channel, user/,
  ],
  [
    'listDeliveries',
    { of, query: { q: 'attempts:>x' } },
    400,
    'ERR_ARGUMENT_INVALID',
    /attempts: expected a number after >, got 'x'/,
  ],
  ['listDeliveries', { of, query: { q: 'since:soon' } }, 400, 'ERR_ARGUMENT_INVALID', /since: expected/],
  ['listDeliveries', { of, query: { q: '"open' } }, 400, 'ERR_ARGUMENT_INVALID', /a quote is not closed/],
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
    /unknown field 'after'; expected one of q, limit, before/,
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
