import type { MaybePromise } from './maybe-promise.ts';

/** How much backends may publish: the part of the ledger that counts their events over all nodes. */
export interface TriggerAdmission {
  /** Whether a backend may publish so many more events now, all or none, of `perSecond` in any second. */
  admitTriggers(appId: string, count: number, perSecond: number): MaybePromise<boolean>;
}
