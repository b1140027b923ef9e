import type { RedisConfig } from '../config/schema/redis-schema.ts';
import type { Config } from '../config/schema/schema.ts';
import type { FileNeeds } from '../system/open-files.ts';

/** A cluster has at least so many servers, replicas included, whichever of them are configured. */
const leastServersOfCluster = 6;

/** What a server with this configuration opens files for, beside clients. */
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
      // The master, and a sentinel while it is looked for.
      return 2;
    case 'cluster':
      return Math.max(leastServersOfCluster, connection.urls.length);
  }
}
