import { expect, onTestFinished, test } from 'vitest';
import { connectClient } from '../support/e2e/client.ts';
import { app, quick, type Config } from '../support/e2e/config.ts';
import { startReceiver } from '../support/e2e/receiver.ts';
import { sdkFor } from '../support/e2e/sdk.ts';
import { startServer, type Server } from '../support/e2e/server.ts';
import { startRedis } from '../support/redis/server.ts';
import { waitFor } from '../support/redis/wait.ts';

const partitions = 64;

interface Given {
  readonly webhooks?: Config['webhooks'];
  readonly leaseMs?: number;
  readonly endpoint?: { readonly id?: string; readonly enabled?: boolean };
}

/** Starts nodes, one after the other, on a Redis of their own. Those that run end with the test. */
async function startStage({ webhooks = quick, leaseMs, endpoint }: Given = {}) {
  const redis = await startRedis();
  onTestFinished(() => redis.stop());
  const hooks = await startReceiver();
  onTestFinished(() => hooks.close());
  const running = new Set<Server>();
  onTestFinished(async () => void (await Promise.all([...running].map((node) => node.stop()))));
  const config: Config = {
    apps: [{ ...app, webhooks: [{ url: hooks.url, ...endpoint }] }],
    webhooks,
    redis: { url: redis.url, ...(leaseMs !== undefined && { leaseMs }) },
  };
  return {
    hooks,
    async start(): Promise<Server> {
      const node = await startServer(config);
      running.add(node);
      return node;
    },
    async kill(node: Server): Promise<void> {
      running.delete(node);
      await node.kill();
    },
  };
}

async function healthOf({ url }: Server): Promise<Record<string, unknown>> {
  return (await (await fetch(`${url}/healthz`)).json()) as Record<string, unknown>;
}

/** Waits until all partitions are dispatched, and each node has its share. */
async function sharedBy(nodes: readonly Server[]): Promise<void> {
  const most = Math.ceil(partitions / nodes.length);
  await waitFor('an even share for each node', async () => {
    const shares = (await Promise.all(nodes.map(healthOf))).map((health) => Number(health['partitions']));
    return shares.reduce((sum, share) => sum + share, 0) === partitions && Math.max(...shares) <= most;
  });
}

/** Subscribes to many channels of this name. Returns what webhooks are to tell of them. */
async function occupy(node: Server, name: string, count = 60): Promise<readonly string[]> {
  const client = await connectClient(node);
  const channels = Array.from({ length: count }, (_, index) => `${name}-${index}`);
  await Promise.all(channels.map((channel) => client.subscribe(channel)));
  return channels;
}

test('three nodes share the webhooks; when one is killed the others have its share, and each event is told once', async () => {
  const { hooks, start, kill } = await startStage({ leaseMs: 1000 });
  const nodes = [await start(), await start(), await start()] as const;
  await sharedBy(nodes);
  const [one, two, three] = nodes;
  const before = await occupy(one, 'before');
  const told = () => hooks.events.items.map(({ name, channel }) => `${name} ${channel}`).toSorted();
  const expected = (...channels: readonly string[]) =>
    channels.map((channel) => `channel_occupied ${channel}`).toSorted();
  await expect.poll(told, { timeout: 10_000 }).toEqual(expected(...before));
  await kill(two);
  const after = await occupy(one, 'after');
  await expect.poll(told, { timeout: 20_000 }).toEqual(expected(...before, ...after));
  await sharedBy([one, three]);
  // A node that comes gets a share again.
  await sharedBy([one, three, await start()]);
}, 90_000);

test('after the only node was killed and started again, webhooks wait neither for its long lease nor for their time-out', async () => {
  const { hooks, start, kill } = await startStage({
    leaseMs: 600_000,
    webhooks: { ...quick, requestTimeoutMs: 60_000 },
  });
  const before = await start();
  await occupy(before, 'before', 5);
  await hooks.eventsOf('before-4', 1);
  await kill(before);
  const after = await start();
  await occupy(after, 'after', 5);
  for (const index of [0, 1, 2, 3, 4]) {
    expect(await hooks.namesOf(`after-${index}`, 1)).toEqual(['channel_occupied']);
  }
}, 60_000);

test('what any node drops is listed by the one that keeps what was dropped, and by it alone', async () => {
  const { start, kill } = await startStage({ leaseMs: 1000, endpoint: { id: 'off', enabled: false } });
  const nodes = [await start(), await start(), await start()];
  await sharedBy(nodes);
  const [one] = nodes as [Server, ...Server[]];
  const channels = await occupy(one, 'lost', 40);
  const keepers = async (): Promise<readonly Server[]> => {
    const healths = await Promise.all(nodes.map(healthOf));
    return nodes.filter((_, index) => healths[index]?.['dropped'] === 'kept here');
  };
  const listedBy = async (node: Server): Promise<readonly string[]> => {
    const answer = await sdkFor(node).get({ path: '/webhooks/deliveries', params: { limit: '1000' } });
    const { deliveries } = (await answer.json()) as {
      deliveries: { events: { channel: string }[] }[];
    };
    return deliveries.flatMap(({ events }) => events.map(({ channel }) => channel)).toSorted();
  };
  const [keeper, ...more] = await keepers();
  if (keeper === undefined) throw new Error('one of the nodes keeps what was dropped');
  expect(more).toEqual([]);
  await expect.poll(() => listedBy(keeper), { timeout: 10_000 }).toEqual(channels.toSorted());
  const others = nodes.filter((node) => node !== keeper);
  for (const node of others) {
    await expect(sdkFor(node).get({ path: '/webhooks/deliveries' })).rejects.toMatchObject({ status: 503 });
  }
  await kill(keeper);
  nodes.splice(nodes.indexOf(keeper), 1);
  await waitFor('another node that keeps it', async () => (await keepers()).length === 1);
  const [next] = await keepers();
  if (next === undefined) throw new Error('one of the nodes keeps what was dropped');
  expect((await listedBy(next)).filter((channel) => channel.startsWith('lost'))).toEqual(channels.toSorted());
}, 90_000);
