import type { WebhookEvent } from '../webhooks/event.ts';

/**
 * The ordered log between what happened and who is told of it. Events of one append stay together and in
 * order; events of one channel are read in the order in which they were appended.
 */
export interface Outbox {
  /** Appends events of one app. They happened now. */
  append(appId: string, events: readonly WebhookEvent[]): void;
}
