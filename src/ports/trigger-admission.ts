import type { MaybePromise } from './maybe-promise.ts';

/** The limit on published events: the part of the ledger that counts the events of backends over all nodes. */
export interface TriggerAdmission {
  /** Admits `count` more events, all or none, of at most `perSecond` in any second. Returns whether it did. */
  admitTriggers(appId: string, count: number, perSecond: number): MaybePromise<boolean>;
}
