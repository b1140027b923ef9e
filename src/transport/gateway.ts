import type { TemplatedApp } from 'uWebSockets.js';
import type { Clock } from '../ports/clock.ts';
import type { Ids } from '../ports/ids.ts';
import type { Log } from '../ports/log.ts';
import type { Refusals } from '../ports/refusals.ts';
import type { PublishTopic } from '../ports/socket.ts';
import { StartError } from '../ports/start-error.ts';
import { BodyRoom, strangersRoomBytes } from './body.ts';
import { Door, type DoorOptions } from './door.ts';
import { createCompression, type Compression } from './compression.ts';
import { openEntrance, openTlsEntrance } from './entrance.ts';
import { Generation, Generations } from './generations.ts';
import { mountRefusedHandshakes } from './handshake.ts';
import { mountHttp, type DoorName, type Route } from './http.ts';
import { createPeer } from './peer.ts';
import { mountSockets, type SocketCommands } from './sockets.ts';
import { OpenStreams } from './stream.ts';
import { createTlsApp, identifyTls, type TlsFiles } from './tls.ts';
import { Turn } from './turn.ts';
import { UnreadWatch } from './unread.ts';
import type { Address, Uws } from './uws.ts';

/** What the gateway is made with. */
export interface GatewayOptions extends Refusals {
  readonly host: string;
  /** 0 is any free one. */
  readonly port: number;
  /** What may stand before every path: empty, or `/prefix`. */
  readonly path: string;
  /** Serve https:// and wss:// with these. */
  readonly tls?: TlsFiles | undefined;
  /** Whose word on a client's address and scheme is taken: addresses and networks. */
  readonly trustedProxies: readonly string[];
  /** Whether long frames are compressed for clients that can. */
  readonly compression: boolean;
  /** Where the metrics are served, if not with the rest. */
  readonly metrics?: OwnPort | undefined;
  /** Where the Dashboard is served; without a port, it is with the rest. */
  readonly dashboard?: OwnPort | undefined;
  /** Without it, whether metrics are answered to callers of other machines. */
  readonly publicMetrics: boolean;
  /** What may wait for one client to read. */
  readonly maxBackpressureBytes: number;
  /** What may wait for all clients together. */
  readonly maxTotalBackpressureBytes: number;
  /** Above this, a frame of a client is not even taken in: the connection is cut. */
  readonly frameCeilingBytes: number;
  /** The largest request body that is read, for an app; the id may be of none. */
  readonly bodyBytes: (appId: string) => number;
  /** Whether other threads of the process listen on the same port, and share the clients. Default: no. */
  readonly isShared?: boolean;
  /** With so many connections no more clients are accepted, or nobody on ports of their own. Default: no bound. */
  readonly mostConnections?: { readonly clients: number; readonly metrics: number } | undefined;
  readonly clock: Clock;
  readonly ids: Pick<Ids, 'requestId'>;
  readonly log: Log;
  /** One request was answered; `route` is its pattern. */
  readonly answered: (route: string, status: number) => void;
}

/** Where something is served that has a port of its own. Default: the host of the server. */
interface OwnPort {
  readonly host?: string | undefined;
  readonly port?: number | undefined;
}

/** Where clients are served. */
export interface Served {
  readonly port: number;
  /** The port of the metrics, where they have one of their own. */
  readonly metricsPort: number | undefined;
  /** The port of the Dashboard, where it has one of its own. */
  readonly dashboardPort: number | undefined;
}

/** The program's side to the network: its sockets, its routes and its certificate. */
export interface Gateway {
  /** Publishes to every socket that receives the topic; before anything is served there is none. */
  readonly publish: PublishTopic;
  /** Listens, on this port instead of the configured one if it is given. Rejects with a StartError when a port cannot be had or the certificate cannot be used. */
  serve<S>(commands: SocketCommands<S>, routes: readonly Route[], port?: number): Promise<Served>;
  /** Serves what has a port of its own, and no clients. Throws a StartError when a port cannot be had. */
  serveApart(routes: readonly Route[]): Omit<Served, 'port'>;
  /**
   * Shows this certificate to those who connect once this has resolved; everybody else stays connected. Says whether
   * it is another one than before: if its files hold what they held, nothing is done. Rejects, and serves on as
   * before, when it cannot be used. Calls must not overlap.
   */
  reloadTls(files: TlsFiles): Promise<boolean>;
  /** Whether no client is accepted until others have left. */
  readonly isFull: boolean;
  /** Accepts no new clients; what has a port of its own is still served. Again, it does nothing. */
  stop(): void;
  /** Ends what goes on, and cuts every connection. */
  close(): void;
}

/** An app on a port of its own. It speaks http in any case: it is for this machine or a private network. */
interface OwnDoor {
  readonly native: TemplatedApp;
  readonly door: Door;
}

/** Makes the gateway; nothing listens before `serve`. */
export function createGateway(uws: Uws, options: GatewayOptions): Gateway {
  return new UwsGateway(uws, options);
}

class UwsGateway implements Gateway {
  readonly publish: PublishTopic;
  readonly #uws: Uws;
  readonly #options: GatewayOptions;
  readonly #compression: Compression;
  readonly #generations: Generations;
  readonly #turn = new Turn();
  readonly #rooms: { readonly bodyRoom: BodyRoom; readonly strangersRoom: BodyRoom };
  readonly #unread: UnreadWatch;
  #mount: ((native: TemplatedApp) => Generation) | undefined;
  #door: Door | undefined;
  readonly #ownDoors = new Map<DoorName, OwnDoor>();
  readonly #streams = new OpenStreams();
  /** What identifies the certificate that is shown. */
  #certificate: string | undefined;
  #connections = 0;

  constructor(uws: Uws, options: GatewayOptions) {
    this.#uws = uws;
    this.#options = options;
    this.#compression = createCompression(uws, options.compression);
    this.#rooms = {
      bodyRoom: new BodyRoom(options.clock),
      strangersRoom: new BodyRoom(options.clock, strangersRoomBytes),
    };
    this.#generations = new Generations(options.clock, this.#compression.minLength);
    const { clock, log, maxBackpressureBytes, maxTotalBackpressureBytes } = options;
    this.#unread = new UnreadWatch(clock, log, Math.max(maxBackpressureBytes, maxTotalBackpressureBytes));
    this.publish = (topic, frame) => this.#turn.publish(() => this.#publishNow(topic, frame));
  }

  async serve<S>(
    commands: SocketCommands<S>,
    routes: readonly Route[],
    port = this.#options.port,
  ): Promise<Served> {
    const { host, tls, mostConnections, isShared: shared = false } = this.#options;
    const served = routes.filter(({ door }) => door === undefined || this.#ownAddress(door) === undefined);
    this.#mount = (native) => this.#mountAll(native, commands, served);
    try {
      const { native, certificate } = createFirst(this.#uws, tls);
      const first = this.#mount(native);
      this.#certificate = certificate;
      this.#generations.succeed(first);
      const openAny = tls === undefined ? openEntrance : openTlsEntrance;
      this.#door = this.#createDoor(
        first.native,
        { host, port, shared },
        {
          open: (app, address) => openAny(this.#uws, app, address),
          mostConnections: mostConnections?.clients,
        },
      );
      // Of threads that share a port, another one serves what has a port of its own.
      const apart = shared ? { metricsPort: undefined, dashboardPort: undefined } : this.serveApart(routes);
      return { port: this.#door.port, ...apart };
    } catch (error) {
      this.close();
      throw error;
    }
  }

  serveApart(routes: readonly Route[]): Omit<Served, 'port'> {
    return {
      metricsPort: this.#openOwn('metrics', routes),
      dashboardPort: this.#openOwn('dashboard', routes),
    };
  }

  async reloadTls(files: TlsFiles): Promise<boolean> {
    if (this.#options.tls === undefined) throw new Error('no certificate is in use: TLS is not configured');
    if (this.#mount === undefined || this.#door === undefined) {
      throw new Error('no certificate is in use: the server accepts no connections');
    }
    const certificate = identifyTls(files);
    if (certificate === this.#certificate) return false;
    const next = this.#mount(createTlsApp(this.#uws, files));
    const finish = this.#door.leadTo(next.native);
    this.#generations.succeed(next);
    this.#certificate = certificate;
    await finish();
    return true;
  }

  get isFull(): boolean {
    return this.#door?.isClosed === true;
  }

  stop(): void {
    this.#door?.stop();
    this.#door = undefined;
  }

  close(): void {
    this.stop();
    // What was said before is still heard.
    this.#turn.end();
    this.#streams.end();
    this.#generations.close();
    for (const { native, door } of this.#ownDoors.values()) {
      door.stop();
      native.close();
    }
    this.#ownDoors.clear();
  }

  readonly #publishNow: PublishTopic = (topic, frame) => {
    this.#unread.saidToMany(frame.length);
    this.#generations.publishNow(topic, frame);
  };

  #createDoor(
    native: TemplatedApp,
    address: Address,
    {
      open,
      mostConnections = Infinity,
    }: Pick<DoorOptions, 'open'> & { readonly mostConnections?: number | undefined },
  ): Door {
    const { clock, log } = this.#options;
    return new Door(native, { open, address, mostConnections, clock, log });
  }

  /** Has every connection of an app counted, if that matters. */
  #watch(native: TemplatedApp): void {
    if (this.#options.mostConnections === undefined) return;
    // It is not called for the end of a connection that has become a WebSocket.
    native.filter((_, change) => this.#count(Number(change)));
  }

  #count(change: number): void {
    if (this.#options.mostConnections === undefined) return;
    this.#connections += change;
    this.#door?.count(this.#connections);
    for (const { door } of this.#ownDoors.values()) door.count(this.#connections);
  }

  #mountAll<S>(native: TemplatedApp, commands: SocketCommands<S>, routes: readonly Route[]): Generation {
    const generations = this.#generations;
    const generation = new Generation(native);
    this.#watch(native);
    const peer = createPeer(this.#options.trustedProxies, this.#options.tls !== undefined);
    mountSockets(native, commands, {
      ...this.#options,
      peer,
      compression: this.#compression.native,
      minCompressedLength: this.#compression.minLength,
      turn: this.#turn,
      unread: this.#unread,
      publishNow: this.#publishNow,
      publishElsewhereNow: (topic, frame) => generations.publishElsewhereNow(generation, topic, frame),
      opened: () => generations.opened(generation),
      closed: () => generations.closed(generation),
      disconnected: () => this.#count(-1),
    });
    const http = {
      ...this.#options,
      peer,
      ...this.#rooms,
      streams: this.#streams,
      metricsAreLocal: !this.#options.publicMetrics,
      isRetired: () => generation.isRetired,
    };
    mountRefusedHandshakes(native, http);
    mountHttp(native, routes, http);
    return generation;
  }

  /** Where something has a port of its own; undefined if it has none. */
  #ownAddress(name: DoorName): Address | undefined {
    const { host = this.#options.host, port } = this.#options[name] ?? {};
    return port === undefined ? undefined : { host, port };
  }

  /** Serves what has a port of its own. Returns the port; undefined if it has none. */
  #openOwn(name: DoorName, routes: readonly Route[]): number | undefined {
    const address = this.#ownAddress(name);
    if (address === undefined) return undefined;
    const native = this.#uws.App();
    const own = routes.filter(({ door }) => door === name);
    mountHttp(native, own, {
      ...this.#options,
      peer: createPeer(this.#options.trustedProxies, false),
      ...this.#rooms,
      streams: this.#streams,
      metricsAreLocal: false,
      isRetired: () => false,
    });
    this.#watch(native);
    const hint = `Choose another by ${name}.host and ${name}.port`;
    const door = this.#createDoor(native, address, {
      open: (app, at) => openEntrance(this.#uws, app, at, hint),
      mostConnections: this.#options.mostConnections?.metrics,
    });
    this.#ownDoors.set(name, { native, door });
    return door.port;
  }
}

/** The first app is part of the start, and what is wrong with its certificate ends it. */
function createFirst(
  uws: Uws,
  tls: TlsFiles | undefined,
): { readonly native: TemplatedApp; readonly certificate?: string } {
  if (tls === undefined) return { native: uws.App() };
  try {
    return { certificate: identifyTls(tls), native: createTlsApp(uws, tls) };
  } catch (error) {
    throw new StartError('ERR_TLS', error instanceof Error ? error.message : String(error), error);
  }
}
