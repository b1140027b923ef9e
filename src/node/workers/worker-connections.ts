import { heldBy, type ClientConnections, type ConnectionList } from '../../connections/client-connections.ts';
import type { LocalApps } from '../../apps/local-app.ts';
import type { WorkerReading } from '../../observe/prometheus.ts';
import type { Line } from './line.ts';
import type { WorkerMethods } from './server-methods.ts';

/** The dependencies of the connections of all workers. */
export interface WorkerConnectionsOptions {
  readonly line: Line<WorkerMethods>;
  readonly workers: readonly number[];
  /** The last report of each worker. */
  readonly readings: () => Iterable<WorkerReading>;
  /** The keeper's apps. Their registries contain what all workers hold, unless each worker is a node on Redis. */
  readonly apps: LocalApps;
}

/** The connections of all workers. */
export function createWorkerConnections({
  line,
  workers,
  readings,
  apps,
}: WorkerConnectionsOptions): ClientConnections {
  return {
    held(appId) {
      const sum = { ...heldBy(apps, appId) };
      for (const { onRedis } of readings()) {
        for (const [app, held] of onRedis?.held ?? []) {
          if (app !== appId) continue;
          sum.occupiedChannels += held.occupiedChannels;
          sum.members += held.members;
        }
      }
      return sum;
    },
    count(appId) {
      let sum = 0;
      for (const { counted } of readings()) {
        for (const [[app], value] of counted['connections'] ?? []) if (app === appId) sum += value;
      }
      return sum;
    },
    async list(appId, channel, limit) {
      const lists = await Promise.all(
        workers.map((worker) => line.call(worker, 'connections', appId, channel, limit)),
      );
      return lists.reduce<ConnectionList>(
        (sum, { connections, total }) => ({
          connections: [...sum.connections, ...connections].slice(0, limit),
          total: sum.total + total,
        }),
        { connections: [], total: 0 },
      );
    },
    async close(appId, socketId) {
      const closed = await Promise.all(
        workers.map((worker) => line.call(worker, 'closeConnection', appId, socketId)),
      );
      return closed.includes(true);
    },
    async closeMembers(appId, userId) {
      await Promise.all(workers.map((worker) => line.call(worker, 'closeMembers', appId, userId)));
    },
    async sendAs(appId, socketId, event) {
      const answers = await Promise.all(
        workers.map((worker) => line.call(worker, 'sendAs', appId, socketId, event)),
      );
      return (
        answers.find((answer) => answer !== 'unknown') ??
        (answers.includes(undefined) ? undefined : 'unknown')
      );
    },
  };
}
