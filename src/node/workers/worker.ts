import { performance } from 'node:perf_hooks';
import { apiRoute } from '../../http-api/api-route.ts';
import type { Application } from '../../apps/application.ts';
import { LocalApps } from '../../apps/local-app.ts';
import { RefusalLog } from '../../connections/refusal-log.ts';
import { StateApi } from '../../http-api/state-api.ts';
import { createOwnClients, type Clients, type JoinedClients } from '../clients.ts';
import type { Config } from '../../config/schema/schema.ts';
import {
  createPrometheusMetrics,
  type PrometheusMetrics,
  type WorkerReading,
} from '../../observe/prometheus.ts';
import { readPerTurn } from '../per-turn.ts';
import type { Log, LogFields } from '../../ports/log.ts';
import type { Refusal } from '../../ports/refusals.ts';
import { isHttpError } from '../../protocol/http-error.ts';
import type { RedisNode, RedisNodeOptions } from '../redis-node.ts';
import { Slices } from '../../structures/slices.ts';
import { TurnBudget } from '../../structures/turn-budget.ts';
import { systemClock, systemNextTurn, systemWallTime } from '../../system/clock.ts';
import { createRandomIds } from '../../system/ids.ts';
import type { FileShares } from '../../system/open-files.ts';
import { refusal, type OutgoingResponse, type RequestHead } from '../../transport/http-message.ts';
import type { Route } from '../../transport/http.ts';
import { createOwnRoutes, createStateRoutes } from '../../transport/routes.ts';
import { Forwarder, type ForwardedRoute } from './forwarding.ts';
import { Interest } from './interest.ts';
import { keeper } from './keeper-methods.ts';
import { Line } from './line.ts';
import type { MeshSeat } from './mesh.ts';
import { WorkerObserver } from './worker-observer.ts';
import type { StartFailure, Keeper, Level, WorkerMethods } from './server-methods.ts';
import { createKeptState, createNodeProcess, createStateOnRedis } from './worker-state.ts';

/** What a worker thread is started with. */
export interface WorkerSeat {
  readonly seat: MeshSeat;
  /** The id of the process, the same for all its workers. */
  readonly processId: string;
  /** The table of interest. */
  readonly table: Int32Array;
  readonly config: Config;
  readonly applications: readonly Application[];
  readonly routes: readonly ForwardedRoute[];
  readonly shares: FileShares | undefined;
  readonly isDebug: boolean;
  readonly isTrace: boolean;
  /** Whether the keeper records what happens on the workers. */
  readonly isObserved: boolean;
}

/** The interval of reports to the keeper of what was counted, while that changes. */
const countedEveryMs = 500;

/**
 * Runs a worker: it serves clients on this thread, and asks the keeper for everything that concerns the whole process. `close` cuts
 * the connections that are still open.
 */
export async function runWorker(given: WorkerSeat): Promise<{ close(): void }> {
  const { seat, config, shares } = given;
  const perTurn = readPerTurn(config);
  const slices = new Slices(perTurn.leaves, systemNextTurn);
  const apps = new LocalApps(given.applications);
  const metrics = createPrometheusMetrics();
  let clients: Clients | undefined;
  let joined: JoinedClients | undefined;
  const present = (): { readonly clients: Clients; readonly joined: JoinedClients } => {
    if (clients === undefined || joined === undefined) throw new Error('the worker has not started');
    return { clients, joined };
  };
  const read = (): WorkerReading => ({ ...readSelf(metrics), onRedis: state.read() });
  const methods: WorkerMethods = {
    frame: (_, ...[appId, channel, frame, except]) =>
      clients?.local.publish(appId, channel, () => frame, except),
    notice: (...notice) => state.handlers.notice(...notice),
    watched: (...change) => state.handlers.watched(...change),
    terminate: (_, appId, userId) => void clients?.local.terminate(appId, userId),
    subscribers: (_, appId, channel) => apps.byId(appId)?.registry.subscribers(channel) ?? 0,
    serve: async (_, port) => unready ?? failing(() => present().joined.serve({ routes, port })),
    async serveOnly(_, configured) {
      const gone = apps.replace(configured);
      const left = present().joined.serveOnly(configured, gone);
      state.changed();
      await left;
      for (const app of gone) await state.retire(app.config.id);
    },
    async showCertificate(_, files) {
      let isNew = false;
      const failure = await failing(async () => {
        isNew = await present().clients.gateway.reloadTls(files);
      });
      return failure ?? isNew;
    },
    read,
    connections: (_, ...about) => present().joined.connections.list(...about),
    closeConnection: (_, ...about) => present().joined.connections.close(...about),
    closeMembers: (_, ...about) => present().joined.connections.closeMembers(...about),
    sendAs: (_, ...about) => present().joined.connections.sendAs(...about),
    streamText: (_, stream, text) => forwarder.text(stream, text),
    streamEnd: (_, stream) => forwarder.end(stream),
    stop: () => present().clients.gateway.stop(),
    leave: () => present().joined.leave(),
    closeState: () => state.close(),
  };
  // Messages that are logged before the line exists are sent when it does.
  const early: LogMessage[] = [];
  let write = (...message: LogMessage): void => void early.push(message);
  const log = logByLine((...message) => write(...message), given);
  const seen = given.isObserved
    ? new WorkerObserver({
        clock: systemClock,
        sessionClock: systemClock,
        send: (what) => line.sendLater(keeper, 'seen', what),
      })
    : undefined;
  const refusals = new RefusalLog({
    clock: systemClock,
    log,
    metrics,
    isApp: (appId) => apps.byId(appId) !== undefined,
  });
  const refused = (what: Refusal): void => {
    refusals.refused(what);
    seen?.refused(what);
  };
  const trace = given.isTrace ? new (await import('../trace.ts')).Trace({ log, apps, config }) : undefined;
  clients = await createOwnClients({
    config,
    apps,
    clock: systemClock,
    livenessClock: systemClock,
    ids: createRandomIds(),
    log,
    metrics,
    refused,
    shares,
    trace,
    isShared: true,
  });
  const { local, notifier } = clients;
  const nodeProcess = createNodeProcess(given, { local, line: () => line });
  const node = await createNode({ ...clients, config, apps, log, metrics, slices, process: nodeProcess });
  const unready = node && (await failing(() => node.start()));
  // The line must not exist earlier, because received calls are executed immediately.
  const line = new Line<Keeper & WorkerMethods>(seat, methods);
  const state =
    node === undefined
      ? createKeptState(
          { config, apps, line },
          { interest: new Interest(given.table, seat.index), local, notifier },
        )
      : createStateOnRedis({ config, apps, line }, node);
  write = (...message) => line.send(keeper, 'log', ...message);
  for (const message of early) write(...message);
  const { ledger, fanout } = state.parts;
  const witnessed = seen && { witness: seen.witness };
  joined = clients.join({ ...state.parts, slices, ...witnessed });
  const api = new StateApi({
    apps,
    ledger,
    fanout,
    metrics,
    log,
    wallTime: systemWallTime,
    questions: new TurnBudget(perTurn.questions, systemNextTurn),
    ...witnessed,
  });
  const forwarder = new Forwarder(line);
  // The keeper serves the routes that need its knowledge.
  const own = [...createOwnRoutes(api), ...(node === undefined ? [] : createStateRoutes(api))];
  const routes = routesOf(given.routes, own, forwarder, apps);
  const reporting = reportCounted(read, (reading) =>
    line.send(keeper, 'counted', reading, present().clients.gateway.isFull),
  );
  return {
    close() {
      clearInterval(reporting);
      seen?.close();
      refusals.close();
      void present().clients.gateway.close();
    },
  };
}

/** Creates the node that this worker is on Redis; undefined without Redis. */
async function createNode(options: Omit<RedisNodeOptions, 'clock'>): Promise<RedisNode | undefined> {
  const { redis } = options.config;
  if (redis === undefined) return undefined;
  // Loaded only when it is used.
  const { createRedisNode } = await import('../redis-node.ts');
  return createRedisNode(redis, { ...options, clock: systemClock });
}

/** Returns the routes of this worker, and those that it forwards to the keeper. Requests for unknown apps are refused here. */
function routesOf(
  described: readonly ForwardedRoute[],
  own: readonly Route[],
  forwarder: Forwarder,
  apps: LocalApps,
): readonly Route[] {
  const signed = apiRoute({ apps, wallTime: systemWallTime }, () => ({ json: '{}' }));
  const gate = (head: RequestHead): OutgoingResponse | undefined => {
    const admitted = signed(head);
    return isHttpError(admitted) ? refusal(admitted) : undefined;
  };
  const forwarded = described.flatMap((route, index) => {
    const isOwn = own.some(({ method, pattern }) => method === route.method && pattern === route.pattern);
    if (isOwn) return [];
    return [forwarder.route(route, index, route.pattern.startsWith('/apps/') ? gate : undefined)];
  });
  return [...own, ...forwarded];
}

function readSelf(metrics: PrometheusMetrics): WorkerReading {
  const { heapTotal, heapUsed } = process.memoryUsage();
  const { active } = performance.eventLoopUtilization();
  return { counted: metrics.counted(), busyMs: active, heapTotal, heapUsed };
}

/** Reports the counters and the state of this worker periodically, if they have changed. */
function reportCounted(read: () => WorkerReading, report: (reading: WorkerReading) => void): NodeJS.Timeout {
  let before = '';
  return setInterval(() => {
    const reading = read();
    const text = JSON.stringify([reading.counted, reading.onRedis]);
    if (text === before) return;
    before = text;
    report(reading);
  }, countedEveryMs);
}

/** Runs `work`. Returns undefined if it succeeds; otherwise the failure in a form that can be cloned. */
async function failing(work: () => Promise<unknown>): Promise<StartFailure | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
    return { failed: error instanceof Error ? error.message : String(error), code };
  }
}

type LogMessage = [level: Level, fields: LogFields, message: string];

function logByLine(
  send: (...message: LogMessage) => void,
  { isDebug, isTrace, seat }: Pick<WorkerSeat, 'isDebug' | 'isTrace' | 'seat'>,
): Log {
  const write =
    (level: Level) =>
    (fields: LogFields, message: string): void =>
      send(level, { worker: seat.index, ...cloneable(fields) }, message);
  return {
    isDebug,
    isTrace,
    trace: write('trace'),
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
  };
}

/** Replaces the values that cannot be cloned by their texts. The log would write the same. */
function cloneable(fields: LogFields): LogFields {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      typeof value === 'function' || typeof value === 'symbol' ? String(value) : value,
    ]),
  );
}
