import { Redis } from 'ioredis';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { connectClient } from '../support/e2e/client.ts';
import { app, quick, type Config } from '../support/e2e/config.ts';
import { answered, callApi, plainText, type ApiAnswer } from '../support/e2e/http.ts';
import { Journal } from '../support/journal.ts';
import { deadUrl } from '../support/e2e/receiver.ts';
import { startServer, type Server } from '../support/e2e/server.ts';
import { startRedis, type RedisServer } from '../support/redis/server.ts';
import { waitFor } from '../support/redis/wait.ts';

const unavailable: ApiAnswer = {
  ...plainText(503, /^State unavailable: Redis, which the nodes share, does not respond/),
  retryAfter: '1',
};

let redis: RedisServer;
let one: Server;
let two: Server;
/** A test has killed it. */
let killed: Server | undefined;

/** Two nodes, whose only endpoint is down and is not retried. */
beforeEach(async () => {
  redis = await startRedis({ persistent: true });
  onTestFinished(() => redis.stop());
  const config: Config = {
    apps: [{ ...app, webhooks: [{ url: await deadUrl() }] }],
    webhooks: { ...quick, retry: { ...quick.retry, maxElapsedMs: 200 } },
    redis: { url: redis.url, leaseMs: 2000 },
  };
  [one, two] = await Promise.all([startServer(config), startServer(config)]);
  const nodes = [one, two];
  killed = undefined;
  onTestFinished(async () => {
    await Promise.all(nodes.filter((node) => node !== killed).map((node) => node.stop()));
  });
});

const get = (node: Server, path: string, params = {}): Promise<ApiAnswer> =>
  callApi(node, { path: `/apps/1${path}`, params });
const terminate = (node: Server): Promise<ApiAnswer> =>
  callApi(node, { path: '/apps/1/users/anna/terminate_connections', body: '{}' });
const idsIn = ({ text }: ApiAnswer): string[] =>
  (JSON.parse(text) as { deliveries: { id: string }[] }).deliveries.map(({ id }) => id);
/** The answer of a node once it is available. */
async function known(node: Server, path: string): Promise<unknown> {
  await waitFor(`an answer to ${path}`, async () => (await get(node, path)).status === 200);
  return answered(get(node, path));
}

const theDrop = { name: 'channel_occupied', channel: 'room', reason: 'expired' };

/** Anna is signed in on the second node, and someone joins a room there whose endpoint is down. */
async function stage() {
  const { pusher, subscribe } = await connectClient(two, { user: { id: 'anna' } });
  const closes = new Journal<number>('a close for good');
  pusher.connection.bind('error', ({ error }: { error?: { data?: { code: number } } }) =>
    closes.push(error?.data?.code ?? 0),
  );
  pusher.signin();
  await pusher.user.signinDonePromise;
  await subscribe('room');
  await waitFor('the drop', async () => (await get(one, '/webhooks/dropped')).text.includes('"room"'));
  return { pusher, closes };
}

const questions = ['/channels', '/channels/room', '/channels/presence-room/users', '/webhooks/dropped'];

describe('a backend that queries one node', () => {
  test('is informed by each node about drops', async () => {
    await stage();
    for (const node of [one, two]) {
      expect(await known(node, '/webhooks/dropped')).toMatchObject({ dropped: [theDrop], forgotten: 0 });
    }
  });

  test('receives the list of drops from the sending node, and from the other that it is not available there', async () => {
    await stage();
    const list = (node: Server) => get(node, '/webhooks/deliveries');
    await waitFor('the list of one', async () => {
      const answers = await Promise.all([list(one), list(two)]);
      return answers.some(({ status, text }) => status === 200 && text.includes('"room"'));
    });
    const [mine, theirs] = (await Promise.all([list(one), list(two)])).toSorted(
      (first, second) => first.status - second.status,
    );
    expect(JSON.parse(mine?.text ?? '')).toMatchObject({
      deliveries: [{ reason: 'expired', events: [{ name: 'channel_occupied', channel: 'room' }] }],
      forgotten: { deliveries: 0, events: 0 },
    });
    expect(theirs).toEqual({ ...plainText(503, /^Dropped deliveries are not known here/), retryAfter: '1' });
  });

  test('receives the same list from the next sending node after the first one was killed', async () => {
    await stage();
    const list = (node: Server) => get(node, '/webhooks/deliveries');
    const isListed = async (node: Server) => (await list(node)).text.includes('"room"');
    await waitFor('the list of one', async () => (await isListed(one)) || (await isListed(two)));
    const [sending, other] = (await isListed(one)) ? [one, two] : [two, one];
    const [letter] = (JSON.parse((await list(sending)).text) as { deliveries: unknown[] }).deliveries;
    killed = sending;
    await sending.kill();
    await waitFor('the list of the other', () => isListed(other));
    const { deliveries } = JSON.parse((await list(other)).text) as { deliveries: unknown[] };
    expect(deliveries).toContainEqual(letter);
  });

  test('receives the same list from the next sending node if Redis was emptied before the first one was stopped', async () => {
    await stage();
    const list = (node: Server) => get(node, '/webhooks/deliveries');
    const isListed = async (node: Server) => (await list(node)).text.includes('"room"');
    await waitFor('the list of one', async () => (await isListed(one)) || (await isListed(two)));
    const [sending, other] = (await isListed(one)) ? [one, two] : [two, one];
    const before = idsIn(await list(sending));
    const client = new Redis(redis.url);
    await client.flushall();
    client.disconnect();
    await waitFor('the state to be known again', async () => (await get(other, '/channels')).status === 200);
    // The nodes announce the channel again, which is another drop.
    expect(idsIn(await list(sending))).toEqual(expect.arrayContaining(before));
    killed = sending;
    await sending.stop();
    await waitFor('a list of the other', async () => (await list(other)).status === 200);
    expect(idsIn(await list(other))).toEqual(expect.arrayContaining(before));
  });

  test('receives 503 while Redis is away, and then the true state', async () => {
    await stage();
    await redis.kill();
    for (const path of questions) expect(await get(one, path)).toEqual(unavailable);
    await redis.restart();
    expect(await known(one, '/channels/room')).toEqual({ occupied: true });
    expect(await known(one, '/channels')).toEqual({ channels: { room: {} } });
    expect(await known(one, '/webhooks/dropped')).toMatchObject({ dropped: [theDrop], forgotten: 0 });
  });

  test('receives it within seconds while Redis is frozen', async () => {
    await stage();
    redis.freeze();
    const answers = await Promise.all(questions.map((path) => get(one, path)));
    for (const answer of answers) expect(answer).toEqual(unavailable);
    redis.thaw();
  });

  test('receives no success for a termination that did not happen, and can repeat it once Redis is back', async () => {
    const { closes } = await stage();
    await redis.kill();
    expect(await terminate(one)).toEqual(unavailable);
    await redis.restart();
    await waitFor('consent', async () => (await terminate(one)).status === 200);
    expect(await closes.first((code) => code === 4009)).toBe(4009);
  });

  test('ends connections on the node that it queries, also while Redis is away', async () => {
    const { closes } = await stage();
    await redis.kill();
    expect(await terminate(two)).toEqual(unavailable);
    expect(await closes.first((code) => code === 4009)).toBe(4009);
  });

  test('publishes while Redis is away to the clients of that node, and receives no counts', async () => {
    const here = await connectClient(one);
    const room = await here.subscribe('room');
    await redis.kill();
    const body = { name: 'news', channel: 'room', data: '1', info: 'subscription_count' };
    const answer = callApi(one, { path: '/apps/1/events', body: JSON.stringify(body) });
    expect(await answered(answer)).toEqual({ channels: { room: {} } });
    expect(await room.data('news')).toBe(1);
  });
});
