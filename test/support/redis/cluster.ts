import { Redis } from 'ioredis';
import { clusterPortOf } from './ports.ts';
import { startOnFreePort, type RedisServer } from './server.ts';
import { waitFor } from './wait.ts';

/**
 * A Redis Cluster of the test's own: three masters that share the slots, optionally with one replica each.
 */
export interface RedisCluster extends AsyncDisposable {
  /** One per server, in the same order. */
  readonly urls: readonly string[];
  /** The three masters, then the replica of each. */
  readonly servers: readonly RedisServer[];
  stop(): Promise<void>;
}

const masterCount = 3;
const slotCount = 16_384;

/** Starts the servers, and waits until each of them reports a healthy cluster. */
export async function startRedisCluster(options: { replicas?: 0 | 1 } = {}): Promise<RedisCluster> {
  const count = masterCount * (1 + (options.replicas ?? 0));
  const started = await Promise.allSettled(Array.from({ length: count }, startMember));
  const servers = started.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const stop = async () => void (await Promise.all(servers.map((server) => server.stop())));
  const members = servers.map((server) => ({ server, client: new Redis(server.url, { lazyConnect: true }) }));
  try {
    const failed = started.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    await join(members);
  } catch (error) {
    await stop();
    throw error;
  } finally {
    for (const { client } of members) client.disconnect();
  }
  return { urls: servers.map(({ url }) => url), servers, stop, [Symbol.asyncDispose]: stop };
}

interface Member {
  readonly server: RedisServer;
  readonly client: Redis;
}

function startMember(): Promise<RedisServer> {
  return startOnFreePort((port) => [
    ...['--port', `${port}`],
    ...['--cluster-enabled', 'yes'],
    ...['--cluster-port', `${clusterPortOf(port)}`],
    ...['--cluster-node-timeout', '2000'],
    ...['--cluster-announce-ip', '127.0.0.1'],
    ...['--repl-diskless-sync-delay', '0'],
  ]);
}

async function join(members: readonly Member[]): Promise<void> {
  const [first, ...others] = members;
  if (first === undefined) throw new Error('A cluster has members');
  const masters = members.slice(0, masterCount);
  // Equal epochs would be resolved by the members themselves, which takes a while.
  await Promise.all(
    members.map(({ client }, index) => client.call('CLUSTER', 'SET-CONFIG-EPOCH', index + 1)),
  );
  await Promise.all(
    masters.map(({ client }, index) =>
      client.call('CLUSTER', 'ADDSLOTSRANGE', firstSlot(index), firstSlot(index + 1) - 1),
    ),
  );
  const { port } = first.server;
  for (const { client } of others) {
    await client.call('CLUSTER', 'MEET', '127.0.0.1', port, clusterPortOf(port));
  }
  await until('all members to know each other', members, async ({ client }) => {
    return (await infoOf(client))['cluster_known_nodes'] === `${members.length}`;
  });
  const ids = await Promise.all(masters.map(({ client }) => client.call('CLUSTER', 'MYID')));
  await Promise.all(
    members
      .slice(masterCount)
      .map(({ client }, index) => client.call('CLUSTER', 'REPLICATE', String(ids[index]))),
  );
  await until('cluster_state:ok', members, async ({ client }) => {
    const info = await infoOf(client);
    return info['cluster_state'] === 'ok' && info['cluster_slots_ok'] === `${slotCount}`;
  });
  await until('a link to the master', members.slice(masterCount), async ({ client }) => {
    return (await client.info('replication')).includes('master_link_status:up');
  });
  await until('all members to know the roles', members, async ({ client }) => {
    const nodes = String(await client.call('CLUSTER', 'NODES'));
    return nodes.split('slave ').length - 1 === members.length - masterCount && !nodes.includes('handshake');
  });
}

/**
 * Moves the slot of a key to the next master, as redis-cli does, while clients work. Resolves when all
 * members know.
 */
export async function moveSlotOf(key: string, { servers }: RedisCluster): Promise<void> {
  const masters = servers
    .slice(0, masterCount)
    .map(({ url, port }) => ({ client: new Redis(url), port: String(port) }));
  try {
    const [first] = masters;
    if (first === undefined) throw new Error('A cluster has masters');
    const slot = Number(await first.client.call('CLUSTER', 'KEYSLOT', key));
    const fromIndex = masters.findIndex((_, index) => slot < firstSlot(index + 1));
    const [from, to] = [masters[fromIndex], masters[(fromIndex + 1) % masterCount]];
    if (from === undefined || to === undefined) throw new Error(`No master has slot ${slot}`);
    const idOf = async ({ client }: { client: Redis }) => String(await client.call('CLUSTER', 'MYID'));
    const [fromId, toId] = [await idOf(from), await idOf(to)];
    await to.client.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', fromId);
    await from.client.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', toId);
    for (;;) {
      const keys = (await from.client.call('CLUSTER', 'GETKEYSINSLOT', slot, 100)) as string[];
      if (keys.length === 0) break;
      await from.client.call('MIGRATE', '127.0.0.1', to.port, '', 0, 5000, 'KEYS', ...keys);
    }
    for (const { client } of [to, from, ...masters.filter((one) => one !== to && one !== from)]) {
      await client.call('CLUSTER', 'SETSLOT', slot, 'NODE', toId);
    }
  } finally {
    for (const { client } of masters) client.disconnect();
  }
}

function firstSlot(index: number): number {
  return Math.round((slotCount * index) / masterCount);
}

async function infoOf(client: Redis): Promise<Readonly<Record<string, string>>> {
  const text = String(await client.call('CLUSTER', 'INFO'));
  return Object.fromEntries(text.split('\r\n').map((line) => line.split(':')));
}

async function until(
  what: string,
  members: readonly Member[],
  holds: (member: Member) => Promise<boolean>,
): Promise<void> {
  for (const member of members) await waitFor(`${what}, on ${member.server.url}`, () => holds(member));
}
