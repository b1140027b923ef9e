import { describe, expect, test } from 'vitest';
import { apiStage } from '../../support/unit/api-stage.ts';
import { application } from '../../support/unit/application.ts';
import { signedRequest } from '../../support/unit/signed-request.ts';

const event = { name: 'news', channel: 'a', data: 'x' };
const batchOf = (count: number) => ({ batch: Array.from({ length: count }, () => event) });

function limited(triggersPerSecond: number) {
  return apiStage({ apps: [application({ limits: { triggersPerSecond } })] });
}

describe('a rate limit for triggers', () => {
  test('refuses what is above it with 429, and when to retry', async () => {
    const { api, fanout } = limited(1);
    const request = () => signedRequest('POST', '/apps/1/events', { body: JSON.stringify(event) });
    expect(await api.events(request())).toEqual({ json: '{}' });
    fanout.expectPublished('a', { event: 'news', data: 'x' });
    expect(await api.events(request())).toEqual({
      status: 429,
      text: 'Rate limit exceeded: at most 1 events a second are accepted',
      retryAfterSeconds: 1,
    });
    fanout.expectNothing();
  });

  test('counts each item of a batch and refuses all of it or none', async () => {
    const { batch, events, fanout } = limited(5);
    expect(await batch(batchOf(3))).toEqual({});
    expect(await batch(batchOf(3))).toMatch(/^429 /);
    expect(fanout.channels).toHaveLength(3);
    expect(await batch(batchOf(2))).toEqual({});
    expect(await events(event)).toMatch(/^429 /);
    expect(fanout.channels).toHaveLength(5);
  });

  test('counts an event on several channels as one', async () => {
    const { events } = limited(2);
    const wide = { name: 'news', channels: ['a', 'b', 'c'], data: 'x' };
    expect(await events(wide)).toEqual({});
    expect(await events(wide)).toEqual({});
    expect(await events(wide)).toMatch(/^429 /);
  });

  test('does not count what is refused for another reason, and stores nothing of what it refuses', async () => {
    const { events, memory } = limited(1);
    expect(await events({ ...event, channel: 'a b' })).toMatch(/^400 /);
    expect(await events({ ...event, name: 'pusher:x' })).toMatch(/^400 /);
    expect(await events(event)).toEqual({});
    expect(await events({ ...event, channel: 'cache-a' })).toMatch(/^429 /);
    expect(memory.channel('1', 'cache-a' as never)).not.toHaveProperty('cache');
  });

  test('is over after a second, and does not apply to queries', async () => {
    const { events, get, clock } = limited(1);
    await events(event);
    clock.advanceSync(999);
    expect(await events(event)).toMatch(/^429 /);
    expect(await get('channels', '/apps/1/channels')).toEqual({ channels: {} });
    clock.advanceSync(1);
    expect(await events(event)).toEqual({});
  });

  test('belongs to the app', async () => {
    const two = application({
      id: '2',
      key: 'k2',
      secret: 's2',
      limits: { triggersPerSecond: 1 },
    });
    const { api, events } = apiStage({ apps: [application({ limits: { triggersPerSecond: 1 } }), two] });
    expect(await events(event)).toEqual({});
    const body = JSON.stringify(event);
    const otherRequest = signedRequest('POST', '/apps/2/events', { body, of: { key: 'k2', secret: 's2' } });
    expect(await api.events(otherRequest)).toEqual({ json: '{}' });
  });
});

describe('a disabled app', () => {
  const off = () => apiStage({ apps: [application({ isEnabled: false })] });

  test('responds to every signed request with 403 and does nothing', async () => {
    const { events, batch, get, api, fanout } = off();
    const disabled = '403 Application disabled';
    expect(await events(event)).toBe(disabled);
    expect(await batch(batchOf(1))).toBe(disabled);
    expect(await events('no JSON')).toBe(disabled);
    expect(await get('channels', '/apps/1/channels')).toBe(disabled);
    expect(await get('channel', '/apps/1/channels/a')).toBe(disabled);
    expect(await get('users', '/apps/1/channels/presence-a/users')).toBe(disabled);
    const terminate = signedRequest('POST', '/apps/1/users/7/terminate_connections');
    expect(await api.terminateConnections(terminate)).toMatchObject({ status: 403 });
    const dropped = signedRequest('GET', '/apps/1/webhooks/dropped');
    expect(await api.droppedWebhooks(dropped)).toMatchObject({ status: 403 });
    fanout.expectNothing();
    expect(fanout.terminated).toEqual([]);
  });

  test('responds 401 to unsigned requests', async () => {
    const { api } = off();
    const foreign = signedRequest('GET', '/apps/1/channels', { of: { key: 'app-key', secret: 'wrong' } });
    expect(await api.channels(foreign)).toMatchObject({ status: 401 });
  });
});

describe('POST terminate_connections', () => {
  const terminate = async (name: string, body = '') => {
    const { api, fanout } = apiStage();
    const path = `/apps/1/users/${encodeURIComponent(name)}/terminate_connections`;
    const request = { ...signedRequest('POST', path, { body }), name };
    return { answer: await api.terminateConnections(request), terminated: fanout.terminated };
  };

  test.each(['7', 'a_-=@,.;Z', '__proto__', 'u'.repeat(128), 'longer-than-the-limit-'.repeat(10)])(
    'closes the connections of %.20s and responds with {}, whether there are any or not',
    async (id) => {
      expect(await terminate(id)).toEqual({ answer: { json: '{}' }, terminated: [`1/${id}`] });
    },
  );

  test('accepts the body {} that some libraries send, and any other', async () => {
    expect(await terminate('7', '{}')).toMatchObject({ answer: { json: '{}' } });
    expect(await terminate('7', 'no JSON')).toMatchObject({ answer: { json: '{}' } });
  });

  test.each(['', 'a b', 'a/b', '#7', '\u00e9', 'a\n', '../7', 'u '.repeat(129)])(
    'refuses the user id %j',
    async (id) => {
      const { answer, terminated } = await terminate(id);
      const named = id.length > 200 ? `${id.slice(0, 200)}...` : id;
      expect(answer).toEqual({ status: 400, text: `Invalid user id: got '${named}'` });
      expect(terminated).toEqual([]);
    },
  );
});

describe('GET of a server-to-user channel', () => {
  test.each(['#server-to-user-7', '#server-to-user-__proto__'])('%s gets 400', async (channel) => {
    const { api } = apiStage();
    const path = `/apps/1/channels/${encodeURIComponent(channel)}`;
    expect(await api.channel({ ...signedRequest('GET', path), name: channel })).toEqual({
      status: 400,
      text: `'${channel}' is an internal channel, whose state is not available`,
    });
    expect(await api.users({ ...signedRequest('GET', `${path}/users`), name: channel })).toMatchObject({
      status: 400,
    });
  });

  test('an event can be published on it, but there are no counts', async () => {
    const { events, fanout } = apiStage();
    const channels = ['#server-to-user-7', 'b'];
    const info = 'user_count,subscription_count';
    expect(await events({ name: 'hello', channels, data: 'x', info })).toEqual({
      channels: { '#server-to-user-7': {}, b: { subscription_count: 0 } },
    });
    fanout.expectPublished('#server-to-user-7', { event: 'hello', data: 'x' });
  });

  test.each(['#server-to-user-', '#server-to-user-a b', '#other'])(
    'an event on %s is refused',
    async (channel) => {
      const { events, fanout } = apiStage();
      expect(await events({ name: 'hello', channel, data: 'x' })).toMatch(/^400 Invalid channel name/);
      fanout.expectNothing();
    },
  );
});

describe('several key pairs', () => {
  const otherKeys = [
    { key: 'second', secret: 's2' },
    { key: 'third', secret: 's3' },
  ];
  const app = application({ otherKeys });

  test.each([{ key: app.key, secret: app.secret }, ...otherKeys])('$key signs requests', async (of) => {
    const { api } = apiStage({ apps: [app] });
    expect(await api.channels(signedRequest('GET', '/apps/1/channels', { of }))).toEqual({
      json: '{"channels":{}}',
    });
  });

  test.each([
    [{ key: 'second', secret: 's3' }, /^Invalid signature: /],
    [{ key: 'app-key', secret: 's2' }, /^Invalid signature: /],
    [{ key: 'fourth', secret: 's2' }, /^Unknown auth_key$/],
    [{ key: '__proto__', secret: 's2' }, /^Unknown auth_key$/],
  ])('%j signs none', async (of, text) => {
    const { api } = apiStage({ apps: [app] });
    const answer = await api.channels(signedRequest('GET', '/apps/1/channels', { of }));
    expect(answer).toEqual({ status: 401, text: expect.stringMatching(text) as string });
  });
});

describe('a request to a server with a path prefix', () => {
  test.each(['/base/apps/1/channels', '/apps/1/channels'])('may have signed %s', async (signedPath) => {
    const { api } = apiStage();
    const paths = { appId: '1', path: '/base/apps/1/channels', unprefixedPath: '/apps/1/channels' };
    const request = signedRequest('GET', signedPath);
    expect(await api.channels({ ...request, ...paths })).toEqual({ json: '{"channels":{}}' });
  });

  test('may have signed the path without it and without escapes', async () => {
    const { api } = apiStage();
    const request = {
      ...signedRequest('GET', '/apps/1/channels/a;b'),
      path: '/base/apps/1/channels/a%3Bb',
      unprefixedPath: '/apps/1/channels/a%3Bb',
    };
    expect(await api.channel(request)).toEqual({ json: '{"occupied":false}' });
  });

  test('gets the string to sign, made of what it sent', async () => {
    const { api } = apiStage();
    const request = {
      ...signedRequest('GET', '/other/apps/1/channels'),
      appId: '1',
      path: '/base/apps/1/channels',
      unprefixedPath: '/apps/1/channels',
    };
    expect(await api.channels(request)).toEqual({
      status: 401,
      text: expect.stringContaining(String.raw`HmacSHA256Hex("GET\n/base/apps/1/channels\n`) as string,
    });
  });
});
