import type { Clock, Millis, WallTime } from '../ports/clock.ts';
import type { DeliveryStore, KeptBatch } from '../ports/delivery-store.ts';
import type { Ids } from '../ports/ids.ts';
import { whenReady, type MaybePromise } from '../ports/maybe-promise.ts';
import type { Random } from '../ports/random.ts';
import type { Outcome, WebhookSender } from '../ports/webhook-sender.ts';
import { createAttempt, type Attempt } from '../webhooks/attempt.ts';
import type { AttemptPlaces, Claim, Contender, Place } from '../webhooks/attempt-places.ts';
import {
  resultOf,
  type Decided,
  type DeliverySubscriber,
  type QueueReading,
} from '../webhooks/delivery-facts.ts';
import { DeliveryQueue, type Batch, type DeliveryPolicy, type Drop } from '../webhooks/delivery-queue.ts';
import type { Endpoint } from '../webhooks/endpoint.ts';
import type { QueuedEvent } from '../webhooks/lane.ts';
import { createPayload, type Payload } from '../webhooks/payload.ts';
import { createAlarm, type Alarm } from './alarm.ts';
import type { Application } from './application.ts';

/** What delivering needs, for whichever endpoint. */
export interface DeliveryOptions {
  readonly clock: Clock;
  readonly wallTime: WallTime;
  readonly random: Random;
  readonly ids: Pick<Ids, 'webhookId'>;
  readonly sender: WebhookSender;
  /** Hears of all that happens to events. */
  readonly tell: DeliverySubscriber;
  readonly policy: DeliveryPolicy;
  readonly requestTimeoutMs: number;
  /** In which life of the state this is: after another one begins, what was told before may not be true any more. */
  readonly epoch: () => string;
  /** Where batches are kept while they are under way. */
  readonly store: DeliveryStore;
  /** The places for attempts under way, which all endpoints share. */
  readonly places: AttemptPlaces;
}

/** An attempt that has ended. */
interface Ended {
  readonly attempt: Attempt;
  readonly outcome: Outcome;
  readonly elapsedMs: Millis;
  /** By how much the next one is put off, as drawn from [0, 1). */
  readonly chance: number;
}

/** The loop around one endpoint's delivery machine: starts its attempts, times them, says what came of them. */
export class EndpointDispatcher implements Contender {
  #app: Application;
  #endpoint: Endpoint;
  readonly #options: DeliveryOptions;
  readonly #queue: DeliveryQueue;
  readonly #alarm: Alarm;
  /** When the queue is looked at next, unless something happens before. */
  #looksAt: Millis = Infinity;
  readonly #payloads = new WeakMap<Batch, Payload & Pick<Decided, 'begun'>>();
  /** Deliveries that have begun here. */
  #begun = 0;
  readonly #settle: (decided: Decided) => void;
  /** Whether it answered the last attempt, whatever it said; undefined: nothing is known of where it is now. */
  #hasAnswered: boolean | undefined;
  #whenEmpty: (() => void) | undefined;
  #isHalting = false;
  #isAbandoned = false;
  #isStopped = false;

  /** `settle` is called once for every event, when it has been delivered or dropped. */
  constructor(
    app: Application,
    endpoint: Endpoint,
    options: DeliveryOptions,
    settle: (decided: Decided) => void,
  ) {
    this.#app = app;
    this.#endpoint = endpoint;
    this.#options = options;
    this.#settle = settle;
    this.#queue = new DeliveryQueue(options.policy);
    this.#alarm = createAlarm(options.clock, () => this.#look());
    if (!endpoint.isEnabled) this.#disable();
  }

  /** The app whose endpoint it is. */
  get app(): Application {
    return this.#app;
  }

  /** The endpoint that is served. */
  get endpoint(): Endpoint {
    return this.#endpoint;
  }

  /**
   * Serves the endpoint as it is now; what is queued stays, and the next attempts have the URL, the headers
   * and the key that are configured now. The ids are the same. When it becomes disabled, what is queued is dropped:
   * sent later, it would tell an older state than the events that are dropped from now on.
   */
  replace(app: Application, endpoint: Endpoint): void {
    const wasEnabled = this.#endpoint.isEnabled;
    if (endpoint.url !== this.#endpoint.url) this.#hasAnswered = undefined;
    this.#app = app;
    this.#endpoint = endpoint;
    if (wasEnabled && !endpoint.isEnabled) this.#disable();
    else if (!wasEnabled && endpoint.isEnabled) this.#tell('enabled');
  }

  get claim(): Claim {
    if (this.#hasAnswered === false || this.#queue.isFailing) return 'silent';
    if (this.#queue.attempts > 0) return 'further';
    return this.#hasAnswered === undefined ? 'untried' : 'first';
  }

  proceed(): void {
    if (!this.#isStopped) this.#look();
  }

  push(queued: QueuedEvent): void {
    if (!this.#endpoint.isEnabled) return this.#drop({ reason: 'disabled', events: [queued] });
    if (this.#isAbandoned) return this.#drop({ reason: 'shutdown', events: [queued] });
    const drops = this.#queue.push(queued);
    for (const drop of drops) this.#drop(drop);
    if (drops.length > 0 || this.#queue.isDueBefore(this.#looksAt)) this.#look();
  }

  /** Goes on with a delivery of another process, at the earliest so much later. Its events count as pushed. */
  restore(
    kept: Pick<KeptBatch, 'id' | 'timeMs'>,
    events: readonly QueuedEvent[],
    attempts: number,
    delayMs: Millis,
  ): void {
    const batch = this.#queue.restore(events, attempts, this.#options.clock.now() + delayMs);
    this.#createPayload(batch, kept);
    if (!this.#endpoint.isEnabled) for (const drop of this.#queue.disable()) this.#drop(drop);
    this.#look();
  }

  /** Starts attempts again after the store had to refuse some. */
  resume(): void {
    this.#queue.resume();
    this.#look();
  }

  /** Reads what waits, at this moment in the queue's time. */
  waiting<T>(view: (queue: DeliveryQueue, now: Millis) => T): T {
    return view(this.#queue, this.#options.clock.now());
  }

  read(): QueueReading {
    const { events, bytes, oldestAt, isFailing } = this.#queue;
    const oldestAgeMs = oldestAt === Infinity ? 0 : this.#options.clock.now() - oldestAt;
    return { appId: this.#app.id, endpoint: this.#endpoint.id, events, bytes, oldestAgeMs, isFailing };
  }

  /** Sends what waits without waiting for company. Resolves when everything is decided. */
  flush(): Promise<void> {
    this.#queue.drain();
    return this.emptied();
  }

  /** Resolves when everything is decided that is queued by then, or will not be decided here any more. */
  emptied(): Promise<void> {
    return new Promise((resolve) => {
      const earlier = this.#whenEmpty;
      this.#whenEmpty = () => {
        earlier?.();
        resolve();
      };
      this.#look();
    });
  }

  /** Drops whatever is left, and whatever still comes. Attempts under way may end, but are not heard any more. */
  abandon(): void {
    this.#isAbandoned = true;
    this.#rest();
    for (const drop of this.#queue.abandon()) this.#drop(drop);
    this.#tell('ended');
    this.#reportEmpty();
  }

  /** Starts no new attempt. Once those under way have ended, it is stopped and resolves. */
  async halt(): Promise<void> {
    this.#isHalting = true;
    this.#queue.pause();
    await this.emptied();
    this.stop();
  }

  /** Decides nothing more. Attempts under way may end, but are not heard any more. */
  stop(): void {
    this.#isStopped = true;
    this.#rest();
    this.#tell('ended');
    this.#reportEmpty();
  }

  #disable(): void {
    for (const drop of this.#queue.disable()) this.#drop(drop);
    this.#tell('disabled');
    this.#look();
  }

  /** Does what is due, and has the alarm ring when something is due again. */
  #look(): void {
    const at = this.#options.clock.now();
    if (!this.#options.store.mayAttempt()) this.#queue.pause();
    this.#looksAt = this.#work(at);
    // What is due already waits for a place, which no time brings.
    if (this.#looksAt === Infinity) this.#alarm.clear();
    else this.#alarm.set(this.#looksAt);
    const awaited = this.#isHalting ? this.#queue.attempts : this.#queue.events;
    if (awaited === 0) this.#reportEmpty();
  }

  /** Returns when there is something to do again. */
  #work(at: Millis): Millis {
    let place: Place | undefined;
    const takePlace = (): boolean => {
      place = this.#options.places.take(this);
      return place !== undefined;
    };
    for (;;) {
      const next = this.#queue.next(at, takePlace);
      if (next.kind === 'wait') return next.until;
      if (next.kind === 'drop') this.#drop(next.drop);
      else if (place !== undefined) this.#begin(next.batch, place);
    }
  }

  /** Nothing more is to be started. */
  #rest(): void {
    this.#alarm.stop();
    this.#options.places.leave(this);
  }

  #reportEmpty(): void {
    const report = this.#whenEmpty;
    this.#whenEmpty = undefined;
    report?.();
  }

  #begin(batch: Batch, place: Place): void {
    const payload = this.#payloads.get(batch) ?? this.#createPayload(batch);
    if (batch.attempts > 1) void this.#attempt(batch, payload, place);
    else {
      void whenReady(this.#keep(batch, payload), (isKept) => {
        if (this.#mayAttempt(batch, isKept)) return this.#attempt(batch, payload, place);
        this.#options.places.giveBack(place);
      });
    }
  }

  #keep({ events }: Batch, { id, timeMs }: Payload): MaybePromise<boolean> {
    const refs = events.flatMap(({ share }) => share?.ref ?? []);
    const kept = this.#options.store.keep({
      id,
      appId: this.#app.id,
      endpointId: this.#endpoint.id,
      timeMs,
      refs,
    });
    // Why it rejects is the store's to report: it knows what it talks to.
    return kept instanceof Promise ? kept.catch(() => false) : kept;
  }

  #mayAttempt(batch: Batch, isKept: boolean): boolean {
    if (this.#isStopped) return false;
    if (!isKept || !this.#options.store.mayAttempt()) this.#queue.pause();
    if (this.#queue.mayProceed(batch, this.#options.clock.now())) return true;
    const drop = this.#queue.putBack(batch);
    if (drop !== undefined) this.#drop(drop);
    this.#look();
    return false;
  }

  async #attempt(batch: Batch, payload: Payload, place: Place): Promise<void> {
    const { clock, places, random, sender, tell, requestTimeoutMs } = this.#options;
    const which = { attempt: batch.attempts, epoch: this.#options.epoch(), events: batch.events };
    const attempt = createAttempt(this.#app, this.#endpoint, payload, which);
    // Drawn now: attempts begin in an order that can be replayed, but answers come when they like.
    const chance = random();
    const startedAt = clock.now();
    tell({ kind: 'attempt-began', attempt });
    const outcome = await sender.send(attempt.request, requestTimeoutMs);
    this.#hasAnswered = outcome.kind === 'answered';
    this.#end(batch, { attempt, outcome, elapsedMs: clock.now() - startedAt, chance });
    // Who waits comes first.
    places.giveBack(place);
    if (!this.#isStopped) this.#look();
  }

  #end(batch: Batch, { attempt, outcome, elapsedMs, chance }: Ended): void {
    const { clock, store, tell } = this.#options;
    const result = resultOf(outcome);
    const wasFailing = this.#queue.isFailing;
    const report = (retryInMs?: Millis): void => {
      const { isFailing } = this.#queue;
      tell({
        kind: 'attempt-ended',
        attempt,
        outcome,
        result,
        elapsedMs,
        retryInMs,
        wasFailing,
        isFailing,
      });
    };
    if (this.#isStopped) return report();
    if (result === 'success') {
      const fate = this.#queue.succeed(batch);
      report();
      if (fate === 'delivered') this.#decide('delivered', batch.events, batch);
      return;
    }
    const retryAfterMs = outcome.kind === 'answered' ? outcome.retryAfterMs : undefined;
    const drop = this.#queue.fail(batch, clock.now(), chance, retryAfterMs);
    const retryInMs = batch.state === 'waiting' ? batch.nextAttemptAt - clock.now() : undefined;
    report(retryInMs);
    if (drop !== undefined) this.#drop(drop);
    else if (retryInMs !== undefined) store.postpone(attempt.webhookId, batch.attempts, retryInMs);
  }

  #createPayload(batch: Batch, kept?: Pick<KeptBatch, 'id' | 'timeMs'>): Payload {
    const payload = createPayload({
      id: kept?.id ?? this.#options.ids.webhookId(),
      timeMs: kept?.timeMs ?? this.#options.wallTime.now(),
      events: batch.events.map(({ json }) => json),
    });
    if (kept === undefined) this.#begun += 1;
    this.#payloads.set(batch, { ...payload, begun: kept === undefined ? this.#begun : 0 });
    return payload;
  }

  #drop({ reason, events, batch }: Drop): void {
    this.#decide(reason, events, batch);
  }

  #decide(fate: Decided['fate'], events: readonly QueuedEvent[], batch: Batch | undefined): void {
    const payload = batch && this.#payloads.get(batch);
    const decided: Decided = {
      kind: 'decided',
      appId: this.#app.id,
      endpoint: this.#endpoint,
      fate,
      events,
      webhookId: payload?.id,
      timeMs: payload?.timeMs,
      begun: payload?.begun ?? this.#begun,
      attempts: batch?.attempts ?? 0,
    };
    this.#options.tell(decided);
    this.#settle(decided);
  }

  #tell(kind: 'disabled' | 'enabled' | 'ended'): void {
    this.#options.tell({ kind, appId: this.#app.id, endpoint: this.#endpoint });
  }
}
