import autocannon from 'autocannon';
import { Pool } from 'undici';
import { originOf, type Address } from './address.ts';
import type { SignedRequest } from './signing.ts';

const headers = { 'content-type': 'application/json' };

/** Posts signed requests one by one over connections that stay open. */
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
      return false; // Counted as an error by the caller; the table shows how many.
    }
  }

  close(): Promise<void> {
    return this.#pool.close();
  }
}

/** What became of the messages of a round. */
export interface Published {
  readonly sent: number;
  readonly accepted: number;
  readonly refused: number;
}

/** How to load a server with requests, each connection sending its next one when its last was answered. */
export interface Barrage {
  readonly connections: number;
  readonly seconds: number;
  /** On a thread of its own: it then does not wait until this one has read what reaches the subscribers. */
  readonly ownThread?: boolean;
  /** All connections together; the default is as many as they can. */
  readonly perSecond?: number;
}

/** Sends the requests in turn, again and again, with autocannon. */
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
