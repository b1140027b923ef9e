import type { KeptDebt, Received, ReceivedByEndpoint } from '../webhooks/debts.ts';
import { debtorKey } from './debtor.ts';

/** What an earlier run knew of an endpoint. */
interface AbsentEndpoint {
  received: Received;
  readonly debts: KeptDebt[];
}

/** What an earlier run knew of the endpoints of apps that are not configured now. */
export class AbsentEndpoints {
  readonly #endpoints = new Map<string, AbsentEndpoint>();

  received({ appId, endpointId, ...received }: ReceivedByEndpoint): void {
    this.#of(debtorKey(appId, endpointId)).received = received;
  }

  owes(appId: string, endpointId: string, debt: KeptDebt): void {
    this.#of(debtorKey(appId, endpointId)).debts.push(debt);
  }

  /** The endpoint is configured again. */
  take(appId: string, endpointId: string): Readonly<AbsentEndpoint> | undefined {
    const key = debtorKey(appId, endpointId);
    const endpoint = this.#endpoints.get(key);
    this.#endpoints.delete(key);
    return endpoint;
  }

  #of(key: string): AbsentEndpoint {
    let endpoint = this.#endpoints.get(key);
    if (endpoint === undefined) {
      endpoint = { received: { selection: undefined, former: [] }, debts: [] };
      this.#endpoints.set(key, endpoint);
    }
    return endpoint;
  }
}
