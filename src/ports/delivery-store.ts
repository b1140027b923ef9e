import type { Millis } from './clock.ts';
import type { MaybePromise } from './maybe-promise.ts';

/** The place of an event in the store that it was read from, among those of its app. Only the store can read it. */
export type EventRef = string;

/** What of a batch must outlive the process, so that another sends the same bytes under the same id. */
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

/** What has become of events at one endpoint. */
export interface Settlement {
  readonly appId: string;
  /** Empty where no endpoint is to get the event, or none any more. */
  readonly endpointId: string;
  /** The batch they were in, if they had come that far. It is done with, also if it could not be kept. */
  readonly batchId: string | undefined;
  /** `isLast`: no other endpoint waits for the event any more, it may be forgotten. */
  readonly events: readonly { readonly ref: EventRef; readonly isLast: boolean }[];
}

/**
 * Where deliveries are kept while they are under way, so that they outlive the process that makes them. A
 * store that does not outlive it keeps nothing.
 *
 * What it is told takes effect in the order in which it is told: a batch that is kept implies that the one
 * which had its channels before is settled.
 */
export interface DeliveryStore {
  /** Whether other processes append to it: then events of an app may come after the app has gone. */
  readonly isShared: boolean;
  /** Whether this process may still begin an attempt: it would end before another process could take over. */
  mayAttempt(): boolean;
  /**
   * Keeps a batch before its first attempt. False, or a rejection: it is not kept, or not for certain, and must
   * not be sent now; the dispatcher is told when to go on, and has the same batch kept again then.
   */
  keep(batch: KeptBatch): MaybePromise<boolean>;
  /** An attempt has failed, the so manieth; the next one starts so much later. */
  postpone(batchId: string, attempts: number, delayMs: Millis): void;
  /** Events were delivered or dropped. */
  settle(settlement: Settlement): void;
}

/** Keeps nothing: what is under way ends with the process. */
export const noDeliveryStore: DeliveryStore = {
  isShared: false,
  mayAttempt: () => true,
  keep: () => true,
  postpone: () => {},
  settle: () => {},
};
