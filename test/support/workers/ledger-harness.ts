import { Admissions } from '../../../src/apps/admissions.ts';
import { LocalApps } from '../../../src/apps/local-app.ts';
import type { Ledger } from '../../../src/ports/ledger.ts';
import { noMetrics } from '../../../src/ports/metrics.ts';
import type { SocketId } from '../../../src/protocol/socket-id.ts';
import { MemoryLedger } from '../../../src/store/memory/ledger.ts';
import { createInterestTable, indicesOf, Interest } from '../../../src/node/workers/interest.ts';
import { keeper, type KeeperOfState, type WorkerOfState } from '../../../src/node/workers/keeper-methods.ts';
import { Line } from '../../../src/node/workers/line.ts';
import { createSeats } from '../../../src/node/workers/mesh.ts';
import { StateKeeper } from '../../../src/node/workers/state-keeper.ts';
import { watchedName, WorkerLedger } from '../../../src/node/workers/worker-ledger.ts';
import type { LedgerHarness, LedgerSurroundings } from '../property/ledger-port.ts';
import { noSlices } from '../turns.ts';
import { application } from '../unit/application.ts';

/** The last digit of a connection's name selects its worker. */
function workerOf(connection: string | undefined, workers: number): number {
  const figure = /(\d)$/.exec(connection ?? '')?.[1];
  return 1 + (Number(figure ?? 0) % workers);
}

/** Creates ledgers of several workers and a keeper, each with a port of its own, but all on one thread. */
export function workersLedgerHarness(workers: number, share = 1): LedgerHarness {
  const lines = new Map<Ledger, readonly { close(): void }[]>();
  let barrier = async (): Promise<void> => {};
  return {
    isAlone: true,
    share,
    nodeOf: (connection) => workerOf(connection, workers),
    make(surroundings: LedgerSurroundings) {
      const [keeperSeat, ...seats] = createSeats(workers + 1);
      if (keeperSeat === undefined) throw new Error('there is no seat for the keeper');
      const table = createInterestTable(256);
      const interest = new Interest(table, keeper);
      const apps = new LocalApps(['a1', 'a2'].map((id) => application({ id, key: `key-${id}` })));
      const notifyWorkers = (bits: number, each: (worker: number) => void): void => {
        for (const worker of indicesOf(bits)) each(worker);
      };
      const ledger = new MemoryLedger({
        ...surroundings,
        ...noSlices(),
        metrics: noMetrics,
        notify(appId, channel, notice) {
          surroundings.notify(appId, channel, notice);
          notifyWorkers(interest.others(appId, channel), (worker) =>
            line.send(worker, 'notice', appId, channel, notice),
          );
        },
        notifyWatchers(appId, userId, state) {
          notifyWorkers(interest.others(appId, watchedName(userId)), (worker) =>
            line.send(worker, 'watched', appId, userId, state),
          );
        },
      });
      const state: KeeperOfState = new StateKeeper({
        ...surroundings,
        workers,
        apps,
        ledger,
        counts: { changed: () => {} },
        fanout: { terminate: () => 'done' },
        // The driver counts connections, not the workers.
        subscribers: {
          complete: (of, ...about) => of.channel(...about),
          app: () => undefined,
          note: () => false,
          noteAll: () => [],
        },
        admissions: new Admissions({
          maxConnections: Infinity,
          maxConnectionsPerAddress: Infinity,
          maxNewConnectionsPerAddress: Infinity,
        }),
      });
      const line = new Line<WorkerOfState>(keeperSeat, state);
      const all = seats.map((seat) => {
        const own = new Line<KeeperOfState>(seat, {
          notice: (_, ...notice) => of.notice(...notice),
          watched: (_, ...change) => of.watched(...change),
        } satisfies Partial<WorkerOfState>);
        const of: WorkerLedger = new WorkerLedger({
          line: own,
          interest: new Interest(table, seat.index),
          notify: () => {},
          notifyWatchers: surroundings.notifyWatchers,
        });
        return { line: own, ledger: of };
      });
      const on = (source: SocketId | undefined): WorkerLedger => {
        const found = all[workerOf(source, workers) - 1];
        if (found === undefined) throw new Error('there is no such worker');
        return found.ledger;
      };
      const first = on(undefined);
      const facade: Ledger = {
        join: (join) => on(join.source).join(join),
        leave: (leave) => on(leave.source).leave(leave),
        sweep: () => ledger.sweep(),
        retire(appId) {
          for (const { ledger: of } of all) of.retire(appId);
          return ledger.retire(appId);
        },
        cacheEvent: (...step) => first.cacheEvent(...step),
        forgetCacheMiss: (...step) => first.forgetCacheMiss(...step),
        channel: (...step) => first.channel(...step),
        occupiedChannels: (...step) => first.occupiedChannels(...step),
        signIn: (signIn) => first.signIn(signIn),
        unwatch: (...step) => first.unwatch(...step),
        signOut: (...step) => first.signOut(...step),
        admitTriggers: (...step) => first.admitTriggers(...step),
      };
      lines.set(facade, [line, ...all.map((one) => one.line)]);
      barrier = async () => {
        // Everything that the worker sent before is processed before this is answered, and everything from
        // the keeper has arrived.
        for (const { line: own } of all) await own.call(keeper, 'kept');
        for (const { line: own } of all) await own.call(keeper, 'kept');
      };
      return facade;
    },
    settled: () => barrier(),
    async dispose(ledger) {
      for (const line of lines.get(ledger) ?? []) line.close();
      lines.delete(ledger);
    },
  };
}
