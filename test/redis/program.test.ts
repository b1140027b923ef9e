import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectClient, createClient, membersOf, type ClientOptions } from '../support/e2e/client.ts';
import { app, quick, type Config } from '../support/e2e/config.ts';
import { Journal } from '../support/journal.ts';
import { startReceiver, type Receiver } from '../support/e2e/receiver.ts';
import { sdkFor } from '../support/e2e/sdk.ts';
import { runWithConfig, startServer, type Server } from '../support/e2e/server.ts';
import { startRedis, type RedisServer } from '../support/redis/server.ts';

/** An app with subscription counts, and one with low limits. */
const counting = { id: '2', key: 'counting', secret: 'counting-secret', subscriptionCount: true };
const small = {
  id: '3',
  key: 'small',
  secret: 'small-secret',
  limits: { connections: 2, presenceMembers: 1, triggersPerSecond: 3 },
};

const five = { id: '4', key: 'five', secret: 'five-secret', limits: { connections: 5 } };

/** An app whose endpoint is disabled. */
const paused = {
  id: '5',
  key: 'paused',
  secret: 'paused-secret',
  webhooks: [{ id: 'off', url: 'http://127.0.0.1:1/', enabled: false }],
};

/** An error as pusher-js emits it, for a connection that stays open or one that is closed. */
interface PusherError {
  readonly data?: { readonly code: number };
  readonly error?: { readonly data?: { readonly code: number } };
}
const codeOf = ({ data, error }: PusherError): number | undefined => (data ?? error?.data)?.code;

let redis: RedisServer;
let hooks: Receiver;
let one: Server;
let two: Server;

beforeAll(async () => {
  redis = await startRedis();
  hooks = await startReceiver();
  const config: Config = {
    apps: [{ ...app, webhooks: [{ url: hooks.url }] }, counting, small, five, paused],
    webhooks: quick,
    redis: { url: redis.url },
  };
  [one, two] = await Promise.all([startServer(config), startServer({ ...config, workers: 2 })]);
});
afterAll(async () => {
  await Promise.all([one.stop(), two.stop()]);
  await hooks.close();
  await redis.stop();
});

describe('two nodes', () => {
  test('are one server for publishers and subscribers', async () => {
    const [here, there] = [await connectClient(one), await connectClient(two)];
    const channels = await Promise.all([here.subscribe('news'), there.subscribe('news')]);
    await sdkFor(one).trigger('news', 'first', { text: 'hello' });
    for (const channel of channels) expect(await channel.data('first')).toEqual({ text: 'hello' });
    await sdkFor(two).trigger('news', 'second', '2', { socket_id: here.socketId });
    await sdkFor(two).trigger('news', 'third', '3');
    expect(await channels[1].data('second')).toBe(2);
    await channels[0].data('third');
    expect(channels[0].events.items.map(({ event }) => event)).not.toContain('second');
  });

  test('relay client events to each other', async () => {
    const [here, there] = [await connectClient(one), await connectClient(two)];
    const [mine, theirs] = [await here.subscribe('private-talk'), await there.subscribe('private-talk')];
    mine.channel.trigger('client-typing', { on: true });
    expect(await theirs.data('client-typing')).toEqual({ on: true });
    const [occupied, said] = await hooks.eventsOf('private-talk', 2);
    expect(occupied?.name).toBe('channel_occupied');
    expect(said).toMatchObject({ name: 'client_event', event: 'client-typing', socket_id: here.socketId });
  });

  test('know the same members, and report each once', async () => {
    const as = (user_id: string): ClientOptions => ({ member: { user_id, user_info: { name: user_id } } });
    const [anna, again, bert] = [
      await connectClient(one, as('anna')),
      await connectClient(two, as('anna')),
      await connectClient(two, as('bert')),
    ];
    const first = await anna.subscribePresence('presence-room');
    await again.subscribePresence('presence-room');
    const last = await bert.subscribePresence('presence-room');
    expect(Object.keys(membersOf(last)).toSorted()).toEqual(['anna', 'bert']);
    await first.data('pusher:member_added');
    expect(Object.keys(membersOf(first)).toSorted()).toEqual(['anna', 'bert']);
    for (const node of [one, two]) {
      const users = await sdkFor(node).get({ path: '/channels/presence-room/users' });
      const { users: list } = (await users.json()) as { users: { id: string }[] };
      expect(list.map(({ id }) => id).toSorted()).toEqual(['anna', 'bert']);
    }
    bert.pusher.disconnect();
    await first.data('pusher:member_removed');
    anna.pusher.disconnect();
    again.pusher.disconnect();
    expect(await hooks.namesOf('presence-room', 6)).toEqual([
      'channel_occupied',
      'member_added',
      'member_added',
      'member_removed',
      'member_removed',
      'channel_vacated',
    ]);
  });

  test('report nothing about a client that moves from one to the other', async () => {
    const options = { member: { user_id: 'mover' } };
    const before = await connectClient(one, options);
    await before.subscribePresence('presence-move');
    await hooks.namesOf('presence-move', 2);
    const after = await connectClient(two, options);
    before.pusher.disconnect();
    await after.subscribePresence('presence-move');
    after.pusher.disconnect();
    expect(await hooks.namesOf('presence-move', 4)).toEqual([
      'channel_occupied',
      'member_added',
      'member_removed',
      'channel_vacated',
    ]);
  });

  test('keep one event of a cache channel, and report its miss once', async () => {
    const [here, there] = [await connectClient(one), await connectClient(two)];
    const early = [await here.subscribe('cache-state'), await there.subscribe('cache-state')];
    for (const channel of early) await channel.data('pusher:cache_miss');
    await sdkFor(one).trigger('cache-state', 'state', { version: 1 });
    for (const channel of early) expect(await channel.data('state')).toEqual({ version: 1 });
    const late = await (await connectClient(two)).subscribe('cache-state');
    expect(await late.data('state')).toEqual({ version: 1 });
    expect(await hooks.namesOf('cache-state', 2)).toEqual(['channel_occupied', 'cache_miss']);
  });

  test('reach and end every connection of a user, wherever it is', async () => {
    const inboxes = await Promise.all(
      [one, two].map(async (node) => {
        const { pusher } = await connectClient(node, { user: { id: 'u1' } });
        const inbox = new Journal<string>('an event for the user');
        pusher.user.bind_global((event: string) => inbox.push(event));
        pusher.connection.bind('error', (error: PusherError) => inbox.push(`closed ${codeOf(error)}`));
        pusher.signin();
        await pusher.user.signinDonePromise;
        return inbox;
      }),
    );
    await sdkFor(two).sendToUser('u1', 'note', 'x');
    for (const inbox of inboxes) await inbox.first((event) => event === 'note');
    await sdkFor(one).terminateUserConnections('u1');
    for (const inbox of inboxes) await inbox.first((event) => event === 'closed 4009');
  });

  test('notify watchers of users on the other node', async () => {
    const watcher = await connectClient(one, { user: { id: 'w', watchlist: ['seen'] } });
    const changes = new Journal<string>('a change on the watchlist');
    for (const name of ['online', 'offline']) {
      watcher.pusher.user.watchlist.bind(name, () => changes.push(name));
    }
    watcher.pusher.signin();
    await changes.first((change) => change === 'offline');
    const seen = await connectClient(two, { user: { id: 'seen' } });
    seen.pusher.signin();
    await changes.first((change) => change === 'online');
    seen.pusher.disconnect();
    await changes.count(2, (change) => change === 'offline');
  });

  test('count subscribers together, to clients and over HTTP', async () => {
    const clients = await Promise.all([one, two, two].map((node) => connectClient(node, { app: counting })));
    const channels = await Promise.all(clients.map((client) => client.subscribe('crowd')));
    for (const { events } of channels) {
      await events.first(
        ({ event, data }) =>
          event === 'pusher:subscription_count' &&
          (data as { subscription_count: number }).subscription_count === 3,
      );
    }
    for (const node of [one, two]) {
      const answer = await sdkFor(node, counting).get({
        path: '/channels/crowd',
        params: { info: 'subscription_count' },
      });
      expect(await answer.json()).toEqual({ occupied: true, subscription_count: 3 });
    }
  });

  // The other one has workers, which count the connections of other threads up to 250 ms later.
  test('count their own subscribers immediately, when they join and when they leave', async () => {
    const clients = await Promise.all([one, one, one].map((node) => connectClient(node, { app: counting })));
    const count = async (): Promise<number> => {
      const params = { info: 'subscription_count' };
      const answer = await sdkFor(one, counting).get({ path: '/channels/here', params });
      return ((await answer.json()) as { subscription_count: number }).subscription_count;
    };
    for (const [index, client] of clients.entries()) {
      await client.subscribe('here');
      expect(await count()).toBe(index + 1);
    }
    const [first, second] = clients;
    for (const client of [first, second]) client?.pusher.unsubscribe('here');
    // A later message on the same connection is answered after it.
    await Promise.all([first?.subscribe('elsewhere'), second?.subscribe('elsewhere')]);
    expect(await count()).toBe(1);
  });

  test('limit together', async () => {
    const [here, there] = [
      await connectClient(one, { app: small, member: { user_id: 'a' } }),
      await connectClient(two, { app: small, member: { user_id: 'b' } }),
    ];
    await here.subscribePresence('presence-small');
    const refused = new Journal<{ type: string }>('an error');
    there.pusher
      .subscribe('presence-small')
      .bind('pusher:subscription_error', (error: { type: string }) => refused.push(error));
    expect((await refused.first(() => true)).type).toBe('LimitReached');
    const errors = new Journal<number>('an error of the connection');
    const third = createClient(one, { app: small });
    third.connection.bind('error', (error: PusherError) => errors.push(codeOf(error) ?? 0));
    expect(await errors.first((code) => code === 4004)).toBe(4004);
    const events = ['1', '2', '3', '4'].map((name) => ({ channel: 'x', name, data: '' }));
    await sdkFor(one, small).triggerBatch(events.slice(0, 2));
    await expect(sdkFor(two, small).triggerBatch(events.slice(2))).rejects.toMatchObject({ status: 429 });
  });

  test('accept exactly as many connections as an app may have, of many that arrive at the same time', async () => {
    const ends = new Journal<string>('the end of a connection attempt');
    const clients = Array.from({ length: 12 }, (_, index) =>
      createClient(index % 2 ? one : two, { app: five }),
    );
    for (const { connection } of clients) {
      connection.bind('connected', () => ends.push('connected'));
      connection.bind('error', (error: PusherError) => ends.push(`${codeOf(error)}`));
    }
    await ends.count(12, () => true);
    expect(ends.items.filter((end) => end === 'connected')).toHaveLength(5);
    expect(ends.items.filter((end) => end === '4004')).toHaveLength(7);
  });

  test('report the state of Redis and who dispatches', async () => {
    const healths = () =>
      Promise.all(
        [one, two].map(async ({ port }) => (await fetch(`http://127.0.0.1:${port}/healthz`)).json()),
      );
    const shared = { status: 'ready', apps: 5, redis: 'connected', dispatching: true, partitions: 32 };
    const expected = [
      { ...shared, dropped: 'kept here' },
      { ...shared, dropped: 'kept by another node' },
    ];
    await expect.poll(healths).toEqual(expect.arrayContaining(expected));
  });

  test('each list what was not sent to a disabled endpoint', async () => {
    const client = await connectClient(one, { app: paused });
    await client.subscribe('news');
    for (const node of [one, two]) {
      const listed = async () => (await sdkFor(node, paused).get({ path: '/webhooks/dropped' })).json();
      const drop = { endpoint: 'off', channel: 'news', name: 'channel_occupied', reason: 'disabled' };
      await expect.poll(listed).toMatchObject({ dropped: [drop], forgotten: 0 });
    }
  });
});

test('a node that cannot reach Redis does not start, and logs the reason', async () => {
  const { code, stderr } = await runWithConfig({ apps: [app], redis: { url: 'redis://:pw@127.0.0.1:1' } });
  expect(code).toBe(1);
  expect(stderr).toMatch(/^ERR_REDIS: cannot use Redis \(127\.0\.0\.1:1\): .*ECONNREFUSED.*\n$/);
  expect(stderr).not.toContain('pw');
}, 30_000);
