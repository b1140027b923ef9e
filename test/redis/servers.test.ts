import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Cluster, Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { startRedisCluster } from '../support/redis/cluster.ts';
import { startRedis } from '../support/redis/server.ts';

/** A client that ends with the test, and fails immediately instead of waiting for a server that is gone. */
function clientOf(url: string): Redis {
  const client = new Redis(url, { maxRetriesPerRequest: 0, retryStrategy: () => null });
  client.on('error', () => {});
  onTestFinished(() => client.disconnect());
  return client;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test('a server answers on its own port and is gone when stopped', async () => {
  const one = await startRedis();
  const other = await startRedis({ args: ['--maxmemory', '7mb'] });
  expect(one.port).not.toBe(other.port);
  const client = clientOf(other.url);
  expect(await client.config('GET', 'maxmemory')).toEqual(['maxmemory', `${7 * 1024 * 1024}`]);
  const folder = String((await client.config('GET', 'dir'))[1]);
  expect(existsSync(folder)).toBe(true);
  await Promise.all([one.stop(), other.stop()]);
  expect([isAlive(one.pid), isAlive(other.pid), existsSync(folder)]).toEqual([false, false, false]);
});

test('a persistent server that was killed returns on the same port with its data', async () => {
  await using server = await startRedis({ persistent: true });
  const { port, pid } = server;
  await clientOf(server.url).set('key', 'kept');
  await server.kill();
  expect(isAlive(pid)).toBe(false);
  await expect(clientOf(server.url).ping()).rejects.toThrow(/closed|ECONNREFUSED/);
  await server.restart();
  expect(server.port).toBe(port);
  expect(server.pid).not.toBe(pid);
  expect(await clientOf(server.url).get('key')).toBe('kept');
});

test('another server that was killed returns empty', async () => {
  await using server = await startRedis();
  await clientOf(server.url).set('key', 'lost');
  await server.restart();
  expect(await clientOf(server.url).get('key')).toBeNull();
});

test('a frozen server answers once it is thawed', async () => {
  await using server = await startRedis();
  const client = clientOf(server.url);
  await client.ping();
  server.freeze();
  let isAnswered = false;
  const answer = client.ping().then((text) => {
    isAnswered = true;
    return text;
  });
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(isAnswered).toBe(false);
  server.thaw();
  expect(await answer).toBe('PONG');
});

test('a frozen server can be stopped', async () => {
  const server = await startRedis();
  server.freeze();
  await server.stop();
  expect(isAlive(server.pid)).toBe(false);
});

test.each(['SIGTERM', 'SIGKILL'] as const)(
  'a server is killed when its parent process ends by %s',
  async (signal) => {
    const module = new URL('../support/redis/server.ts', import.meta.url).href;
    const script = `const { startRedis } = await import('${module}'); console.log((await startRedis()).pid)`;
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script]);
    const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    const pid = Number(line);
    expect(isAlive(pid)).toBe(true);
    child.kill(signal);
    await expect.poll(() => isAlive(pid)).toBe(false);
  },
);

test.each([0, 1] as const)('a cluster with %i replicas answers on all slots', async (replicas) => {
  await using cluster = await startRedisCluster({ replicas });
  expect(cluster.servers).toHaveLength(3 * (1 + replicas));
  expect(cluster.urls).toEqual(cluster.servers.map(({ url }) => url));
  const client = new Cluster([...cluster.urls]);
  onTestFinished(() => client.disconnect());
  const keys = Array.from({ length: 300 }, (_, index) => `key-${index}`);
  await Promise.all(keys.map((key) => client.set(key, key)));
  expect(await Promise.all(keys.map((key) => client.get(key)))).toEqual(keys);
  const sizes = await Promise.all(client.nodes('master').map((node) => node.dbsize()));
  expect(sizes).toHaveLength(3);
  expect(Math.min(...sizes)).toBeGreaterThan(0);
  expect(sizes.reduce((sum, size) => sum + size)).toBe(keys.length);
});

test('a replica is promoted after its master was killed', async () => {
  await using cluster = await startRedisCluster({ replicas: 1 });
  const [master, , , replica] = cluster.servers;
  if (master === undefined || replica === undefined) throw new Error('The cluster has six members');
  await master.kill();
  const client = clientOf(replica.url);
  await expect.poll(async () => (await client.role())[0]).toBe('master');
  await expect.poll(() => client.cluster('INFO')).toContain('cluster_state:ok');
});
