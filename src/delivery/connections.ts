import type { Attempt } from './attempt.ts';
import { Connection, type Place } from './connection.ts';
import { refusalOf, type Names } from './names.ts';

/** How connections are made and kept. */
export interface ConnectionsOptions {
  readonly names: Names;
  /** Whether a connection is kept for the next request to the same origin. */
  readonly keeps: boolean;
  /** Beyond so many, those that wait for their next request are closed for new ones. */
  readonly most: number;
}

/** How a request is made. */
export interface Errand {
  readonly place: Place;
  readonly attempt: Attempt;
  /** It must go to the public internet. */
  readonly publicOnly: boolean;
}

/** TLS sessions of so many origins are remembered, so that the next handshake costs less. */
const mostSessions = 100;

/**
 * Connections to origins, each of which is used for one request at a time. Those to the public internet only are apart: what
 * they may connect to is not the same.
 */
export class Connections {
  readonly #options: ConnectionsOptions;
  readonly #all = new Set<Connection>();
  /** Those that wait for their next request, by `keyOf`; the one that was used last is the next. */
  readonly #idle = new Map<string, Connection[]>();
  /** The same, the one that was used longest ago first, with their keys. */
  readonly #idleByAge = new Map<Connection, string>();
  readonly #sessions = new Map<string, Buffer>();

  constructor(options: ConnectionsOptions) {
    this.#options = options;
  }

  /** Sends a request over a connection that is free, or a new one. */
  send(request: Uint8Array, { place, attempt, publicOnly }: Errand): void {
    const key = keyOf(place, publicOnly);
    const refusal = publicOnly ? refusalOf(place.host) : undefined;
    if (refusal !== undefined) return attempt.failed(refusal);
    (this.#takeIdle(key) ?? this.#create(key, place, publicOnly)).post(request, attempt);
  }

  /** Cuts all connections. */
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

  #create(key: string, place: Place, publicOnly: boolean): Connection {
    const { names, keeps, most } = this.#options;
    if (this.#all.size >= most) this.#closeIdle();
    const connection = new Connection({
      place,
      lookup: names.lookup(publicOnly),
      session: this.#sessions.get(key),
      sessionBegun: (session) => this.#remember(key, session),
      freed: (free) => {
        if (keeps) this.#keep(free, key);
        else free.destroy('ECONNRESET');
      },
      closed: (gone) => {
        this.#all.delete(gone);
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

  /** Closes what was used longest ago and is not used now. */
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

function keyOf({ origin }: Place, publicOnly: boolean): string {
  return publicOnly ? `public ${origin}` : origin;
}
