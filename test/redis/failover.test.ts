import { expect, onTestFailed, onTestFinished, test } from 'vitest';
import { app, quick } from '../support/e2e/config.ts';
import { callApi } from '../support/e2e/http.ts';
import { startReceiver } from '../support/e2e/receiver.ts';
import { startServer, type Server } from '../support/e2e/server.ts';
import { connectSocket, type Socket } from '../support/e2e/socket.ts';
import { startRedisCluster } from '../support/redis/cluster.ts';
import { startWatchedRedis } from '../support/redis/sentinel.ts';
import { replay } from '../support/webhook-state.ts';

const graceMs = 20_000;
const room = (index: number): string => `presence-room-${index}`;
/** They are in many partitions, so on each server of a cluster. */
const rooms = Array.from({ length: 40 }, (_, index) => room(index));

type Redis = { readonly sentinel: { name: string; urls: string[] } } | { readonly cluster: string[] };

const setups: readonly [
  string,
  () => Promise<AsyncDisposable & { redis: Redis; lose: () => Promise<void>; describe: () => string }>,
][] = [
  [
    'sentinels watch',
    async () => {
      const watched = await startWatchedRedis();
      return {
        redis: { sentinel: { name: watched.name, urls: [watched.sentinelUrl] } },
        lose: () => watched.loseMaster(),
        describe: () => watched.describe(),
        [Symbol.asyncDispose]: () => watched.stop(),
      };
    },
  ],
  [
    'Redis is a cluster',
    async () => {
      const cluster = await startRedisCluster({ replicas: 1 });
      return {
        redis: { cluster: [...cluster.urls] },
        lose: async () => cluster.servers[0]?.kill(),
        describe: () => '',
        [Symbol.asyncDispose]: () => cluster.stop(),
      };
    },
  ],
];

async function statusOf({ url }: Server): Promise<unknown> {
  return ((await (await fetch(`${url}/healthz`)).json()) as { status: unknown }).status;
}

/** Waits until each of these sockets has received an event that is published on this node, on every room. */
async function expectReceived(node: Server, sockets: readonly Socket[], name: string): Promise<void> {
  for (const channel of rooms) {
    const body = JSON.stringify({ name, channel, data: 'x' });
    expect((await callApi(node, { path: `/apps/${app.id}/events`, body })).status).toBe(200);
  }
  for (const { frames } of sockets) {
    const received = (): string[] =>
      frames.items.filter(({ event }) => event === name).map(({ channel = '' }) => channel);
    await expect.poll(() => received().toSorted()).toEqual(rooms.toSorted());
  }
}

test.each(setups)(
  'where %s, a failover ends no grace period, vacates nothing, and all subscribed channels receive messages again',
  async (_where, start) => {
    await using setup = await start();
    const hooks = await startReceiver();
    onTestFinished(() => hooks.close());
    const config = {
      apps: [{ ...app, webhooks: [{ url: hooks.url }] }],
      webhooks: { ...quick, disconnectGraceMs: graceMs },
      redis: { leaseMs: 3000, ...setup.redis },
    };
    const [one, two] = [await startServer(config), await startServer(config)];
    onTestFinished(async () => void (await Promise.all([one.kill(), two.kill()])));
    onTestFailed(() => {
      for (const { log } of [one, two])
        process.stderr.write(`${log.items.map((line) => JSON.stringify(line)).join('\n')}\n\n`);
      process.stderr.write(setup.describe());
    });
    const [anna, bert, carl] = [await connectSocket(one), await connectSocket(two), await connectSocket(two)];
    for (const channel of rooms) await anna.subscribe(channel, { user_id: 'anna' });
    for (const channel of rooms) await bert.subscribe(channel, { user_id: 'bert' });
    for (const channel of rooms) await carl.subscribe(channel, { user_id: 'carl' });
    const of = (...users: string[]) => ({
      occupied: rooms.toSorted(),
      members: rooms.flatMap((channel) => users.map((user) => `${channel} ${user}`)).toSorted(),
    });
    const state = () => replay(hooks.events.items);
    await expect.poll(state).toMatchObject(of('anna', 'bert', 'carl'));

    // Carl's grace period begins before the failover, and he comes back after it, to the other node.
    carl.close();
    await carl.closed;
    await setup.lose();
    await expect.poll(() => statusOf(one)).toBe('degraded');
    for (const node of [one, two]) await expect.poll(() => statusOf(node)).toBe('ready');
    await expectReceived(one, [anna, bert], 'from-one');
    await expectReceived(two, [anna, bert], 'from-two');
    const back = await connectSocket(one);
    for (const channel of rooms) await back.subscribe(channel, { user_id: 'carl' });

    // Bert leaves for good: only he is reported, once his grace period has passed.
    bert.close();
    await expect.poll(state, { timeout: graceMs + 20_000 }).toMatchObject(of('anna', 'carl'));
    const names = hooks.events.items.filter(({ name }) => /removed|vacated/.test(name));
    expect(names.map(({ name, user_id: user }) => `${name} ${user}`)).toEqual(
      rooms.map(() => 'member_removed bert'),
    );
    const removed = ({ frames }: Socket): unknown[] =>
      frames.items
        .filter(({ event }) => event === 'pusher_internal:member_removed')
        .map(({ data }) => (JSON.parse(String(data)) as { user_id: unknown }).user_id);
    // Clients see at once who goes, and each of them once.
    await expect.poll(() => removed(anna)).toEqual([...rooms.map(() => 'carl'), ...rooms.map(() => 'bert')]);
  },
  120_000,
);
