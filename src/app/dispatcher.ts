import type { LanesView } from '../views/truth.ts';
import type { Cancel } from '../ports/clock.ts';
import type { EventOrigin, RestoredBatch } from '../ports/delivery-source.ts';
import { noDeliveryStore, type DeliveryStore, type EventRef } from '../ports/delivery-store.ts';
import type { ChannelName } from '../protocol/channel-name.ts';
import { AttemptPlaces } from '../webhooks/attempt-places.ts';
import type { Decided, DeliverySubscriber, QueueReading } from '../webhooks/delivery-facts.ts';
import { selects } from '../webhooks/endpoint.ts';
import type { WebhookEvent } from '../webhooks/event.ts';
import type { QueuedEvent } from '../webhooks/lane.ts';
import { Share } from '../webhooks/share.ts';
import { channelsWaiting } from '../webhooks/undecided.ts';
import type { Application } from './application.ts';
import type { ResendTarget } from './attempt-in-place.ts';
import type { DeliveryOptions } from './delivery-options.ts';
import { EndpointDispatcher } from './endpoint-dispatcher.ts';
import { ForeignEvents, type Foreign } from './foreign.ts';
import { HeldEvents, queue } from './held-events.ts';
import { Routes } from './routes.ts';
import { Settlements, type SettlementOptions } from './settlement.ts';
import { nothingWaits, viewWaiting, type Waiting } from './waiting.ts';

/** What the dispatcher is made with. */
export interface DispatcherOptions
  extends Omit<DeliveryOptions, 'store' | 'places' | 'tell'>, Omit<SettlementOptions, 'store'> {
  readonly applications: readonly Application[];
  /** Hear of all that happens to events, in this order. */
  readonly subscribers: readonly DeliverySubscriber[];
  /** Where deliveries are kept while they are under way; without it they end with the process. */
  readonly store?: DeliveryStore;
  /** The places for attempts under way; without them there is no bound over all endpoints. */
  readonly places?: AttemptPlaces;
}

/**
 * From facts to deliveries: each event is taken once, from a store or from memory, and goes to the queues of the
 * endpoints that select it, encoded once.
 *
 * A process that goes on with the work of another first restores the batches that were kept, then takes every event that is
 * not settled for all, in the order of its channel.
 */
export class Dispatcher {
  readonly #options: DispatcherOptions & DeliveryOptions;
  /** Those of the subscribers who want to know which events were selected. */
  readonly #hearSelected: readonly DeliverySubscriber[];
  readonly #routes: Routes;
  readonly #settlements: Settlements;
  readonly #held: HeldEvents;
  readonly #foreign: ForeignEvents;
  /** Events that were taken so far. */
  #taken = 0;
  #isEnding = false;

  constructor(options: DispatcherOptions) {
    const { clock, policy, subscribers, store = noDeliveryStore } = options;
    const tell: DeliverySubscriber = (fact) => {
      for (const hear of subscribers) hear(fact);
    };
    this.#hearSelected = subscribers.filter(({ passesOver }) => passesOver?.includes('selected') !== true);
    this.#options = { places: new AttemptPlaces(Infinity), ...options, store, tell };
    const { maxElapsedMs } = policy.retry;
    this.#routes = new Routes({
      clock,
      rememberGoneMs: store.isShared ? maxElapsedMs : undefined,
      create: (app, endpoint) =>
        new EndpointDispatcher(app, endpoint, this.#options, (decided) => this.#settle(decided)),
    });
    this.#settlements = new Settlements(this.#options);
    this.#held = new HeldEvents(clock);
    this.#foreign = new ForeignEvents(clock, maxElapsedMs, (foreign) => this.#giveUp(foreign));
    this.replace(options.applications);
  }

  /**
   * Serves the endpoints of these apps from now on. One that stays keeps its queue, under whatever URL and
   * headers it now has; one that goes still gets what it was to get, but nothing more. What becomes of an app that
   * goes is told to its endpoints also if the store brings it later.
   */
  replace(applications: readonly Application[]): void {
    if (this.#isEnding) return;
    this.#routes.replace(applications);
    for (const foreign of this.#foreign.takeOf((one) => this.#isConfigured(one))) this.#takeIn(foreign);
  }

  /**
   * Queues an event for the endpoints that select it and are not done with it, nor have it in a restored batch; settles it
   * when there are none. Each event is taken once. Those of one channel come in order; of others an older one may come
   * late, at a cost that grows with the younger ones before it. One that is kept and of an app that is not configured here is
   * held, unsettled: other processes may know that app already, or still.
   */
  take(appId: string, event: WebhookEvent, origin: EventOrigin): void {
    if (this.#isEnding) return;
    if (origin.ref === undefined || this.#routes.knows(appId)) this.#take(appId, event, origin);
    else this.#foreign.hold({ kind: 'event', appId, event, origin });
  }

  /**
   * Goes on with a batch of another process: the same id, the same body, the next attempt. Batches come before any
   * event is taken, in whatever order; no two of an endpoint have a channel in common. A batch of an app or endpoint
   * that is not configured here is held like the events of such an app.
   */
  restore(batch: RestoredBatch): void {
    if (this.#isEnding) return;
    if (this.#routes.knows(batch.appId)) this.#restore(batch);
    else this.#foreign.hold({ kind: 'batch', batch });
  }

  /** The endpoint as it is configured now; undefined: it is not. */
  target(appId: string, endpointId: string): ResendTarget | undefined {
    return this.#routes.configured(appId, endpointId);
  }

  /** The store keeps batches again and allows attempts: what waits for that goes on. */
  resume(): void {
    if (this.#isEnding) return;
    for (const dispatcher of this.#routes.all()) dispatcher.resume();
  }

  /** What waits for an endpoint of a channel, in order. */
  waitingFor(appId: string, endpointId: string, channel: ChannelName): readonly WebhookEvent[] {
    return this.waitingIn(appId, endpointId, channel).events.map(({ event }) => event);
  }

  /** What waits for an endpoint behind what; undefined: there is no such endpoint. */
  lanes(appId: string, endpointId: string): LanesView | undefined {
    return this.#routes.find(appId, endpointId)?.lanes();
  }

  /** The same, and what it waits for. */
  waitingIn(appId: string, endpointId: string, channel: ChannelName): Waiting {
    const dispatcher = this.#routes.find(appId, endpointId);
    return dispatcher?.waiting((waiting, now) => viewWaiting(waiting, channel, now)) ?? nothingWaits;
  }

  /** The channels of which something waits for an endpoint, some of them twice. What comes or goes meanwhile may be missing. */
  channelsWaiting(appId: string, endpointId: string): Iterable<ChannelName> {
    const dispatcher = this.#routes.find(appId, endpointId);
    return dispatcher?.waiting(({ undecided }) => channelsWaiting(undecided)) ?? [];
  }

  /** What every endpoint has waiting now. */
  *readQueues(): Generator<QueueReading, void> {
    for (const dispatcher of this.#routes.all()) yield dispatcher.read();
  }

  /** Delivers what is queued, for at most so long; what is left then is dropped, with a record. */
  async close(withinMs: number): Promise<void> {
    const cancel = this.#options.clock.after(withinMs, () => this.abandon());
    await Promise.all(this.#routes.all().map((dispatcher) => dispatcher.flush()));
    cancel();
    this.abandon();
  }

  /** Delivers what is queued, for at most so long; what is left then is the store's. */
  async leave(withinMs: number): Promise<void> {
    let cancel: Cancel = () => {};
    const timeIsUp = new Promise<void>((resolve) => {
      cancel = this.#options.clock.after(withinMs, resolve);
    });
    await Promise.race([Promise.all(this.#routes.all().map((one) => one.flush())), timeIsUp]);
    cancel();
    await this.halt();
  }

  /** Drops whatever is queued, and whatever still comes, with a record; delivers nothing more. */
  abandon(): void {
    for (const dispatcher of this.#routes.all()) dispatcher.abandon();
  }

  /**
   * Starts no new attempt and takes in nothing more. Resolves when the attempts under way have ended and are
   * settled or postponed; then it is stopped. What is left is the store's, for another process.
   */
  async halt(): Promise<void> {
    this.#isEnding = true;
    await Promise.all(this.#routes.all().map((dispatcher) => dispatcher.halt()));
    this.stop();
  }

  /**
   * Ends at once, for good, and leaves everything as it is in the store: no attempt starts, nothing is dropped,
   * recorded or settled any more, whatever comes of the attempts under way.
   */
  stop(): void {
    this.#isEnding = true;
    this.#routes.stop();
    this.#held.clear();
    this.#foreign.stop();
  }

  /**
   * Forgets whatever waits for the app's endpoints, without a record, and what is taken of the app during `work`. The
   * endpoints begin anew. Attempts under way may end, but are not heard any more.
   */
  forget(appId: string, work: () => void): void {
    this.#routes.renew(appId, work);
  }

  #take(appId: string, taken: WebhookEvent, { ref, ageMs, settledFor, seq }: EventOrigin): void {
    this.#taken += 1;
    const held = ref === undefined ? undefined : this.#held.take(appId, ref);
    const event = held?.queued.event ?? taken;
    const served = this.#routes.of(appId);
    const wanting = whoWants(served, event, settledFor);
    const share = held?.share ?? shareOf(event, ref);
    const queued =
      held?.queued ??
      (wanting.length === 0
        ? undefined
        : queue(event, { createdAt: this.#options.clock.now() - ageMs, seq: seq ?? this.#taken, share }));
    const fact = { kind: 'selected', appId, event, served, wanting, queued } as const;
    for (const hear of this.#hearSelected) hear(fact);
    const missing =
      held === undefined ? wanting : wanting.filter((one) => !held.heldFor.has(one.endpoint.id));
    share?.add(missing.length);
    // What it came to at those that are done with it is not known: one of them may have got it.
    if (share?.ref !== undefined) {
      this.#settlements.taken(appId, event, share, settledFor.size > 0 ? 'delivered' : 'released');
    }
    if (queued === undefined) return;
    for (const dispatcher of missing) dispatcher.push(queued);
  }

  #restore(batch: RestoredBatch): void {
    const queued = this.#held.hold(batch);
    if (!this.#goOn(batch, queued)) this.#foreign.hold({ kind: 'batch-of-known', batch, queued });
  }

  /** Whether there is an endpoint to go on with the batch. */
  #goOn(batch: RestoredBatch, queued: readonly QueuedEvent[]): boolean {
    const { id, appId, endpointId, timeMs, attempts, delayMs } = batch;
    const dispatcher = this.#routes.find(appId, endpointId);
    dispatcher?.restore({ id, timeMs }, queued, attempts, delayMs);
    return dispatcher !== undefined;
  }

  #isConfigured(foreign: Foreign): boolean {
    if (foreign.kind === 'event') return this.#routes.isConfigured(foreign.appId);
    const { appId, endpointId } = foreign.batch;
    if (foreign.kind === 'batch') return this.#routes.isConfigured(appId);
    return this.#routes.find(appId, endpointId) !== undefined;
  }

  /** Goes on with what was held, now that it is configured. */
  #takeIn(foreign: Foreign): void {
    if (foreign.kind === 'event') this.#take(foreign.appId, foreign.event, foreign.origin);
    else if (foreign.kind === 'batch') this.#restore(foreign.batch);
    else this.#goOn(foreign.batch, foreign.queued);
  }

  /** Nobody is to get what was held. */
  #giveUp(foreign: Foreign): void {
    if (foreign.kind === 'event') return this.#take(foreign.appId, foreign.event, foreign.origin);
    const { batch } = foreign;
    const queued = foreign.kind === 'batch' ? this.#held.hold(batch) : foreign.queued;
    const { appId, endpointId, id: batchId } = batch;
    this.#options.tell({ kind: 'unclaimed', appId, endpointId, webhookId: batchId, events: queued });
    this.#settlements.settle({ appId, endpointId, batchId }, queued, 'released');
  }

  #settle({ appId, endpoint, fate, events, webhookId: batchId }: Decided): void {
    const place = { appId, endpointId: endpoint.id, batchId };
    this.#settlements.settle(place, events, fate === 'delivered' ? 'delivered' : 'dropped');
  }
}

/** Those that are to get an event: mostly all of them. */
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

/** Who waits for an event: the taking itself where it is kept; undefined where nobody asks. */
function shareOf(event: WebhookEvent, ref: EventRef | undefined): Share | undefined {
  if (ref !== undefined) return new Share(ref, 1);
  return event.name === 'cache_miss' ? new Share(undefined, 0) : undefined;
}
