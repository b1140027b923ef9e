import type { RedisConfig } from '../config/schema/redis-schema.ts';
import type { Config } from '../config/schema/schema.ts';
import type { FileNeeds } from '../system/open-files.ts';

/** The minimum number of servers in a cluster, replicas included, however many of them are configured. */
const leastServersOfCluster = 6;

/** What a server with this configuration needs open files for, besides clients. */
export function fileNeedsOf({ webhooks, workers, redis }: Config): FileNeeds {
  return {
    attempts: webhooks.totalConcurrency,
    workers: workers === 1 ? 0 : workers,
    redisServers: redis === undefined ? 0 : serversOf(redis.connection),
  };
}

function serversOf(connection: RedisConfig['connection']): number {
  switch (connection.kind) {
    case 'single':
      return 1;
    case 'sentinel':
      // The master, and a sentinel during the search for it.
      return 2;
    case 'cluster':
      return Math.max(leastServersOfCluster, connection.urls.length);
  }
}
