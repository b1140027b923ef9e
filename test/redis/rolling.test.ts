import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { connectClient, membersOf } from '../support/e2e/client.ts';
import { app, quick, type Config } from '../support/e2e/config.ts';
import { startReceiver } from '../support/e2e/receiver.ts';
import { sdkFor } from '../support/e2e/sdk.ts';
import { startServer, type Server } from '../support/e2e/server.ts';
import { startRedis } from '../support/redis/server.ts';
import { waitFor } from '../support/redis/wait.ts';

/** A proxy that connects each client to the next node that accepts it. */
async function startBalancer(nodes: readonly Server[]): Promise<{ readonly port: number }> {
  let next = 0;
  const server = createServer((client) => {
    client.on('error', () => {});
    const tryOne = (attempt: number): void => {
      next += 1;
      const node = nodes[next % nodes.length];
      if (node === undefined || attempt > nodes.length) return void client.destroy();
      const upstream = connect(node.port, '127.0.0.1');
      upstream.once('connect', () => {
        client.pipe(upstream).pipe(client);
        client.once('close', () => upstream.destroy());
        upstream.once('close', () => client.destroy());
      });
      upstream.on('error', () => (upstream.pending ? tryOne(attempt + 1) : client.destroy()));
    };
    tryOne(1);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { port: (server.address() as AddressInfo).port };
}

/** Shorter than by default, because a test waits until it has expired. */
const leaseMs = 5000;

/** Starts nodes on a Redis of their own. Every second one runs two workers, because a deployment may have both kinds. */
async function startNodes(count: number, webhooks: Config['webhooks']) {
  const redis = await startRedis();
  onTestFinished(() => redis.stop());
  const hooks = await startReceiver();
  onTestFinished(() => hooks.close());
  const config: Config = {
    apps: [{ ...app, webhooks: [{ url: hooks.url }] }],
    webhooks: { ...quick, ...webhooks },
    redis: { url: redis.url, leaseMs },
  };
  const start = (index: number) => startServer({ ...config, workers: 1 + (index % 2) });
  const nodes = await Promise.all(Array.from({ length: count }, (_, index) => start(index)));
  onTestFinished(async () => void (await Promise.all(nodes.map((node) => node.stop()))));
  return { hooks, start, nodes };
}

/** A steady load that leaves a busy machine time for the clients. */
const betweenEventsMs = 25;

test('nodes that are restarted in turn under load, and one that is killed, cause no webhook and lose no member', async () => {
  // Longer than a loaded machine needs to connect all clients again.
  const graceMs = 8000;
  const { hooks, start, nodes } = await startNodes(3, { disconnectGraceMs: graceMs });
  const balancer = await startBalancer(nodes);
  const rooms = ['presence-a', 'presence-b', 'presence-c', 'presence-d'];
  const users = Array.from({ length: 10 }, (_, index) => `user-${index}`);
  const clients = await Promise.all(users.map((user_id) => connectClient(balancer, { member: { user_id } })));
  const subscriptions = await Promise.all(
    clients.flatMap((client) => rooms.map((room) => client.subscribePresence(room))),
  );
  const expected = rooms.length * (1 + users.length);
  await waitFor('webhooks of all arrivals', async () => hooks.events.items.length === expected);

  let published = 0;
  const over = new AbortController();
  const publishing = (async () => {
    while (!over.signal.aborted) {
      // A node that shuts down may interrupt a request, which the backend must repeat.
      await sdkFor(balancer)
        .trigger(rooms, 'tick', published)
        .then(() => (published += 1))
        .catch(() => {});
      await sleep(betweenEventsMs);
    }
  })();
  const isWhole = async (): Promise<boolean> =>
    clients.every(({ pusher }) => pusher.connection.state === 'connected') &&
    subscriptions.every(({ channel }) => channel.subscribed && channel.members.count === users.length);
  for (const index of nodes.keys()) {
    const before = nodes[index];
    await before?.stop();
    nodes[index] = await start(index);
    await waitFor('every client to be back', isWhole);
  }
  const killed = nodes[0];
  if (killed !== undefined) process.kill(killed.pid, 'SIGKILL');
  nodes[0] = await start(0);
  await waitFor('every client to be back', isWhole);
  over.abort();
  await publishing;

  // Long enough for the killed node's lease and every grace period.
  await sleep(leaseMs + graceMs + 1500);
  expect(published).toBeGreaterThan(20);
  expect(hooks.events.items.map(({ name }) => name).filter((name) => !/occupied|added/.test(name))).toEqual(
    [],
  );
  expect(hooks.events.items).toHaveLength(expected);
  for (const subscription of subscriptions) {
    expect(Object.keys(membersOf(subscription)).toSorted()).toEqual(users);
  }
}, 180_000);

test('shutdownGraceMs gives more time to the clients of a node that shuts down, and to no others', async () => {
  const { hooks, nodes } = await startNodes(2, { disconnectGraceMs: 100, shutdownGraceMs: 8000 });
  const [first, second] = nodes as [Server, Server];
  const moving = await connectClient(first, { member: { user_id: 'moving' } });
  const leaving = await connectClient(second, { member: { user_id: 'leaving' } });
  await moving.subscribePresence('presence-room');
  await leaving.subscribePresence('presence-room');
  await hooks.namesOf('presence-room', 3);
  await first.stop();
  moving.pusher.disconnect();
  leaving.pusher.disconnect();
  await hooks.namesOf('presence-room', 4);
  const back = await connectClient(second, { member: { user_id: 'moving' } });
  await back.subscribePresence('presence-room');
  back.pusher.disconnect();
  await hooks.events.first(({ name }) => name === 'channel_vacated');
  expect(hooks.events.items.map(({ name, user_id }) => [name, user_id])).toEqual([
    ['channel_occupied', undefined],
    ['member_added', 'moving'],
    ['member_added', 'leaving'],
    ['member_removed', 'leaving'],
    ['member_removed', 'moving'],
    ['channel_vacated', undefined],
  ]);
}, 60_000);
