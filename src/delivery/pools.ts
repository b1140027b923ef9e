import type { Socket } from 'node:net';
import { buildConnector, Pool } from 'undici';
import type { Attempt } from './attempt.ts';
import { passOverInterimAnswers } from './interim-answers.ts';
import { refusalOf, type Names } from './names.ts';
import { Relay } from './relay.ts';

/** Beyond so many origins, those to which nothing is sent are forgotten. */
const mostPools = 2000;

/** A connection that is being made ends with its attempt; should that ever fail, then. */
const longestConnectMs = 60_000;

/** How connections are made and kept. */
export interface PoolsOptions {
  readonly names: Names;
  /** Beyond so many, those that wait for their next request are closed for new ones. */
  readonly mostConnections: number;
}

/** A request, as undici takes it. */
interface Request {
  readonly origin: string;
  readonly path: string;
  readonly method: 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** How a request is made. */
interface Errand {
  readonly attempt: Attempt;
  /** It must go to the public internet. */
  readonly publicOnly: boolean;
}

/** Keep-alive connections to origins. Those to the public internet only are apart: what they may connect to is not the same. */
export class Pools {
  readonly #options: PoolsOptions;
  /** By origin, with those that were used last at the end. */
  readonly #pools: Readonly<Record<'any' | 'public', Map<string, Pool>>> = {
    any: new Map(),
    public: new Map(),
  };
  #connections = 0;
  /** Whose request is being dispatched: a connection that is begun meanwhile is for it. */
  #dispatched: Attempt | undefined;
  /** Whose request is about to be written: undici says first whose, and then writes it. */
  #starting: Attempt | undefined;

  constructor(options: PoolsOptions) {
    this.#options = options;
  }

  /** Sends a request over a connection that is free, or a new one. */
  dispatch(request: Request, { attempt, publicOnly }: Errand): void {
    const pools = this.#pools[publicOnly ? 'public' : 'any'];
    const pool = pools.get(request.origin) ?? this.#create(request.origin, publicOnly);
    pools.delete(request.origin);
    pools.set(request.origin, pool);
    this.#dispatched = attempt;
    try {
      pool.dispatch(request, new Relay(attempt, () => (this.#starting = attempt)));
    } finally {
      this.#dispatched = undefined;
    }
  }

  /** Cuts all connections. */
  async close(): Promise<void> {
    const all = Object.values(this.#pools).flatMap((pools) => [...pools.values()]);
    await Promise.all(all.map((pool) => pool.destroy()));
  }

  #create(origin: string, publicOnly: boolean): Pool {
    if (this.#pools.any.size + this.#pools.public.size >= mostPools) this.#closeIdle();
    const connect = this.#createConnector(publicOnly);
    return new Pool(origin, { pipelining: 1, headersTimeout: 0, bodyTimeout: 0, connect });
  }

  #createConnector(publicOnly: boolean): buildConnector.connector {
    const { names, mostConnections } = this.#options;
    const options = { timeout: longestConnectMs, lookup: names.lookup(publicOnly) };
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it returns the socket, which its type does not say
    const connect = buildConnector(options) as unknown as (
      ...args: Parameters<buildConnector.connector>
    ) => Socket;
    return (target, callback) => {
      const refusal = publicOnly ? refusalOf(target.hostname) : undefined;
      if (refusal !== undefined) return callback(refusal, null);
      if (this.#connections >= mostConnections) this.#closeIdle();
      const socket = connect(target, (...[error, connected]) => {
        if (error !== null) return callback(error, null);
        passOverInterimAnswers(connected, () => this.#serve(connected));
        callback(null, connected);
      });
      this.#connections += 1;
      socket.once('close', () => (this.#connections -= 1));
      this.#dispatched?.connected(() => giveUp(socket));
    };
  }

  /** A request is being written. */
  #serve(socket: Socket): void {
    this.#starting?.connected(() => giveUp(socket));
    this.#starting = undefined;
  }

  /** Closes what was used longest ago and is not used now. */
  #closeIdle(): void {
    for (const pools of Object.values(this.#pools)) {
      for (const [origin, pool] of pools) {
        if (pool.stats.size > 0) continue;
        pools.delete(origin);
        void pool.close();
        return;
      }
    }
  }
}

/**
 * Ends a connection in use. It is not left to undici, which to abort a request ends its connection, takes the request for one
 * that is still to be sent, and makes another connection before it looks.
 */
function giveUp(socket: Socket): void {
  socket.destroy(new Error('given up'));
}
