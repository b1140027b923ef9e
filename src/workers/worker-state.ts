import { refuseByConnection } from '../app/channel-limits.ts';
import type { LocalApps } from '../app/local-app.ts';
import type { LocalDelivery } from '../app/local-delivery.ts';
import type { Notifier } from '../app/notifier.ts';
import type { ClientParts } from '../clients.ts';
import type { Config } from '../config/schema.ts';
import type { ThreadOnRedis } from '../observe/prometheus.ts';
import type { MaybePromise } from '../ports/maybe-promise.ts';
import type { RedisNode } from '../redis-node.ts';
import type { Interest } from './interest.ts';
import { keeper, type KeeperOfState, type WorkerOfState } from './keeper-methods.ts';
import type { Line } from './line.ts';
import { CountsOfWorker } from './subscriber-counts.ts';
import { createWorkerFanout } from './worker-fanout.ts';
import { WorkerLedger } from './worker-ledger.ts';

/** What a worker shares with the other threads, and perhaps with other nodes. */
export interface WorkerState {
  /** What its clients take part in. */
  readonly parts: Omit<ClientParts, 'slices' | 'witness'>;
  /** What the keeper says of channels and users. */
  readonly heard: Pick<WorkerOfState, 'notice' | 'watched'>;
  /** Other apps are served now. */
  changed(): void;
  /** The clients of an app that is gone have left: so does whatever else is known of it here. */
  retire(appId: string): MaybePromise<void>;
  /** What only a worker that is a node on Redis has to say of itself. */
  read(): ThreadOnRedis | undefined;
  /** Ends this worker's part, after its clients have left. */
  close(): MaybePromise<void>;
}

/** What the state of a worker is made with. */
export interface WorkerStateOptions {
  readonly config: Config;
  readonly apps: LocalApps;
  readonly line: Line<KeeperOfState & WorkerOfState>;
}

/** The state that the keeper holds, at the other end of the line. */
export function createKeptState(
  { config, line }: Omit<WorkerStateOptions, 'apps'>,
  {
    interest,
    local,
    notifier,
  }: { readonly interest: Interest; readonly local: LocalDelivery; readonly notifier: Notifier },
): WorkerState {
  const ledger = new WorkerLedger({ line, interest, ...notifier });
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
      counts: new CountsOfWorker(line),
      outbox: {
        append: (appId, events) => line.tell(keeper, 'append', appId, events),
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
          if (remoteAddress !== undefined) line.tell(keeper, 'exit', appId, remoteAddress);
        },
      },
    },
    heard: {
      notice: (_, ...notice) => ledger.notice(...notice),
      watched: (_, ...change) => ledger.watched(...change),
    },
    changed() {},
    retire: (appId) => ledger.retire(appId),
    read: () => undefined,
    close() {},
  };
}

/** The state that all nodes share on Redis: the worker is one of them. Only who is let in to the process is counted by the keeper. */
export function createStateOnRedis({ config, apps, line }: WorkerStateOptions, node: RedisNode): WorkerState {
  const { ledger, fanout, counts, outbox, slots } = node;
  const isOfAll = isBounded(config);
  const exit = (appId: string, remoteAddress: string | undefined): void => {
    if (isOfAll && remoteAddress !== undefined) line.tell(keeper, 'exit', appId, remoteAddress);
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
    heard: { notice() {}, watched() {} },
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

/** Whether it matters how many connections there are to the process, or from an address. */
function isBounded({
  maxConnections,
  maxConnectionsPerAddress,
  maxNewConnectionsPerAddress,
}: Config): boolean {
  return Math.min(maxConnections, maxConnectionsPerAddress, maxNewConnectionsPerAddress) < Infinity;
}
