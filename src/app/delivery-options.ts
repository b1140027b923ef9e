import type { Clock, WallTime } from '../ports/clock.ts';
import type { DeliveryStore } from '../ports/delivery-store.ts';
import type { Ids } from '../ports/ids.ts';
import type { Random } from '../ports/random.ts';
import type { WebhookSender } from '../ports/webhook-sender.ts';
import type { AttemptPlaces } from '../webhooks/attempt-places.ts';
import type { DeliverySubscriber } from '../webhooks/delivery-facts.ts';
import type { DeliveryPolicy } from '../webhooks/delivery-queue.ts';

/** What delivering needs, for whichever endpoint. */
export interface DeliveryOptions {
  readonly clock: Clock;
  readonly wallTime: WallTime;
  readonly random: Random;
  readonly ids: Pick<Ids, 'webhookId'>;
  readonly sender: WebhookSender;
  /** Hears of all that happens to events. */
  readonly tell: DeliverySubscriber;
  /** How events are put together, where the endpoint says nothing else, and all the rest. */
  readonly policy: DeliveryPolicy;
  readonly requestTimeoutMs: number;
  /** In which life of the state this is: after another one begins, what was told before may not be true any more. */
  readonly epoch: () => string;
  /** Where batches are kept while they are under way. */
  readonly store: DeliveryStore;
  /** The places for attempts under way, which all endpoints share. */
  readonly places: AttemptPlaces;
}
