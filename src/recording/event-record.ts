import type { Millis } from '../ports/clock.ts';
import type { DropReason } from '../webhooks/delivery-facts.ts';
import type { Endpoint } from '../webhooks/endpoint.ts';
import type { WebhookEvent } from '../webhooks/event.ts';
import type { WebhookEventFields } from '../webhooks/event-match.ts';
import { explain } from './explain.ts';
import type { AttemptEnd, EmulatorEvent, EndpointFate, EventCause, EventStatus } from './records.ts';
import type { Numbered } from './ring.ts';

/** What is known of an event when it happens. */
export interface Happening {
  readonly id: number;
  readonly appId: string;
  readonly event: WebhookEvent;
  readonly atMs: Millis;
  /** The same as the time of day. */
  readonly timeMs: number;
  readonly cause: EventCause;
  readonly status: EventStatus;
  /** How many before it were not recorded. */
  readonly skippedBefore: number;
}

interface Fate {
  readonly endpoint: Endpoint;
  readonly isWanted: boolean;
  readonly deliveries: string[];
  attempts: number;
  lastAttempt: AttemptEnd | undefined;
  fate: 'delivered' | DropReason | undefined;
}

/** What a record, and what is known of each endpoint, take beside their texts, roughly. */
const overheadBytes = { record: 700, fate: 250 };

/** What is known of one event. */
export class EventRecord implements Numbered {
  readonly id: number;
  /** Its place in the order of events: its id. */
  readonly seq: number;
  readonly appId: string;
  readonly happening: Happening;
  /** By the id of the endpoint. */
  readonly #fates = new Map<string, Fate>();

  constructor(happening: Happening) {
    this.id = happening.id;
    this.seq = happening.id;
    this.appId = happening.appId;
    this.happening = happening;
  }

  get bytes(): number {
    return overheadBytes.record + textOf(this.happening.event) + overheadBytes.fate * this.#fates.size;
  }

  /** Whether some endpoint has taken it: another may still be to get it. */
  get wasDelivered(): boolean {
    for (const { fate } of this.#fates.values()) if (fate === 'delivered') return true;
    return false;
  }

  addEndpoint(endpoint: Endpoint, isWanted: boolean): void {
    this.#add(endpoint, isWanted);
  }

  /** It was in so many further attempts of a delivery. */
  attempt(endpoint: Endpoint, webhookId: string | undefined, attempts = 1): void {
    const fate = this.#fateAt(endpoint);
    fate.attempts += attempts;
    if (webhookId !== undefined && !fate.deliveries.includes(webhookId)) fate.deliveries.push(webhookId);
  }

  attemptEnded({ id }: Endpoint, end: AttemptEnd): void {
    const fate = this.#fates.get(id);
    if (fate !== undefined) fate.lastAttempt = end;
  }

  decide(endpoint: Endpoint, decision: 'delivered' | DropReason): void {
    this.#fateAt(endpoint).fate = decision;
  }

  /** What became of it. */
  get status(): EventStatus {
    const { status } = this.happening;
    if (status !== 'pending') return status;
    let isWanted = false;
    let isDelivered = false;
    for (const fate of this.#fates.values()) {
      if (!fate.isWanted) continue;
      if (fate.fate === undefined) return 'pending';
      isWanted = true;
      isDelivered ||= fate.fate === 'delivered';
    }
    if (!isWanted) return 'filtered';
    return isDelivered ? 'delivered' : 'dropped';
  }

  /** What became of it at each endpoint. */
  get endpoints(): readonly EndpointFate[] {
    const { event } = this.happening;
    return Array.from(this.#fates.values(), (fate) => describeFate(fate, event));
  }

  /** All of it, with times on the clock. */
  describe(): EmulatorEvent {
    const { id, appId, event, atMs, cause } = this.happening;
    const { status, endpoints } = this;
    const told = { id, appId, ...fieldsOf(event), atMs, status, cause, endpoints };
    return { ...told, why: explain(told) };
  }

  /** An endpoint of which nothing was said before wants it: it was not recorded when it happened. */
  #fateAt(endpoint: Endpoint): Fate {
    return this.#fates.get(endpoint.id) ?? this.#add(endpoint, true);
  }

  #add(endpoint: Endpoint, isWanted: boolean): Fate {
    const fate: Fate = {
      endpoint,
      isWanted,
      deliveries: [],
      attempts: 0,
      lastAttempt: undefined,
      fate: undefined,
    };
    this.#fates.set(endpoint.id, fate);
    return fate;
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

/** Characters of an event's own texts. */
export function textOf(event: WebhookEvent): number {
  const { name, channel } = event;
  const rest =
    event.name === 'client_event'
      ? event.event.length + event.data.length
      : 'userId' in event
        ? event.userId.length
        : 0;
  return name.length + channel.length + rest;
}

/** An event with the names of its fields as they are sent. */
export function fieldsOf(event: WebhookEvent): WebhookEventFields {
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
