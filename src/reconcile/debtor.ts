import type { Millis } from '../ports/clock.ts';
import type { ChannelName } from '../protocol/channel-name.ts';
import { Debts } from '../webhooks/debts.ts';
import type { Endpoint, Selection } from '../webhooks/endpoint.ts';
import type { PriorStateSearch } from './prior-state-search.ts';

/** An endpoint, and what it has missed. */
export interface Debtor {
  readonly appId: string;
  endpoint: Endpoint;
  readonly debts: Debts;
  /** Channels that still have to be examined. */
  due: ChannelName[];
  /** Channels of which it is, or was, sent what it has missed. After that, it believes the truth unless something is dropped. */
  readonly checks: Map<ChannelName, Check>;
  /** When to examine all channels again, even if the endpoint has not accepted anything; Infinity if there is nothing to repair. */
  checkAt: Millis;
  /** An endpoint that is not configured may still be sent its waiting events. */
  isConfigured: boolean;
  /** Whether it was not configured while its app was: it has missed what happened then, which is unknown. */
  wasMissing: boolean;
  /** The selection of which it has received everything, except for its debts; undefined if there is none yet. */
  received: Selection | undefined;
  /** Earlier selections, of which it no longer receives everything. */
  readonly former: Selection[];
  /** The search in progress for what was reported before the endpoint selected such events. */
  search: { readonly prior: PriorStateSearch; readonly done: Promise<void> } | undefined;
}

/** A comparison of a channel with the truth. */
export interface Check {
  isDone: boolean;
}

/** What is known of what an endpoint was sent. */
export interface DebtReading {
  readonly debts: Omit<Debts, 'dropped' | 'delivered' | 'missedBefore' | 'markUncertain' | 'settled'>;
  /** Earlier selections of the endpoint. It does not know what happened afterwards to channels that only those select. */
  readonly former: readonly Selection[];
}

/** How many channels and members are remembered for each endpoint. They take about 10 MB. */
export const mostSubjects = 50_000;

export function newDebtor(appId: string, endpoint: Endpoint): Debtor {
  return {
    appId,
    endpoint,
    debts: new Debts(mostSubjects, endpoint.reconcile === true),
    due: [],
    checks: new Map(),
    checkAt: Infinity,
    isConfigured: false,
    wasMissing: false,
    received: undefined,
    former: [],
    search: undefined,
  };
}

/** Identifies an endpoint. */
export function debtorKey(appId: string, endpointId: string): string {
  return `${appId}\n${endpointId}`;
}
