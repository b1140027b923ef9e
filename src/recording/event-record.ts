import type { Millis } from '../ports/clock.ts';
import type { DropReason } from '../webhooks/delivery-facts.ts';
import type { Endpoint } from '../webhooks/endpoint.ts';
import type { WebhookEvent } from '../webhooks/event.ts';
import type { WebhookEventFields } from '../webhooks/event-fields.ts';
import { here, statusOf } from './delivery-record.ts';
import { explain } from './explain.ts';
import type { Movement } from './movements.ts';
import type { AttemptEnd, EmulatorEvent, EventCause, EventStatus, Moved, RecordedFate } from './records.ts';
import type { Numbered } from './ring.ts';

/** The facts about an event when it happens. */
export interface EventOccurrence {
  readonly id: number;
  readonly appId: string;
  readonly event: WebhookEvent;
  readonly atMs: Millis;
  /** When it was recorded, on the same clock: later, if another process had it first. */
  readonly recordedAtMs: Millis;
  /** The time of the event in milliseconds since 1970. */
  readonly timeMs: number;
  /** The movement of a connection that caused it, if that is known. */
  readonly cause: Movement | undefined;
  readonly status: EventStatus;
  /** How many earlier events were not recorded. */
  readonly skippedBefore: number;
}

interface Fate {
  readonly endpoint: Endpoint;
  readonly isWanted: boolean;
  /** Usually at most one. */
  deliveries: readonly string[];
  attempts: number;
  lastAttempt: AttemptEnd | undefined;
  fate: 'delivered' | DropReason | Moved | undefined;
}

/** The approximate memory of a record, and of its part for each endpoint, without their texts. */
const overheadBytes = { record: 800, fate: 250 };

const none: readonly string[] = [];

/** The record of one event. */
export class EventRecord implements Numbered {
  readonly id: number;
  /** Its number in the order of events, which is its id. */
  readonly seq: number;
  readonly appId: string;
  readonly happening: EventOccurrence;
  /** A list, because an app has few endpoints. */
  readonly #fates: Fate[] = [];

  constructor(happening: EventOccurrence) {
    this.id = happening.id;
    this.seq = happening.id;
    this.appId = happening.appId;
    this.happening = happening;
  }

  get bytes(): number {
    return (
      overheadBytes.record + textLengthOf(this.happening.event) + overheadBytes.fate * this.#fates.length
    );
  }

  /** When it was recorded, in milliseconds since 1970. */
  get recordedAtMs(): number {
    const { timeMs, atMs, recordedAtMs } = this.happening;
    return timeMs + recordedAtMs - atMs;
  }

  /** Whether an endpoint has accepted it. Other endpoints may still be pending. */
  get wasDelivered(): boolean {
    return this.#fates.some(({ fate }) => fate === 'delivered');
  }

  /** Records whether an endpoint gets it. If another process had it in the meantime, it is pending again. */
  select(endpoint: Endpoint, isWanted: boolean): void {
    const known = this.#find(endpoint);
    if (known === undefined) this.#add(endpoint, isWanted);
    else if (isWanted && known.fate === 'moved') known.fate = undefined;
  }

  /** Whether a delivery contained it. */
  wasIn(endpoint: Endpoint, webhookId: string): boolean {
    return this.#find(endpoint)?.deliveries.includes(webhookId) ?? false;
  }

  /** Records that further attempts of a delivery contained it. */
  attempt(endpoint: Endpoint, webhookId: string | undefined, attempts = 1): void {
    const fate = this.#fateAt(endpoint);
    fate.attempts += attempts;
    if (webhookId === undefined) return;
    if (fate.deliveries === none) fate.deliveries = [webhookId];
    else if (!fate.deliveries.includes(webhookId)) fate.deliveries = [...fate.deliveries, webhookId];
  }

  attemptEnded(endpoint: Endpoint, end: AttemptEnd): void {
    const fate = this.#find(endpoint);
    if (fate !== undefined) fate.lastAttempt = end;
  }

  decide(endpoint: Endpoint, decision: 'delivered' | DropReason): void {
    this.#fateAt(endpoint).fate = decision;
  }

  /** Records that the next process decides it, unless this one has. */
  leave(endpoint: Endpoint): void {
    this.#fateAt(endpoint).fate ??= 'moved';
  }

  /** The outcome over all endpoints. */
  get status(): EventStatus | Moved {
    const { status } = this.happening;
    if (status !== 'pending') return status;
    const fates = this.#fates.filter(({ isWanted }) => isWanted).map(({ fate }) => fate);
    if (fates.length === 0) return 'filtered';
    if (fates.includes(undefined)) return 'pending';
    if (fates.includes('moved')) return 'moved';
    return fates.includes('delivered') ? 'delivered' : 'dropped';
  }

  /** The cause, with times on the server's clock. */
  get cause(): EventCause {
    const { event, cause, atMs } = this.happening;
    return describeCause(event, cause, atMs);
  }

  /** The outcome at each endpoint. */
  get endpoints(): readonly RecordedFate[] {
    const { event } = this.happening;
    return this.#fates.map((fate) => describeFate(fate, event));
  }

  /** The whole record, with times on the server's clock, for an emulator. */
  describe(): EmulatorEvent {
    const { id, appId, event, atMs } = this.happening;
    const { cause } = this;
    const status = here(this.status);
    const endpoints = this.endpoints.map((fate) => ({ ...fate, status: here(fate.status) }));
    const described = { id, appId, ...fieldsOf(event), atMs, status, cause, endpoints };
    return { ...described, why: explain(described) };
  }

  /** Adds the endpoint if it is missing, which happens if the event was not recorded at first. */
  #fateAt(endpoint: Endpoint): Fate {
    return this.#find(endpoint) ?? this.#add(endpoint, true);
  }

  #find({ id }: Endpoint): Fate | undefined {
    for (const fate of this.#fates) if (fate.endpoint.id === id) return fate;
    return undefined;
  }

  #add(endpoint: Endpoint, isWanted: boolean): Fate {
    const fate: Fate = {
      endpoint,
      isWanted,
      deliveries: none,
      attempts: 0,
      lastAttempt: undefined,
      fate: undefined,
    };
    this.#fates.push(fate);
    return fate;
  }
}

function describeCause(event: WebhookEvent, cause: Movement | undefined, atMs: Millis): EventCause {
  if (event.name === 'client_event') {
    return { kind: 'client event', socket_id: event.socketId, ...userIn(event.userId), atMs };
  }
  if (event.onlyFor !== undefined) return { kind: 'reconciled', atMs };
  // A refused subscription is never the cause.
  if (cause === undefined || cause.kind === 'refused') return { kind: 'unknown', atMs };
  return { kind: cause.kind, socket_id: cause.socketId, ...userIn(cause.userId), atMs: cause.atMs };
}

function userIn(userId: string | undefined): { readonly user_id?: string } {
  return userId === undefined ? {} : { user_id: userId };
}

function describeFate(
  { endpoint, isWanted, fate, deliveries, attempts, lastAttempt }: Fate,
  event: WebhookEvent,
): RecordedFate {
  const place = {
    endpoint: endpoint.id,
    url: endpoint.url,
    deliveries,
    attempts,
    ...(lastAttempt && { lastAttempt }),
  };
  if (!isWanted) {
    const reason = endpoint.eventTypes.has(event.name) ? 'channel' : 'event type';
    return { ...place, status: 'filtered', reason };
  }
  return { ...place, ...statusOf(fate) };
}

/** The number of characters in the texts of an event. */
export function textLengthOf(event: WebhookEvent): number {
  const { name, channel } = event;
  const rest =
    event.name === 'client_event'
      ? event.event.length + event.data.length
      : 'userId' in event
        ? event.userId.length
        : 0;
  return name.length + channel.length + rest;
}

/** The fields of an event, with their names in webhooks. */
export function fieldsOf(event: WebhookEvent): WebhookEventFields {
  const { channel } = event;
  switch (event.name) {
    case 'channel_occupied':
    case 'channel_vacated':
    case 'cache_miss':
      return { name: event.name, channel };
    case 'member_added':
    case 'member_removed':
      return { name: event.name, channel, user_id: event.userId };
    case 'subscription_count':
      return { name: event.name, channel, subscription_count: event.count };
    case 'client_event': {
      const { event: eventName, data, socketId, userId } = event;
      return {
        name: event.name,
        channel,
        ...(userId !== undefined && { user_id: userId }),
        event: eventName,
        data,
        socket_id: socketId,
      };
    }
  }
}
