import type { Cancel, Millis } from '../ports/clock.ts';
import type { EventOrigin, RestoredBatch, RestoredEvent } from '../ports/delivery-source.ts';
import {
  noDeliveryStore,
  type DeliveryStore,
  type EventRef,
  type Settlement,
} from '../ports/delivery-store.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { QueueReading } from '../ports/metrics.ts';
import type { Outbox } from '../ports/outbox.ts';
import { AttemptPlaces } from '../webhooks/attempt-places.ts';
import type { QueuedEvent } from '../webhooks/lane.ts';
import { selects, type Endpoint } from '../webhooks/endpoint.ts';
import { encodeEvent, type WebhookEvent } from '../webhooks/event.ts';
import { Share, type Fate } from '../webhooks/share.ts';
import { noWitness, type Witness } from '../ports/witness.ts';
import type { Application } from './application.ts';
import type { Drops } from './drop-journal.ts';
import { EndpointDispatcher, type DeliveryOptions, type Verdict } from './endpoint-dispatcher.ts';
import { ForeignEvents, type Foreign } from './foreign.ts';

/** What the dispatcher is made with. */
export interface DispatcherOptions extends Omit<DeliveryOptions, 'store' | 'witness' | 'places'> {
  readonly applications: readonly Application[];
  readonly drops: Pick<Drops, 'add'>;
  /** Looked up when a cache miss reached nobody, because the ledger itself is made with the dispatcher. */
  readonly ledger: () => Pick<Ledger, 'forgetCacheMiss'>;
  /** Where deliveries are kept while they are under way; without it they end with the process. */
  readonly store?: DeliveryStore;
  /** Who is told what becomes of each event. */
  readonly witness?: Witness;
  /** The places for attempts under way; without them there is no bound over all endpoints. */
  readonly places?: AttemptPlaces;
}

/** An event of restored batches that was not taken yet. */
interface HeldEvent {
  readonly queued: QueuedEvent;
  readonly share: Share;
  /** Ids of the endpoints whose batches hold or held it. */
  readonly heldFor: Set<string>;
}

/** An app that is configured no more. */
interface GoneApp {
  readonly dispatchers: readonly EndpointDispatcher[];
  readonly cancel: Cancel;
}

/**
 * From facts to deliveries: each event goes to the queues of the endpoints that select it, encoded once.
 * On a single node it is the outbox itself: what is appended is queued in the same turn.
 *
 * Of several nodes one dispatches at a time, from a store. It first restores the batches that the one before
 * it kept, then takes every event of the store that is not settled for all, in the order of its channel.
 */
export class Dispatcher implements Outbox {
  readonly #options: DispatcherOptions & DeliveryOptions;
  #endpoints: ReadonlyMap<string, readonly EndpointDispatcher[]> = new Map();
  /** Endpoints that are configured no more, until what they were to get is decided; by app and endpoint. */
  readonly #leaving = new Map<string, EndpointDispatcher>();
  /** By app and ref. */
  readonly #held = new Map<string, HeldEvent>();
  readonly #foreign: ForeignEvents;
  /** Apps that are configured no more, while the store may still bring what became of them; their endpoints leave. */
  readonly #gone = new Map<string, GoneApp>();
  #isEnding = false;

  constructor(options: DispatcherOptions) {
    const places = new AttemptPlaces(Infinity);
    this.#options = { store: noDeliveryStore, witness: noWitness, places, ...options };
    const { clock, policy } = options;
    this.#foreign = new ForeignEvents(clock, policy.retry.maxElapsedMs, (foreign) => this.#giveUp(foreign));
    this.replace(options.applications);
  }

  /**
   * Serves the endpoints of these apps from now on. One that stays keeps its queue, under whatever URL and
   * headers it now has; one that goes still gets what it was to get, but nothing more. What becomes of an app that
   * goes is told to its endpoints also if the store brings it later.
   */
  replace(applications: readonly Application[]): void {
    if (this.#isEnding) return;
    const unclaimed = new Map([...this.#leaving, ...this.#byIdentity()]);
    const kept = applications.map((app) => {
      const dispatchers = app.endpoints.map((endpoint) => {
        const identity = identify(app.id, endpoint.id);
        const known = unclaimed.get(identity);
        unclaimed.delete(identity);
        this.#leaving.delete(identity);
        known?.replace(app, endpoint);
        return known ?? this.#create(app, endpoint);
      });
      return [app.id, dispatchers] as const;
    });
    const before = this.#endpoints;
    this.#endpoints = new Map(kept);
    for (const [appId, dispatchers] of before) {
      if (!this.#endpoints.has(appId)) this.#keepGone(appId, dispatchers);
    }
    for (const [identity, dispatcher] of unclaimed) this.#letGo(identity, dispatcher);
    for (const appId of this.#gone.keys()) if (this.#endpoints.has(appId)) this.#forgetGone(appId);
    for (const foreign of this.#foreign.takeOf((one) => this.#isConfigured(one))) this.#takeIn(foreign);
  }

  append(appId: string, events: readonly WebhookEvent[]): void {
    const dispatchers = this.#endpoints.get(appId) ?? [];
    if (this.#isEnding) return;
    const createdAt = this.#options.clock.now();
    for (const event of events) {
      const wanting = dispatchers.filter(({ endpoint }) => selects(endpoint, event.name, event.channel));
      this.#options.witness.selected(appId, event, dispatchers, wanting);
      if (wanting.length === 0) continue;
      const share = event.name === 'cache_miss' ? new Share(undefined, wanting.length) : undefined;
      this.#push(appId, wanting, queue(event, createdAt, share));
    }
  }

  /**
   * Queues an event of the store for the endpoints that select it and are not done with it, nor have it in a
   * restored batch; settles it when there are none. Each event is taken once. Those of one channel come in
   * order; of others an older one may come late, at a cost that grows with the younger ones before it. One of an
   * app that is not configured here is held, unsettled: other processes may know that app already, or still.
   */
  take(appId: string, event: WebhookEvent, origin: EventOrigin): void {
    if (this.#isEnding) return;
    if (this.#knows(appId)) this.#take(appId, event, origin);
    else this.#foreign.hold({ kind: 'event', appId, event, origin });
  }

  #isConfigured(foreign: Foreign): boolean {
    if (foreign.kind === 'event') return this.#endpoints.has(foreign.appId);
    const { appId, endpointId } = foreign.batch;
    if (foreign.kind === 'batch') return this.#endpoints.has(appId);
    return this.#find(appId, endpointId) !== undefined;
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
    const queued = foreign.kind === 'batch' ? this.#holdAll(batch) : foreign.queued;
    this.#settle({ appId: batch.appId, endpointId: batch.endpointId, batchId: batch.id }, queued, 'released');
  }

  #take(appId: string, event: WebhookEvent, { ref, ageMs, settledFor }: EventOrigin): void {
    const key = identify(appId, ref);
    const held = this.#held.get(key);
    this.#held.delete(key);
    const dispatchers = this.#endpoints.get(appId) ?? this.#gone.get(appId)?.dispatchers ?? [];
    const wanting = dispatchers.filter(
      ({ endpoint }) =>
        selects(endpoint, event.name, event.channel) &&
        !settledFor.has(endpoint.id) &&
        held?.heldFor.has(endpoint.id) !== true,
    );
    const share = held?.share ?? new Share(ref, 1);
    share.add(wanting.length);
    // What it came to at those that are done with it is not known: one of them may have got it.
    if (this.#settleOne(appId, event, share, settledFor.size > 0 ? 'delivered' : 'released')) {
      const events = [{ ref, isLast: true }];
      this.#options.store.settle({ appId, endpointId: '', batchId: undefined, events });
    }
    if (wanting.length === 0) return;
    const createdAt = this.#options.clock.now() - ageMs;
    this.#push(appId, wanting, held?.queued ?? queue(event, createdAt, share));
  }

  /**
   * Goes on with a batch of another process: the same id, the same body, the next attempt. Batches come before any
   * event is taken, in whatever order; no two of an endpoint have a channel in common. A batch of an app or endpoint
   * that is not configured here is held like the events of such an app.
   */
  restore(batch: RestoredBatch): void {
    if (this.#isEnding) return;
    if (this.#knows(batch.appId)) this.#restore(batch);
    else this.#foreign.hold({ kind: 'batch', batch });
  }

  #restore(batch: RestoredBatch): void {
    const queued = this.#holdAll(batch);
    if (!this.#goOn(batch, queued)) this.#foreign.hold({ kind: 'batch-of-known', batch, queued });
  }

  /** Whether there is an endpoint to go on with the batch. */
  #goOn(batch: RestoredBatch, queued: readonly QueuedEvent[]): boolean {
    const { id, appId, endpointId, timeMs, attempts, delayMs } = batch;
    const dispatcher = this.#find(appId, endpointId);
    dispatcher?.restore({ id, timeMs }, queued, attempts, delayMs);
    return dispatcher !== undefined;
  }

  #holdAll({ appId, endpointId, events }: RestoredBatch): readonly QueuedEvent[] {
    return events.map((event) => this.#hold(appId, endpointId, event));
  }

  /** The store keeps batches again and allows attempts: what waits for that goes on. */
  resume(): void {
    if (this.#isEnding) return;
    for (const dispatcher of this.#all()) dispatcher.resume();
  }

  /** What every endpoint has waiting now. */
  *readQueues(): Generator<QueueReading, void> {
    for (const dispatcher of this.#all()) yield dispatcher.read();
  }

  /** Delivers what is queued, for at most so long; what is left then is dropped, with a record. */
  async close(withinMs: number): Promise<void> {
    const dispatchers = this.#all();
    const cancel = this.#options.clock.after(withinMs, () => this.abandon());
    await Promise.all(dispatchers.map((dispatcher) => dispatcher.flush()));
    cancel();
    this.abandon();
  }

  /** Drops whatever is queued, and whatever still comes, with a record; delivers nothing more. */
  abandon(): void {
    for (const dispatcher of this.#all()) dispatcher.abandon();
  }

  /**
   * Starts no new attempt and takes in nothing more. Resolves when the attempts under way have ended and are
   * settled or postponed; then it is stopped. What is left is the store's, for another process.
   */
  async halt(): Promise<void> {
    this.#isEnding = true;
    await Promise.all(this.#all().map((dispatcher) => dispatcher.halt()));
    this.stop();
  }

  /**
   * Ends at once, for good, and leaves everything as it is in the store: no attempt starts, nothing is dropped,
   * recorded or settled any more, whatever comes of the attempts under way.
   */
  stop(): void {
    this.#isEnding = true;
    for (const dispatcher of this.#all()) dispatcher.stop();
    this.#endpoints = new Map();
    this.#leaving.clear();
    this.#held.clear();
    this.#foreign.stop();
    for (const { cancel } of this.#gone.values()) cancel();
    this.#gone.clear();
  }

  /**
   * Forgets whatever waits for the app's endpoints, without a record, and what `work` appends of the app. The
   * endpoints begin anew. Attempts under way may end, but are not heard any more.
   */
  forget(appId: string, work: () => void): void {
    const before = this.#endpoints;
    for (const dispatcher of this.#all()) if (dispatcher.app.id === appId) dispatcher.stop();
    for (const [identity, { app }] of this.#leaving) if (app.id === appId) this.#leaving.delete(identity);
    const others = [...before].filter(([id]) => id !== appId);
    this.#endpoints = new Map(others);
    work();
    const anew = (before.get(appId) ?? []).map(({ app, endpoint }) => this.#create(app, endpoint));
    this.#endpoints = new Map([...others, [appId, anew]]);
  }

  #all(): readonly EndpointDispatcher[] {
    return [...this.#endpoints.values(), [...this.#leaving.values()]].flat();
  }

  #byIdentity(): readonly (readonly [string, EndpointDispatcher])[] {
    return [...this.#endpoints].flatMap(([appId, dispatchers]) =>
      dispatchers.map((dispatcher) => [identify(appId, dispatcher.endpoint.id), dispatcher] as const),
    );
  }

  #create(app: Application, endpoint: Endpoint): EndpointDispatcher {
    return new EndpointDispatcher(app, endpoint, this.#options, (verdict) => this.#decide(app.id, verdict));
  }

  #knows(appId: string): boolean {
    return this.#endpoints.has(appId) || this.#gone.has(appId);
  }

  /** Without a store all that became of the app has been appended by now. */
  #keepGone(appId: string, dispatchers: readonly EndpointDispatcher[]): void {
    const { clock, store, policy } = this.#options;
    if (store === noDeliveryStore) return;
    const cancel = clock.after(policy.retry.maxElapsedMs, () => this.#forgetGone(appId));
    this.#gone.set(appId, { dispatchers, cancel });
  }

  #forgetGone(appId: string): void {
    const gone = this.#gone.get(appId);
    this.#gone.delete(appId);
    gone?.cancel();
    for (const dispatcher of gone?.dispatchers ?? []) {
      void this.#forgetOnceEmpty(identify(appId, dispatcher.endpoint.id), dispatcher);
    }
  }

  #letGo(identity: string, dispatcher: EndpointDispatcher): void {
    if (this.#leaving.get(identity) === dispatcher) return;
    this.#leaving.set(identity, dispatcher);
    const isOfGone = [...this.#gone.values()].some(({ dispatchers }) => dispatchers.includes(dispatcher));
    if (!isOfGone) void this.#forgetOnceEmpty(identity, dispatcher);
  }

  async #forgetOnceEmpty(identity: string, dispatcher: EndpointDispatcher): Promise<void> {
    await dispatcher.emptied();
    // It may have been configured again meanwhile.
    if (this.#leaving.get(identity) === dispatcher) this.#leaving.delete(identity);
  }

  #find(appId: string, endpointId: string): EndpointDispatcher | undefined {
    const configured = this.#endpoints.get(appId)?.find(({ endpoint }) => endpoint.id === endpointId);
    return configured ?? this.#leaving.get(identify(appId, endpointId));
  }

  #push(appId: string, wanting: readonly EndpointDispatcher[], queued: QueuedEvent): void {
    this.#options.metrics.webhookQueued(appId, queued.event.name);
    for (const dispatcher of wanting) dispatcher.push(queued);
  }

  /** Who else the event is for is known once it is taken: until then the taking itself waits for it too. */
  #hold(appId: string, endpointId: string, { ref, event, ageMs }: RestoredEvent): QueuedEvent {
    const key = identify(appId, ref);
    let held = this.#held.get(key);
    if (held === undefined) {
      const share = new Share(ref, 1);
      held = { share, queued: queue(event, this.#options.clock.now() - ageMs, share), heldFor: new Set() };
      this.#held.set(key, held);
    }
    held.share.add(1);
    held.heldFor.add(endpointId);
    return held.queued;
  }

  #decide(appId: string, { endpoint, kind, events, batchId }: Verdict): void {
    for (const { event } of events) this.#options.witness.decided(appId, endpoint, event, kind);
    const isDelivered = kind === 'delivered';
    // What was undone leaves the endpoint with the truth: nobody has to ask for it.
    if (!isDelivered && kind !== 'undone') {
      const timeMs = this.#options.wallTime.now();
      for (const { event } of events) {
        const { channel, name } = event;
        this.#options.drops.add(appId, { endpoint: endpoint.id, channel, name, reason: kind, timeMs });
      }
    }
    const place = { appId, endpointId: endpoint.id, batchId };
    this.#settle(place, events, isDelivered ? 'delivered' : 'dropped');
  }

  #settle(place: Omit<Settlement, 'events'>, queued: readonly QueuedEvent[], fate: Fate): void {
    const events: { ref: EventRef; isLast: boolean }[] = [];
    for (const { event, share } of queued) {
      if (share === undefined) continue;
      const isLast = this.#settleOne(place.appId, event, share, fate);
      if (share.ref !== undefined) events.push({ ref: share.ref, isLast });
    }
    if (events.length > 0) this.#options.store.settle({ ...place, events });
  }

  /** One that waited for the event is done with it. Whether it was the last. */
  #settleOne(appId: string, event: WebhookEvent, share: Share, fate: Fate): boolean {
    const isLast = share.settle(fate);
    // Heard by nobody: the next miss is to be reported again.
    if (isLast && event.name === 'cache_miss' && share.wasInVain) {
      void this.#options.ledger().forgetCacheMiss(appId, event.channel, event.episode);
    }
    return isLast;
  }
}

function queue(event: WebhookEvent, createdAt: Millis, share: Share | undefined): QueuedEvent {
  const json = encodeEvent(event);
  return { event, json, bytes: Buffer.byteLength(json), createdAt, share };
}

function identify(appId: string, idInApp: string): string {
  return `${appId}\n${idInApp}`;
}
