import type { TemplatedApp } from 'uWebSockets.js';
import type { Clock } from '../ports/clock.ts';
import type { Ids } from '../ports/ids.ts';
import type { Log } from '../ports/log.ts';
import type { Refusals } from '../ports/refusals.ts';
import type { PublishTopic } from '../ports/socket.ts';
import { StartError } from '../ports/start-error.ts';
import { BodyRoom, unauthenticatedRoomBytes } from './body.ts';
import { Acceptor, type AcceptorOptions } from './acceptor.ts';
import { createCompression, type Compression } from './compression.ts';
import { openListener, openTlsListener } from './listening-socket.ts';
import { Generation, Generations } from './generations.ts';
import { mountRefusedHandshakes } from './handshake.ts';
import { mountHttp, type PortName, type Route } from './http.ts';
import { createPeer } from './peer.ts';
import { mountSockets, type SocketCommands } from './sockets.ts';
import { OpenStreams } from './stream.ts';
import { createTlsApp, identifyTls, type TlsFiles } from './tls.ts';
import { Turn } from './turn.ts';
import { UnreadWatch } from './unread.ts';
import type { ListenAddress, Uws } from './uws.ts';

/** The settings and dependencies of the gateway. */
export interface GatewayOptions extends Refusals {
  readonly host: string;
  /** 0 means any free port. */
  readonly port: number;
  /** A prefix that is accepted before every path: empty, or `/prefix`. */
  readonly path: string;
  /** Serve https:// and wss:// with these files. */
  readonly tls?: TlsFiles | undefined;
  /** Addresses and networks of proxies that are trusted to report a client's address and scheme. */
  readonly trustedProxies: readonly string[];
  /** Whether long frames are compressed for clients that support it. */
  readonly compression: boolean;
  /** Where metrics are served, if they have a port of their own. */
  readonly metrics?: OwnPort | undefined;
  /** Where the Dashboard is served. Without a port, it is served with everything else. */
  readonly dashboard?: OwnPort | undefined;
  /** Whether metrics without a port of their own are served to other machines. */
  readonly publicMetrics: boolean;
  /** The maximum amount of data that waits for one client to read. */
  readonly maxBackpressureBytes: number;
  /** The maximum amount of data that waits for all clients together. */
  readonly maxTotalBackpressureBytes: number;
  /** A larger frame is not received at all: the connection is closed. */
  readonly frameCeilingBytes: number;
  /** The maximum size of a request body for an app. The app may not exist. */
  readonly bodyBytes: (appId: string) => number;
  /** Whether other threads of the process listen on the same port, and share the clients. Default: no. */
  readonly isShared?: boolean;
  /** At these numbers of connections, no more clients, or no more connections to separate ports, are accepted. Default: no bound. */
  readonly mostConnections?: { readonly clients: number; readonly metrics: number } | undefined;
  readonly clock: Clock;
  readonly ids: Pick<Ids, 'requestId'>;
  readonly log: Log;
  /** A request was answered; `route` is its pattern. */
  readonly answered: (route: string, status: number) => void;
}

/** The address of something with a port of its own. Default: the host of the server. */
interface OwnPort {
  readonly host?: string | undefined;
  readonly port?: number | undefined;
}

/** The ports on which clients are served. */
export interface Served {
  readonly port: number;
  /** The port of the metrics, if they have one of their own. */
  readonly metricsPort: number | undefined;
  /** The port of the Dashboard, if it has one of its own. */
  readonly dashboardPort: number | undefined;
}

/** The network side of the program: its sockets, routes and certificate. */
export interface Gateway {
  /** Publishes to every socket that is subscribed to the topic. Before `serve`, there is none. */
  readonly publish: PublishTopic;
  /** Starts to listen, on `port` instead of the configured port if it is given. Rejects with a StartError when it cannot listen or the certificate is unusable. */
  serve<S>(commands: SocketCommands<S>, routes: readonly Route[], port?: number): Promise<Served>;
  /** Serves only what has a port of its own. Throws a StartError when it cannot listen. */
  serveApart(routes: readonly Route[]): Omit<Served, 'port'>;
  /**
   * Uses this certificate for connections made after this has resolved; other clients stay connected. Resolves with whether it
   * differs from the previous one: if the files have the same content, nothing is done. If the certificate is unusable, it rejects
   * and the previous one stays in use. Calls must not overlap.
   */
  reloadTls(files: TlsFiles): Promise<boolean>;
  /** Whether no client is accepted until others have left. */
  readonly isFull: boolean;
  /** Accepts no new clients. What has a port of its own is still served. May be called repeatedly. */
  stop(): void;
  /** Ends streams, and closes every connection. */
  close(): void;
}

/** An app on a port of its own. It always speaks http: it is for this machine or a private network. */
interface OwnListener {
  readonly native: TemplatedApp;
  readonly acceptor: Acceptor;
}

/** Creates the gateway. It does not listen before `serve`. */
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
  readonly #rooms: { readonly bodyRoom: BodyRoom; readonly unauthenticatedRoom: BodyRoom };
  readonly #unread: UnreadWatch;
  #mount: ((native: TemplatedApp) => Generation) | undefined;
  #acceptor: Acceptor | undefined;
  readonly #ownListeners = new Map<PortName, OwnListener>();
  readonly #streams = new OpenStreams();
  /** Identifies the certificate in use. */
  #certificate: string | undefined;
  #connections = 0;

  constructor(uws: Uws, options: GatewayOptions) {
    this.#uws = uws;
    this.#options = options;
    this.#compression = createCompression(uws, options.compression);
    this.#rooms = {
      bodyRoom: new BodyRoom(options.clock),
      unauthenticatedRoom: new BodyRoom(options.clock, unauthenticatedRoomBytes),
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
    const served = routes.filter(
      (route) => route.port === undefined || this.#ownAddress(route.port) === undefined,
    );
    this.#mount = (native) => this.#mountAll(native, commands, served);
    try {
      const { native, certificate } = createFirst(this.#uws, tls);
      const first = this.#mount(native);
      this.#certificate = certificate;
      this.#generations.succeed(first);
      const openAny = tls === undefined ? openListener : openTlsListener;
      this.#acceptor = this.#createAcceptor(
        first.native,
        { host, port, shared },
        {
          open: (app, address) => openAny(this.#uws, app, address),
          mostConnections: mostConnections?.clients,
        },
      );
      // When threads share a port, another thread serves what has a port of its own.
      const apart = shared ? { metricsPort: undefined, dashboardPort: undefined } : this.serveApart(routes);
      return { port: this.#acceptor.port, ...apart };
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
    if (this.#mount === undefined || this.#acceptor === undefined) {
      throw new Error('no certificate is in use: the server accepts no connections');
    }
    const certificate = identifyTls(files);
    if (certificate === this.#certificate) return false;
    const next = this.#mount(createTlsApp(this.#uws, files));
    const finish = this.#acceptor.passConnectionsTo(next.native);
    this.#generations.succeed(next);
    this.#certificate = certificate;
    await finish();
    return true;
  }

  get isFull(): boolean {
    return this.#acceptor?.isClosed === true;
  }

  stop(): void {
    this.#acceptor?.stop();
    this.#acceptor = undefined;
  }

  close(): void {
    this.stop();
    // Everything published before is still sent.
    this.#turn.end();
    this.#streams.end();
    this.#generations.close();
    for (const { native, acceptor } of this.#ownListeners.values()) {
      acceptor.stop();
      native.close();
    }
    this.#ownListeners.clear();
  }

  readonly #publishNow: PublishTopic = (topic, frame) => {
    this.#unread.sentToMany(frame.length);
    this.#generations.publishNow(topic, frame);
  };

  #createAcceptor(
    native: TemplatedApp,
    address: ListenAddress,
    {
      open,
      mostConnections = Infinity,
    }: Pick<AcceptorOptions, 'open'> & { readonly mostConnections?: number | undefined },
  ): Acceptor {
    const { clock, log } = this.#options;
    return new Acceptor(native, { open, address, mostConnections, clock, log });
  }

  /** Counts every connection of an app, if there is a maximum. */
  #watch(native: TemplatedApp): void {
    if (this.#options.mostConnections === undefined) return;
    // It is not called when a connection ends that has become a WebSocket.
    native.filter((_, change) => this.#count(Number(change)));
  }

  #count(change: number): void {
    if (this.#options.mostConnections === undefined) return;
    this.#connections += change;
    this.#acceptor?.count(this.#connections);
    for (const { acceptor } of this.#ownListeners.values()) acceptor.count(this.#connections);
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

  /** The address of something with a port of its own; undefined if it has none. */
  #ownAddress(name: PortName): ListenAddress | undefined {
    const { host = this.#options.host, port } = this.#options[name] ?? {};
    return port === undefined ? undefined : { host, port };
  }

  /** Serves something on a port of its own. Returns the port; undefined if it has none. */
  #openOwn(name: PortName, routes: readonly Route[]): number | undefined {
    const address = this.#ownAddress(name);
    if (address === undefined) return undefined;
    const native = this.#uws.App();
    const own = routes.filter(({ port }) => port === name);
    mountHttp(native, own, {
      ...this.#options,
      peer: createPeer(this.#options.trustedProxies, false),
      ...this.#rooms,
      streams: this.#streams,
      metricsAreLocal: false,
      isRetired: () => false,
    });
    this.#watch(native);
    const hint = `Choose another one with ${name}.host and ${name}.port`;
    const acceptor = this.#createAcceptor(native, address, {
      open: (app, at) => openListener(this.#uws, app, at, hint),
      mostConnections: this.#options.mostConnections?.metrics,
    });
    this.#ownListeners.set(name, { native, acceptor });
    return acceptor.port;
  }
}

/** Creates the app for the start. An unusable certificate prevents the start. */
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
