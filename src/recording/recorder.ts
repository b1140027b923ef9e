import type { Clock, WallTime } from '../ports/clock.ts';
import type { Witness, WitnessedConnection } from '../ports/witness.ts';
import type { ChannelName } from '../protocol/channel-name.ts';
import type { Attempt } from '../webhooks/attempt.ts';
import type { AttemptEnded, Decided, DeliveryFact } from '../webhooks/delivery-facts.ts';
import type { WebhookEvent } from '../webhooks/event.ts';
import { DeliveryRecord, endOf } from './delivery-record.ts';
import { EventRecord } from './event-record.ts';
import { Movements } from './movements.ts';
import type { EmulatorDelivery, EmulatorEvent, EventStatus } from './records.ts';

/** What the recorder is made with. */
export interface RecorderOptions {
  readonly clock: Pick<Clock, 'now'>;
  readonly wallTime: WallTime;
  /** Called after something has been recorded. */
  readonly changed: () => void;
  /** The most events, and the most deliveries, that are kept. */
  readonly capacity?: number;
}

/** Keeps all that happened, and why: the latest so many events and deliveries. */
export class Recorder implements Witness {
  readonly #options: RecorderOptions;
  readonly #capacity: number;
  readonly #movements = new Movements();
  readonly #events = new Map<number, EventRecord>();
  readonly #deliveries = new Map<string, DeliveryRecord>();
  /** By the event itself, which is the same object all the way. */
  readonly #byEvent = new WeakMap<WebhookEvent, EventRecord>();
  readonly #underWay = new WeakMap<Attempt, DeliveryRecord>();
  #made = 0;
  #final:
    | { readonly events: readonly EmulatorEvent[]; readonly deliveries: readonly EmulatorDelivery[] }
    | undefined;

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#capacity = options.capacity ?? 10_000;
  }

  /** Events in the order in which they happened, of one app or of all. */
  events(appId?: string): readonly EmulatorEvent[] {
    const all = this.#final?.events ?? [...this.#events.values()].map((record) => record.describe());
    return ofApp(all, appId);
  }

  /** The first event after another one, of one app or of all, that an endpoint has taken and that matches. */
  firstDelivered(
    appId: string | undefined,
    after: number,
    matches: (event: EmulatorEvent) => boolean,
  ): EmulatorEvent | undefined {
    for (const record of this.#events.values()) {
      const isMeant = record.id > after && (appId === undefined || record.appId === appId);
      if (!isMeant || !record.wasDelivered) continue;
      const event = record.describe();
      if (matches(event)) return event;
    }
    return undefined;
  }

  /** Deliveries in the order of their first attempts, of one app or of all. */
  deliveries(appId?: string): readonly EmulatorDelivery[] {
    const all = this.#final?.deliveries ?? [...this.#deliveries.values()].map((record) => record.describe());
    return ofApp(all, appId);
  }

  /** Tells what is recorded now, whatever happens from now on: how everybody is sent away at the end is no news. */
  freeze(): void {
    this.#final ??= { events: this.events(), deliveries: this.deliveries() };
  }

  /** Forgets what was recorded of an app. What still becomes of it is not recorded. */
  clear(appId: string): void {
    for (const [id, record] of this.#events) if (record.appId === appId) this.#events.delete(id);
    for (const [id, record] of this.#deliveries) if (record.appId === appId) this.#deliveries.delete(id);
  }

  joined(connection: WitnessedConnection, channel: ChannelName, userId: string | undefined): void {
    this.#movements.add('subscribed', connection, { channel, userId }, this.#options.clock.now());
  }

  left(
    connection: WitnessedConnection,
    {
      channel,
      userId,
    }: { readonly channel: { readonly name: ChannelName }; readonly userId: string | undefined },
    how: 'unsubscribed' | 'disconnected',
  ): void {
    this.#movements.add(how, connection, { channel: channel.name, userId }, this.#options.clock.now());
  }

  suppressed(appId: string, event: WebhookEvent, why: 'grace' | 'duplicate'): void {
    if (why === 'duplicate') return void this.#add(appId, event, 'deduplicated');
    this.#add(appId, event, 'suppressed');
    const arrival = arrivalFor(event);
    if (arrival !== undefined) this.#add(appId, arrival, 'suppressed');
  }

  unwanted(appId: string, event: WebhookEvent): void {
    this.#add(appId, event, 'filtered');
  }

  /** Subscribes to the delivery facts. */
  readonly hear = (fact: DeliveryFact): void => {
    switch (fact.kind) {
      case 'selected':
        return this.#selected(fact);
      case 'attempt-began':
        return this.#attemptBegan(fact.attempt);
      case 'attempt-ended':
        return this.#attemptEnded(fact);
      case 'decided':
        return this.#decided(fact);
      case 'unclaimed':
      case 'disabled':
      case 'enabled':
      case 'ended':
        return undefined;
    }
  };

  #selected({ appId, event, served, wanting }: DeliveryFact & { readonly kind: 'selected' }): void {
    const record = this.#add(appId, event, 'pending');
    for (const one of served) record.addEndpoint(one.endpoint, wanting.includes(one));
    this.#movements.forget(appId, event);
  }

  #attemptBegan(attempt: Attempt): void {
    const { webhookId, endpoint, number } = attempt;
    const records = this.#recordsOf(attempt);
    for (const record of records) record.attempt(endpoint, webhookId);
    let delivery = this.#deliveries.get(webhookId);
    // A second attempt of one that is not kept any more is not one that began now.
    if (delivery === undefined && number > 1) return;
    if (delivery === undefined) {
      const eventIds = records.map(({ id }) => id);
      delivery = new DeliveryRecord(attempt, eventIds);
      this.#deliveries.set(webhookId, delivery);
      dropOldest(this.#deliveries, this.#capacity);
    }
    delivery.begin(attempt, { atMs: this.#options.clock.now(), timeMs: this.#options.wallTime.now() });
    this.#underWay.set(attempt, delivery);
    this.#options.changed();
  }

  #attemptEnded({ attempt, outcome }: AttemptEnded): void {
    this.#underWay.get(attempt)?.end(attempt, outcome, this.#options.clock.now());
    for (const record of this.#recordsOf(attempt)) record.attemptEnded(attempt.endpoint, endOf(outcome));
    this.#options.changed();
  }

  #decided({ endpoint, fate, events }: Decided): void {
    for (const { event } of events) {
      const record = this.#byEvent.get(event);
      for (const id of record?.decide(endpoint, fate) ?? []) this.#deliveries.get(id)?.decide(fate);
    }
    this.#options.changed();
  }

  #recordsOf({ events }: Attempt): readonly EventRecord[] {
    return events.flatMap(({ event }) => this.#byEvent.get(event) ?? []);
  }

  #add(appId: string, event: WebhookEvent, status: EventStatus): EventRecord {
    this.#made += 1;
    const atMs = this.#options.clock.now();
    const cause = this.#movements.causeOf(appId, event, atMs);
    const record = new EventRecord({ id: this.#made, appId, event, atMs, cause, status });
    this.#events.set(record.id, record);
    this.#byEvent.set(event, record);
    dropOldest(this.#events, this.#capacity);
    this.#options.changed();
    return record;
  }
}

function ofApp<T extends { readonly appId: string }>(
  all: readonly T[],
  appId: string | undefined,
): readonly T[] {
  return appId === undefined ? all : all.filter((one) => one.appId === appId);
}

/** The event that a return within the grace would have been, had the departure been told. */
function arrivalFor(departure: WebhookEvent): WebhookEvent | undefined {
  const { channel } = departure;
  if (departure.name === 'channel_vacated') return { name: 'channel_occupied', channel };
  if (departure.name === 'member_removed') return { name: 'member_added', channel, userId: departure.userId };
  return undefined;
}

function dropOldest(records: Map<unknown, unknown>, capacity: number): void {
  if (records.size <= capacity) return;
  for (const key of records.keys()) {
    records.delete(key);
    return;
  }
}
