import type { WebhookEvent } from '../webhooks/event.ts';
import type { Millis } from './clock.ts';
import type { EventRef, KeptBatch } from './delivery-store.ts';

/** Where an event comes from that is read from a store. */
export interface EventOrigin {
  /** Its place in the store; undefined: it is kept nowhere. */
  readonly ref: EventRef | undefined;
  /** Its place in the order in which events happened; undefined: after all that were taken before. */
  readonly seq?: number;
  /** How long ago it happened. */
  readonly ageMs: Millis;
  /** Ids of endpoints that are done with it already. */
  readonly settledFor: ReadonlySet<string>;
}

/** Where an event comes from that has just happened and is kept nowhere. */
export const fresh: EventOrigin = { ref: undefined, ageMs: 0, settledFor: new Set() };

/** An event of a batch that was kept. */
export interface RestoredEvent extends EventOrigin {
  readonly ref: EventRef;
  readonly event: WebhookEvent;
}

/** A batch that another process kept and did not settle. */
export interface RestoredBatch extends KeptBatch {
  /** Attempts begun. */
  readonly attempts: number;
  /** Until the next may start; 0 or less: now. */
  readonly delayMs: Millis;
  /** In the order of the body. */
  readonly events: readonly RestoredEvent[];
}

/** Whatever delivers the events of a store, while this process has the right to. */
export interface DeliveryMachine {
  restore(batch: RestoredBatch): void;
  take(appId: string, event: WebhookEvent, origin: EventOrigin): void;
  resume(): void;
  halt(): Promise<void>;
  stop(): void;
}
