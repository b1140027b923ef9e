import type { Clock } from '../ports/clock.ts';
import type { Metrics } from '../ports/metrics.ts';
import type { DeliverySubscriber } from '../webhooks/delivery-facts.ts';

/** Counts the results of events and deliveries. */
export function countDeliveries(metrics: Metrics, clock: Pick<Clock, 'now'>): DeliverySubscriber {
  return (fact) => {
    switch (fact.kind) {
      case 'selected':
        if (fact.selecting.length > 0) metrics.webhookQueued(fact.appId, fact.event.name);
        break;
      case 'attempt-ended': {
        const { attempt, result, elapsedMs } = fact;
        metrics.webhookAttempt(attempt.appId, attempt.endpoint.id, result, elapsedMs);
        break;
      }
      case 'decided': {
        const { appId, endpoint, fate, events } = fact;
        if (fate !== 'delivered') metrics.webhookDropped(appId, endpoint.id, fate, events.length);
        else {
          const at = clock.now();
          const ages = events.map(({ createdAt }) => at - createdAt);
          metrics.webhookDelivered(appId, endpoint.id, ages);
        }
        break;
      }
      case 'attempt-began':
      case 'resumed':
      case 'left':
      case 'unclaimed':
      case 'disabled':
      case 'enabled':
      case 'ended':
    }
  };
}
