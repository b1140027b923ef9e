import type { Millis } from '../ports/clock.ts';
import type { ChannelName } from '../protocol/channel-name.ts';
import { Debts } from '../webhooks/debts.ts';
import type { Endpoint } from '../webhooks/endpoint.ts';
import type { Hearing, Unheard } from './unheard.ts';

/** An endpoint, and what it was not told. */
export interface Debtor {
  readonly appId: string;
  endpoint: Endpoint;
  readonly debts: Debts;
  /** Channels that are still to be looked at. */
  due: ChannelName[];
  /** When all are looked at again, whether the endpoint takes something or not; Infinity: there is nothing to be repaired. */
  lookAt: Millis;
  /** One that is not configured may still be sent what waits for it. */
  isConfigured: boolean;
  /** It was not configured while its app was: what happened then it does not know, and nobody knows what that was. */
  wasMissing: boolean;
  /** Of what it has heard all that happened, but for its debts; undefined: not yet of anything. */
  heard: Hearing | undefined;
  /** What it heard of earlier, and then no more. */
  readonly former: Hearing[];
  /** Under way: the search for what was told before it heard of such things. */
  search: { readonly unheard: Unheard; readonly done: Promise<void> } | undefined;
}

/** So many channels and members are remembered for each endpoint: some 10 MB. */
export const mostSubjects = 50_000;

export function newDebtor(appId: string, endpoint: Endpoint): Debtor {
  return {
    appId,
    endpoint,
    debts: new Debts(mostSubjects, endpoint.reconcile === true),
    due: [],
    lookAt: Infinity,
    isConfigured: false,
    wasMissing: false,
    heard: undefined,
    former: [],
    search: undefined,
  };
}

/** By what an endpoint is told from others. */
export function debtorKey(appId: string, endpointId: string): string {
  return `${appId}\n${endpointId}`;
}
