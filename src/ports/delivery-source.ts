import type { WebhookEvent } from '../webhooks/event.ts';
import type { Millis } from './clock.ts';
import type { EventRef, KeptBatch } from './delivery-store.ts';

/** The origin of an event that is read from a store. */
export interface EventOrigin {
  /** Its place in the store; undefined if it is not stored. */
  readonly ref: EventRef | undefined;
  /** Its sequence number; undefined: after all events taken before. */
  readonly seq?: number;
  /** Its age. */
  readonly ageMs: Millis;
  /** Ids of endpoints that have decided the event already. */
  readonly settledFor: ReadonlySet<string>;
}

/** The origin of an event that has just happened and is not stored. */
export const fresh: EventOrigin = { ref: undefined, ageMs: 0, settledFor: new Set() };

/** An event of a stored batch. */
export interface RestoredEvent extends EventOrigin {
  readonly ref: EventRef;
  readonly event: WebhookEvent;
}

/** A batch that another process stored and did not settle. */
export interface RestoredBatch extends KeptBatch {
  /** The number of attempts that have begun. */
  readonly attempts: number;
  /** The time until the next attempt may start; 0 or less: now. */
  readonly delayMs: Millis;
  /** In the order of the body. */
  readonly events: readonly RestoredEvent[];
}

/** Delivers the events of a store, while this process has the right to. */
export interface DeliveryMachine {
  restore(batch: RestoredBatch): void;
  take(appId: string, event: WebhookEvent, origin: EventOrigin): void;
  resume(): void;
  halt(): Promise<void>;
  stop(): void;
}
