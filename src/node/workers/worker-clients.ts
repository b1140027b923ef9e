import { randomUUID } from 'node:crypto';
import { Admissions } from '../../apps/admissions.ts';
import type { LocalDelivery } from '../../apps/local-delivery.ts';
import type { ClientParts, Clients, ClientsOptions, JoinedClients } from '../clients.ts';
import type { PrometheusMetrics, WorkerReading } from '../../observe/prometheus.ts';
import type { Ledger } from '../../ports/ledger.ts';
import type { Refusal } from '../../ports/refusals.ts';
import { isStartCode, StartError } from '../../ports/start-error.ts';
import type { Witness } from '../../ports/witness.ts';
import { startExclusively } from '../../transport/exclusive-start.ts';
import { reservePort } from '../../transport/listening-socket.ts';
import { createGateway } from '../../transport/gateway.ts';
import { serverStarting } from '../../transport/http-message.ts';
import { loadUws } from '../../transport/uws.ts';
import { describeRoutes, ForwardedRequests } from './forwarding.ts';
import { createInterestTable, indicesOf, Interest } from './interest.ts';
import { keeper, type KeeperOfState } from './keeper-methods.ts';
import { Line } from './line.ts';
import { createSeats } from './mesh.ts';
import { startThreads, type Pool } from './pool.ts';
import { replayObservations, type Seen } from './worker-observer.ts';
import type { StartFailure, Keeper, WorkerMethods } from './server-methods.ts';
import { StateKeeper } from './state-keeper.ts';
import { createWorkerConnections } from './worker-connections.ts';
import { WorkerCounts } from './subscriber-counts.ts';
import { createWorkerFanout } from './worker-fanout.ts';
import { watchedName } from './worker-ledger.ts';

/** The dependencies of clients on worker threads. */
export interface WorkerClientsOptions extends ClientsOptions {
  /** The metrics, which read the counters of the workers when they are requested. */
  readonly counted: PrometheusMetrics;
  /** Records what happens on the workers; undefined: nothing is recorded. */
  readonly recording: WorkerRecording | undefined;
  /** Called when a worker has ended unexpectedly. Must not return. */
  readonly failed: (worker: number, reason: string) => void;
}

/** Records what happens on the workers. */
export interface WorkerRecording {
  readonly witness: Witness;
  refused(this: void, refusal: Refusal, times: number): void;
  /** Adds what a worker has counted since its last report. */
  countMore(more: { connections: number; published: number; received: number }): void;
}

/**
 * Creates the keeper's side of clients on worker threads. The threads start when clients are served. Rejects with a StartError if
 * the native module cannot be loaded.
 */
export async function createWorkerClients(options: WorkerClientsOptions): Promise<Clients> {
  const { config, apps, log, metrics, recording } = options;
  const { workers } = config;
  const uws = await loadUws();
  const seats = createSeats(workers + 1);
  const processId = randomUUID();
  const table = createInterestTable();
  const interest = new Interest(table, keeper);
  const apart = createGateway(uws, {
    ...config,
    frameCeilingBytes: 0,
    bodyBytes: () => 0,
    mostConnections: options.shares,
    clock: options.livenessClock,
    ids: options.ids,
    log,
    refused: options.refused,
    answered: (route, status) => metrics.httpRequest(route, status),
  });
  /** Undefined until `join` is called. */
  let state: StateKeeper | undefined;
  let requests: ForwardedRequests | undefined;
  let opened = (): void => {};
  const stateful = (): StateKeeper => {
    if (state === undefined) throw new Error('a worker has called before the clients were joined');
    opened();
    return state;
  };
  const readings = new Map<number, WorkerReading>();
  const full = new Set<number>();
  const noted = (worker: number, reading: WorkerReading): void => {
    recording?.countMore(differenceOf(readings.get(worker), reading));
    readings.set(worker, reading);
  };
  const methods: Keeper = {
    ...passOn(stateful),
    log: (_, level, fields, message) => log[level](fields, message),
    seen(_, seen) {
      if (recording !== undefined) observe(seen, recording, options.livenessClock.now());
    },
    counted(from, reading, isFull) {
      noted(from, reading);
      if (isFull) full.add(from);
      else full.delete(from);
    },
    request(from, route, request) {
      opened();
      return requests?.request(from, route, request) ?? serverStarting;
    },
    streamOpened: (_, stream) => requests?.opened(stream),
    streamGiven: (_, stream, characters) => requests?.given(stream, characters),
    streamGone: (_, stream) => requests?.gone(stream),
  };
  const [own, ...others] = seats;
  if (own === undefined) throw new Error('there is no seat for the keeper');
  const line = new Line<WorkerMethods>(own, methods);
  const all = others.map(({ index }) => index);
  const subscribers = new WorkerCounts(line, interest);
  subscribers.follow(apps, []);
  const terminate: LocalDelivery['terminate'] = (appId, userId) => {
    for (const worker of all) line.send(worker, 'terminate', appId, userId);
    return 'done';
  };
  const notifyHolders = (name: string, appId: string, notify: (worker: number) => void): void => {
    for (const worker of indicesOf(interest.others(appId, name))) notify(worker);
  };
  let pool: Pool | undefined;
  /** Calls all running threads. */
  const askAll = <Answer>(ask: (worker: number) => Promise<Answer>): Promise<Answer[]> =>
    Promise.all(pool === undefined ? [] : all.map(ask));
  options.counted.observeWorkers(() =>
    askAll(async (worker) => {
      const reading = await line.call(worker, 'read');
      noted(worker, reading);
      return reading;
    }),
  );

  const local: LocalDelivery = {
    ...createWorkerFanout({ line, interest, local: undefined, terminate }),
    terminate,
    terminateOlder() {},
  };
  return {
    gateway: {
      get isFull() {
        return full.size === workers;
      },
      async reloadTls(files) {
        const shown = await askAll((worker) => line.call(worker, 'showCertificate', files));
        for (const one of shown) if (typeof one === 'object') throw startErrorOf(one);
        return shown.includes(true);
      },
      stop() {
        for (const worker of all) line.send(worker, 'stop');
        apart.stop();
      },
      async close() {
        apart.close();
        await askAll((worker) => line.call(worker, 'closeState'));
        await pool?.end();
        line.close();
      },
    },
    local,
    // The keeper receives nothing from Redis for clients.
    process: { id: processId, fanout: local },
    notifier: {
      notify: (appId, channel, notice) =>
        notifyHolders(channel, appId, (worker) => line.send(worker, 'notice', appId, channel, notice)),
      notifyCount() {},
      notifyWatchers: (appId, userId, change) =>
        notifyHolders(watchedName(userId), appId, (worker) =>
          line.send(worker, 'watched', appId, userId, change),
        ),
    },
    countSubscribers: (appId, channel) => subscribers.noted(appId, channel),
    // With Redis, subscribers are counted there.
    complete: (ledger) => (config.redis === undefined ? withSubscribers(ledger, subscribers) : ledger),
    otherThreads: () => [...readings.values()].flatMap(({ onRedis }) => onRedis ?? []),
    join(parts: ClientParts): JoinedClients {
      state = new StateKeeper({
        ...options,
        ...parts,
        workers,
        subscribers,
        admissions: new Admissions(config),
      });
      return {
        hub: undefined,
        connections: createWorkerConnections({ line, workers: all, readings: () => readings.values(), apps }),
        async serveOnly(configured, gone) {
          const running = pool === undefined ? [] : all;
          // The clients of a removed app are counted until they have left.
          subscribers.follow([...apps, ...gone], running);
          await askAll((worker) => line.call(worker, 'serveOnly', configured));
          if (gone.length > 0) subscribers.follow(apps, running);
        },
        async serve({ routes, opened: given }) {
          // The first worker has clients before the last one listens.
          if (given !== undefined) opened = given;
          requests = new ForwardedRequests(routes, { line, log });
          // The workers share the port, so they would not notice another program on it.
          const reserved = await startExclusively(config, () => reservePort(uws, config));
          const { port } = reserved;
          const { shares } = options;
          pool = startThreads(
            others.map((seat) => ({
              seat,
              processId,
              table,
              config,
              applications: Array.from(apps, (app) => app.config),
              routes: describeRoutes(routes),
              shares: shares && {
                ...shares,
                clients: Math.max(1, Math.floor(shares.clients / workers)),
              },
              isDebug: log.isDebug,
              isTrace: log.isTrace,
              isObserved: recording !== undefined,
            })),
            options.failed,
          );
          const failures = await askAll((worker) => line.call(worker, 'serve', port)).finally(() =>
            reserved.release(),
          );
          const failure = failures.find((one) => one !== undefined);
          if (failure !== undefined) {
            await pool.end();
            throw startErrorOf(failure);
          }
          return { port, ...apart.serveApart(routes) };
        },
        async leave() {
          await askAll((worker) => line.call(worker, 'leave'));
        },
      };
    },
  };
}

/** Passes calls about the state on to its keeper. */
function passOn(state: () => KeeperOfState): KeeperOfState {
  return {
    join: (...step) => state().join(...step),
    leave: (...step) => state().leave(...step),
    cacheEvent: (...step) => state().cacheEvent(...step),
    forgetCacheMiss: (...step) => state().forgetCacheMiss(...step),
    signIn: (...step) => state().signIn(...step),
    signOut: (...step) => state().signOut(...step),
    admitTriggers: (...step) => state().admitTriggers(...step),
    channel: (...step) => state().channel(...step),
    occupiedChannels: (...step) => state().occupiedChannels(...step),
    append: (...step) => state().append(...step),
    kept: (from) => state().kept(from),
    enter: (...step) => state().enter(...step),
    countOpen: (...step) => state().countOpen(...step),
    exit: (...step) => state().exit(...step),
    terminate: (...step) => state().terminate(...step),
    count: (...step) => state().count(...step),
    counts: (...step) => state().counts(...step),
  };
}

/** The error of a start that failed on a worker, as if it had failed on this thread. */
function startErrorOf({ code, failed }: StartFailure): Error {
  return isStartCode(code) ? new StartError(code, failed) : new Error(failed);
}

function observe(seen: Seen, recording: WorkerRecording, now: number): void {
  replayObservations(seen, recording.witness, now);
  for (const [refusal, times] of seen.refused) recording.refused(refusal, times);
}

/** Returns the ledger with queries about subscribers answered by the workers. */
function withSubscribers(ledger: Ledger, subscribers: WorkerCounts): Ledger {
  return {
    join: (join) => ledger.join(join),
    leave: (leave) => ledger.leave(leave),
    sweep: () => ledger.sweep(),
    retire: (appId) => ledger.retire(appId),
    cacheEvent: (...step) => ledger.cacheEvent(...step),
    forgetCacheMiss: (...step) => ledger.forgetCacheMiss(...step),
    occupiedChannels: (...step) => ledger.occupiedChannels(...step),
    signIn: (signIn) => ledger.signIn(signIn),
    unwatch: (...step) => ledger.unwatch(...step),
    signOut: (...step) => ledger.signOut(...step),
    admitTriggers: (...step) => ledger.admitTriggers(...step),
    channel: (...about) => subscribers.complete(ledger, ...about),
  };
}

/** Returns what a worker has counted since its previous report. */
function differenceOf(
  before: WorkerReading | undefined,
  after: WorkerReading,
): { connections: number; published: number; received: number } {
  const grown = (name: string): number => sumOf(after, name) - sumOf(before, name);
  return { connections: grown('connections'), published: grown('published'), received: grown('received') };
}

function sumOf(reading: WorkerReading | undefined, name: string): number {
  return (reading?.counted[name] ?? []).reduce((sum, [, value]) => sum + value, 0);
}
