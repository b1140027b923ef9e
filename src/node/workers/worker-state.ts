import { refuseByConnection } from '../../connections/channel-limits.ts';
import type { LocalApp, LocalApps } from '../../apps/local-app.ts';
import type { LocalDelivery } from '../../apps/local-delivery.ts';
import type { Notifier } from '../../apps/notifier.ts';
import type { ClientParts } from '../clients.ts';
import type { Config } from '../../config/schema/schema.ts';
import type { ThreadOnRedis } from '../../observe/prometheus.ts';
import type { MaybePromise } from '../../ports/maybe-promise.ts';
import type { NodeProcess, RedisNode } from '../redis-node.ts';
import { HeldInTable, Interest } from './interest.ts';
import type { WorkerSeat } from './worker.ts';
import { keeper, type KeeperOfState, type WorkerOfState } from './keeper-methods.ts';
import type { Line } from './line.ts';
import { CountsOfWorker } from './subscriber-counts.ts';
import { createWorkerFanout } from './worker-fanout.ts';
import { WorkerLedger } from './worker-ledger.ts';

/** The state that a worker shares with the other threads, and on Redis with other nodes. */
export interface WorkerState {
  /** The parts that the worker's clients need. */
  readonly parts: Omit<ClientParts, 'slices' | 'witness'>;
  /** Handles what the keeper reports about channels and users. */
  readonly handlers: Pick<WorkerOfState, 'notice' | 'watched'>;
  /** Called when the configured apps have changed. */
  changed(): void;
  /** Forgets an app that was removed, after its clients have left. */
  retire(appId: string): MaybePromise<void>;
  /** Reads what only a worker that is a node on Redis reports. */
  read(): ThreadOnRedis | undefined;
  /** Ends the worker's use of the state, after its clients have left. */
  close(): MaybePromise<void>;
}

/** The dependencies of a worker's state. */
export interface WorkerStateOptions {
  readonly config: Config;
  readonly apps: LocalApps;
  readonly line: Line<KeeperOfState & WorkerOfState>;
}

/** Creates the state of a worker whose keeper holds the state, at the other end of the line. */
export function createKeptState(
  { config, apps, line }: WorkerStateOptions,
  {
    interest,
    local,
    notifier,
  }: { readonly interest: Interest; readonly local: LocalDelivery; readonly notifier: Notifier },
): WorkerState {
  const ledger = new WorkerLedger({ line, interest, ...notifier });
  const counts = new CountsOfWorker(line, apps);
  return {
    parts: {
      ledger,
      fanout: createWorkerFanout({
        line,
        interest,
        local,
        async terminate(appId, userId) {
          await line.call(keeper, 'terminate', appId, userId);
          return 'done' as const;
        },
      }),
      counts,
      outbox: {
        append: (appId, events) => line.send(keeper, 'append', appId, events),
        kept: () => (config.store === undefined ? undefined : line.call(keeper, 'kept')),
      },
      refuseChannel: refuseByConnection((app, channel) => {
        if (app.registry.subscribers(channel) > 0) return true;
        return interest.others(app.config.id, channel) !== 0;
      }),
      admissions: undefined,
      pingsWait: true,
      slots: {
        areForAll: isBounded(config),
        take: (appId, limit, remoteAddress) => line.call(keeper, 'enter', appId, remoteAddress, limit),
        release(appId, remoteAddress) {
          if (remoteAddress !== undefined) line.send(keeper, 'exit', appId, remoteAddress);
        },
      },
    },
    handlers: {
      notice: (_, ...notice) => ledger.notice(...notice),
      watched: (_, ...change) => ledger.watched(...change),
    },
    changed() {
      for (const app of apps) if (app.config.limits.connections < Infinity) countUncounted(app, line);
      counts.follow(apps);
    },
    retire: (appId) => ledger.retire(appId),
    read: () => undefined,
    close() {},
  };
}

/**
 * Creates the view of the process for a worker that is a node on Redis. Messages published here reach the other workers through
 * the mesh, so that they arrive in order, and also while Redis is unreachable. `line` is called when something is sent.
 */
export function createNodeProcess(
  { processId, config, seat, table }: Pick<WorkerSeat, 'processId' | 'config' | 'seat' | 'table'>,
  { local, line }: { readonly local: LocalDelivery; readonly line: () => Line<WorkerOfState> },
): NodeProcess {
  const interest = new Interest(table, seat.index);
  const others = Array.from({ length: config.workers }, (_, index) => index + 1).filter(
    (worker) => worker !== seat.index,
  );
  return {
    id: processId,
    holds: new HeldInTable(interest),
    fanout: createWorkerFanout({
      line: {
        sendNow: (...call) => line().sendNow(...call),
        inOrder: (run) => line().inOrder(run),
      },
      interest,
      local,
      terminate(appId, userId) {
        for (const worker of others) line().send(worker, 'terminate', appId, userId);
        return local.terminate(appId, userId);
      },
    }),
  };
}

/** Creates the state of a worker that is a node on Redis. The keeper counts only the connections of the process and of addresses. */
export function createStateOnRedis({ config, apps, line }: WorkerStateOptions, node: RedisNode): WorkerState {
  const { ledger, fanout, counts, outbox, slots } = node;
  const isOfAll = isBounded(config);
  const exit = (appId: string, remoteAddress: string | undefined): void => {
    if (isOfAll && remoteAddress !== undefined) line.send(keeper, 'exit', appId, remoteAddress);
  };
  return {
    parts: {
      ledger,
      fanout,
      counts,
      outbox,
      admissions: undefined,
      slots: {
        areForAll: isOfAll,
        async take(appId, limit, remoteAddress) {
          const entered = isOfAll ? await line.call(keeper, 'enter', appId, remoteAddress, Infinity) : true;
          if (entered !== true || limit === Infinity) return entered;
          const taken = await slots.take(appId, limit, remoteAddress);
          if (taken !== true) exit(appId, remoteAddress);
          return taken;
        },
        release(appId, remoteAddress) {
          slots.release(appId, remoteAddress);
          exit(appId, remoteAddress);
        },
      },
    },
    handlers: { notice() {}, watched() {} },
    changed: () => node.limitConnections(),
    retire: (appId) => ledger.retire(appId),
    read: () => ({
      isWhole: ledger.isWhole,
      isFull: ledger.isFull,
      held: Array.from(apps, ({ config: { id }, registry }) => [
        id,
        { occupiedChannels: registry.occupiedChannels, members: registry.members },
      ]),
    }),
    close: () => node.close(),
  };
}

/** Reports to the keeper the connections that were opened before their app had a limit. */
function countUncounted({ config, sessions }: LocalApp, line: Line<KeeperOfState>): void {
  let count = 0;
  for (const session of sessions.values()) {
    if (session.slotAddress !== undefined) continue;
    session.slotAddress = '';
    count += 1;
  }
  if (count > 0) line.send(keeper, 'countOpen', config.id, count);
}

/** Whether the connections of the process, or of an address, are limited. */
function isBounded({
  maxConnections,
  maxConnectionsPerAddress,
  maxNewConnectionsPerAddress,
}: Config): boolean {
  return Math.min(maxConnections, maxConnectionsPerAddress, maxNewConnectionsPerAddress) < Infinity;
}
