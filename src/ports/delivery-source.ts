import type { WebhookEvent } from '../webhooks/event.ts';
import type { Millis } from './clock.ts';
import type { EventRef, KeptBatch } from './delivery-store.ts';

/** What a store knows of an event that is read from it. */
export interface StoredEventState {
  /** Its place in the store; undefined if it is not stored. */
  readonly ref: EventRef | undefined;
  /** Its sequence number; undefined: after all events taken before. */
  readonly seq?: number;
  /** Its age. */
  readonly ageMs: Millis;
  /** Ids of endpoints that have decided the event already. */
  readonly settledFor: ReadonlySet<string>;
}

/** The state of an event that has just happened and is not stored. */
export const notStored: StoredEventState = { ref: undefined, ageMs: 0, settledFor: new Set() };

/** An event of a stored batch. */
export interface RestoredEvent extends StoredEventState {
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
export interface EventDispatcher {
  restore(batch: RestoredBatch): void;
  take(appId: string, event: WebhookEvent, state: StoredEventState): void;
  resume(): void;
  halt(): Promise<void>;
  stop(): void;
}
