import { Api } from '../http-api/api.ts';
import { LocalApps } from '../apps/local-app.ts';
import type { BackplaneOptions } from './backplane.ts';
import { createOwnClients, type ClientFront } from './clients.ts';
import { isProduction } from '../config/environment.ts';
import type { Config } from '../config/schema/schema.ts';
import { toApplication } from '../configuration/applications.ts';
import { ConfigurationInForce } from '../configuration/in-force.ts';
import { readVersion } from '../observe/process-metrics.ts';
import { createSender } from '../delivery/sender.ts';
import { silentLog } from '../ports/log.ts';
import { followConfiguration } from './follow-configuration.ts';
import { createObserving } from './observing.ts';
import type { Inside, ServerOverrides } from './overrides.ts';
import { readPerTurn } from './per-turn.ts';
import { fileNeedsOf } from './file-needs.ts';
import { createSelfReport } from './self-report.ts';
import { createSingleNode } from './single-node.ts';
import { Slices } from '../structures/slices.ts';
import { TurnBudget } from '../structures/turn-budget.ts';
import { systemClock, systemNextTurn, systemRealTime, systemWallTime } from '../system/clock.ts';
import { randomNames } from '../system/fresh-names.ts';
import { createRandomIds } from '../system/ids.ts';
import { shareFiles } from '../system/open-files.ts';
import type { Served } from '../transport/gateway.ts';
import { createRoutes } from '../transport/routes.ts';
import { AttemptPlaces, type StartPacing } from '../webhooks/attempt-places.ts';

/** A server that accepts connections. */
export interface Server {
  readonly port: number;
  /** The port of the metrics, if they have their own. */
  readonly metricsPort: number | undefined;
  /** The port of the Dashboard, if it has its own. */
  readonly dashboardPort: number | undefined;
  /**
   * Shuts down gracefully: reports not ready, accepts no new connections, disconnects the clients, reports the departure of all
   * members, and delivers the queued webhooks for as long as the configuration allows. Further calls wait for the same shutdown.
   */
  close(): Promise<void>;
  /**
   * The configuration in force. The server applies changes of apps, endpoints, limits and certificate without dropping a
   * connection of an app that remains. Connections of a removed app are closed with 4001, and the departures of its members are
   * reported; those of a disabled app are closed with 4003. Limits beyond the bounds that the server was started with are refused.
   */
  readonly configuration: ConfigurationInForce;
  /** Gives up the queued webhooks, with a record for each channel, so that a `close` in progress ends soon. */
  abandon(): void;
}

/**
 * Builds the server and listens. This is the only place that names every part. Rejects with a StartError if the native module
 * cannot be loaded or the port is not available.
 */
export async function createServer(config: Config, overrides: ServerOverrides = {}): Promise<Server> {
  const { clock = systemClock, wallTime = systemWallTime, random = Math.random, log = silentLog } = overrides;
  // Sockets use real time: a client cannot respond within a minute that passes in one call.
  const livenessClock = overrides.livenessClock ?? systemClock;
  const ids = overrides.ids ?? createRandomIds();
  const { webhooks } = config;
  const shares = overrides.openFiles && shareFiles(overrides.openFiles, fileNeedsOf(config));
  const attempts = shares?.attempts ?? webhooks.totalConcurrency;
  const { requestTimeoutMs } = webhooks;
  const own = overrides.sender ?? createSender({ clock, requestTimeoutMs, mostConnections: 2 * attempts });
  // If a test moves the time, nothing waits for real turns.
  const places = new AttemptPlaces(attempts, overrides.sender === undefined ? realTurns : undefined);

  const { privateAddresses } = webhooks;
  const applications = config.apps.map((app) => toApplication(app, privateAddresses));
  const apps = new LocalApps(applications);
  const { leaves, questions: questionsInTurn } = readPerTurn(config);
  const questions = new TurnBudget(questionsInTurn, systemNextTurn);
  const observing = await createObserving({
    config,
    overrides,
    apps,
    clock,
    livenessClock,
    wallTime,
    log,
    questions,
  });
  const { counted, metrics, observation, witness, refused } = observing;
  // Loaded only when it is used; otherwise nothing is wrapped.
  const trace = log.isTrace ? new (await import('./trace.ts')).Trace({ log, apps, config }) : undefined;
  const sender = trace?.sender(own) ?? own;
  const shared = {
    config,
    apps,
    clock,
    livenessClock,
    ids,
    log,
    metrics,
    refused,
    shares,
  };
  // Loaded only when they are used.
  const clients =
    config.workers === 1
      ? await createOwnClients({ ...shared, trace })
      : await (
          await import('./workers/worker-clients.ts')
        ).createWorkerClients({
          ...shared,
          counted,
          recording: observation,
          failed: overrides.workerFailed ?? fail,
        });
  const { gateway } = clients;
  const parts: BackplaneOptions = {
    config,
    apps,
    local: clients.local,
    notifier: clients.notifier,
    countSubscribers: clients.countSubscribers,
    process: clients.process,
    otherThreads: clients.otherThreads,
    clock,
    wallTime,
    random,
    ids,
    sender,
    log,
    metrics,
    ...(witness && { witness }),
    ...(observation && { onAttempt: observation.resent }),
    subscribers: observing.subscribers,
    applications,
    policy: webhooks,
    places,
    slices: new Slices(leaves, systemNextTurn),
    questions,
    requestTimeoutMs,
  };
  const backplane =
    config.redis === undefined
      ? await createSingleNode(parts)
      : // Loaded only when it is used: a single node starts without it.
        await (await import('./several-nodes.ts')).createOneOfSeveral(config.redis, parts);
  const ledger = clients.complete(backplane.ledger);
  const joined = clients.join({ ...parts, ...backplane });
  const { connections } = joined;
  const api = new Api({ ...parts, ...backplane, ledger });

  let closing: Promise<void> | undefined;
  const isClosing = (): boolean => closing !== undefined;
  const configuration = new ConfigurationInForce({
    started: config,
    store: backplane.settings,
    env: overrides.env ?? process.env,
    fileName: overrides.fileName,
    log,
    running: followConfiguration({ config, apps, clients, joined, backplane, ledger, isClosing }),
  });
  const connectionLimit = Math.min(config.maxConnections, shares?.clients ?? Infinity);
  const self = createSelfReport({
    apps,
    backplane,
    connections,
    gateway,
    places,
    connectionLimit,
    log,
    metrics: counted,
    isClosing,
  });
  const dashboard =
    config.dashboard &&
    observation &&
    (await import('../dashboard/create.ts')).createDashboard({
      ...parts,
      ...backplane,
      ledger,
      config: config.dashboard,
      observation,
      configuration,
      backplane,
      connections,
      names: randomNames,
      grace: { disconnectMs: webhooks.disconnectGraceMs, unsubscribeMs: webhooks.unsubscribeGraceMs },
      version: readVersion(),
      isProduction: isProduction(overrides.env ?? process.env),
      realClock: systemClock,
      address: () => ({
        host: config.host,
        port: served.port,
        path: config.path,
        isTls: config.tls !== undefined,
      }),
      attemptsUnderWay: () => places.underWay,
      isAccepting: () => !gateway.isFull,
      controls: overrides.controls,
    });
  const routes = [...createRoutes(api, self), ...(dashboard ?? [])];
  const { hub } = joined;
  const inside: Inside | undefined = hub && { apps, hub, ledger, backplane, commands: hub, routes };
  const front = inside && (overrides.front?.(inside) ?? inside);
  const outside: ClientFront = (front && trace?.front(front)) ?? front ?? { routes };
  counted.observeRoutes([...new Set(outside.routes.map(({ pattern }) => pattern))]);
  // Kept state and queued webhooks may belong to apps and endpoints that were added at run time.
  await configuration.start();
  let isStarted = false;
  const started = (): void => {
    if (!isStarted) {
      isStarted = true;
      backplane.started();
    }
  };
  const served: Served = await joined.serve({ ...outside, opened: started });
  started();

  const close = async (): Promise<void> => {
    gateway.stop();
    configuration.stop();
    await joined.leave();
    await backplane.close();
    await sender.close();
    await gateway.close();
    observing.close();
  };
  return {
    ...served,
    configuration,
    close: () => (closing ??= close()),
    abandon: () => backplane.abandon(),
  };
}

/** The connections of a thread that has ended are unknown, so the process must end too. */
function fail(worker: number, reason: string): never {
  throw new Error(`worker thread ${worker} has failed: ${reason}`);
}

/** Starting an attempt takes up to a millisecond. This many in one turn delay other work only slightly. */
const realTurns: StartPacing = { starts: 16, next: (run) => void systemRealTime.turn().then(run) };
