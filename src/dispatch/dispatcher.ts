import type { LanesView } from '../views/truth.ts';
import type { Cancel, Millis } from '../ports/clock.ts';
import type { StoredEventState, RestoredBatch } from '../ports/delivery-source.ts';
import { noDeliveryStore, type DeliveryStore, type EventRef } from '../ports/delivery-store.ts';
import type { ChannelName } from '../protocol/channel-name.ts';
import { AttemptPlaces } from '../webhooks/attempt-places.ts';
import type { Decided, DeliverySubscriber, QueueReading } from '../webhooks/delivery-facts.ts';
import { selects } from '../webhooks/endpoint.ts';
import type { WebhookEvent } from '../webhooks/event.ts';
import type { QueuedEvent } from '../webhooks/lane.ts';
import { Share } from '../webhooks/share.ts';
import { channelsWaiting } from '../webhooks/undecided.ts';
import type { Application } from '../apps/application.ts';
import type { ResendTarget } from './attempt-in-place.ts';
import type { DeliveryOptions } from './delivery-options.ts';
import { EndpointDispatcher } from './endpoint-dispatcher.ts';
import { ForeignEvents, type Foreign } from './foreign.ts';
import { HeldEvents, queue } from './held-events.ts';
import { EndpointDirectory } from './endpoint-directory.ts';
import { Settlements, type SettlementOptions } from './settlement.ts';
import { nothingWaits, viewWaiting, type WaitingEvents } from './waiting.ts';

/** The dependencies of the dispatcher. */
export interface DispatcherOptions
  extends Omit<DeliveryOptions, 'store' | 'places' | 'emit'>, Omit<SettlementOptions, 'store'> {
  readonly applications: readonly Application[];
  /** They receive all delivery facts, in this order. */
  readonly subscribers: readonly DeliverySubscriber[];
  /** Stores deliveries in progress. Without it, they end with the process. */
  readonly store?: DeliveryStore;
  /** The places for attempts in progress. Without it, there is no bound over all endpoints. */
  readonly places?: AttemptPlaces;
  /** How long after the removal of an app a shared store may still receive its departures. Default: 0. */
  readonly lateDeparturesMs?: Millis;
}

/**
 * Turns facts into deliveries. Each event is taken once, from a store or from memory, and goes to the queues of the endpoints
 * that select it, encoded once.
 *
 * A process that continues the work of another first restores the stored batches. Then it takes every event that is not settled
 * for all endpoints, in the order of its channel.
 */
export class Dispatcher {
  readonly #options: DispatcherOptions & DeliveryOptions;
  /** The subscribers that receive `selected`. */
  readonly #selectionSubscribers: readonly DeliverySubscriber[];
  readonly #endpoints: EndpointDirectory;
  readonly #settlements: Settlements;
  readonly #held: HeldEvents;
  readonly #foreign: ForeignEvents;
  /** The number of events taken so far. */
  #taken = 0;
  #isEnding = false;

  constructor(options: DispatcherOptions) {
    const { clock, policy, subscribers, store = noDeliveryStore, lateDeparturesMs = 0 } = options;
    const emit: DeliverySubscriber = (fact) => {
      for (const notify of subscribers) notify(fact);
    };
    this.#selectionSubscribers = subscribers.filter(({ ignores }) => ignores?.includes('selected') !== true);
    this.#options = { places: new AttemptPlaces(Infinity), ...options, store, emit };
    const { maxElapsedMs } = policy.retry;
    this.#endpoints = new EndpointDirectory({
      clock,
      rememberRemovedMs: store.isShared ? maxElapsedMs + lateDeparturesMs : undefined,
      create: (app, endpoint) =>
        new EndpointDispatcher(app, endpoint, this.#options, (decided) => this.#settle(decided)),
    });
    this.#settlements = new Settlements(this.#options);
    this.#held = new HeldEvents(clock);
    this.#foreign = new ForeignEvents(clock, maxElapsedMs, (foreign) => this.#giveUp(foreign));
    this.replace(options.applications);
  }

  /**
   * From now on, serves the endpoints of these apps. An endpoint that stays keeps its queue, even if its URL and headers change.
   * A removed endpoint still gets what waits for it, unless it is on hold, but nothing new. The departures of a removed app are
   * still sent to its endpoints, even if the store returns them later.
   */
  replace(applications: readonly Application[]): void {
    if (this.#isEnding) return;
    this.#endpoints.replace(applications);
    for (const foreign of this.#foreign.takeOf((one) => this.#isConfigured(one)))
      this.#takeConfigured(foreign);
  }

  /**
   * Queues an event for the endpoints that select it, have not decided it, and do not have it in a restored batch. If there are
   * none, it settles the event. Each event is taken once. Events of one channel come in order. An event of another channel may
   * come late, at a cost that grows with the number of younger events. A stored event of an app that is not configured here is
   * held and stays unsettled, because other processes may know that app.
   */
  take(appId: string, event: WebhookEvent, state: StoredEventState): void {
    if (this.#isEnding) return;
    if (state.ref === undefined || this.#endpoints.knows(appId)) this.#take(appId, event, state);
    else this.#foreign.hold({ kind: 'event', appId, event, state });
  }

  /**
   * Continues a batch of another process: the same id, the same body, the next attempt. Batches must be restored before any event
   * is taken. Their order does not matter, because no two batches of an endpoint share a channel. A batch of an app or endpoint
   * that is not configured here is held like the events of such an app.
   */
  restore(batch: RestoredBatch): void {
    if (this.#isEnding) return;
    if (this.#endpoints.knows(batch.appId)) this.#restore(batch);
    else this.#foreign.hold({ kind: 'batch', batch });
  }

  /** The current configuration of an endpoint; undefined if it is not configured. */
  target(appId: string, endpointId: string): ResendTarget | undefined {
    return this.#endpoints.configured(appId, endpointId);
  }

  /** The store keeps batches and allows attempts again: continues what waited for that. */
  resume(): void {
    if (this.#isEnding) return;
    for (const dispatcher of this.#endpoints.all()) dispatcher.resume();
  }

  /** The events of a channel that wait for an endpoint, in order. */
  waitingFor(appId: string, endpointId: string, channel: ChannelName): readonly WebhookEvent[] {
    return this.waitingIn(appId, endpointId, channel).events.map(({ event }) => event);
  }

  /** The lanes of an endpoint; undefined if there is no such endpoint. */
  lanes(appId: string, endpointId: string): LanesView | undefined {
    return this.#endpoints.find(appId, endpointId)?.lanes();
  }

  /** The waiting events, and what they wait for. */
  waitingIn(appId: string, endpointId: string, channel: ChannelName): WaitingEvents {
    const dispatcher = this.#endpoints.find(appId, endpointId);
    return dispatcher?.waiting((waiting, now) => viewWaiting(waiting, channel, now)) ?? nothingWaits;
  }

  /** The channels with events that wait for an endpoint, some of them twice. Changes during the iteration may be missed. */
  channelsWaiting(appId: string, endpointId: string): Iterable<ChannelName> {
    const dispatcher = this.#endpoints.find(appId, endpointId);
    return dispatcher?.waiting(({ undecided }) => channelsWaiting(undecided)) ?? [];
  }

  /** The current queues of all endpoints. */
  *readQueues(): Generator<QueueReading, void> {
    for (const dispatcher of this.#endpoints.all()) yield dispatcher.read();
  }

  /** Delivers what is queued, for at most `withinMs`. The rest is dropped, with a record. */
  async close(withinMs: number): Promise<void> {
    const cancel = this.#options.clock.after(withinMs, () => this.abandon());
    await Promise.all(this.#endpoints.all().map((dispatcher) => dispatcher.flush()));
    cancel();
    this.abandon();
  }

  /** Delivers what is queued, for at most `withinMs`. The rest stays in the store. */
  async leave(withinMs: number): Promise<void> {
    let cancel: Cancel = () => {};
    const timeIsUp = new Promise<void>((resolve) => {
      cancel = this.#options.clock.after(withinMs, resolve);
    });
    await Promise.race([Promise.all(this.#endpoints.all().map((one) => one.flush())), timeIsUp]);
    cancel();
    await this.halt();
  }

  /** Drops everything that is queued or arrives later, with a record. Nothing more is delivered. */
  abandon(): void {
    for (const dispatcher of this.#endpoints.all()) dispatcher.abandon();
  }

  /**
   * Starts no new attempt and accepts no more events. Resolves when the attempts in progress have ended and are settled or
   * postponed; the dispatcher is stopped then. The rest stays in the store, for another process.
   */
  async halt(): Promise<void> {
    this.#isEnding = true;
    await Promise.all(this.#endpoints.all().map((dispatcher) => dispatcher.halt()));
    this.stop();
  }

  /**
   * Stops immediately and permanently, and leaves everything as it is in the store: no attempt starts, and nothing is dropped,
   * recorded or settled, whatever the result of attempts in progress.
   */
  stop(): void {
    this.#isEnding = true;
    this.#endpoints.stop();
    this.#held.clear();
    this.#foreign.stop();
  }

  /**
   * Forgets everything that waits for the app's endpoints, without a record, and ignores events of the app during `work`. The
   * endpoints start with empty queues. Attempts in progress may end, but their results are ignored.
   */
  forget(appId: string, work: () => void): void {
    this.#endpoints.renew(appId, work);
  }

  #take(appId: string, taken: WebhookEvent, { ref, ageMs, settledFor, seq }: StoredEventState): void {
    this.#taken += 1;
    const held = ref === undefined ? undefined : this.#held.take(appId, ref);
    const event = held?.queued.event ?? taken;
    const served = this.#endpoints.of(appId);
    const selecting = whoWants(served, event, settledFor);
    const share = held?.share ?? shareOf(event, ref);
    const queued =
      held?.queued ??
      (selecting.length === 0
        ? undefined
        : queue(event, { createdAt: this.#options.clock.now() - ageMs, seq: seq ?? this.#taken, share }));
    const fact = { kind: 'selected', appId, event, served, selecting, queued, ageMs, settledFor } as const;
    for (const notify of this.#selectionSubscribers) notify(fact);
    const missing =
      held === undefined ? selecting : selecting.filter((one) => !held.heldFor.has(one.endpoint.id));
    share?.add(missing.length);
    // The results at endpoints that have decided it are unknown: one of them may have got it.
    if (share?.ref !== undefined) {
      this.#settlements.taken(appId, event, share, settledFor.size > 0 ? 'delivered' : 'released');
    }
    if (queued === undefined) return;
    for (const dispatcher of missing) dispatcher.push(queued);
  }

  #restore(batch: RestoredBatch): void {
    const queued = this.#held.hold(batch);
    if (!this.#restoreAtEndpoint(batch, queued))
      this.#foreign.hold({ kind: 'batch-of-known', batch, queued });
  }

  /** Restores a batch at its endpoint. Returns whether there is such an endpoint. */
  #restoreAtEndpoint(batch: RestoredBatch, queued: readonly QueuedEvent[]): boolean {
    const { id, appId, endpointId, timeMs, attempts, delayMs } = batch;
    const dispatcher = this.#endpoints.find(appId, endpointId);
    dispatcher?.restore({ id, timeMs }, queued, attempts, delayMs);
    return dispatcher !== undefined;
  }

  #isConfigured(foreign: Foreign): boolean {
    if (foreign.kind === 'event') return this.#endpoints.isConfigured(foreign.appId);
    const { appId, endpointId } = foreign.batch;
    if (foreign.kind === 'batch') return this.#endpoints.isConfigured(appId);
    return this.#endpoints.find(appId, endpointId) !== undefined;
  }

  /** Takes something that was held and is configured now. */
  #takeConfigured(foreign: Foreign): void {
    if (foreign.kind === 'event') this.#take(foreign.appId, foreign.event, foreign.state);
    else if (foreign.kind === 'batch') this.#restore(foreign.batch);
    else this.#restoreAtEndpoint(foreign.batch, foreign.queued);
  }

  /** Gives up something that was held: no endpoint gets it. */
  #giveUp(foreign: Foreign): void {
    if (foreign.kind === 'event') return this.#take(foreign.appId, foreign.event, foreign.state);
    const { batch } = foreign;
    const queued = foreign.kind === 'batch' ? this.#held.hold(batch) : foreign.queued;
    const { appId, endpointId, id: batchId } = batch;
    this.#options.emit({ kind: 'unclaimed', appId, endpointId, webhookId: batchId, events: queued });
    this.#settlements.settle({ appId, endpointId, batchId }, queued, 'released');
  }

  #settle({ appId, endpoint, fate, events, webhookId: batchId }: Decided): void {
    const place = { appId, endpointId: endpoint.id, batchId };
    this.#settlements.settle(place, events, fate === 'delivered' ? 'delivered' : 'dropped');
  }
}

/** The endpoints that should get an event, which usually are all of them. */
function whoWants(
  served: readonly EndpointDispatcher[],
  { name, channel, onlyFor }: WebhookEvent,
  settledFor: ReadonlySet<string>,
): readonly EndpointDispatcher[] {
  const isWanted = ({ endpoint }: EndpointDispatcher): boolean =>
    selects(endpoint, name, channel) &&
    (onlyFor === undefined || onlyFor === endpoint.id) &&
    !settledFor.has(endpoint.id);
  return served.every(isWanted) ? served : served.filter(isWanted);
}

/** Tracks who waits for an event: for a stored event at first the taking itself; undefined if that is not tracked. */
function shareOf(event: WebhookEvent, ref: EventRef | undefined): Share | undefined {
  if (ref !== undefined) return new Share(ref, 1);
  return event.name === 'cache_miss' ? new Share(undefined, 0) : undefined;
}
