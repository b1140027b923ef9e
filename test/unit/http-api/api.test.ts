import { describe, expect, test } from 'vitest';
import { apiStage } from '../../support/unit/api-stage.ts';
import { application, channelName } from '../../support/unit/application.ts';
import { delegateLedger } from '../../support/unit/delegate-ledger.ts';
import { settle } from '../../support/fake-clock.ts';
import { notRebuilt } from '../../support/unit/not-rebuilt.ts';
import { signedRequest } from '../../support/unit/signed-request.ts';

const tooLarge =
  'The data content of this event exceeds the allowed maximum (10240 bytes). See https://pusher.com/docs/channels/server_api/http-api#publishing-events for more info';

describe('POST events', () => {
  test('publishes once on each distinct channel, in order, and responds with {}', async () => {
    const { events, fanout } = apiStage();
    expect(await events({ name: 'news', channels: ['a', 'b', 'a'], data: '"x"' })).toEqual({});
    fanout.expectPublished('a', { event: 'news', data: '"x"' });
    fanout.expectPublished('b', { event: 'news', data: '"x"' });
    fanout.expectNothing();
  });

  test('leaves out the given connection, whether it exists or not', async () => {
    const { events, fanout } = apiStage();
    expect(await events({ name: 'news', channel: 'a', data: 'x', socket_id: '1.2' })).toEqual({});
    fanout.expectPublished('a', { event: 'news', data: 'x' }, '1.2');
  });

  test.each([
    [{ a: [1] }, '{"a":[1]}'],
    [null, 'null'],
    [0, '0'],
    ['', ''],
  ])('treats the data %j as the string %s', async (data, text) => {
    const { events, fanout } = apiStage();
    await events({ name: 'news', channel: 'a', data });
    fanout.expectPublished('a', { event: 'news', data: text });
  });

  test.each(notRebuilt)('treats the data %s as exactly that text', async (source) => {
    const { events, batch, fanout, memory } = apiStage();
    await events(`{"name":"news","channels":["a"],"data":${source}}`);
    fanout.expectPublished('a', { event: 'news', data: source });
    await batch(`{"batch":[{"name":"news","channel":"b","data":${source}}]}`);
    fanout.expectPublished('b', { event: 'news', data: source });
    await events(`{"name":"news","channels":["cache-a"],"data":${source}}`);
    expect(memory.channel('1', channelName('cache-a')).cache?.data).toBe(source);
  });

  test('returns the requested counts of each channel, as far as it has them', async () => {
    const { events, occupy } = apiStage();
    occupy('presence-a', '7');
    occupy('presence-a', '8');
    occupy('presence-a', '8');
    occupy('b');
    const info = 'user_count,subscription_count';
    expect(await events({ name: 'n', channels: ['presence-a', 'b', 'c', 'b'], data: '', info })).toEqual({
      channels: {
        'presence-a': { user_count: 2, subscription_count: 3 },
        b: { subscription_count: 1 },
        c: { subscription_count: 0 },
      },
    });
  });

  test('accepts a channel called __proto__', async () => {
    const { api } = apiStage();
    const body = JSON.stringify({ name: 'n', channel: '__proto__', data: '', info: 'subscription_count' });
    expect(await api.events(signedRequest('POST', '/apps/1/events', { body }))).toEqual({
      json: '{"channels":{"__proto__":{"subscription_count":0}}}',
    });
  });

  test('responds once the event of a cache channel is kept, with or without subscribers', async () => {
    let keep = (): void => {};
    const stage = apiStage({
      ledger: (memory) => ({
        ...delegateLedger(memory),
        cacheEvent: (...step) =>
          new Promise((resolve) => {
            keep = () => resolve(memory.cacheEvent(...step));
          }),
      }),
    });
    const answer = stage.events({ name: 'state', channels: ['cache-a', 'news'], data: 'x' });
    await settle();
    expect(stage.fanout.channels).toEqual(['news']);
    keep();
    expect(await answer).toEqual({});
    expect(stage.fanout.channels).toEqual(['news', 'cache-a']);
    expect(stage.memory.channel('1', channelName('cache-a')).cache).toEqual({ data: 'x', ttl: 1800 });
  });

  test.each([
    ['private-cache-a', true],
    ['presence-cache-a', true],
    ['private-encrypted-cache-a', true],
    ['my-cache-a', false],
    ['private-a', false],
  ])('on %s is kept for late subscribers: %s', async (channel, isKept) => {
    const { events, memory } = apiStage();
    await events({ name: 'state', channel, data: 'x' });
    expect(memory.channel('1', channelName(channel)).cache !== undefined).toBe(isKept);
  });

  test('publishes nothing if it is refused', async () => {
    const { events, fanout } = apiStage();
    expect(await events({ name: 'n', channels: ['a', 'b c'], data: 'x' })).toMatch(
      /^400 Invalid channel name/,
    );
    expect(await events({ name: 'n', channel: 'a', data: 'x'.repeat(10_241) })).toBe(`413 ${tooLarge}`);
    expect(await events('[]')).toBe('400 Invalid body: expected a JSON object, got an empty array');
    fanout.expectNothing();
  });
});

describe('POST batch_events', () => {
  const item = (channel: string, rest: object = {}) => ({ name: 'n', channel, data: 'x', ...rest });

  test('publishes every item in order and responds with {}', async () => {
    const { batch, fanout } = apiStage();
    expect(await batch({ batch: [item('a'), item('b', { socket_id: '1.2' }), item('a')] })).toEqual({});
    expect(fanout.channels).toEqual(['a', 'b', 'a']);
  });

  test('responds in the same order, with {} where nothing was requested', async () => {
    const { batch, occupy } = apiStage();
    occupy('presence-a', '7');
    const info = 'subscription_count,user_count';
    expect(await batch({ batch: [item('presence-a', { info }), item('b'), item('c', { info })] })).toEqual({
      batch: [{ user_count: 1, subscription_count: 1 }, {}, { subscription_count: 0 }],
    });
  });

  test('publishes all or nothing', async () => {
    const { batch, fanout, memory } = apiStage();
    expect(await batch({ batch: [item('cache-a'), item('b', { name: 'pusher:x' })] })).toMatch(
      /^400 batch\[1\]: /,
    );
    expect(await batch({ batch: [item('cache-a'), item('b', { data: 'x'.repeat(10_241) })] })).toBe(
      `413 batch[1]: ${tooLarge}`,
    );
    expect(await batch({ batch: Array.from({ length: 11 }, () => item('a')) })).toMatch(/^400 /);
    fanout.expectNothing();
    expect(memory.channel('1', channelName('cache-a')).cache).toBeUndefined();
  });

  test('keeps the order of items, whether they are cached or not', async () => {
    const stage = apiStage();
    await stage.batch({
      batch: [item('cache-a', { data: '1' }), item('b'), item('cache-a', { data: '2' })],
    });
    expect(stage.fanout.channels).toEqual(['cache-a', 'b', 'cache-a']);
    const { cache } = stage.memory.channel('1', channelName('cache-a'));
    expect(cache?.data).toBe('2');
  });
});

describe('a request', () => {
  test('gets 404 for an unknown app, 401 with the key of another app, 401 if unsigned', async () => {
    const { api } = apiStage({ apps: [application(), application({ id: '2', key: 'k2', secret: 's2' })] });
    expect(await api.channels(signedRequest('GET', '/apps/9/channels'))).toEqual({
      status: 404,
      text: 'App 9 not found',
    });
    const foreignKey = signedRequest('GET', '/apps/1/channels', { of: { key: 'k2', secret: 's2' } });
    expect(await api.channels(foreignKey)).toEqual({ status: 401, text: 'Unknown auth_key' });
    expect(await api.channels({ ...signedRequest('GET', '/apps/1/channels'), rawQuery: '' })).toEqual({
      status: 401,
      text: 'Missing parameter: auth_key',
    });
  });

  test('is refused without its body if it is not signed', () => {
    const { refuse } = apiStage();
    const { body: _, ...head } = signedRequest('POST', '/apps/1/events', { body: 'x' });
    expect(refuse(head)).toBeUndefined();
    for (const changed of [{ rawQuery: '' }, { path: '/apps/1/batch_events' }]) {
      expect(refuse({ ...head, ...changed })).toMatchObject({ status: 401 });
    }
  });

  test('does nothing if its app is removed or disabled while its body is received', async () => {
    const { begin, fanout, replace } = apiStage();
    const request = signedRequest('POST', '/apps/1/events', {
      body: '{"name":"a","channel":"a","data":"x"}',
    });
    const disabledMeanwhile = begin(request);
    replace([application({ isEnabled: false })]);
    expect(await disabledMeanwhile(request)).toMatchObject({ status: 403 });
    replace([application()]);
    const goneMeanwhile = begin(request);
    replace([]);
    expect(await goneMeanwhile(request)).toMatchObject({ status: 404 });
    fanout.expectNothing();
  });

  test('gets 401 and does nothing if it was changed in transit', async () => {
    const { api, fanout } = apiStage();
    const request = signedRequest('POST', '/apps/1/events', {
      body: '{"name":"a","channel":"a","data":"x"}',
    });
    const changed = { ...request, body: Buffer.from('{"name":"b","channel":"a","data":"x"}') };
    expect(await api.events(changed)).toMatchObject({ status: 401 });
    expect(await api.events({ ...request, path: '/apps/1/other' })).toMatchObject({ status: 401 });
    fanout.expectNothing();
  });
});

test('GET webhooks/dropped lists only the drops of the app', async () => {
  const { api, drops } = apiStage({ apps: [application(), application({ id: '2', key: 'k2' })] });
  const drop = {
    endpoint: 'main',
    channel: channelName('a'),
    name: 'channel_occupied',
    reason: 'expired',
    timeMs: 1,
  } as const;
  drops.add('1', drop);
  drops.add('2', { ...drop, channel: channelName('b') });
  expect(await api.droppedWebhooks(signedRequest('GET', '/apps/1/webhooks/dropped'))).toEqual({
    json: JSON.stringify({ dropped: [drop], forgotten: 0, epoch: 'epoch-1' }),
  });
});
