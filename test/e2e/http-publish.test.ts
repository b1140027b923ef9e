import { afterAll, describe, expect, test } from 'vitest';
import { app } from '../support/e2e/config.ts';
import { answered, callApi, plainText } from '../support/e2e/http.ts';
import { startServer } from '../support/e2e/server.ts';
import { connectSocket } from '../support/e2e/socket.ts';

const slow = { id: '2', key: 'slow-key', secret: 'slow-secret', limits: { triggersPerSecond: 3 } };
const server = await startServer({ apps: [app, slow] });
afterAll(() => server.stop());

const names = 'up to 164 of the characters A-Z a-z 0-9 _ - = @ , . ;';
const event = { name: 'said', channels: ['news'], data: '1' };
const item = { name: 'said', channel: 'news', data: '1' };
const items = (count: number) => Array.from({ length: count }, () => item);
/** A body that is rejected, with the status and the text. */
type Refusal = readonly [body: unknown, status: number, text: string | RegExp];
const post = (path: string, body: unknown) =>
  callApi(server, { path: `/apps/1/${path}`, body: JSON.stringify(body) });

describe('POST /events is rejected with a text that states what is wrong', () => {
  const refusals: readonly Refusal[] = [
    [{ ...event, name: undefined }, 400, 'Missing parameter: name'],
    [{ ...event, name: '' }, 400, "Invalid event name: expected a non-empty string, got ''"],
    [{ ...event, name: null }, 400, 'Invalid event name: expected a non-empty string, got null'],
    [{ ...event, name: { a: 1 } }, 400, 'Invalid event name: expected a non-empty string, got an object'],
    [
      { ...event, name: 'x'.repeat(201) },
      400,
      'Invalid event name: it has 201 characters, at most 200 are accepted',
    ],
    ...['pusher:', 'pusher_internal:', 'client-'].map((prefix): Refusal => [
      { ...event, name: `${prefix}x` },
      400,
      `Invalid event name: '${prefix}x' starts with '${prefix}', which servers cannot send`,
    ]),
    [{ ...event, data: undefined }, 400, 'Missing parameter: data'],
    [
      { ...event, data: 'x'.repeat(10_241) },
      413,
      'The data content of this event exceeds the allowed maximum (10240 bytes). See https://pusher.com/docs/channels/server_api/http-api#publishing-events for more info',
    ],
    [{ ...event, data: { a: 'x'.repeat(10_233) } }, 413, /^The data content of this event exceeds/],
    [{ ...event, channels: undefined }, 400, 'Missing parameter: channels'],
    [
      { ...event, channels: [] },
      400,
      'Invalid channels: expected an array of channel names, got an empty array',
    ],
    [{ ...event, channels: 'news' }, 400, "Invalid channels: expected an array of channel names, got 'news'"],
    [
      { ...event, channels: Array.from({ length: 101 }, (_, n) => `c${n}`) },
      400,
      'channels has 101 names, at most 100 are accepted',
    ],
    [{ ...event, channels: ['news', 7] }, 400, `Invalid channel name: expected a string of ${names}`],
    [
      { ...event, channels: ['two words'] },
      400,
      `Invalid channel name: 'two words' (9 characters). A name has ${names}`,
    ],
    [
      { ...event, channels: ['#server-to-user-a b'] },
      400,
      /^Invalid channel name: '#server-to-user-a b' \(19 characters\)/,
    ],
    [{ ...event, channels: ['x'.repeat(165)] }, 400, /^Invalid channel name: 'x+' \(165 characters\)\. /],
    [{ ...event, socket_id: '12' }, 400, "Invalid socket id: expected digits.digits, got '12'"],
    [{ ...event, socket_id: '1.1 ' }, 400, "Invalid socket id: expected digits.digits, got '1.1 '"],
    [{ ...event, socket_id: [] }, 400, 'Invalid socket id: expected digits.digits, got an empty array'],
    [
      { ...event, info: 'user_count,members' },
      400,
      "Unknown info attribute 'members': expected one of user_count, subscription_count",
    ],
    [{ ...event, info: 'cache' }, 400, /^Unknown info attribute 'cache'/],
    [
      { ...event, info: ['user_count'] },
      400,
      'Invalid info: expected a string of user_count, subscription_count, got an array',
    ],
    [[event], 400, 'Invalid body: expected a JSON object, got an array'],
  ];
  test.each(refusals)('%#: %.0s%i %s', async (body, status, text) => {
    expect(await post('events', body)).toEqual(plainText(status, text));
  });
});

describe('POST /events is answered', () => {
  test('with an object, and null counts as absent', async () => {
    expect(await answered(post('events', { ...event, socket_id: null, info: null }))).toEqual({});
    expect(await answered(post('events', { ...event, info: '' }))).toEqual({});
  });

  test('with the counts of each unique channel, and with users on presence channels only', async () => {
    const [anna, tab] = [await connectSocket(server), await connectSocket(server)];
    for (const socket of [anna, tab]) {
      await socket.subscribe('presence-info', { user_id: 'anna' });
      await socket.subscribe('info');
    }
    const channels = ['info', 'presence-info', 'info', 'nobody', 'presence-nobody', 'presence-info'];
    expect(
      await answered(post('events', { ...event, channels, info: 'user_count, subscription_count' })),
    ).toEqual({
      channels: {
        info: { subscription_count: 2 },
        'presence-info': { user_count: 1, subscription_count: 2 },
        nobody: { subscription_count: 0 },
        'presence-nobody': { user_count: 0, subscription_count: 0 },
      },
    });
    expect(await anna.framesBeforePong()).toEqual(
      ['info', 'presence-info'].map((channel) => ({ event: 'said', channel, data: '1' })),
    );
    expect(
      await answered(post('events', { ...event, channels: ['info', 'presence-info'], info: 'user_count' })),
    ).toEqual({ channels: { info: {}, 'presence-info': { user_count: 1 } } });
  });

  test('without internal channels, which are not counted', async () => {
    const channels = ['#server-to-user-anna'];
    const body = { ...event, channels, info: 'subscription_count' };
    expect(await answered(post('events', body))).toEqual({ channels: { '#server-to-user-anna': {} } });
  });

  test('with the names of channels that are also properties of JavaScript objects', async () => {
    const channels = ['__proto__', 'constructor', 'toString'];
    const { text } = await post('events', { ...event, channels, info: 'subscription_count' });
    expect(text).toBe(
      '{"channels":{"__proto__":{"subscription_count":0},"constructor":{"subscription_count":0},"toString":{"subscription_count":0}}}',
    );
  });

  test.each([
    [null, 'null'],
    [{ a: { b: [1, null] } }, '{"a":{"b":[1,null]}}'],
    ['\ud800"\u0000', '\ud800"\u0000'],
  ])('and data %j is sent as a string', async (data, received) => {
    const socket = await connectSocket(server);
    await socket.subscribe('data');
    await answered(post('events', { name: 'said', channel: 'data', data }));
    await socket.expectFrame({ event: 'said', channel: 'data', data: received });
  });
});

describe('POST /batch_events', () => {
  const refusals: readonly Refusal[] = [
    [{}, 400, 'Missing parameter: batch, an array of events'],
    [{ batch: {} }, 400, 'Missing parameter: batch, an array of events'],
    [{ batch: items(11) }, 400, 'batch has 11 events, at most 10 are accepted'],
    [{ batch: [item, 7] }, 400, 'batch[1]: an event must be an object with name, channel and data'],
    [{ batch: [{ ...item, channel: undefined }] }, 400, 'batch[0]: Missing parameter: channel'],
    [{ batch: [item, { ...item, name: undefined }] }, 400, 'batch[1]: Missing parameter: name'],
    [
      { batch: [item, item, { ...item, name: 'client-x' }] },
      400,
      /^batch\[2\]: Invalid event name: 'client-x'/,
    ],
    [{ batch: [{ ...item, data: undefined }] }, 400, 'batch[0]: Missing parameter: data'],
    [{ batch: [item, { ...item, data: 'x'.repeat(10_241) }] }, 413, /^batch\[1\]: The data content of this/],
    [{ batch: [{ ...item, socket_id: 'x' }] }, 400, /^batch\[0\]: Invalid socket id/],
    [{ batch: [{ ...item, info: 'cache' }] }, 400, /^batch\[0\]: Unknown info attribute 'cache'/],
  ];
  test.each(refusals)('is rejected as a whole: %# %.0s%i %s', async (body, status, text) => {
    const socket = await connectSocket(server);
    await socket.subscribe('news');
    expect(await post('batch_events', body)).toEqual(plainText(status, text));
    expect(await socket.framesBeforePong()).toEqual([]);
  });

  test('leaves out the connection that each item names, and returns counts for the items that request them', async () => {
    const [first, second] = [await connectSocket(server), await connectSocket(server)];
    await first.subscribe('presence-batch', { user_id: 'anna' });
    await second.subscribe('presence-batch', { user_id: 'bert' });
    const to = { ...item, channel: 'presence-batch' };
    const batch = [
      { ...to, data: '1', socket_id: first.id, info: 'user_count' },
      { ...to, data: '2', socket_id: second.id },
      { ...to, data: '3', info: 'user_count,subscription_count' },
      { ...item, channel: 'nobody', info: 'user_count,subscription_count' },
    ];
    expect(await answered(post('batch_events', { batch }))).toEqual({
      batch: [{ user_count: 2 }, {}, { user_count: 2, subscription_count: 2 }, { subscription_count: 0 }],
    });
    const isSaid = ({ event: name }: { event: string }) => name === 'said';
    const datas = async (socket: typeof first) => {
      await socket.framesBeforePong();
      return socket.frames.items.filter(isSaid).map(({ data }) => data);
    };
    expect([await datas(first), await datas(second)]).toEqual([
      ['2', '3'],
      ['1', '3'],
    ]);
  });

  test('is answered {} without requested counts, and when it is empty', async () => {
    expect(await answered(post('batch_events', { batch: [item] }))).toEqual({});
    expect(await answered(post('batch_events', { batch: [] }))).toEqual({});
  });
});

test('events above the rate are 429, each item of a batch counts, and queries are not limited', async () => {
  const socket = await connectSocket(server, { app: slow });
  await socket.subscribe('news');
  const publish = (path: string, body: unknown) =>
    callApi(server, { path: `/apps/2/${path}`, body: JSON.stringify(body), app: slow });
  const text = 'Rate limit exceeded: at most 3 events a second are accepted';
  const refused = { ...plainText(429, text), retryAfter: '1' };
  // A batch above the limit of a second is rejected as a whole and not counted. Retrying cannot help.
  expect(await publish('batch_events', { batch: items(4) })).toEqual(
    plainText(400, 'batch has 4 events, at most 3 a second are accepted'),
  );
  expect(await answered(publish('batch_events', { batch: items(3) }))).toEqual({});
  const answers = await Promise.all(Array.from({ length: 40 }, () => publish('events', event)));
  const accepted = answers.filter(({ status }) => status === 200);
  for (const answer of answers) if (!accepted.includes(answer)) expect(answer).toEqual(refused);
  expect(accepted.length).toBeLessThan(40);
  // Rejected events are not sent.
  expect(await socket.framesBeforePong()).toHaveLength(3 + accepted.length);
  expect(await callApi(server, { path: '/apps/2/channels', app: slow })).toMatchObject({ status: 200 });
  // Another app is not limited.
  expect(await answered(post('events', event))).toEqual({});
});
