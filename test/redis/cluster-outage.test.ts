import { expect, onTestFinished, test } from 'vitest';
import { createRedisClients } from '../../src/store/redis/link/connect.ts';
import { RedisLink } from '../../src/store/redis/link/link.ts';
import { systemClock } from '../../src/system/clock.ts';
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
