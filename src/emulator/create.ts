import type { ConfigFault } from '../config/checks/fault.ts';
import { formatFaults } from '../config/checks/report.ts';
import { connectableHost } from '../protocol/connectable-host.ts';
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema/schema.ts';
import { Apps } from './apps.ts';
import { Activity } from './time/activity.ts';
import type { ServerAddress } from './addresses.ts';
import { MovableClock } from './time/movable-clock.ts';
import { LocalEmulator } from './emulator.ts';
import { EmulatorError } from './emulator-error.ts';
import { createControlRoutes, failureOfEmulator } from './http/control-api.ts';
import { createOperations } from './http/operations.ts';
import { bothWitnesses } from '../recording/both-witnesses.ts';
import { Recorder } from '../recording/recorder.ts';
import { SeededIds } from './seeded-ids.ts';
import { SeededRandom } from './time/seeded-random.ts';
import { EmulatorCore } from './core.ts';
import { PublishLog } from './published/publish-log.ts';
import { Journal } from './record/journal.ts';
import { receiversOf } from './state.ts';
import { FaultySender } from './faults/webhook-faults.ts';
import { createSender } from '../delivery/sender.ts';
import { createFront, isOfApi } from './front.ts';
import type { WallTime } from '../ports/clock.ts';
import type { Operation } from '../operations/operation.ts';
import type { Log } from '../ports/log.ts';
import { noWitness } from '../ports/witness.ts';
import type { ClosingError } from '../protocol/errors.ts';
import { fakedTimers } from '../system/real.ts';
import { createServer, type Server } from '../node/server.ts';
import type { Route } from '../transport/http.ts';
import { systemRealTime, systemWallTime } from '../system/clock.ts';

/** Options for controlling a server. */
export interface EmulatorSettings {
  readonly clock: 'real' | 'virtual';
  /** The seed of the retry schedule and of ids. Default: seed 1 for the schedule, and random ids. */
  readonly seed?: number | undefined;
  readonly liveness: 'real' | 'virtual';
  readonly patienceMs: number;
  readonly wallTime?: WallTime;
  readonly log?: Log;
  /** The name of the configuration file. */
  readonly fileName?: string | undefined;
}

/** A server, and the access to its controls. */
export interface EmulatedServer {
  /** Its `close` is a graceful shutdown, unless the clock is virtual. */
  readonly server: Server;
  readonly emulator: LocalEmulator;
}

/** Clients must not reconnect to an emulator that closes with its test. */
const closedError: ClosingError = {
  code: 4009,
  reason: 'server_closing',
  message: 'The emulator was closed',
};

/** Builds a server with a clock that can be moved, faults and records. */
export async function createEmulator(config: Config, options: EmulatorSettings): Promise<EmulatedServer> {
  const { seed, patienceMs, wallTime = systemWallTime, log } = options;
  const real = systemRealTime;
  const clock = new MovableClock(options.clock, real);
  const activity = new Activity(real, patienceMs);
  const changed = (): void => activity.note();
  const publishLog = new PublishLog({
    clock,
    receiversOf: (appId, trigger) => receiversOf(core.app(appId), trigger),
    changed,
  });
  const recorder = new Recorder({ clock, wallTime, changed });
  const journal = new Journal(clock);
  const random = new SeededRandom(seed ?? 1);
  const ids = seed === undefined ? undefined : new SeededIds(seed);
  const { disconnectGraceMs, unsubscribeGraceMs, batch } = config.webhooks;
  const sendsWithinMs = Math.max(disconnectGraceMs, unsubscribeGraceMs) + batch.maxDelayMs;
  const core: EmulatorCore = new EmulatorCore({
    clock,
    real,
    activity,
    recorder,
    journal,
    publishLog,
    random,
    ids,
    seed,
    fakedTimers,
    sendsWithinMs,
  });
  const sender = new FaultySender({
    sender: createSender({ clock, socketClock: real, keepsConnections: false }),
    faults: core.webhookFaults,
    activity,
    clock,
    resetsOf: (appId) => core.resetsOf(appId),
  });
  const apps = new Apps({ core, configuration: () => server.configuration, removed: closedError });
  const operations = createOperations({
    core,
    address: () => addressOf(config, server.port),
    apps,
    includesSecrets: config.control?.token !== undefined,
  });
  const server: Server = await createServer(config, {
    // Tests must read current values.
    cachesMetrics: false,
    clock,
    wallTime,
    sender,
    recorder,
    random: random.next,
    ...(ids && { ids }),
    witness: bothWitnesses(journal.witness, { ...noWitness, published: publishLog.published }),
    onFact: journal.onFact,
    refused(refusal) {
      core.refused.add(refusal);
      journal.refused(refusal);
    },
    livenessClock: options.liveness === 'virtual' ? clock.background : real,
    ...(log && { log }),
    fileName: options.fileName,
    // Settings that a test makes are for tests, not for production.
    env: {},
    controls: {
      operations: dashboardOperations(operations),
      failureOf: failureOfEmulator,
      clock: () => ({ mode: clock.isVirtual ? 'virtual' : 'real', nowMs: clock.now() }),
    },
    front(inside) {
      const patterns = inside.routes.map(({ pattern }) => pattern);
      const apiPatterns = patterns.filter(isOfApi).map((pattern) => config.path + pattern);
      core.hold({ ...inside, apiPatterns });
      return createFront(inside, core, routesOf(config, operations));
    },
  });

  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    sender.shut();
    recorder.freeze();
    journal.freeze();
    for (const app of core.apps()) core.held.hub.endAll(app, closedError);
    core.release();
    const closed = server.close();
    server.abandon();
    await closed;
    clock.stop();
  };
  const emulator = new LocalEmulator({
    core,
    address: addressOf(config, server.port),
    apps,
    close: () => (closing ??= close()),
  });
  const controlled: Server = {
    ...server,
    // With a virtual clock the last webhooks would wait forever.
    close: () => (clock.isVirtual ? emulator.close() : server.close()),
  };
  return { server: controlled, emulator };
}

function routesOf({ control }: Config, operations: readonly Operation[]): readonly Route[] {
  return control === undefined ? [] : createControlRoutes(operations, control.token);
}

/** The operations that the Dashboard adds to its own: time and faults. It gets everything else from the admin API. */
function dashboardOperations(operations: readonly Operation[]): readonly Operation[] {
  return operations.filter(({ path }) => /^\/control\/(?:clock|faults|reset)/.test(path));
}

/** Loads the configuration from this content. Throws an EmulatorError that lists every fault, `faults` first. */
export function parseContent(
  content: Readonly<Record<string, unknown>>,
  {
    env,
    faults: known = [],
  }: {
    readonly env: Readonly<Record<string, string | undefined>>;
    readonly faults?: readonly ConfigFault[];
  },
): Config {
  const loaded = loadConfig({ given: content, env, overrides: {} });
  const faults = loaded.kind === 'ok' ? known : [...known, ...loaded.faults];
  if (loaded.kind === 'ok' && faults.length === 0) return loaded.config;
  throw new EmulatorError('ERR_CONFIG_INVALID', formatFaults(faults));
}

function addressOf({ host, path, tls }: Config, port: number): ServerAddress {
  return { host: connectableHost(host), port, path, isTls: tls !== undefined };
}
