import type { Drop } from '../webhooks/batch.ts';
import type { Decided, Left } from '../webhooks/delivery-facts.ts';
import type { Endpoint } from '../webhooks/endpoint.ts';
import type { Payloads } from './payloads.ts';

/** What the facts about a delivery have in common. */
interface Serving {
  readonly app: { readonly id: string };
  readonly endpoint: Endpoint;
}

/** Some events, and the batch that contains them, if there is one. */
type Events = Pick<Drop, 'events' | 'batch'>;

/** The fact that events were delivered or dropped. */
export function decidedFact(
  { app, endpoint }: Serving,
  fate: Decided['fate'],
  { events, batch }: Events,
  { deliveriesStarted }: Pick<Payloads, 'deliveriesStarted'>,
): Decided {
  const payload = batch?.payload;
  return {
    kind: 'decided',
    appId: app.id,
    endpoint,
    fate,
    events,
    webhookId: payload?.id,
    timeMs: payload?.timeMs,
    deliveriesStarted: payload?.deliveriesStarted ?? deliveriesStarted,
    attempts: batch?.attempts ?? 0,
    isUnsure: batch?.isUnsure ?? false,
    mayHaveArrived: batch?.mayHaveArrived ?? false,
  };
}

/** The fact that events are left undecided. */
export function leftFact({ app, endpoint }: Serving, { events, batch }: Events): Left {
  return { kind: 'left', appId: app.id, endpoint, webhookId: batch?.payload?.id, events };
}
