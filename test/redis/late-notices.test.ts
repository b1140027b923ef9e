import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import type { ChannelName } from '../../src/protocol/channel-name.ts';
import { createRedisClients } from '../../src/store/redis/connect.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { startRedis, type RedisServer } from '../support/redis/server.ts';
import { leaseMs, WalkNode } from '../support/redis/walk-node.ts';

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

/** A way to Redis on which what Redis says can be held up for a while. */
async function startWay() {
  const held: { readonly client: Socket; readonly upstream: Socket }[] = [];
  const server = createServer((client) => {
    const upstream = connect(redis.port, '127.0.0.1');
    for (const socket of [client, upstream]) socket.on('error', () => {});
    client.pipe(upstream).pipe(client);
    client.once('close', () => upstream.destroy());
    held.push({ client, upstream });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const { client, upstream } of held) for (const socket of [client, upstream]) socket.destroy();
    server.close();
  });
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    holdUp: () => held.forEach(({ client, upstream }) => upstream.unpipe(client).pause()),
    goOn: () => held.forEach(({ client, upstream }) => upstream.pipe(client)),
  };
}

test.each([
  // What the node knows answers for it.
  ['cache-a', ['1', '2', '3', '4', '5']],
  // A member that is new asks Redis, which knows more than the node has heard.
  ['presence-cache-a', ['4', '5']],
] as const)(
  'a subscriber of %s hears every event, also when another joins before the notices of them have come',
  async (name, ofSecond) => {
    const channel = name as ChannelName;
    const clock = new FakeClock();
    const way = await startWay();
    const clientsAt = (url: string) =>
      createRedisClients({ location: { kind: 'single', url }, silenceMs: leaseMs });
    const [direct, throughWay, there] = [clientsAt(redis.url), clientsAt(way.url), clientsAt(redis.url)];
    direct.subscriber.disconnect();
    throughWay.commands.disconnect();
    const late = { commands: direct.commands, subscriber: throughWay.subscriber };
    const [here, other] = [late, there].map(
      (connections, index) =>
        new WalkNode(clock, connections, { keyPrefix: `late-${name}:`, name: `n${index}`, skewMs: 0 }),
    );
    if (here === undefined || other === undefined) throw new Error('there are two nodes');
    onTestFinished(() => {
      here.crash();
      other.crash();
    });
    await Promise.all([here.ledger.start(), other.ledger.start()]);
    const userOf = (id: string) => (name.startsWith('presence-') ? id : undefined);
    await here.join('first', channel, userOf('first'));
    const publish = (data: string) => other.ledger.cacheEvent('a1', channel, { name: 'news', data });

    await publish('1');
    await here.heard();
    way.holdUp();
    for (const data of ['2', '3', '4']) await publish(data);
    const joined = here.join('second', channel, userOf('second'));
    // Its answer has come before the notices: Redis says nothing about them on that connection.
    await direct.commands.ping();
    way.goOn();
    await joined;
    await publish('5');
    await here.heard();

    expect(here.clients.get('first')?.events).toEqual(['1', '2', '3', '4', '5']);
    expect(here.clients.get('second')?.events).toEqual(ofSecond);
  },
);
