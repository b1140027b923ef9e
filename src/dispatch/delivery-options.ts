import type { Clock, Millis, WallTime } from '../ports/clock.ts';
import type { DeliveryStore } from '../ports/delivery-store.ts';
import type { Ids } from '../ports/ids.ts';
import type { Random } from '../ports/random.ts';
import type { WebhookSender } from '../ports/webhook-sender.ts';
import type { AttemptPlaces } from '../webhooks/attempt-places.ts';
import type { DeliverySubscriber } from '../webhooks/delivery-facts.ts';
import type { DeliveryPolicy } from '../webhooks/delivery-queue.ts';

/** What delivery needs, for every endpoint. */
export interface DeliveryOptions {
  readonly clock: Clock;
  readonly wallTime: WallTime;
  readonly random: Random;
  readonly ids: Pick<Ids, 'webhookId'>;
  readonly sender: WebhookSender;
  /** Receives all delivery facts. */
  readonly emit: DeliverySubscriber;
  /** How events are batched, unless the endpoint has its own settings, and the rest of the policy. */
  readonly policy: DeliveryPolicy;
  readonly requestTimeoutMs: number;
  /** The epoch of the state. After it changes, what was sent before may no longer be true. */
  readonly epoch: () => string;
  /**
   * How long the program has been down since a time of day, at which it was running. The time of stored events does not run while it
   * is down. Absent: it has not been down.
   */
  readonly downSince?: (timeMs: number) => Millis;
  /** Stores batches in progress. */
  readonly store: DeliveryStore;
  /** The places for attempts in progress, shared by all endpoints. */
  readonly places: AttemptPlaces;
}
