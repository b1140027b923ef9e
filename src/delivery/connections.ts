import type { Millis } from '../ports/clock.ts';
import type { HttpAttempt } from './attempt.ts';
import { Connection, type RequestTarget } from './connection.ts';
import { refuseAddress, type Names } from './names.ts';

/** How connections are established and kept. */
export interface ConnectionsOptions {
  readonly names: Names;
  /** How long to wait for one of several addresses before the next one is tried. */
  readonly addressTimeoutMs: Millis;
  /** Whether a connection is kept for the next request to the same origin. */
  readonly keeps: boolean;
  /** Above this number of connections, idle ones are closed for new ones. */
  readonly most: number;
}

/** How to send a request. */
export interface Errand {
  readonly place: RequestTarget;
  readonly attempt: HttpAttempt;
  /** Whether the request may go only to the public internet. */
  readonly publicOnly: boolean;
}

/** How many origins' TLS sessions are kept, to make the next handshake cheaper. */
const mostSessions = 100;

/**
 * Connections to origins, each of which serves one request at a time. Connections that are restricted to the public internet
 * are kept apart from the others.
 */
export class ConnectionPool {
  readonly #options: ConnectionsOptions;
  readonly #all = new Set<Connection>();
  /** Idle connections, by `keyOf`. The most recently used one is reused first. */
  readonly #idle = new Map<string, Connection[]>();
  /** The same connections with their keys, the least recently used first. */
  readonly #idleByAge = new Map<Connection, string>();
  readonly #sessions = new Map<string, Buffer>();

  constructor(options: ConnectionsOptions) {
    this.#options = options;
  }

  /** Sends a request over an idle connection, or over a new one. */
  send(request: Uint8Array, { place, attempt, publicOnly }: Errand): void {
    const key = keyOf(place, publicOnly);
    const refusal = publicOnly ? refuseAddress(place.host) : undefined;
    if (refusal !== undefined) return attempt.failed(refusal);
    const sendAnew = (): void => this.#create(key, place, publicOnly).post(request, attempt);
    const kept = this.#takeIdle(key);
    if (kept === undefined) sendAnew();
    // The endpoint may be closing it at this moment.
    else kept.post(request, attempt, sendAnew);
  }

  /** Closes all connections. */
  close(): void {
    for (const connection of this.#all) connection.destroy('CLOSED');
  }

  #takeIdle(key: string): Connection | undefined {
    const waiting = this.#idle.get(key);
    for (let last = waiting?.pop(); last !== undefined; last = waiting?.pop()) {
      this.#idleByAge.delete(last);
      if (last.isOpen) return last;
    }
    return undefined;
  }

  #create(key: string, place: RequestTarget, publicOnly: boolean): Connection {
    const { names, addressTimeoutMs, keeps, most } = this.#options;
    if (this.#all.size >= most) this.#closeIdle();
    const connection = new Connection({
      place,
      lookup: names.lookup(publicOnly),
      addressTimeoutMs,
      session: this.#sessions.get(key),
      sessionBegun: (session) => this.#remember(key, session),
      freed: (free) => {
        if (keeps) this.#keep(free, key);
        else free.destroy('ECONNRESET');
      },
      closed: (gone) => {
        this.#all.delete(gone);
        // Perhaps the endpoint does not accept the session: the next handshake must not depend on it.
        if (!gone.hasReceived) this.#sessions.delete(key);
        this.#forgetIdle(gone);
        if (this.#idle.get(key)?.length === 0) this.#idle.delete(key);
      },
    });
    this.#all.add(connection);
    return connection;
  }

  #keep(connection: Connection, key: string): void {
    const waiting = this.#idle.get(key);
    if (waiting === undefined) this.#idle.set(key, [connection]);
    else waiting.push(connection);
    this.#idleByAge.set(connection, key);
  }

  #forgetIdle(connection: Connection): void {
    const key = this.#idleByAge.get(connection);
    if (key === undefined) return;
    this.#idleByAge.delete(connection);
    const waiting = this.#idle.get(key)?.filter((one) => one !== connection) ?? [];
    if (waiting.length > 0) this.#idle.set(key, waiting);
    else this.#idle.delete(key);
  }

  /** Closes the least recently used idle connection. */
  #closeIdle(): void {
    const [oldest] = this.#idleByAge.keys();
    if (oldest === undefined) return;
    this.#forgetIdle(oldest);
    oldest.destroy('ECONNRESET');
  }

  #remember(key: string, session: Buffer): void {
    this.#sessions.delete(key);
    const [oldest] = this.#sessions.keys();
    if (oldest !== undefined && this.#sessions.size >= mostSessions) this.#sessions.delete(oldest);
    this.#sessions.set(key, session);
  }
}

function keyOf({ origin }: RequestTarget, publicOnly: boolean): string {
  return publicOnly ? `public ${origin}` : origin;
}
