import type { Millis } from './clock.ts';
import type { MaybePromise } from './maybe-promise.ts';

/** Identifies an event in the store, among those of its app. Only the store can interpret it. */
export type EventRef = string;

/** The part of a batch that must outlive the process, so that another process sends the same bytes under the same id. */
export interface KeptBatch {
  /** The delivery's id, `webhook-id`. */
  readonly id: string;
  readonly appId: string;
  readonly endpointId: string;
  /** `time_ms` of the body. */
  readonly timeMs: number;
  /** Its events, in the order of the body. */
  readonly refs: readonly EventRef[];
}

/** The result of events at one endpoint. */
export interface Settlement {
  readonly appId: string;
  /** Empty if no endpoint selects the event, or none does any more. */
  readonly endpointId: string;
  /** The batch that contained them, if there was one. It is finished, even if it could not be stored. */
  readonly batchId: string | undefined;
  /** `isLast`: no other endpoint waits for the event, so it may be removed. */
  readonly events: readonly { readonly ref: EventRef; readonly isLast: boolean }[];
}

/**
 * Stores deliveries in progress, so that they outlive the process. A store that does not outlive it keeps nothing.
 *
 * Calls take effect in order: a stored batch implies that the previous batch with its channels is settled.
 */
export interface DeliveryStore {
  /** Whether other processes append to it. Events of an app may then arrive after the app was removed. */
  readonly isShared: boolean;
  /** Whether this process may still begin an attempt: it would end before another process could take over. */
  mayAttempt(): boolean;
  /**
   * Stores a batch before its first attempt. False or a rejection means that it is not stored, or not for certain, and must not
   * be sent now. The dispatcher is notified when to continue, and then stores the same batch again.
   */
  keep(batch: KeptBatch): MaybePromise<boolean>;
  /** Attempt number `attempts` has failed; the next one starts after `delayMs`. */
  postpone(batchId: string, attempts: number, delayMs: Millis): void;
  /** Events were delivered or dropped. */
  settle(settlement: Settlement): void;
}

/** Stores nothing: deliveries in progress end with the process. */
export const noDeliveryStore: DeliveryStore = {
  isShared: false,
  mayAttempt: () => true,
  keep: () => true,
  postpone: () => {},
  settle: () => {},
};

/**
 * Whether events that pass their deadline may be dropped. Not if another process may have taken them over, and may deliver them: then they
 * are dropped once the store allows attempts again.
 */
export function mayExpire(store: Pick<DeliveryStore, 'isShared' | 'mayAttempt'>): boolean {
  return !store.isShared || store.mayAttempt();
}
