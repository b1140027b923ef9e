import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { startOnFreePort, startRedis, type RedisServer } from './server.ts';
import { waitFor } from './wait.ts';

/** A master, its replica, and one sentinel that watches them. */
export interface WatchedRedis extends AsyncDisposable {
  /** The name of the master for the sentinel. */
  readonly name: string;
  readonly sentinelUrl: string;
  /** Kills the master. The sentinel then promotes the replica. */
  loseMaster(): Promise<void>;
  /** The last lines of each server's log. */
  describe(): string;
  stop(): Promise<void>;
}

const name = 'soketify';

/** Starts them, and waits until the sentinel could promote the replica. */
export async function startWatchedRedis(): Promise<WatchedRedis> {
  const started: RedisServer[] = [];
  const stop = async () => void (await Promise.all(started.map((server) => server.stop())));
  try {
    const master = await startRedis({ args: ['--repl-diskless-sync-delay', '0'] });
    started.push(master);
    started.push(await startRedis({ args: ['--replicaof', `127.0.0.1 ${master.port}`] }));
    const sentinel = await startOnFreePort(async (port, folder) => {
      const file = join(folder, 'sentinel.conf');
      const watched = [
        `sentinel monitor ${name} 127.0.0.1 ${master.port} 1`,
        // A slow master must not be replaced before the test kills it: it would continue to accept writes, which are lost then.
        `sentinel down-after-milliseconds ${name} 60000`,
        `sentinel failover-timeout ${name} 3000`,
      ];
      await writeFile(file, `port ${port}\n${watched.join('\n')}\n`);
      return [file, '--sentinel'];
    });
    started.push(sentinel);
    await canFailOver(sentinel);
    const loseMaster = async (): Promise<void> => {
      const client = new Redis(sentinel.url);
      await client.call('SENTINEL', 'SET', name, 'down-after-milliseconds', '500');
      client.disconnect();
      await master.kill();
    };
    const describe = () => started.map(({ output }) => output).join('\n');
    return { name, sentinelUrl: sentinel.url, loseMaster, describe, stop, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function canFailOver(sentinel: RedisServer): Promise<void> {
  const client = new Redis(sentinel.url);
  try {
    await waitFor('the sentinel to know a replica that follows the master', async () => {
      const replicas = JSON.stringify(await client.call('SENTINEL', 'REPLICAS', name));
      return replicas.includes('"master-link-status","ok"');
    });
  } finally {
    client.disconnect();
  }
}
