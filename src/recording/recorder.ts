import type { ResentFact } from '../delivery-log/resender.ts';
import type { Clock, WallTime } from '../ports/clock.ts';
import type { Leaving, Witness, WitnessedConnection, WitnessedSubscription } from '../ports/witness.ts';
import type { ChannelName } from '../protocol/channel-name.ts';
import type { Attempt } from '../webhooks/attempt.ts';
import type { AttemptEnded, Decided, DeliveryFact, Left } from '../webhooks/delivery-facts.ts';
import { selects } from '../webhooks/endpoint.ts';
import type { WebhookEvent } from '../webhooks/event.ts';
import { Allowance } from './allowance.ts';
import { arrivalFor } from './arrival.ts';
import { DeliveryRecord, endOf, type Moment } from './delivery-record.ts';
import type { EventRecord } from './event-record.ts';
import { EventRecords } from './event-records.ts';
import { Movements, type Movement } from './movements.ts';
import type { EmulatorDelivery, EmulatorEvent, EventStatus } from './records.ts';
import { Ticker } from './ticker.ts';
import { RecordShelf, type Extent } from './record-shelf.ts';
import { boundsOf, type RecordingBudget } from './recording-budget.ts';

/** What a recorder needs. */
export interface RecorderOptions {
  readonly clock: Clock;
  readonly wallTime: WallTime;
  /** Called after each record. */
  readonly changed?: () => void;
  /** The most events, the most deliveries and the most movements that are kept. */
  readonly capacity?: number;
  /** The limits of a server whose main purpose is not recording. Without a budget everything is recorded. */
  readonly budget?: RecordingBudget;
}

/**
 * Records the latest events, deliveries and movements with their causes. With a budget, part of what succeeds is only
 * counted, and failures are kept apart, so that successes do not displace them.
 */
export class Recorder implements Witness {
  readonly #options: RecorderOptions;
  readonly #movements: Movements;
  readonly #events: EventRecords;
  readonly #deliveries: RecordShelf<string, DeliveryRecord>;
  readonly #ticker: Ticker;
  readonly #movementAllowance: Allowance;
  readonly #isFrugal: boolean;
  readonly #startedAtMs: number;
  #deliveriesMade = 0;
  #skippedDeliveries = 0;
  #final:
    | { readonly events: readonly EmulatorEvent[]; readonly deliveries: readonly EmulatorDelivery[] }
    | undefined;

  // These are for other witnesses.
  readonly keyUsed = (): void => {};
  readonly connected = (): void => {};
  readonly disconnected = (): void => {};
  readonly signedIn = (): void => {};
  readonly published = (): void => {};
  readonly clientEvent = (): void => {};

  constructor(options: RecorderOptions) {
    const { clock, wallTime, budget, capacity = budget === undefined ? 10_000 : 100_000 } = options;
    const { bytes, events, movements } = boundsOf(budget);
    this.#options = options;
    this.#ticker = new Ticker(clock);
    this.#isFrugal = budget !== undefined;
    this.#startedAtMs = wallTime.now();
    const time = { clock, ticker: this.#ticker };
    this.#movementAllowance = new Allowance(movements, time);
    // Deliveries get the largest share, because they have bodies, headers and responses.
    const bounds = (share: number) => ({ count: capacity, bytes: share * bytes });
    this.#deliveries = new RecordShelf(bounds(0.5), this.#isFrugal);
    this.#movements = new Movements(bounds(0.15), { forgetsCauses: this.#isFrugal });
    this.#events = new EventRecords({
      clock,
      wallTime,
      bounds: bounds(0.35),
      isDivided: this.#isFrugal,
      allowance: new Allowance(events, time),
      movements: this.#movements,
    });
  }

  /** Events in the order in which they happened, of one app or of all apps. */
  events(appId?: string): readonly EmulatorEvent[] {
    const all = this.#final?.events ?? this.#events.all().map((record) => record.describe());
    return ofApp(all, appId);
  }

  /** The first matching event after another one that an endpoint has accepted, of one app or of all apps. */
  firstDelivered<Meant extends EmulatorEvent>(
    appId: string | undefined,
    after: number,
    matches: (event: EmulatorEvent) => event is Meant,
  ): Meant | undefined {
    for (const record of this.#events.all()) {
      const isSelected = record.id > after && (appId === undefined || record.appId === appId);
      if (!isSelected || !record.wasDelivered) continue;
      const event = record.describe();
      if (matches(event)) return event;
    }
    return undefined;
  }

  /** Deliveries in the order of their first attempts, of one app or of all apps. */
  deliveries(appId?: string): readonly EmulatorDelivery[] {
    const all = this.#final?.deliveries ?? this.#deliveries.all().map((record) => record.describe());
    return ofApp(all, appId);
  }

  /** The records of events in the order in which they happened, for callers that describe them differently. */
  eventRecords(): readonly EventRecord[] {
    return this.#events.all();
  }

  /** The records of deliveries in the order of their first attempts. */
  deliveryRecords(): readonly DeliveryRecord[] {
    return this.#deliveries.all();
  }

  /** The record of one delivery. */
  deliveryRecord(appId: string, id: string): DeliveryRecord | undefined {
    const record = this.#deliveries.get(id);
    return record?.appId === appId ? record : undefined;
  }

  /** The kept movements of a channel in their order. */
  movementsOf(appId: string, channel: ChannelName): Iterable<Movement> {
    return this.#movements.of(appId, channel);
  }

  /** How far back the events go. */
  get eventExtent(): Extent {
    return this.#extent(this.#events.keptSinceMs, this.#events.skipped);
  }

  /** How far back the deliveries go. */
  get deliveryExtent(): Extent {
    const lost = this.#deliveries.lost;
    return this.#extent(lost?.beganAtMs, this.#skippedDeliveries - (lost?.skippedBefore ?? 0));
  }

  /** Since when all movements are kept, in milliseconds since 1970. */
  get movementsSinceMs(): number {
    const { clock, wallTime } = this.#options;
    const { lostUntilMs = -Infinity } = this.#movements;
    const lost = Math.max(lostUntilMs, this.#movementAllowance.refusedAt ?? -Infinity);
    return lost === -Infinity ? this.#startedAtMs : wallTime.now() - (clock.now() - lost);
  }

  /** The approximate memory of the records of events and deliveries. */
  get bytes(): number {
    return this.#events.bytes + this.#deliveries.bytes;
  }

  /** From now on returns only what has been recorded so far, so that disconnects during a shutdown do not appear. */
  freeze(): void {
    this.#final ??= { events: this.events(), deliveries: this.deliveries() };
  }

  /** Stops all timers. */
  close(): void {
    this.#ticker.close();
  }

  /** Deletes the records of an app. Later outcomes of these events are not recorded. */
  clear(appId: string): void {
    this.#events.clear(appId);
    this.#deliveries.deleteAll((record) => record.appId === appId);
    this.#movements.clear(appId);
  }

  joined(connection: WitnessedConnection, channel: ChannelName, userId: string | undefined): void {
    if (!this.#movementAllowance.take()) return this.#movements.skip();
    this.#movements.add('subscribed', connection, { channel, userId }, this.#options.clock.now());
  }

  left(connection: WitnessedConnection, { channel, userId }: WitnessedSubscription, how: Leaving): void {
    if (!this.#movementAllowance.take()) return this.#movements.skip();
    this.#movements.add(how, connection, { channel: channel.name, userId }, this.#options.clock.now());
  }

  suppressed(appId: string, event: WebhookEvent, why: 'grace' | 'duplicate'): void {
    if (why === 'duplicate') return this.#unsent(appId, event, 'deduplicated');
    this.#unsent(appId, event, 'suppressed');
    const arrival = arrivalFor(event);
    if (arrival !== undefined) this.#unsent(appId, arrival, 'suppressed');
  }

  unwanted(appId: string, event: WebhookEvent): void {
    this.#unsent(appId, event, 'filtered');
  }

  /** Records that a delivery was resent, if its record is kept. */
  readonly resent = ({ deliveryId, request, attempt }: ResentFact): void => {
    const { clock, wallTime } = this.#options;
    const beganAt = clock.now() - (wallTime.now() - attempt.timeMs);
    this.deliveryRecord(request.appId, deliveryId)?.resent(attempt, { atMs: beganAt, request });
    this.#deliveries.weighAgain(deliveryId);
    this.#options.changed?.();
  };

  /** The subscriber to delivery facts. */
  readonly onFact = (fact: DeliveryFact): void => {
    switch (fact.kind) {
      case 'selected':
        return this.#selected(fact);
      case 'attempt-began':
        return this.#attemptBegan(fact.attempt);
      case 'attempt-ended':
        return this.#attemptEnded(fact);
      case 'decided':
        return this.#decided(fact);
      case 'resumed':
        return this.#resumed(fact);
      case 'left':
        return this.#left(fact);
      case 'unclaimed':
      case 'disabled':
      case 'enabled':
      case 'ended':
        return undefined;
    }
  };

  #unsent(appId: string, event: WebhookEvent, status: EventStatus): void {
    this.#events.add(appId, event, status);
    this.#options.changed?.();
  }

  #selected(fact: DeliveryFact & { readonly kind: 'selected' }): void {
    const { appId, event, served, selecting, settledFor } = fact;
    // Another process has decided it for all endpoints, and was interrupted before it removed it.
    if (selecting.length === 0 && settledFor.size > 0) return;
    this.#events.take(appId, event, fact, (record) => {
      for (const one of served) {
        const isWanted = selecting.includes(one);
        // The endpoint selects such events but does not get this one, which is only for another endpoint or was decided before.
        if (!isWanted && selects(one.endpoint, event.name, event.channel)) continue;
        record.select(one.endpoint, isWanted);
      }
    });
    this.#movements.forget(appId, event);
    this.#options.changed?.();
  }

  /** Records the events too, because an attempt may begin before they are selected. */
  #resumed(fact: DeliveryFact & { readonly kind: 'resumed' }): void {
    const { appId, endpoint, events, webhookId, delayMs } = fact;
    for (const queued of events) {
      const ageMs = this.#options.clock.now() - queued.createdAt;
      this.#events.take(appId, queued.event, { queued, ageMs }, (record) => record.select(endpoint, true));
    }
    this.#deliveries.get(webhookId)?.resume(this.#options.wallTime.now() + Math.max(0, delayMs));
    this.#options.changed?.();
  }

  #left({ appId, endpoint, events, webhookId }: Left): void {
    this.#events.leave(appId, events, endpoint);
    if (webhookId !== undefined) this.#deliveries.get(webhookId)?.leave();
    this.#options.changed?.();
  }

  #attemptBegan(attempt: Attempt): void {
    const { appId, webhookId, endpoint, number, events } = attempt;
    const records = this.#events.of(appId, events);
    const wasHere = records.some((record) => record.wasIn(endpoint, webhookId));
    for (const record of records) record.attempt(endpoint, webhookId);
    let delivery = this.#deliveries.get(webhookId);
    if (delivery === undefined) {
      // A later attempt without a record belongs to a delivery whose record was deleted, unless another process began it.
      if (number > 1 && (records.length === 0 || wasHere)) return;
      if (this.#isFrugal && records.length === 0) return void (this.#skippedDeliveries += 1);
      delivery = this.#makeDelivery(attempt, records);
    }
    delivery.begin(attempt, this.#moment());
    this.#deliveries.weighAgain(webhookId);
    this.#options.changed?.();
  }

  #attemptEnded({ attempt, outcome, result, elapsedMs, retryInMs }: AttemptEnded): void {
    const { webhookId, endpoint, number, events } = attempt;
    const isKeptApart = this.#isFrugal && result !== 'success';
    if (isKeptApart) this.#events.keepApart(attempt.appId, events, { endpoint, webhookId, attempts: number });
    const records = this.#events.of(attempt.appId, events);
    let delivery = this.#deliveries.get(webhookId);
    if (records.length === 0 && delivery === undefined && !isKeptApart) return;
    const { atMs, timeMs } = this.#moment();
    if (delivery === undefined && isKeptApart) {
      if (number === 1) this.#skippedDeliveries -= 1;
      delivery = this.#makeDelivery(attempt, records);
      delivery.begin(attempt, { atMs: atMs - elapsedMs, timeMs: timeMs - elapsedMs });
    }
    const end = endOf(outcome);
    delivery?.end(attempt, end, { atMs, timeMs, retryInMs });
    if (isKeptApart && delivery !== undefined) this.#deliveries.putApart(webhookId, delivery);
    this.#deliveries.weighAgain(webhookId);
    for (const record of records) record.attemptEnded(endpoint, end);
    this.#options.changed?.();
  }

  #decided({ appId, endpoint, fate, events, webhookId, attempts }: Decided): void {
    if (this.#isFrugal && fate !== 'delivered') {
      this.#events.keepApart(appId, events, { endpoint, webhookId, attempts });
    }
    for (const record of this.#events.of(appId, events)) record.decide(endpoint, fate);
    if (webhookId !== undefined) this.#deliveries.get(webhookId)?.decide(fate);
    this.#options.changed?.();
  }

  #extent(lostAtMs: number | undefined, skipped: number): Extent {
    return { keptSinceMs: Math.round(lostAtMs ?? this.#startedAtMs), skipped: Math.max(0, skipped) };
  }

  #moment(): Moment {
    return { atMs: this.#options.clock.now(), timeMs: this.#options.wallTime.now() };
  }

  #makeDelivery(attempt: Attempt, records: readonly EventRecord[]): DeliveryRecord {
    this.#deliveriesMade += 1;
    const eventIds = records.map(({ id }) => id);
    const skippedBefore = this.#skippedDeliveries;
    const delivery = new DeliveryRecord({ attempt, eventIds, seq: this.#deliveriesMade, skippedBefore });
    this.#deliveries.put(attempt.webhookId, delivery);
    return delivery;
  }
}

function ofApp<T extends { readonly appId: string }>(
  all: readonly T[],
  appId: string | undefined,
): readonly T[] {
  return appId === undefined ? all : all.filter((one) => one.appId === appId);
}
