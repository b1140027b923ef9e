import type { LanesView } from '../views/truth.ts';
import type { Millis } from '../ports/clock.ts';
import { mayExpire, type KeptBatch } from '../ports/delivery-store.ts';
import { whenReady } from '../ports/maybe-promise.ts';
import type { Outcome } from '../ports/webhook-sender.ts';
import { createAttempt, type Attempt } from '../webhooks/attempt.ts';
import type { Claim, Contender, Place } from '../webhooks/attempt-places.ts';
import type { Batch, Drop } from '../webhooks/batch.ts';
import { mayHaveArrived, resultOf, type Decided, type QueueReading } from '../webhooks/delivery-facts.ts';
import { DeliveryQueue } from '../webhooks/delivery-queue.ts';
import { batchPolicyOf, type Endpoint } from '../webhooks/endpoint.ts';
import type { QueuedEvent } from '../webhooks/lane.ts';
import type { Payload } from '../webhooks/payload.ts';
import type { Application } from '../apps/application.ts';
import type { DeliveryOptions } from './delivery-options.ts';
import { decidedFact, leftFact } from './facts.ts';
import { HeldTime } from './held-time.ts';
import { viewLanes } from './lanes.ts';
import { keepBatch, Payloads } from './payloads.ts';

/** A finished attempt. */
interface Ended {
  readonly attempt: Attempt;
  readonly outcome: Outcome;
  readonly elapsedMs: Millis;
  /** The random number from [0, 1) for the delay of the next attempt. */
  readonly chance: number;
}

/** Runs one endpoint's delivery queue: starts its attempts, times them, and reports their results. */
export class EndpointDispatcher implements Contender {
  #app: Application;
  #endpoint: Endpoint;
  readonly #options: DeliveryOptions;
  /** The time by which the queue runs. */
  readonly #time: HeldTime;
  readonly #queue: DeliveryQueue;
  /** When to look at the queue next, in its own time, unless something happens before. */
  #looksAt: Millis = Infinity;
  readonly #payloads: Payloads;
  readonly #settle: (decided: Decided) => void;
  /** Whether it answered the last attempt, with any status; undefined if nothing is known of its current URL. */
  #hasAnswered: boolean | undefined;
  /** The place taken for the next attempt. */
  #place: Place | undefined;
  #whenEmpty: (() => void) | undefined;
  /** Whether it has never had an event. */
  #isNew = true;
  #isFlushing = false;
  #isHalting = false;
  #isAbandoned = false;
  #isStopped = false;

  readonly #takePlace = (): boolean => {
    this.#place = this.#options.places.take(this);
    return this.#place !== undefined;
  };

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
    const { policy } = options;
    this.#time = new HeldTime(options, () => this.#look());
    // The policy may change at any time.
    const queuePolicy = {
      ...policy,
      batch: batchPolicyOf(endpoint, policy.batch),
      get concurrency() {
        return policy.concurrency;
      },
    };
    this.#queue = new DeliveryQueue(queuePolicy, this.#time.clock);
    this.#payloads = new Payloads(options);
    this.#time.begin(endpoint);
    if (this.#time.isHeld) this.#hold();
    if (!endpoint.isEnabled) this.#disable();
  }

  /** The app that owns the endpoint. */
  get app(): Application {
    return this.#app;
  }

  /** The endpoint that is served. */
  get endpoint(): Endpoint {
    return this.#endpoint;
  }

  /**
   * Serves the endpoint with its new configuration. Queued events stay, and the next attempts use the URL, the headers and the
   * key that are configured now. The ids are the same. When the endpoint becomes disabled, queued events are dropped: sent later,
   * they would report an older state than the events that are dropped from now on.
   */
  replace(app: Application, endpoint: Endpoint): void {
    const { isEnabled: wasEnabled, batch } = this.#endpoint;
    if (endpoint.url !== this.#endpoint.url) this.#hasAnswered = undefined;
    this.#app = app;
    this.#endpoint = endpoint;
    if (wasEnabled && !endpoint.isEnabled) this.#disable();
    else if (!wasEnabled && endpoint.isEnabled) this.#emit('enabled');
    if (endpoint.batch !== batch) this.#queue.batchBy(batchPolicyOf(endpoint, this.#options.policy.batch));
    // At a start, the holds that are kept come after the file, and before the events that waited during these holds.
    if (this.#isNew) this.#time.begin(endpoint);
    if (endpoint.heldSinceMs === undefined) this.#release();
    // After it had left, its queue is still held, but its time runs.
    else if (!this.#queue.isHeld || !this.#time.isHeld) this.#hold();
    if (endpoint.batch !== batch) this.#look();
  }

  /**
   * The endpoint is no longer configured, so nobody could release it any more. If it is held, it is sent nothing, and waiting
   * events expire at their deadlines.
   */
  leave(): void {
    if (!this.#time.isHeld) return;
    this.#time.release();
    this.#look();
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
    this.#isNew = false;
    if (!this.#endpoint.isEnabled) return this.#drop({ reason: 'disabled', events: [queued] });
    if (this.#isAbandoned) return this.#drop({ reason: 'shutdown', events: [queued] });
    const drops = this.#queue.push(queued);
    for (const drop of drops) this.#drop(drop);
    if (drops.length > 0 || this.#queue.isDueBefore(this.#looksAt)) this.#look();
  }

  /** Continues a delivery of another process, after at least `delayMs`. Its events count as pushed. */
  restore(
    kept: Pick<KeptBatch, 'id' | 'timeMs'>,
    events: readonly QueuedEvent[],
    attempts: number,
    delayMs: Millis,
  ): void {
    this.#isNew = false;
    const batch = this.#queue.restore(events, attempts, this.#time.planned(delayMs));
    const { id: webhookId } = this.#payloads.of(batch, kept);
    const { app, endpoint } = this;
    this.#options.emit({ kind: 'resumed', appId: app.id, endpoint, webhookId, events, delayMs });
    if (!this.#endpoint.isEnabled) for (const drop of this.#queue.disable()) this.#drop(drop);
    this.#look();
  }

  /** Starts attempts again after the store had to refuse some. */
  resume(): void {
    this.#queue.resume();
    this.#look();
  }

  /** Reads what waits, at the current time of the queue. */
  waiting<T>(view: (queue: DeliveryQueue, now: Millis) => T): T {
    return view(this.#queue, this.#time.now);
  }

  read(): QueueReading {
    const { events, bytes, oldestAt, isFailing } = this.#queue;
    const oldestAgeMs = oldestAt === Infinity ? 0 : this.#options.clock.now() - oldestAt;
    return { appId: this.#app.id, endpoint: this.#endpoint.id, events, bytes, oldestAgeMs, isFailing };
  }

  /** The lanes of the queue. */
  lanes(): LanesView {
    const idOf = ({ payload }: Batch): string | undefined => payload?.id;
    const waiting = { queue: this.#queue, time: this.#time.clock, reading: this.read(), idOf };
    return viewLanes({ endpoint: this.#endpoint, ...waiting }, this.#options.clock.now());
  }

  /**
   * Sends waiting events without waiting for others to join their batch. Resolves when everything is decided; while the endpoint
   * is held, when the attempts in progress have ended.
   */
  flush(): Promise<void> {
    this.#isFlushing = true;
    this.#queue.drain();
    return this.emptied();
  }

  /** Resolves when everything queued by then is decided, or will not be decided here any more. */
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

  /** Drops everything queued and everything pushed later. Attempts in progress may end, but their results are ignored. */
  abandon(): void {
    this.#isAbandoned = true;
    this.#rest();
    for (const drop of this.#queue.abandon()) this.#drop(drop);
    this.#emit('ended');
    this.#reportEmpty();
  }

  /** Starts no new attempt. Once those in progress have ended, it is stopped and resolves. */
  async halt(): Promise<void> {
    this.#isHalting = true;
    this.#queue.pause();
    await this.emptied();
    this.stop();
  }

  /** Decides nothing more. Attempts in progress may end, but their results are ignored. */
  stop(): void {
    this.#isStopped = true;
    this.#rest();
    for (const left of this.#queue.rest) this.#options.emit(leftFact(this, left));
    this.#emit('ended');
    this.#reportEmpty();
  }

  /** No attempt begins, and its time stands still. */
  #hold(): void {
    this.#time.hold();
    this.#queue.hold();
    this.#options.places.leave(this);
    this.#look();
  }

  #release(): void {
    if (!this.#queue.isHeld) return;
    this.#time.release();
    this.#queue.release();
    this.#look();
  }

  #disable(): void {
    for (const drop of this.#queue.disable()) this.#drop(drop);
    this.#emit('disabled');
    this.#look();
  }

  /** Does what is due, and sets the alarm for what is due next. */
  #look(): void {
    if (!this.#options.store.mayAttempt()) this.#queue.pause();
    this.#looksAt = mayExpire(this.#options.store) ? this.#work(this.#time.now) : Infinity;
    // Work that is due already waits for a place, not for a time. While the time stands still, nothing becomes due.
    this.#time.ringAt(this.#looksAt);
    const isEnding = this.#isHalting || (this.#isFlushing && this.#queue.isHeld);
    if ((isEnding ? this.#queue.attempts : this.#queue.events) === 0) this.#reportEmpty();
  }

  /** Returns when there is something to do again. */
  #work(at: Millis): Millis {
    for (;;) {
      const next = this.#queue.next(at, this.#takePlace);
      if (next.kind === 'wait') return next.until;
      if (next.kind === 'drop') this.#drop(next.drop);
      else this.#begin(next.batch);
    }
  }

  /** Nothing more will be started. */
  #rest(): void {
    this.#time.stop();
    this.#options.places.leave(this);
  }

  #reportEmpty(): void {
    const report = this.#whenEmpty;
    this.#whenEmpty = undefined;
    report?.();
  }

  /** Begins an attempt in the place that was taken for it. */
  #begin(batch: Batch): void {
    const place = this.#place;
    if (place === undefined) throw new Error('an attempt begins without a place');
    this.#place = undefined;
    const payload = this.#payloads.of(batch);
    const kept = batch.attempts > 1 || keepBatch(this.#options.store, this, batch, payload);
    // Without a store, nothing can happen in between.
    if (kept === true) return void this.#attempt(batch, payload, place);
    void whenReady(kept, (isKept) => {
      if (this.#mayAttempt(batch, isKept)) return this.#attempt(batch, payload, place);
      this.#options.places.giveBack(place);
    });
  }

  #mayAttempt(batch: Batch, isKept: boolean): boolean {
    if (this.#isStopped) return false;
    if (!isKept || !this.#options.store.mayAttempt()) this.#queue.pause();
    if (this.#queue.mayProceed(batch, this.#time.now)) return true;
    this.#drop(this.#queue.putBack(batch));
    this.#look();
    return false;
  }

  async #attempt(batch: Batch, payload: Payload, place: Place): Promise<void> {
    const { clock, wallTime, places, random, sender, emit, epoch, requestTimeoutMs } = this.#options;
    const { attempts, events } = batch;
    const which = { attempt: attempts, atMs: wallTime.now(), epoch: epoch(), events };
    const attempt = createAttempt(this.#app, this.#endpoint, payload, which);
    // Drawn now, because attempts begin in a reproducible order, while the order of their answers is arbitrary.
    const chance = random();
    const startedAt = clock.now();
    emit({ kind: 'attempt-began', attempt });
    const outcome = await sender.send(attempt.request, requestTimeoutMs);
    this.#hasAnswered = outcome.kind === 'answered';
    this.#end(batch, { attempt, outcome, elapsedMs: clock.now() - startedAt, chance });
    // Other endpoints that wait come first.
    places.giveBack(place);
    if (!this.#isStopped) this.#look();
  }

  #end(batch: Batch, { attempt, outcome, elapsedMs, chance }: Ended): void {
    const { store, emit } = this.#options;
    const result = resultOf(outcome);
    const wasFailing = this.#queue.isFailing;
    const report = (retryInMs?: Millis): void => {
      const { isFailing } = this.#queue;
      emit({ kind: 'attempt-ended', attempt, outcome, result, elapsedMs, retryInMs, wasFailing, isFailing });
    };
    if (this.#isStopped) {
      report();
      return emit(leftFact(this, { events: batch.events, batch }));
    }
    if (result === 'success') {
      const fate = this.#queue.succeed(batch);
      report();
      if (fate === 'delivered') this.#decide('delivered', { events: batch.events, batch });
      return;
    }
    batch.mayHaveArrived ||= mayHaveArrived(outcome);
    const at = this.#time.now;
    if (at >= batch.deadline && !mayExpire(store)) {
      report();
      return this.#drop(this.#queue.putBack(batch));
    }
    const retryAfterMs = outcome.kind === 'answered' ? outcome.retryAfterMs : undefined;
    const drop = this.#queue.fail(batch, at, chance, retryAfterMs);
    const retryInMs = batch.state === 'waiting' ? batch.nextAttemptAt - at : undefined;
    report(retryInMs);
    if (drop !== undefined) this.#drop(drop);
    else if (retryInMs !== undefined) store.postpone(attempt.webhookId, batch.attempts, retryInMs);
  }

  #drop(drop: Drop | undefined): void {
    if (drop !== undefined) this.#decide(drop.reason, drop);
  }

  #decide(fate: Decided['fate'], what: Pick<Drop, 'events' | 'batch'>): void {
    const decided = decidedFact(this, fate, what, this.#payloads);
    this.#options.emit(decided);
    this.#settle(decided);
  }

  #emit(kind: 'disabled' | 'enabled' | 'ended'): void {
    this.#options.emit({ kind, appId: this.#app.id, endpoint: this.#endpoint });
  }
}
