import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';
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

/** A way to Redis of which the present connections can be made to say nothing any more, while they stay open. */
async function startWay(): Promise<{ readonly url: string; fallSilent(): void }> {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(redis.port, '127.0.0.1');
    for (const socket of [client, upstream]) socket.on('error', () => {});
    client.pipe(upstream).pipe(client);
    client.once('close', () => upstream.destroy());
    sockets.add(client).add(upstream);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    fallSilent() {
      for (const socket of sockets) socket.unpipe().pause();
    },
  };
}

test('a connection for topics on which not even the own heartbeats are heard is made anew', async () => {
  const clock = new FakeClock();
  const way = await startWay();
  const clientsAt = (url: string) =>
    createRedisClients({ location: { kind: 'single', url }, silenceMs: leaseMs });
  const [direct, throughWay, there] = [clientsAt(redis.url), clientsAt(way.url), clientsAt(redis.url)];
  direct.subscriber.disconnect();
  throughWay.commands.disconnect();
  const here = { commands: direct.commands, subscriber: throughWay.subscriber };
  const [deaf, other] = [here, there].map(
    (connections, index) =>
      new WalkNode(clock, connections, { keyPrefix: 'silent:', name: `n${index}`, skewMs: 0 }),
  );
  if (deaf === undefined || other === undefined) throw new Error('there are two nodes');
  onTestFinished(() => {
    deaf.crash();
    other.crash();
  });
  await Promise.all([deaf.ledger.start(), other.ledger.start()]);
  await deaf.join('c1', 'presence-a' as ChannelName, 'u1');
  way.fallSilent();
  await other.join('c2', 'presence-a' as ChannelName, 'u2');
  const view = deaf.clients.get('c1')?.view;
  await expect
    .poll(
      async () => {
        clock.advanceSync(leaseMs / 5);
        await Promise.all([deaf.ledger.beat(), other.ledger.beat()]);
        return [...(view ?? [])];
      },
      { timeout: 10_000 },
    )
    .toEqual(['u1', 'u2']);
});
