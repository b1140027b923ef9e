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
import type { Metrics, RedisStanding } from '../ports/metrics.ts';
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

/** The half of a server that clients are connected to: on this thread, or on worker threads. */
export interface Clients {
  readonly gateway: Pick<Gateway, 'stop' | 'reloadTls' | 'isFull'> & {
    /** Ends what goes on, and cuts every connection. */
    close(): MaybePromise<void>;
  };
  /** Reaches all of them. */
  readonly local: LocalDelivery;
  readonly notifier: Notifier;
  /** How many are subscribed to a channel, as far as this thread knows. */
  countSubscribers(this: void, appId: string, channel: ChannelName): number;
  /** The same ledger, which also knows what only workers know. */
  complete(ledger: Ledger): Ledger;
  /** The process, as the thread that keeps the state sees it; undefined if clients are on this thread. */
  readonly process?: NodeProcess;
  /** The state of the other threads' connections to Redis; undefined if there are none. */
  readonly otherThreads?: () => Iterable<RedisStanding>;
  /** Has them take part in what the node knows. */
  join(parts: ClientParts): JoinedClients;
}

/** What clients take part in. */
export interface ClientParts
  extends
    Pick<HubOptions, 'ledger' | 'counts' | 'fanout' | 'outbox'>,
    Partial<Pick<HubOptions, 'slots' | 'witness' | 'refuseChannel' | 'pingsWait'>> {
  /** Who is let in at all. Default: whom the configuration lets in, counted here. */
  readonly admissions?: Admissions | undefined;
  readonly ledger: Ledger;
  /** Has connections that end leave their channels, each channel a step. */
  readonly slices: Slices;
}

/** Clients who take part. */
export interface JoinedClients {
  /** The hub, where clients are on this thread. */
  readonly hub: Hub | undefined;
  readonly connections: ClientConnections;
  /**
   * Serves these apps from now on: sends the clients of others away, and those of apps that are disabled. Resolves once the clients
   * of apps that are gone have left.
   */
  serveOnly(configured: readonly Application[], gone: readonly LocalApp[]): MaybePromise<void>;
  /** Listens, and watches for signs of life. Rejects with a StartError when a port cannot be had. */
  serve(front: ClientFront): Promise<Served>;
  /** Sends everybody away, for good. Resolves once all have left their channels. */
  leave(): Promise<void>;
}

/** What clients are served with; without `commands` by the hub itself. */
export interface ClientFront {
  readonly commands?: SocketCommands<Session>;
  readonly routes: readonly Route[];
  /** The port to listen on, instead of the configured one. */
  readonly port?: number;
}

/** What clients are made with, wherever they are connected. */
export interface ClientsOptions extends Refusals {
  readonly config: Config;
  readonly apps: LocalApps;
  readonly clock: Clock;
  readonly livenessClock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly metrics: Metrics;
  /** How many connections are accepted; undefined: no bound. */
  readonly shares: FileShares | undefined;
}

/** What the clients of a thread are made with. */
export interface OwnClientsOptions extends ClientsOptions {
  readonly trace: Trace | undefined;
  /** Whether other threads listen on the same port. */
  readonly isShared?: boolean;
}

/** Makes the clients of this thread; nothing listens before they are served. Rejects with a StartError when the native module cannot load. */
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
          // A planned restart tells nobody of departures.
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
