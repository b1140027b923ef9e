import type { TemplatedApp } from 'uWebSockets.js';
import type { Cancel, Clock, Millis } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { ListeningSocket } from './listening-socket.ts';
import type { ListenAddress } from './uws.ts';

/** The dependencies of an acceptor. */
export interface AcceptorOptions {
  /** Starts to listen for an app. Throws ERR_LISTEN when it cannot listen on the port. */
  readonly open: (native: TemplatedApp, address: ListenAddress) => ListeningSocket;
  readonly address: ListenAddress;
  /** At this number of connections of the program, no more clients are accepted. */
  readonly mostConnections: number;
  readonly clock: Clock;
  readonly log: Log;
}

/** Clients are accepted again when this share of the maximum is free, not after every single connection. */
const roomToOpen = 1 / 16;

/** How often to retry if the port cannot be opened again. */
const retryMs: Millis = 1000;

/** The minimum interval between two log lines about refused clients, because clients may connect and leave all the time. */
const logEveryMs: Millis = 60_000;

/**
 * Accepts clients. While there are too many connections, it does not listen. Otherwise uWebSockets.js would keep trying to
 * accept connections for which the system has no file descriptor, and each free descriptor would go to another client.
 */
export class Acceptor {
  readonly #options: AcceptorOptions;
  readonly #port: number;
  #native: TemplatedApp;
  #listener: ListeningSocket | undefined;
  #connections = 0;
  #isStopped = false;
  #cancelOpening: Cancel | undefined;
  #loggedAt: Millis = -Infinity;
  /** Whether the current closing was logged. */
  #isLogged = false;

  /** Starts to listen. Throws ERR_LISTEN when that is impossible. */
  constructor(native: TemplatedApp, options: AcceptorOptions) {
    const { open, address, mostConnections } = options;
    this.#options = options;
    this.#native = native;
    this.#listener = open(native, address);
    this.#port = this.#listener.port;
    if (address.port === 0 && mostConnections < Infinity) this.#openByNumber();
  }

  get port(): number {
    return this.#port;
  }

  /** Whether no client is accepted until others have left. */
  get isClosed(): boolean {
    return this.#listener === undefined && !this.#isStopped;
  }

  /**
   * From now on, new connections go to another app. Returns a function that completes the change: until its promise has
   * resolved, some connections may still go to the previous app. Throws without any change if it fails.
   */
  passConnectionsTo(next: TemplatedApp): () => Promise<void> {
    const finish = this.#listener?.passConnectionsTo(next);
    this.#native = next;
    return finish ?? (async () => {});
  }

  /** Reports the current number of connections. */
  count(connections: number): void {
    this.#connections = connections;
    if (this.#listener !== undefined) {
      if (connections >= this.#options.mostConnections) this.#close();
    } else if (this.#hasRoom()) {
      // Not while a connection is being closed.
      this.#openIn(0);
    }
  }

  /** Accepts no more clients. May be called repeatedly. */
  stop(): void {
    this.#isStopped = true;
    this.#cancelOpening?.();
    this.#listener?.stop();
    this.#listener = undefined;
  }

  #hasRoom(): boolean {
    return this.#connections <= this.#options.mostConnections * (1 - roomToOpen);
  }

  /**
   * Listens again on the port that the system chose. While clients are connected to a port that was requested as 0, nobody else
   * can listen there (it has no SO_REUSEADDR), not even this program after it has stopped.
   */
  #openByNumber(): void {
    this.#listener?.stop();
    this.#listener = this.#openAgain();
  }

  #openAgain(): ListeningSocket {
    const { open, address } = this.#options;
    return open(this.#native, { ...address, port: this.#port });
  }

  #close(): void {
    const { clock, log } = this.#options;
    this.#listener?.stop();
    this.#listener = undefined;
    this.#isLogged = clock.now() - this.#loggedAt >= logEveryMs;
    if (!this.#isLogged) return;
    this.#loggedAt = clock.now();
    log.warn(
      { port: this.#port, connections: this.#connections },
      'no more clients are accepted until some have left: the remaining open files are reserved for webhooks; raise the limit of open files (ulimit -n)',
    );
  }

  #openIn(delayMs: Millis): void {
    if (this.#isStopped || this.#cancelOpening !== undefined) return;
    this.#cancelOpening = this.#options.clock.after(delayMs, () => {
      this.#cancelOpening = undefined;
      if (this.#hasRoom()) this.#open();
    });
  }

  #open(): void {
    const { log } = this.#options;
    try {
      this.#listener = this.#openAgain();
    } catch (error) {
      log.error({ port: this.#port, err: error }, 'cannot accept clients again yet; trying again');
      return this.#openIn(retryMs);
    }
    if (this.#isLogged)
      log.info({ port: this.#port, connections: this.#connections }, 'clients are accepted again');
  }
}
