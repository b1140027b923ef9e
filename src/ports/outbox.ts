import type { WebhookEvent } from '../webhooks/event.ts';
import type { MaybePromise } from './maybe-promise.ts';

/**
 * The ordered log between what happened and the endpoints that are notified. Events of one append stay together and in order;
 * events of one channel are read in the order in which they were appended.
 */
export interface Outbox {
  /** Appends events of one app. They happened now. */
  append(appId: string, events: readonly WebhookEvent[]): void;
  /**
   * Resolves once everything appended so far would outlive this process, or cannot for now. An outbox that does not promise this
   * returns immediately.
   */
  kept(): MaybePromise<void>;
}
