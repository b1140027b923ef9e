import { once } from 'node:events';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { createRedisClients } from '../../src/store/redis/link/connect.ts';
import { systemClock } from '../../src/system/clock.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { FanoutNode } from '../support/redis/fanout-node.ts';
import { startWay } from '../support/redis/late-node.ts';
import { startRedis, type RedisServer } from '../support/redis/server.ts';

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

let prefixes = 0;

const clientsAt = (url: string) =>
  createRedisClients({ location: { kind: 'single', url }, silenceMs: 60_000 });

/** Two nodes. `here` receives topics through a proxy that can hold them back. */
async function twoNodes({ clock = systemClock }: { clock?: typeof systemClock } = {}) {
  prefixes += 1;
  const keyPrefix = `fanout${process.pid}-${prefixes}:`;
  const way = await startWay(redis);
  const [direct, throughWay] = [clientsAt(redis.url), clientsAt(way.url)];
  direct.subscriber.disconnect();
  throughWay.commands.disconnect();
  const clients = { commands: direct.commands, subscriber: throughWay.subscriber };
  const here = new FanoutNode(clients, keyPrefix, { name: 'here', clock });
  const there = new FanoutNode(clientsAt(redis.url), keyPrefix, { name: 'there', clock });
  await Promise.all([here.start(), there.start()]);
  const admin = new Redis(redis.url);
  onTestFinished(() => admin.disconnect());
  const topics = async (): Promise<number> => {
    const all = (await admin.call('PUBSUB', 'SHARDCHANNELS', `${keyPrefix}*:heard:*`)) as string[];
    return all.length;
  };
  /** Waits until everything that `there` published has arrived at `here`, or never will. */
  const delivered = async (): Promise<void> => {
    await there.clients.commands.ping();
    await here.clients.subscriber.ping();
  };
  return { here, there, way, admin, topics, delivered };
}

/** Whether each of them reports it after a heartbeat. */
async function isWhole(...nodes: readonly FanoutNode[]): Promise<boolean> {
  await Promise.all(nodes.map(({ ledger }) => ledger.beat()));
  return nodes.every(({ ledger }) => ledger.isWhole);
}

test('a node receives nothing of a channel without subscribers there, and its own subscribers receive their events once', async () => {
  const { here, there, delivered } = await twoNodes();
  await here.join('room');
  for (let index = 0; index < 100; index += 1) there.publish(`elsewhere-${index}`, 'x');
  here.publish('room', 'own');
  there.publish('room', 'theirs');
  await delivered();
  await here.clients.commands.ping();
  await here.clients.subscriber.ping();
  expect(here.sent).toBe(2);
  expect(here.arrived).toEqual(['room own', 'room theirs']);
});

test('a new subscriber receives what is published from then on', async () => {
  const { here, there, delivered } = await twoNodes();
  const channels = Array.from({ length: 500 }, (_, index) => `room-${index}`);
  await Promise.all(
    channels.map(async (channel) => {
      // Another client joins the same channel meanwhile.
      await Promise.race([here.join(channel), here.join(channel)]);
      there.publish(channel, 'x');
    }),
  );
  await delivered();
  expect(here.arrived.toSorted()).toEqual(channels.map((channel) => `${channel} x`).toSorted());
});

test('no subscription is confirmed before the node receives the channel, as long as Redis answers', async () => {
  const { here, way } = await twoNodes({ clock: new FakeClock() });
  way.holdUp();
  const letIn: string[] = [];
  const joins = ['first', 'second'].map(async (who) => {
    await here.join('room');
    letIn.push(who);
  });
  while (!here.ledger.isIdle) await here.clients.commands.ping();
  expect(letIn).toEqual([]);
  way.goOn();
  await Promise.all(joins);
});

test('a client that joins while the node receives nothing is confirmed after two seconds, and receives the channel once possible', async () => {
  const clock = new FakeClock();
  const { here, there, way, delivered } = await twoNodes({ clock });
  way.holdUp();
  const join = here.join('room');
  while (!here.ledger.isIdle) await here.clients.commands.ping();
  await clock.advance(2000);
  await join;
  way.goOn();
  await here.clients.subscriber.ping();
  there.publish('room', 'x');
  await delivered();
  expect(here.arrived).toEqual(['room x']);
});

test('a signed-in user receives what is published on another node, but only while signed in', async () => {
  const clock = new FakeClock();
  const { here, there, topics, delivered } = await twoNodes({ clock });
  await here.ledger.signIn({ appId: 'a1', userId: 'u1', watched: [] });
  there.publish('#server-to-user-u1', 'hello');
  await delivered();
  expect(here.arrived).toEqual(['#server-to-user-u1 hello']);
  here.ledger.signOut('a1', 'u1');
  await clock.advance(30_000);
  await here.clients.subscriber.ping();
  expect(await topics()).toBe(0);
});

test('the topic of an empty channel is released after 30 s, unless someone returns earlier', async () => {
  const clock = new FakeClock();
  const { here, there, topics, delivered } = await twoNodes({ clock });
  for (const channel of ['back', 'left']) await here.join(channel);
  for (const channel of ['back', 'left']) here.leave(channel);
  await clock.advance(29_000);
  await here.join('back');
  await clock.advance(2000);
  await here.clients.subscriber.ping();
  expect(await topics()).toBe(1);
  await here.join('left');
  for (const channel of ['back', 'left']) there.publish(channel, 'x');
  await delivered();
  expect(here.arrived).toEqual(['back x', 'left x']);
});

test('after the connection of the topics was killed the node reports itself as degraded until it receives all of them again', async () => {
  const { here, there, admin, topics, delivered } = await twoNodes();
  const channels = Array.from({ length: 3000 }, (_, index) => `room-${index}`);
  await Promise.all(channels.map((channel) => here.join(channel)));
  for (const channel of channels.slice(2000)) here.leave(channel);
  await expect.poll(() => isWhole(here, there)).toBe(true);
  const closed = once(here.clients.subscriber, 'close');
  await admin.client('KILL', 'TYPE', 'PUBSUB');
  await closed;
  expect(here.ledger.isWhole).toBe(false);
  // A client joins meanwhile.
  const join = here.join('meanwhile');
  await expect.poll(() => isWhole(here, there)).toBe(true);
  await join;
  expect(await topics()).toBe(3001);
  const held = [...channels.slice(0, 2000), 'meanwhile'];
  for (const channel of held) there.publish(channel, 'x');
  await delivered();
  expect(here.arrived).toEqual(held.map((channel) => `${channel} x`));
});

test('channels are received again on another Redis that replaces the first', async () => {
  await using other = await startRedis();
  const clients = clientsAt(other.url);
  const [here, there] = ['here', 'there'].map(
    (name) =>
      new FanoutNode(name === 'here' ? clients : clientsAt(other.url), 'restarted:', {
        name,
        clock: systemClock,
      }),
  ) as [FanoutNode, FanoutNode];
  await Promise.all([here.start(), there.start()]);
  await here.join('room');
  await other.restart();
  await expect.poll(() => isWhole(here, there)).toBe(true);
  there.publish('room', 'x');
  await expect.poll(() => here.arrived).toEqual(['room x']);
});
