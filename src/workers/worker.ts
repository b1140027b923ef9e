import { performance } from 'node:perf_hooks';
import { apiRoute } from '../app/api-route.ts';
import type { Application } from '../app/application.ts';
import { refuseByConnection } from '../app/channel-limits.ts';
import { LocalApps } from '../app/local-app.ts';
import { PublishingApi } from '../app/publishing-api.ts';
import { RefusalLog } from '../app/refusal-log.ts';
import { createOwnClients, type Clients, type JoinedClients } from '../clients.ts';
import type { Config } from '../config/schema.ts';
import {
  createPrometheusMetrics,
  type PrometheusMetrics,
  type WorkerReading,
} from '../observe/prometheus.ts';
import type { Log } from '../ports/log.ts';
import type { Refusal } from '../ports/refusals.ts';
import { isHttpError } from '../protocol/http-error.ts';
import { Slices } from '../structures/slices.ts';
import { systemClock, systemNextTurn, systemWallTime } from '../system/clock.ts';
import { createRandomIds } from '../system/ids.ts';
import type { FileShares } from '../system/open-files.ts';
import { refusal, type OutgoingResponse, type RequestHead } from '../transport/http-message.ts';
import type { Route } from '../transport/http.ts';
import { createOwnRoutes } from '../transport/routes.ts';
import { Forwarder, type ForwardedRoute } from './forwarding.ts';
import { Interest } from './interest.ts';
import { keeper } from './keeper-methods.ts';
import { Line } from './line.ts';
import type { MeshSeat } from './mesh.ts';
import { SeenByWorker } from './seen.ts';
import type { Failure, Keeper, Level, WorkerMethods } from './server-methods.ts';
import { CountsOfWorker } from './subscriber-counts.ts';
import { createWorkerFanout } from './worker-fanout.ts';
import { WorkerLedger } from './worker-ledger.ts';

/** What a worker thread is started with. */
export interface WorkerSeat {
  readonly seat: MeshSeat;
  /** The table of interest. */
  readonly table: Int32Array;
  readonly config: Config;
  readonly applications: readonly Application[];
  readonly routes: readonly ForwardedRoute[];
  readonly shares: FileShares | undefined;
  readonly isDebug: boolean;
  readonly isTrace: boolean;
  /** Whether somebody looks at what happens. */
  readonly isSeen: boolean;
}

/** So many channels are left in one turn of the event loop. */
const leavesPerTurn = 500;

/** So often the keeper is told what was counted, while that changes. */
const countedEveryMs = 500;

/**
 * A worker: clients on this thread, and the way to the keeper for everything that is true of the whole process. `close` cuts what
 * is still open.
 */
export async function runWorker(given: WorkerSeat): Promise<{ close(): void }> {
  const { seat, table, config, shares } = given;
  const interest = new Interest(table, seat.index);
  const apps = new LocalApps(given.applications);
  const metrics = createPrometheusMetrics();
  let clients: Clients | undefined;
  let joined: JoinedClients | undefined;
  const present = (): { readonly clients: Clients; readonly joined: JoinedClients } => {
    if (clients === undefined || joined === undefined) throw new Error('the worker has not begun');
    return { clients, joined };
  };
  const read = (): WorkerReading => readSelf(metrics);
  const methods: WorkerMethods = {
    frame: (_, ...[appId, channel, frame, except]) =>
      clients?.local.publish(appId, channel, () => frame, except),
    notice: (_, ...notice) => ledger.notice(...notice),
    watched: (_, ...change) => ledger.watched(...change),
    terminate: (_, appId, userId) => void clients?.local.terminate(appId, userId),
    subscribers: (_, appId, channel) => apps.byId(appId)?.registry.subscribers(channel) ?? 0,
    serve: (_, port) => failing(() => present().joined.serve({ routes, port })),
    async serveOnly(_, configured) {
      const gone = apps.replace(configured);
      await present().joined.serveOnly(configured, gone);
      for (const app of gone) ledger.retire(app.config.id);
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
    speak: (_, ...about) => present().joined.connections.speak(...about),
    streamText: (_, stream, text) => forwarder.text(stream, text),
    streamEnd: (_, stream) => forwarder.end(stream),
    stop: () => present().clients.gateway.stop(),
    leave: () => present().joined.leave(),
  };
  const log = logByLine({ tell: (...message) => line.tell(...message) }, given);
  const seen = given.isSeen
    ? new SeenByWorker({
        clock: systemClock,
        sessionClock: systemClock,
        tell: (what) => line.tellLater(keeper, 'seen', what),
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
  // Not before: what comes by it is done at once.
  const line = new Line<Keeper & WorkerMethods>(seat, methods);
  const { local, notifier } = clients;
  const ledger = new WorkerLedger({ line, interest, ...notifier });
  const fanout = createWorkerFanout({
    line,
    interest,
    local,
    async terminate(appId, userId) {
      await line.call(keeper, 'terminate', appId, userId);
      return 'done' as const;
    },
  });
  const isBounded =
    Math.min(config.maxConnections, config.maxConnectionsPerAddress, config.maxNewConnectionsPerAddress) <
    Infinity;
  joined = clients.join({
    ledger,
    fanout,
    counts: new CountsOfWorker(line),
    outbox: {
      append: (appId, events) => line.tell(keeper, 'append', appId, events),
      kept: () => (config.store === undefined ? undefined : line.call(keeper, 'kept')),
    },
    slices: new Slices(leavesPerTurn, systemNextTurn),
    ...(seen && { witness: seen.witness }),
    refuseChannel: refuseByConnection((app, channel) => {
      if (app.registry.subscribers(channel) > 0) return true;
      return interest.others(app.config.id, channel) !== 0;
    }),
    admissions: undefined,
    pingsWait: true,
    slots: {
      areForAll: isBounded,
      take: (appId, limit, remoteAddress) => line.call(keeper, 'enter', appId, remoteAddress, limit),
      release(appId, remoteAddress) {
        if (remoteAddress !== undefined) line.tell(keeper, 'exit', appId, remoteAddress);
      },
    },
  });
  const api = new PublishingApi({
    apps,
    ledger,
    fanout,
    metrics,
    log,
    wallTime: systemWallTime,
    ...(seen && { witness: seen.witness }),
  });
  const forwarder = new Forwarder(line);
  const routes = routesOf(given.routes, createOwnRoutes(api), forwarder, apps);
  const telling = tellCounted(read, (reading) =>
    line.tell(keeper, 'counted', reading, present().clients.gateway.isFull),
  );
  return {
    close() {
      clearInterval(telling);
      seen?.close();
      refusals.close();
      void present().clients.gateway.close();
    },
  };
}

/** The routes of this worker, and those that it passes on. A request of no app's is refused here. */
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
  const passedOn = described.flatMap((route, index) => {
    const isOwn = own.some(({ method, pattern }) => method === route.method && pattern === route.pattern);
    if (isOwn) return [];
    return [forwarder.route(route, index, route.pattern.startsWith('/apps/') ? gate : undefined)];
  });
  return [...own, ...passedOn];
}

function readSelf(metrics: PrometheusMetrics): WorkerReading {
  const { heapTotal, heapUsed } = process.memoryUsage();
  const { active } = performance.eventLoopUtilization();
  return { counted: metrics.counted(), busyMs: active, heapTotal, heapUsed };
}

/** Tells what was counted, again and again while it changes. */
function tellCounted(read: () => WorkerReading, tell: (reading: WorkerReading) => void): NodeJS.Timeout {
  let before = '';
  return setInterval(() => {
    const reading = read();
    const counted = JSON.stringify(reading.counted);
    if (counted === before) return;
    before = counted;
    tell(reading);
  }, countedEveryMs);
}

/** Undefined when it succeeds; else why not, as it can be told. */
async function failing(work: () => Promise<unknown>): Promise<Failure | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
    return { failed: error instanceof Error ? error.message : String(error), code };
  }
}

function logByLine(
  line: Pick<Line<Keeper>, 'tell'>,
  { isDebug, isTrace, seat }: Pick<WorkerSeat, 'isDebug' | 'isTrace' | 'seat'>,
): Log {
  const write =
    (level: Level) =>
    (fields: Readonly<Record<string, unknown>>, message: string): void =>
      line.tell(keeper, 'log', level, { worker: seat.index, ...cloneable(fields) }, message);
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

/** What is written of it anyway. */
function cloneable(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      typeof value === 'function' || typeof value === 'symbol' ? String(value) : value,
    ]),
  );
}
