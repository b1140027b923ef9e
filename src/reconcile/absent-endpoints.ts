import type { DebtKeeper, KeptDebt, Received, ReceivedByEndpoint } from '../webhooks/debt-keeper.ts';

/** What an earlier run knew of an endpoint. */
interface AbsentEndpoint {
  received: Received;
  debts: KeptDebt[];
}

/** What an earlier run knew of the endpoints of apps that are not configured now. */
export class AbsentEndpoints {
  /** By app, then by endpoint. */
  readonly #apps = new Map<string, Map<string, AbsentEndpoint>>();

  /** The apps of which something is known. */
  get appIds(): readonly string[] {
    return [...this.#apps.keys()];
  }

  received({ appId, endpointId, ...received }: ReceivedByEndpoint): void {
    this.#of(appId, endpointId).received = received;
  }

  owes(appId: string, endpointId: string, debt: KeptDebt): void {
    this.#of(appId, endpointId).debts.push(debt);
  }

  /** What the endpoint lacks, which is known elsewhere from now on. */
  takeDebts(appId: string, endpointId: string): readonly KeptDebt[] {
    const endpoint = this.#apps.get(appId)?.get(endpointId);
    if (endpoint === undefined) return [];
    const { debts } = endpoint;
    endpoint.debts = [];
    return debts;
  }

  /** The endpoint is configured again. Returns what it had received. */
  take(appId: string, endpointId: string): Received | undefined {
    const endpoints = this.#apps.get(appId);
    const endpoint = endpoints?.get(endpointId);
    endpoints?.delete(endpointId);
    return endpoint?.received;
  }

  /** Forgets what is left of an app, also in the store. */
  forget(appId: string, keeper: DebtKeeper | undefined): void {
    for (const [endpointId, { debts }] of this.#apps.get(appId) ?? []) {
      for (const { channel } of debts) keeper?.changed({ appId, endpointId, channel }, () => undefined);
      keeper?.received(appId, endpointId, undefined);
    }
    this.#apps.delete(appId);
  }

  #of(appId: string, endpointId: string): AbsentEndpoint {
    let endpoints = this.#apps.get(appId);
    if (endpoints === undefined) {
      endpoints = new Map();
      this.#apps.set(appId, endpoints);
    }
    let endpoint = endpoints.get(endpointId);
    if (endpoint === undefined) {
      endpoint = { received: { selection: undefined, former: [] }, debts: [] };
      endpoints.set(endpointId, endpoint);
    }
    return endpoint;
  }
}
