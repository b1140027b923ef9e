import { formatFaults } from './config/report.ts';
import { loadConfig } from './config/load.ts';
import type { AppConfig, Config } from './config/schema.ts';
import { Activity } from './control/activity.ts';
import type { Address, Credentials } from './control/addresses.ts';
import { ControlledClock } from './control/controlled-clock.ts';
import { StandEmulator, type AppKeeper } from './control/emulator.ts';
import { EmulatorError, invalidArgument } from './control/emulator-error.ts';
import { Recorder } from './control/recorder.ts';
import { SeededRandom } from './control/seeded-random.ts';
import { Stand } from './control/stand.ts';
import { FaultySender } from './control/webhook-faults.ts';
import { uniqueApp, type AppOptions } from './emulator-options.ts';
import { createFront } from './front.ts';
import type { WallTime } from './ports/clock.ts';
import type { Log } from './ports/log.ts';
import type { WebhookSender } from './ports/webhook-sender.ts';
import type { ClosingError } from './protocol/errors.ts';
import { createServer, type Server } from './server.ts';
import { systemRealTime, systemWallTime } from './system/clock.ts';

/** How a server is controlled. */
export interface StandInOptions {
  readonly clock: 'real' | 'virtual';
  readonly seed: number;
  readonly liveness: 'real' | 'virtual';
  readonly patienceMs: number;
  readonly wallTime?: WallTime;
  readonly log?: Log;
}

/** A server, and the door to what controls it. */
export interface StandIn {
  readonly server: Server;
  readonly emulator: StandEmulator<AppOptions>;
}

/** Nobody is to come back to an emulator that ends with its test. */
const closedError: ClosingError = { code: 4009, message: 'The emulator was closed' };

/** Builds a server with a clock that can be moved, faults and records. */
export async function createStandIn(config: Config, options: StandInOptions): Promise<StandIn> {
  const { seed, patienceMs, wallTime = systemWallTime, log } = options;
  const real = systemRealTime;
  const clock = new ControlledClock(options.clock, real);
  const activity = new Activity(real, patienceMs);
  const recorder = new Recorder({ clock, wallTime, changed: () => activity.note() });
  const random = new SeededRandom(seed);
  const { disconnectGraceMs, unsubscribeGraceMs, batch } = config.webhooks;
  const sendsWithinMs = Math.max(disconnectGraceMs, unsubscribeGraceMs) + batch.maxDelayMs;
  const stand = new Stand({ clock, real, activity, recorder, random, sendsWithinMs });
  const posts = createLazySender(clock);
  const sender = new FaultySender({ sender: posts, faults: stand.webhookFaults, activity, clock });
  const server = await createServer(config, {
    clock,
    wallTime,
    sender,
    witness: recorder,
    random: random.next,
    livenessClock: options.liveness === 'virtual' ? clock.background : real,
    ...(log && { log }),
    front(inside) {
      stand.hold(inside);
      return createFront(inside, stand, []);
    },
  });
  if (config.apps.some(({ webhooks }) => webhooks.length > 0)) posts.load();

  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    sender.shut();
    for (const app of stand.apps()) stand.held.hub.endAll(app, closedError);
    const closed = server.close();
    server.abandon();
    await closed;
    clock.stop();
  };
  const emulator = new StandEmulator<AppOptions>({
    stand,
    address: addressOf(config, server.port),
    apps: createKeeper(config, stand, server),
    close: () => (closing ??= close()),
  });
  return { server, emulator };
}

/** Adds and removes apps, one after the other. */
function createKeeper(started: Config, stand: Stand, server: Server): AppKeeper<AppOptions> {
  let config = started;
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = last.then(work);
    last = turn.catch(() => undefined);
    return turn;
  };
  const serve = async (apps: readonly AppConfig[]): Promise<void> => {
    config = { ...config, apps };
    await server.reload(config);
  };
  return {
    add: (options) =>
      inTurn(async (): Promise<Credentials> => {
        const app = parseApp(options, config);
        const taken = config.apps.find(({ id, key }) => id === app.id || key === app.key);
        if (taken !== undefined) {
          throw new EmulatorError(
            'ERR_APP_EXISTS',
            `there is an app with id '${taken.id}' and key '${taken.key}' already; leave id and key out to have them made up`,
          );
        }
        await serve([...config.apps, app]);
        return app;
      }),
    remove: (appId) =>
      inTurn(async () => {
        stand.app(appId);
        const left = config.apps.filter(({ id }) => id !== appId);
        if (left.length === 0) throw invalidArgument(`'${appId}' is the last app, and there is always one`);
        stand.forget(appId, closedError);
        await serve(left);
      }),
  };
}

function parseApp(options: AppOptions | undefined, { limits }: Config): AppConfig {
  const common = Object.fromEntries(
    Object.entries(limits).map(([name, value]) => [name, value === Infinity ? null : value]),
  );
  const { apps } = parseContent({ apps: [uniqueApp(options)], limits: common }, {});
  const [app] = apps;
  if (app === undefined) throw new Error('a configuration has at least one app');
  return app;
}

/** The configuration of this content. Throws an EmulatorError that names every fault. */
export function parseContent(
  content: Readonly<Record<string, unknown>>,
  env: Readonly<Record<string, string | undefined>>,
): Config {
  const loaded = loadConfig({ given: content, env, overrides: {} });
  if (loaded.kind === 'ok') return loaded.config;
  throw new EmulatorError('ERR_CONFIG_INVALID', formatFaults(loaded.faults));
}

function addressOf({ host, path, tls }: Config, port: number): Address {
  // "All addresses" is none that a client could name.
  const reachable = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return { host: reachable, port, path, isTls: tls !== undefined };
}

/** Loads what POSTs with the first POST, or when it is told that there will be one: it takes longer than the rest. */
function createLazySender(clock: ControlledClock): WebhookSender & { load(): void } {
  let loading: Promise<WebhookSender> | undefined;
  const load = (): Promise<WebhookSender> =>
    (loading ??= import('./delivery/undici-sender.ts').then((module) => module.createUndiciSender(clock)));
  return {
    load: () => void load(),
    send: async (request, timeoutMs) => (await load()).send(request, timeoutMs),
    close: async () => {
      await (await loading)?.close();
    },
  };
}
