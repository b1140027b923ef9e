import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { expect, onTestFinished } from 'vitest';
import { createRedisClients } from '../../../src/store/redis/link/connect.ts';
import { FakeClock } from '../fake-clock.ts';
import type { RedisServer } from './server.ts';
import { leaseMs, WalkNode } from './walk-node.ts';

/** A proxy to Redis that can hold back Redis' messages while its connections stay open. */
export async function startWay(redis: RedisServer) {
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

/**
 * Two nodes that have started. `late` receives topics through a proxy of its own, and its answers directly
 * from Redis.
 */
export async function startLateNode(redis: RedisServer, keyPrefix: string) {
  const clock = new FakeClock();
  const way = await startWay(redis);
  const clientsAt = (url: string) =>
    createRedisClients({ location: { kind: 'single', url }, silenceMs: leaseMs });
  const [direct, throughWay, there] = [clientsAt(redis.url), clientsAt(way.url), clientsAt(redis.url)];
  direct.subscriber.disconnect();
  throughWay.commands.disconnect();
  const here = { commands: direct.commands, subscriber: throughWay.subscriber };
  const nodeOf = (connections: typeof here, name: string) =>
    new WalkNode(clock, connections, {
      keyPrefix,
      name,
      skewMs: 0,
      report: (fault) => expect.unreachable(`a client was ${fault}`),
    });
  const [late, other] = [nodeOf(here, 'n0'), nodeOf(there, 'n1')];
  onTestFinished(() => {
    late.crash();
    other.crash();
  });
  await Promise.all([late.ledger.start(), other.ledger.start()]);
  return { clock, way, late, other, commands: direct.commands };
}
