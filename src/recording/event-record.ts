import type { Millis } from '../ports/clock.ts';
import type { DropReason } from '../webhooks/delivery-facts.ts';
import type { Endpoint } from '../webhooks/endpoint.ts';
import type { WebhookEvent } from '../webhooks/event.ts';
import type { WebhookEventFields } from '../webhooks/event-match.ts';
import { explain } from './explain.ts';
import type { AttemptEnd, EmulatorEvent, EndpointFate, EventCause, EventStatus } from './records.ts';

/** What is known of an event when it happens. */
interface Happening {
  readonly id: number;
  readonly appId: string;
  readonly event: WebhookEvent;
  readonly atMs: Millis;
  readonly cause: EventCause;
  readonly status: EventStatus;
}

interface Fate {
  readonly endpoint: Endpoint;
  readonly isWanted: boolean;
  readonly deliveries: Set<string>;
  attempts: number;
  lastAttempt: AttemptEnd | undefined;
  fate: 'delivered' | DropReason | undefined;
}

/** What is known of one event. */
export class EventRecord {
  readonly id: number;
  readonly appId: string;
  readonly #happening: Happening;
  /** By the id of the endpoint. */
  readonly #fates = new Map<string, Fate>();

  constructor(happening: Happening) {
    this.id = happening.id;
    this.appId = happening.appId;
    this.#happening = happening;
  }

  /** Whether some endpoint has taken it: another may still be to get it. */
  get wasDelivered(): boolean {
    for (const { fate } of this.#fates.values()) if (fate === 'delivered') return true;
    return false;
  }

  addEndpoint(endpoint: Endpoint, isWanted: boolean): void {
    this.#fates.set(endpoint.id, {
      endpoint,
      isWanted,
      deliveries: new Set(),
      attempts: 0,
      lastAttempt: undefined,
      fate: undefined,
    });
  }

  attempt({ id }: Endpoint, webhookId: string): void {
    const fate = this.#fates.get(id);
    if (fate === undefined) return;
    fate.attempts += 1;
    fate.deliveries.add(webhookId);
  }

  attemptEnded({ id }: Endpoint, end: AttemptEnd): void {
    const fate = this.#fates.get(id);
    if (fate !== undefined) fate.lastAttempt = end;
  }

  /** Returns the deliveries that are decided with it. */
  decide({ id }: Endpoint, decision: 'delivered' | DropReason): Iterable<string> {
    const fate = this.#fates.get(id);
    if (fate === undefined) return [];
    fate.fate = decision;
    return fate.deliveries;
  }

  describe(): EmulatorEvent {
    const { id, appId, event, atMs, cause } = this.#happening;
    const endpoints = [...this.#fates.values()].map((fate) => describeFate(fate, event));
    const told = { id, appId, ...fieldsOf(event), atMs, status: this.#status(), cause, endpoints };
    return { ...told, why: explain(told) };
  }

  #status(): EventStatus {
    const { status } = this.#happening;
    if (status !== 'pending') return status;
    const wanted = [...this.#fates.values()].filter(({ isWanted }) => isWanted);
    if (wanted.length === 0) return 'filtered';
    if (wanted.some(({ fate }) => fate === undefined)) return 'pending';
    return wanted.some(({ fate }) => fate === 'delivered') ? 'delivered' : 'dropped';
  }
}

function describeFate(
  { endpoint, isWanted, fate, deliveries, attempts, lastAttempt }: Fate,
  event: WebhookEvent,
): EndpointFate {
  const place = {
    endpoint: endpoint.id,
    url: endpoint.url,
    deliveries: [...deliveries],
    attempts,
    ...(lastAttempt && { lastAttempt }),
  };
  if (!isWanted) {
    const reason = endpoint.eventTypes.has(event.name) ? 'channel' : 'event type';
    return { ...place, status: 'filtered', reason };
  }
  if (fate === undefined || fate === 'delivered') return { ...place, status: fate ?? 'pending' };
  return { ...place, status: 'dropped', reason: fate };
}

/** An event with the names of its fields as they are sent. */
function fieldsOf(event: WebhookEvent): WebhookEventFields {
  const { name, channel } = event;
  switch (event.name) {
    case 'channel_occupied':
    case 'channel_vacated':
    case 'cache_miss':
      return { name, channel };
    case 'member_added':
    case 'member_removed':
      return { name, channel, user_id: event.userId };
    case 'subscription_count':
      return { name, channel, subscription_count: event.count };
    case 'client_event': {
      const { event: eventName, data, socketId, userId } = event;
      return {
        name,
        channel,
        ...(userId !== undefined && { user_id: userId }),
        event: eventName,
        data,
        socket_id: socketId,
      };
    }
  }
}
