import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { createRedisClients } from '../../src/store/redis/link/connect.ts';
import { RedisLink } from '../../src/store/redis/link/link.ts';
import { systemClock } from '../../src/system/clock.ts';
import { startServer } from '../integration/support/server.ts';
import { startRedisCluster } from '../support/redis/cluster.ts';

test('while no server of a cluster is reachable nothing is buffered, and afterwards everything continues', async () => {
  await using cluster = await startRedisCluster();
  const link = new RedisLink(
    createRedisClients({ location: { kind: 'cluster', urls: cluster.urls }, silenceMs: 2000 }),
  );
  onTestFinished(() => link.close());
  await link.ready(systemClock, 10_000);
  const ask = (): Promise<string> =>
    Promise.race([
      link.run('read-ended', ['{1}state', '{1}ended'], ['', '{1}topic', 600_000]).then(
        () => 'answered',
        () => 'refused',
      ),
      new Promise<string>((resolve) => void systemClock.after(1000, () => resolve('kept'))),
    ]);
  expect(await ask()).toBe('answered');
  for (const server of cluster.servers) await server.kill();
  await expect.poll(ask).toBe('refused');
  await Promise.all(cluster.servers.map((server) => server.restart()));
  await expect.poll(ask).toBe('answered');
});

test('while one server of a cluster does not answer, nodes renew their leases on the others', async () => {
  await using cluster = await startRedisCluster();
  await startServer({ redis: { cluster: cluster.urls, leaseMs: 4000 } });
  const [healthy, , frozen] = cluster.servers;
  const client = new Redis(healthy?.url ?? '');
  onTestFinished(() => client.disconnect());
  const [nodes = ''] = await client.keys('*:nodes');
  const leaseEnd = async (): Promise<number> =>
    Number((await client.zrange(nodes, '0', '0', 'WITHSCORES'))[1]);
  frozen?.freeze();
  onTestFinished(() => frozen?.thaw());
  // The heartbeat that is under way may have been received.
  await new Promise<void>((resolve) => void systemClock.after(600, resolve));
  const before = await leaseEnd();
  expect(before).toBeGreaterThan(0);
  await expect.poll(leaseEnd, { timeout: 1000 }).toBeGreaterThan(before);
});
