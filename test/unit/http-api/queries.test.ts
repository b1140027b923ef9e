import { describe, expect, test } from 'vitest';
import { apiStage } from '../../support/unit/api-stage.ts';
import { application, channelName } from '../../support/unit/application.ts';

describe('GET channels', () => {
  test('lists the occupied channels, {} when there is none', async () => {
    const { get, occupy } = apiStage();
    expect(await get('channels', '/apps/1/channels')).toEqual({ channels: {} });
    occupy('presence-a', '7');
    occupy('b');
    expect(await get('channels', '/apps/1/channels')).toEqual({ channels: { 'presence-a': {}, b: {} } });
  });

  test('lists those that start with the prefix, with their counts', async () => {
    const { get, occupy } = apiStage();
    for (const [channel, user] of [
      ['presence-a', '7'],
      ['presence-a', '8'],
      ['presence-b', '7'],
    ] as const) {
      occupy(channel, user);
    }
    occupy('news');
    const query = { filter_by_prefix: 'presence-', info: 'user_count,subscription_count' };
    expect(await get('channels', '/apps/1/channels', query)).toEqual({
      channels: {
        'presence-a': { user_count: 2, subscription_count: 2 },
        'presence-b': { user_count: 1, subscription_count: 1 },
      },
    });
  });

  test('counts subscriptions of any kind', async () => {
    const { get, occupy } = apiStage();
    occupy('news');
    const query = { info: 'subscription_count' };
    expect(await get('channels', '/apps/1/channels', query)).toEqual({
      channels: { news: { subscription_count: 1 } },
    });
  });

  test.each([{ info: 'user_count' }, { info: 'user_count', filter_by_prefix: 'pres' }])(
    'refuses %j: users are counted only on presence channels',
    async (query) => {
      const { get } = apiStage();
      expect(await get('channels', '/apps/1/channels', query)).toMatch(
        /^400 user_count may only be requested for presence channels/,
      );
    },
  );

  test.each(['members', 'cache', 'subscription_count;user_count'])(
    'refuses the attribute %s',
    async (info) => {
      const { get } = apiStage();
      expect(await get('channels', '/apps/1/channels', { info })).toBe(
        `400 Unknown info attribute '${info}': expected one of user_count, subscription_count`,
      );
    },
  );
});

/** An app whose channels and users may have short names only. */
const lowered = application({ limits: { channelNameLength: 8, userIdLength: 8 } });

describe('GET channels/NAME', () => {
  const path = (name: string) => `/apps/1/channels/${name}`;

  test('returns whether it is occupied; an unknown channel is not an error', async () => {
    const { get, occupy } = apiStage();
    occupy('news');
    expect(await get('channel', path('news'))).toEqual({ occupied: true });
    expect(await get('channel', path('other'))).toEqual({ occupied: false });
  });

  test('returns the requested counts and the cached event', async () => {
    const { get, occupy, memory, clock } = apiStage();
    occupy('presence-cache-a', '7');
    const info = 'user_count,subscription_count,cache';
    expect(await get('channel', path('presence-cache-a'), { info })).toEqual({
      occupied: true,
      user_count: 1,
      subscription_count: 1,
      cache: null,
    });
    void memory.cacheEvent('1', channelName('presence-cache-a'), { name: 'state', data: '{"a":1}' });
    clock.advanceSync(60_000);
    expect(await get('channel', path('presence-cache-a'), { info: 'cache' })).toEqual({
      occupied: true,
      cache: { data: '{"a":1}', ttl: 1740 },
    });
    clock.advanceSync(1_740_000);
    expect(await get('channel', path('presence-cache-a'), { info: 'cache' })).toEqual({
      occupied: true,
      cache: null,
    });
  });

  test.each([
    ['news', 'user_count', '400 user_count may only be requested for presence channels'],
    ['private-a', 'user_count', '400 user_count may only be requested for presence channels'],
    ['news', 'cache', '400 cache may only be requested for cache channels'],
    ['my-cache-a', 'cache', '400 cache may only be requested for cache channels'],
    ['news', 'x', "400 Unknown info attribute 'x': expected one of user_count, subscription_count, cache"],
  ])('of %s refuses %s', async (channel, info, text) => {
    const { get } = apiStage();
    expect(await get('channel', path(channel), { info })).toBe(text);
  });

  test('also answers about a channel whose name is longer than the limit, which was lowered after it was occupied', async () => {
    const { get, occupy } = apiStage({ apps: [lowered] });
    const [long, presence] = ['x'.repeat(165), `presence-${'x'.repeat(165)}`];
    occupy(long);
    occupy(presence, 'a-long-user-id');
    expect(await get('channel', path(long))).toEqual({ occupied: true });
    expect(await get('users', `${path(presence)}/users`)).toEqual({ users: [{ id: 'a-long-user-id' }] });
  });

  test.each(['a b', 'x '.repeat(165), '#news', ''])('refuses the name "%.20s"', async (name) => {
    const { get } = apiStage();
    expect(await get('channel', path(name))).toMatch(/^400 Invalid channel name: /);
  });
});

describe('GET channels/NAME/users', () => {
  const users = (name: string) => `/apps/1/channels/${name}/users`;

  test('lists distinct users with ids that are strings', async () => {
    const { get, occupy } = apiStage();
    for (const id of ['7', '8', '7']) occupy('presence-a', id);
    expect(await get('users', users('presence-a'))).toEqual({ users: [{ id: '7' }, { id: '8' }] });
    expect(await get('users', users('presence-b'))).toEqual({ users: [] });
  });

  test('refuses a channel that has no members', async () => {
    const { get } = apiStage();
    expect(await get('users', users('news'))).toBe(
      "400 Users are only known for presence channels, and 'news' is not one",
    );
  });

  test('refuses unknown parameters, in the documented words', async () => {
    const { get } = apiStage();
    expect(await get('users', users('presence-a'), { info: 'user_count' })).toBe(
      '400 The following query string parameters are extraneous: info',
    );
  });
});
