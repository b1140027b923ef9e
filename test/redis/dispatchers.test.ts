import { expect, onTestFinished, test } from 'vitest';
import { connectClient } from '../support/e2e/client.ts';
import { app, quick, type Config } from '../support/e2e/config.ts';
import { callApi } from '../support/e2e/http.ts';
import { startReceiver, type Answer } from '../support/e2e/receiver.ts';
import { sdkFor } from '../support/e2e/sdk.ts';
import { startServer, type Server } from '../support/e2e/server.ts';
import { startRedis } from '../support/redis/server.ts';
import { waitFor } from '../support/redis/wait.ts';
import { systemClock } from '../../src/system/clock.ts';

const partitions = 64;

interface Given {
  readonly answer?: () => Answer;
  readonly webhooks?: Config['webhooks'];
  readonly leaseMs?: number;
  readonly endpoint?: { readonly id?: string; readonly enabled?: boolean };
}

/**
 * Starts nodes, one after the other, on a Redis of their own. Every second one runs two workers, because a deployment may have
 * both kinds. Running ones end with the test.
 */
async function startStage({ webhooks = quick, leaseMs, endpoint, answer }: Given = {}) {
  const redis = await startRedis();
  onTestFinished(() => redis.stop());
  const hooks = await startReceiver({ ...(answer && { answer }) });
  onTestFinished(() => hooks.close());
  const running = new Set<Server>();
  let starts = 0;
  onTestFinished(async () => void (await Promise.all([...running].map((node) => node.stop()))));
  const config: Config = {
    apps: [{ ...app, webhooks: [{ url: hooks.url, ...endpoint }] }],
    webhooks,
    redis: { url: redis.url, ...(leaseMs !== undefined && { leaseMs }) },
  };
  return {
    hooks,
    get: (node: Server, path: string) => callApi(node, { path: `/apps/1${path}` }),
    async start(): Promise<Server> {
      starts += 1;
      const node = await startServer({ ...config, workers: 2 - (starts % 2) });
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

/** Subscribes to many channels with this prefix. Returns what webhooks must report. */
async function occupy(node: Server, name: string, count = 60): Promise<readonly string[]> {
  const client = await connectClient(node);
  const channels = Array.from({ length: count }, (_, index) => `${name}-${index}`);
  await Promise.all(channels.map((channel) => client.subscribe(channel)));
  return channels;
}

test('three nodes share the webhooks; after one is killed the others have its share, and each event is reported once', async () => {
  const { hooks, start, kill } = await startStage();
  const nodes = [await start(), await start(), await start()] as const;
  await sharedBy(nodes);
  const [one, two, three] = nodes;
  const before = await occupy(one, 'before');
  // A receiver recognizes a delivery that is repeated.
  const delivered = () => {
    const deliveries = new Map(
      hooks.requests.items.map(({ headers, events }) => [headers['webhook-id'], events]),
    );
    return [...deliveries.values()]
      .flat()
      .map(({ name, channel }) => `${name} ${channel}`)
      .toSorted();
  };
  const expected = (...channels: readonly string[]) =>
    channels.map((channel) => `channel_occupied ${channel}`).toSorted();
  await expect.poll(delivered).toEqual(expected(...before));
  await kill(two);
  const after = await occupy(one, 'after');
  await expect.poll(delivered).toEqual(expected(...before, ...after));
  await sharedBy([one, three]);
  // A new node gets a share again.
  await sharedBy([one, three, await start()]);
}, 90_000);

test('after the only node was killed and restarted, webhooks wait neither for its long lease nor for their timeout', async () => {
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

test('drops of any node are listed by the one that keeps them, and by it alone', async () => {
  const { start, kill } = await startStage({ endpoint: { id: 'off', enabled: false } });
  const nodes = [await start(), await start(), await start()];
  await sharedBy(nodes);
  const [one] = nodes as [Server, ...Server[]];
  const lost = (await occupy(one, 'lost', 40)).toSorted().join();
  /** The channels in a node's list, or undefined if another node keeps the list. */
  const listedBy = async (node: Server): Promise<string | undefined> => {
    const asked = sdkFor(node).get({ path: '/webhooks/deliveries', params: { limit: '1000' } });
    const answer = await asked.catch((error: unknown) => {
      expect(error).toMatchObject({ status: 503 });
    });
    if (answer === undefined) return undefined;
    const { deliveries } = (await answer.json()) as { deliveries: { events: { channel: string }[] }[] };
    const channels = deliveries.flatMap(({ events }) => events.map(({ channel }) => channel));
    // The clients of a killed node leave as well.
    return [...new Set(channels)].toSorted().join();
  };
  const lists = () => Promise.all(nodes.map(listedBy));
  /** The list, and how many nodes have none. */
  const found = async () => {
    const all = await lists();
    const listed = all.filter((list) => list !== undefined);
    return { listed, silent: all.length - listed.length };
  };
  await expect.poll(found).toEqual({ listed: [lost], silent: 2 });
  const keeper = (await lists()).findIndex((list) => list !== undefined);
  expect(keeper).toBeGreaterThanOrEqual(0);
  const [killed] = nodes.splice(keeper, 1);
  if (killed !== undefined) await kill(killed);
  await expect.poll(found).toEqual({ listed: [lost], silent: 1 });
}, 90_000);

test('a node that was frozen until its events expired lists none of those that another node has delivered', async () => {
  let isDown = true;
  const { hooks, start, get } = await startStage({
    // The other node waits for attempts that may still be under way.
    webhooks: { ...quick, requestTimeoutMs: 1000, retry: { ...quick.retry, maxElapsedMs: 8000 } },
    leaseMs: 1000,
    answer: () => (isDown ? 500 : 200),
  });
  const [one, two] = [await start(), await start()];
  await sharedBy([one, two]);
  const channels = await occupy(two, 'room');
  await hooks.requests.first(({ answer }) => answer === 500);
  onTestFinished(() => void process.kill(one.pid, 'SIGCONT'));
  process.kill(one.pid, 'SIGSTOP');
  isDown = false;
  await waitFor('all channels to be reported', async () =>
    channels.every((channel) => hooks.events.items.some((event) => event.channel === channel)),
  );
  // What waited on the first node expires.
  await new Promise<void>((resolve) => void systemClock.after(9000, resolve));
  process.kill(one.pid, 'SIGCONT');
  await sharedBy([one, two]);
  await waitFor('the list of drops', async () => (await get(two, '/webhooks/dropped')).status === 200);
  expect(JSON.parse((await get(two, '/webhooks/dropped')).text)).toMatchObject({ dropped: [] });
});

test('an event that waits is pending on its new owner only, and moved on a node that had it before', async () => {
  const { start } = await startStage({
    webhooks: { ...quick, batch: { maxEvents: 1 }, requestTimeoutMs: 1000 },
    leaseMs: 1000,
    answer: () => 503,
  });
  const one = await start();
  const channels = await occupy(one, 'room', 40);
  const allOn = async (node: Server) => (await recordsOf(node, 'events')).map(({ status }) => status);
  await expect.poll(() => allOn(one)).toEqual(channels.map(() => 'pending'));
  const before = Date.now();
  const two = await start();
  await sharedBy([one, two]);
  /** How many nodes have each event as pending, and as moved. */
  const owners = async () => {
    const records = (await Promise.all([one, two].map((node) => recordsOf(node, 'events')))).flat();
    const having = (channel: string, status: string) =>
      records.filter((record) => record.channel === channel && record.status === status).length;
    return channels.map((channel) => `${having(channel, 'pending')}, ${having(channel, 'moved')}`);
  };
  const isShared = (all: readonly string[]) => new Set(all).size === 2 && all.includes('1, 1');
  await expect.poll(async () => isShared(await owners())).toBe(true);
  expect(new Set(await owners())).toEqual(new Set(['1, 0', '1, 1']));
  for (const { atMs } of await recordsOf(two, 'events')) expect(atMs).toBeLessThan(before);
  const deliveries = await recordsOf(one, 'deliveries');
  expect(new Set(deliveries.map(({ status }) => status))).toEqual(new Set(['pending', 'moved']));

  onTestFinished(() => void process.kill(two.pid, 'SIGCONT'));
  process.kill(two.pid, 'SIGSTOP');
  await expect.poll(() => allOn(one)).toEqual(channels.map(() => 'pending'));
  process.kill(two.pid, 'SIGCONT');
  await sharedBy([one, two]);
  await expect
    .poll(async () => new Set((await owners()).map((each) => each.split(',')[0])))
    .toEqual(new Set(['1']));
}, 90_000);

/** What a node has recorded. */
async function recordsOf({ url }: Server, list: 'events' | 'deliveries') {
  const response = await fetch(`${url}/admin/apps/${app.id}/${list}?limit=500`);
  const { items } = (await response.json()) as {
    readonly items: readonly { readonly channel?: string; readonly status: string; readonly atMs: number }[];
  };
  return items;
}

test('what a killed node has dropped is known to the next one, which restores the true state on request', async () => {
  let isDown = true;
  const webhooks = { ...quick, retry: { initialDelayMs: 20, maxElapsedMs: 300 } };
  const { hooks, get, start, kill } = await startStage({
    webhooks,
    endpoint: { id: 'main' },
    answer: () => (isDown ? 503 : 200),
  });
  const [one, two] = [await start(), await start()];
  await sharedBy([one, two]);
  const channels = await occupy(two, 'missed', 20);
  const dropped = async () => {
    const { text } = await get(two, '/webhooks/dropped');
    return (JSON.parse(text) as { dropped: readonly unknown[] }).dropped.length;
  };
  await expect.poll(dropped).toBe(channels.length);
  await kill(one);
  await sharedBy([two]);
  isDown = false;
  const before = hooks.events.items.length;
  const body = JSON.stringify({ endpoint: 'main' });
  const asked = await callApi(two, { path: '/apps/1/webhooks/reconcile', body });
  expect(asked).toMatchObject({ status: 202, text: `{"channels":${channels.length}}` });
  const sent = () =>
    hooks.events.items
      .slice(before)
      .map(({ name, channel }) => `${name} ${channel}`)
      .toSorted();
  await expect.poll(sent).toEqual(channels.map((channel) => `channel_occupied ${channel}`).toSorted());
  await expect.poll(dropped).toBe(0);
});
