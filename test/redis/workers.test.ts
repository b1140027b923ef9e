import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { app, quick, type Config } from '../support/e2e/config.ts';
import { callApi } from '../support/e2e/http.ts';
import { startReceiver, type Receiver } from '../support/e2e/receiver.ts';
import { startServer, type Server } from '../support/e2e/server.ts';
import { connectSocket, Socket } from '../support/e2e/socket.ts';
import { startRedis, type RedisServer } from '../support/redis/server.ts';
import {
  connectMany,
  connectionsOfWorkers,
  manyConnections,
  metricsOf,
} from '../support/workers/connections.ts';
import { createThreadFault } from '../support/workers/failing-thread.ts';
import { replay } from '../support/webhook-state.ts';

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

interface Stage {
  readonly hooks: Receiver;
  readonly config: Config;
  /** Starts another process. It ends with the test. */
  start(env?: Readonly<Record<string, string>>): Promise<Server>;
}

let stages = 0;

/** Starts processes with two workers each, and their own keys on Redis. */
async function createStage(own: Partial<Config> = {}): Promise<Stage> {
  const hooks = await startReceiver();
  onTestFinished(() => hooks.close());
  const config: Config = {
    apps: [{ ...app, webhooks: [{ id: 'main', url: hooks.url }] }],
    webhooks: quick,
    redis: { url: redis.url, keyPrefix: `workers-${(stages += 1)}:`, leaseMs: 3000 },
    workers: 2,
    ...own,
  };
  const start = async (env: Readonly<Record<string, string>> = {}): Promise<Server> => {
    const server = await startServer(config, { env });
    onTestFinished(() => server.kill());
    return server;
  };
  return { hooks, config, start };
}

/** Waits until replaying the webhooks gives exactly these members of a presence channel. */
async function expectMembers(hooks: Receiver, channel: string, users: readonly string[]): Promise<void> {
  const expected = {
    occupied: users.length === 0 ? [] : [channel],
    members: users.map((user) => `${channel} ${user}`).toSorted(),
  };
  await expect.poll(() => replay(hooks.events.items)).toMatchObject(expected);
}

/** Subscribes every socket as another user. Returns the ids of the users in the order of the sockets. */
async function joinAll(sockets: readonly Socket[], channel: string): Promise<string[]> {
  const users = sockets.map((_, index) => `user-${index}`);
  await Promise.all(
    sockets.map(async (socket, index) => {
      socket.requestSubscription(channel, { user_id: users[index] ?? '' });
      await socket.frames.first(({ event }) => event === 'pusher_internal:subscription_succeeded');
    }),
  );
  return users;
}

function membersAsSeenBy({ frames }: Socket): string[] {
  const members = new Set<string>();
  for (const { event, data } of frames.items) {
    if (!event.startsWith('pusher_internal:') || typeof data !== 'string') continue;
    const said = JSON.parse(data) as {
      readonly presence?: { readonly ids: string[] };
      readonly user_id?: string;
    };
    for (const id of said.presence?.ids ?? []) members.add(id);
    if (event === 'pusher_internal:member_added') members.add(said.user_id ?? '');
    if (event === 'pusher_internal:member_removed') members.delete(said.user_id ?? '');
  }
  return [...members].toSorted();
}

test('clients on all threads receive the same events and see the same members, and webhooks report each change once', async () => {
  const { hooks, start } = await createStage();
  const [one, two] = [await start(), await start()];
  const sockets = [...(await connectMany(one)), ...(await connectMany(two))];
  for (const server of [one, two]) {
    const counts = await connectionsOfWorkers(server);
    expect(counts).toHaveLength(2);
    expect(Math.min(...counts)).toBeGreaterThan(0);
  }
  const users = await joinAll(sockets, 'presence-room');
  for (const socket of sockets) {
    await expect.poll(() => membersAsSeenBy(socket)).toEqual(users.toSorted());
  }
  await expectMembers(hooks, 'presence-room', users);

  const names = Array.from({ length: 10 }, (_, index) => `event-${index}`);
  const [speaker, ...listeners] = sockets as [Socket, ...Socket[]];
  for (const name of names) {
    const data = JSON.stringify({ name, channel: 'presence-room', data: 'x' });
    expect((await callApi(one, { path: `/apps/${app.id}/events`, body: data })).status).toBe(200);
  }
  speaker.send({ event: 'client-hello', channel: 'presence-room', data: '1' });
  for (const { frames } of listeners) {
    await frames.first(({ event }) => event === 'client-hello');
    await frames.count(names.length, ({ event }) => event.startsWith('event-'));
    // The requests may be on different threads, so their order is not fixed.
    const received = frames.items.map(({ event }) => event).filter((event) => event.startsWith('event-'));
    expect(received.toSorted()).toEqual(names);
  }
  sockets.forEach((socket) => socket.destroy());
  await expectMembers(hooks, 'presence-room', []);
  const reported = hooks.events.items.map(({ name, user_id: user }) => `${name} ${user}`);
  expect(reported.toSorted()).toEqual(
    [
      'channel_occupied undefined',
      'channel_vacated undefined',
      'client_event user-0',
      ...users.flatMap((user) => [`member_added ${user}`, `member_removed ${user}`]),
    ].toSorted(),
  );
}, 60_000);

test('queries about channels, health and metrics describe the whole process', async () => {
  const { start } = await createStage();
  const server = await start();
  const sockets = await connectMany(server);
  await joinAll(sockets, 'presence-room');
  for (const socket of sockets) {
    socket.requestSubscription('news');
    await socket.frames.first(({ channel }) => channel === 'news');
  }
  const path = `/apps/${app.id}/channels/news`;
  const count = async () =>
    JSON.parse((await callApi(server, { path, params: { info: 'subscription_count' } })).text) as unknown;
  await expect.poll(count).toEqual({ occupied: true, subscription_count: manyConnections });
  const health = async () => (await fetch(`${server.url}/healthz`)).json();
  await expect.poll(health).toMatchObject({
    status: 'ready',
    apps: 1,
    redis: 'connected',
    dispatching: true,
    partitions: 64,
    dropped: 'kept here',
  });
  const metrics = await metricsOf(server);
  expect(metrics).toContain(`soketify_connections{app="1"} ${manyConnections}\n`);
  expect(metrics).toContain(`soketify_members{app="1"} ${manyConnections}\n`);
  // Each thread is a node, and a channel counts on each.
  expect(metrics).toContain('soketify_occupied_channels{app="1"} 4\n');
  expect(metrics).toContain('soketify_redis_up 1\n');
  redis.freeze();
  try {
    await expect.poll(health).toMatchObject({ status: 'degraded', redis: 'unreachable' });
  } finally {
    redis.thaw();
  }
  await expect.poll(health).toMatchObject({ status: 'ready', redis: 'connected' });
}, 60_000);

test('replaying the webhooks gives the true state after a process was killed and started again', async () => {
  const { hooks, start } = await createStage({ webhooks: { ...quick, disconnectGraceMs: 1500 } });
  const before = await start();
  const users = await joinAll(await connectMany(before), 'presence-room');
  await expectMembers(hooks, 'presence-room', users);
  await before.kill();
  const after = await start();
  // Only the first ten come back.
  const back = users.slice(0, 10);
  await joinAll(await connectMany(after, app, back.length), 'presence-room');
  await expectMembers(hooks, 'presence-room', back);
  const removed = hooks.events.items.filter(({ name }) => name === 'member_removed');
  expect(removed.map(({ user_id: user }) => user ?? '').toSorted()).toEqual(users.slice(10).toSorted());
}, 60_000);

test('when a process shuts down, the others report each of its members as removed once', async () => {
  const { hooks, start } = await createStage();
  const [ending, staying] = [await start(), await start()];
  const witness = await connectSocket(staying);
  await witness.subscribe('presence-room', { user_id: 'witness' });
  const sockets = await connectMany(ending);
  const users = await joinAll(sockets, 'presence-room');
  await expectMembers(hooks, 'presence-room', [...users, 'witness']);
  await ending.stop();
  expect((await sockets[0]?.closed)?.code).toBe(4200);
  await expectMembers(hooks, 'presence-room', ['witness']);
  expect(hooks.events.items.filter(({ name }) => name === 'member_removed')).toHaveLength(users.length);
  await expect.poll(() => membersAsSeenBy(witness)).toEqual(['witness']);
}, 60_000);

test('when a thread fails, the process exits and the other processes report its members as removed', async () => {
  const { hooks, start } = await createStage();
  const fault = await createThreadFault();
  const [failing, staying] = [await start(fault.env), await start()];
  const witness = await connectSocket(staying);
  await witness.subscribe('presence-room', { user_id: 'witness' });
  const users = await joinAll(await connectMany(failing), 'presence-room');
  await expectMembers(hooks, 'presence-room', [...users, 'witness']);
  await fault.happen();
  const { code, stderr } = await failing.exit;
  expect(code).toBe(1);
  expect(stderr).toMatch(/^ERR_WORKER: worker thread [12] has failed, so the server exits/);
  await expectMembers(hooks, 'presence-room', ['witness']);
}, 60_000);

test('the limit of an app applies to all threads of all processes, the limit of an address to those of one', async () => {
  const limited = { ...app, id: '2', key: 'limited', secret: 'limited-secret', limits: { connections: 12 } };
  const { start } = await createStage({ apps: [app, limited], maxConnectionsPerAddress: 9 });
  const servers = [await start(), await start()];
  const knock = async (of: typeof app, count: number): Promise<{ in: Socket[]; out: string[] }> => {
    const sockets = Array.from({ length: count }, (_, index) => {
      const server = servers[index % servers.length];
      if (server === undefined) throw new Error('there are two');
      return new Socket(server, { app: of });
    });
    const first = await Promise.all(sockets.map((socket) => socket.nextFrame()));
    const isIn = (index: number): boolean => first[index]?.event === 'pusher:connection_established';
    return {
      in: sockets.filter((_, index) => isIn(index)),
      out: first.filter((_, index) => !isIn(index)).map(({ data }) => JSON.stringify(data)),
    };
  };
  const ofApp = await knock(limited, 16);
  expect(ofApp.in).toHaveLength(12);
  expect(ofApp.out.every((data) => data.includes('4004'))).toBe(true);
  for (const socket of ofApp.in) socket.close();
  // Nine on each process, as soon as the former connections are no longer counted.
  const admitted: Socket[] = [];
  await expect
    .poll(
      async () => {
        admitted.push(...(await knock(app, 2)).in);
        return admitted.length;
      },
      { timeout: 30_000 },
    )
    .toBe(18);
  expect((await knock(app, 4)).out.map((data) => data.includes('4100'))).toEqual([true, true, true, true]);
  for (const socket of admitted) socket.close();
  await expect.poll(async () => (await knock(limited, 2)).in.length).toBe(2);
}, 60_000);

test('an app that is added at run time is served by all threads of all processes, and its removal is reported', async () => {
  const token = 'a-token-that-is-long-enough';
  const { start } = await createStage({ dashboard: { token } });
  const [one, two] = [await start(), await start()];
  const added = { id: '9', key: 'nine', secret: 'nine-secret' };
  const hooks = await startReceiver(added);
  onTestFinished(() => hooks.close());
  const call = async (method: string, path: string, body?: object): Promise<void> => {
    const response = await fetch(`${one.url}/admin${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    });
    expect(response.ok, await response.text()).toBe(true);
  };
  await call('POST', '/apps', added);
  await call('POST', '/apps/9/endpoints', { id: 'later', url: hooks.url });
  /** Opens connections on both threads, and returns those that were accepted. */
  const admitted = async (server: Server): Promise<Socket[]> => {
    const sockets = Array.from({ length: manyConnections }, () => new Socket(server, { app: added }));
    const first = await Promise.all(sockets.map((socket) => socket.nextFrame()));
    return sockets.filter((_, index) => first[index]?.event === 'pusher:connection_established');
  };
  const sockets: Socket[] = [];
  for (const server of [one, two]) {
    await expect.poll(async () => (await admitted(server)).length).toBe(manyConnections);
    sockets.push(...(await connectMany(server, added)));
  }
  const users = await joinAll(sockets, 'presence-room');
  await expectMembers(hooks, 'presence-room', users);
  await call('DELETE', '/apps/9');
  for (const socket of sockets) expect((await socket.closed).code).toBe(4001);
  await expectMembers(hooks, 'presence-room', []);
}, 60_000);
