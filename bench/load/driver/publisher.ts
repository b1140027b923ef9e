import autocannon from 'autocannon';
import { Pool } from 'undici';
import { originOf, type Address } from './address.ts';
import type { SignedRequest } from './signing.ts';

const headers = { 'content-type': 'application/json' };

/** Posts signed requests one by one over persistent connections. */
export class Publisher {
  readonly #pool: Pool;

  constructor(address: Address, connections: number) {
    const connect = { rejectUnauthorized: false };
    this.#pool = new Pool(originOf(address), { connections, pipelining: 1, connect });
  }

  /** Whether the server answered with 2xx; a lost connection counts as no. */
  async post({ path, body }: SignedRequest): Promise<boolean> {
    try {
      const answer = await this.#pool.request({ method: 'POST', path, headers, body });
      await answer.body.dump();
      return answer.statusCode >= 200 && answer.statusCode < 300;
    } catch {
      return false; // The caller counts it as an error, which the table shows.
    }
  }

  close(): Promise<void> {
    return this.#pool.close();
  }
}

/** What happened to the requests of a round. */
export interface Published {
  readonly sent: number;
  readonly accepted: number;
  readonly refused: number;
}

/** How to load a server with requests. Each connection sends its next request when the previous one is answered. */
export interface Barrage {
  readonly connections: number;
  readonly seconds: number;
  /** Whether a separate thread sends the requests, so that they do not wait while this thread reads the subscribers' frames. */
  readonly ownThread?: boolean;
  /** The rate of all connections together; the default is as fast as possible. */
  readonly perSecond?: number;
}

/** Sends the requests in turn, repeatedly, with autocannon. */
export async function barrage(
  address: Address,
  requests: readonly SignedRequest[],
  { connections, seconds, ownThread = false, perSecond }: Barrage,
): Promise<Published> {
  const result = await autocannon({
    url: originOf(address),
    method: 'POST',
    headers,
    requests: requests.map(({ path, body }) => ({ method: 'POST', path, body, headers })),
    connections,
    duration: seconds,
    timeout: 5,
    tlsOptions: { rejectUnauthorized: false },
    ...(perSecond === undefined ? {} : { overallRate: perSecond }),
    ...(ownThread ? { workers: 1 } : {}),
  });
  return {
    sent: result.requests.sent,
    accepted: result['2xx'],
    refused: result.non2xx + result.errors,
  };
}
