import { Admissions } from '../apps/admissions.ts';
import { createOwnConnections, type ClientConnections } from '../connections/client-connections.ts';
import { FairTurns } from '../connections/fair-turns.ts';
import { Hub, type HubOptions } from '../connections/hub.ts';
import { watchLiveness } from '../connections/liveness.ts';
import type { LocalApp, LocalApps } from '../apps/local-app.ts';
import { createLocalDelivery, type LocalDelivery } from '../apps/local-delivery.ts';
import { createNotifier, type Notifier } from '../apps/notifier.ts';
import type { Application } from '../apps/application.ts';
import type { Session } from '../apps/session.ts';
import type { Config } from '../config/schema/schema.ts';
import type { Clock } from '../ports/clock.ts';
import type { Ids } from '../ports/ids.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { Log } from '../ports/log.ts';
import type { MaybePromise } from '../ports/maybe-promise.ts';
import type { Metrics, RedisStatus } from '../ports/metrics.ts';
import type { Refusals } from '../ports/refusals.ts';
import { bodyBytes, frameCeilingBytes, leastBodyBytes } from '../protocol/bounds.ts';
import type { ChannelName } from '../protocol/channel-name.ts';
import { appDisabled, unknownKey } from '../protocol/errors.ts';
import type { Slices } from '../structures/slices.ts';
import { systemRealTime } from '../system/clock.ts';
import type { FileShares } from '../system/open-files.ts';
import type { NodeProcess } from './redis-node.ts';
import type { Trace } from './trace.ts';
import { createGateway, type Gateway, type Served } from '../transport/gateway.ts';
import type { Route } from '../transport/http.ts';
import type { SocketCommands } from '../transport/sockets.ts';
import { loadUws } from '../transport/uws.ts';

/** The part of a server that clients connect to: on this thread, or on worker threads. */
export interface Clients {
  readonly gateway: Pick<Gateway, 'stop' | 'reloadTls' | 'isFull'> & {
    /** Stops all work, and cuts every connection. */
    close(): MaybePromise<void>;
  };
  /** Reaches all clients. */
  readonly local: LocalDelivery;
  readonly notifier: Notifier;
  /** Returns how many clients are subscribed to a channel, as far as this thread knows. */
  countSubscribers(this: void, appId: string, channel: ChannelName): number;
  /** Returns the ledger, extended by what only workers know. */
  complete(ledger: Ledger): Ledger;
  /** The process, as the keeper sees it; undefined if clients are on this thread. */
  readonly process?: NodeProcess;
  /** The state of the other threads' connections to Redis; undefined if there are none. */
  readonly otherThreads?: () => Iterable<RedisStatus>;
  /** Connects the clients to the state of the node. */
  join(parts: ClientParts): JoinedClients;
}

/** The parts of the node that clients use. */
export interface ClientParts
  extends
    Pick<HubOptions, 'ledger' | 'counts' | 'fanout' | 'outbox'>,
    Partial<Pick<HubOptions, 'slots' | 'witness' | 'refuseChannel' | 'pingsWait'>> {
  /** Decides which connections are accepted. Default: by the configuration, counted on this thread. */
  readonly admissions?: Admissions | undefined;
  readonly ledger: Ledger;
  /** Splits the departures of closed connections into slices; each channel is a step. */
  readonly slices: Slices;
}

/** Clients that are connected to the state of the node. */
export interface JoinedClients {
  /** The hub, if clients are on this thread. */
  readonly hub: Hub | undefined;
  readonly connections: ClientConnections;
  /**
   * Serves only these apps from now on: disconnects the clients of other apps and of disabled apps. Resolves once the clients of
   * removed apps have left.
   */
  serveOnly(configured: readonly Application[], gone: readonly LocalApp[]): MaybePromise<void>;
  /** Listens, and closes silent connections. Rejects with a StartError if a port is not available. */
  serve(front: ClientFront): Promise<Served>;
  /** Disconnects all clients for good. Resolves once all have left their channels. */
  leave(): Promise<void>;
}

/** What clients are served with. Without `commands`, the hub serves them directly. */
export interface ClientFront {
  readonly commands?: SocketCommands<Session>;
  readonly routes: readonly Route[];
  /** The port to listen on, instead of the configured one. */
  readonly port?: number;
  /** Called, perhaps repeatedly, before anything that clients cause on other threads takes effect. */
  readonly opened?: () => void;
}

/** The dependencies of clients, whichever thread they connect to. */
export interface ClientsOptions extends Refusals {
  readonly config: Config;
  readonly apps: LocalApps;
  readonly clock: Clock;
  readonly livenessClock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Bounds how many connections are accepted; undefined: no bound. */
  readonly shares: FileShares | undefined;
}

/** The dependencies of the clients of one thread. */
export interface OwnClientsOptions extends ClientsOptions {
  readonly trace: Trace | undefined;
  /** Whether other threads listen on the same port. */
  readonly isShared?: boolean;
}

/** Creates the clients of this thread. It does not listen before `serve`. Rejects with a StartError if the native module cannot be loaded. */
export async function createOwnClients(options: OwnClientsOptions): Promise<Clients> {
  const { config, apps, clock, livenessClock, ids, log, metrics, refused, shares, trace } = options;
  const { webhooks } = config;
  const gateway = createGateway(await loadUws(), {
    ...config,
    frameCeilingBytes: frameCeilingBytes(config.apps, config.maxBackpressureBytes),
    bodyBytes: (appId) => bodyBytesOf(apps.byId(appId)),
    mostConnections: shares,
    isShared: options.isShared === true,
    clock: livenessClock,
    ids,
    log,
    refused,
    answered: (route, status) => metrics.httpRequest(route, status),
  });
  const publishTopic = trace?.publish(gateway.publish) ?? gateway.publish;
  const local = createLocalDelivery({
    apps,
    clock,
    publishTopic,
    end: (session, error) => hub?.end(session, error),
  });
  let hub: Hub | undefined;
  let stopLiveness = (): void => {};
  return {
    gateway: {
      reloadTls: (files) => gateway.reloadTls(files),
      get isFull() {
        return gateway.isFull;
      },
      stop() {
        gateway.stop();
        stopLiveness();
      },
      close: () => gateway.close(),
    },
    local,
    notifier: createNotifier(apps, publishTopic, local),
    countSubscribers: (appId, channel) => apps.byId(appId)?.registry.subscribers(channel) ?? 0,
    complete: (ledger) => ledger,
    join(parts) {
      const hubOptions: HubOptions = {
        ...options,
        ...parts,
        admissions: 'admissions' in parts ? parts.admissions : new Admissions(config),
        grace: {
          disconnectMs: webhooks.disconnectGraceMs,
          unsubscribeMs: webhooks.unsubscribeGraceMs,
          // A planned restart reports no departures.
          shutdownMs:
            config.store?.shutdown === 'keep'
              ? Infinity
              : (webhooks.shutdownGraceMs ?? webhooks.disconnectGraceMs),
        },
        activityTimeoutMs: config.activityTimeoutMs,
        turns: new FairTurns(() => systemRealTime.turn()),
      };
      const own = new Hub(hubOptions);
      hub = own;
      return {
        hub: own,
        connections: createOwnConnections(apps, own, hubOptions),
        serveOnly(_configured, gone) {
          for (const app of gone) own.endAll(app, unknownKey(app.config.key));
          for (const app of apps) if (!app.config.isEnabled) own.endAll(app, appDisabled);
          return gone.length === 0 ? undefined : own.departed();
        },
        async serve({ commands = own, routes, port }) {
          const served = await gateway.serve(commands, routes, port);
          stopLiveness = watchLiveness(livenessClock, config, {
            apps,
            end: (session, error) => own.end(session, error),
          });
          return served;
        },
        leave: () => own.close(),
      };
    },
  };
}

function bodyBytesOf(app: LocalApp | undefined): number {
  return app === undefined ? leastBodyBytes : bodyBytes(app.config.limits);
}
