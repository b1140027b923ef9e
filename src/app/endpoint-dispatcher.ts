import type { LanesView } from '../views/truth.ts';
import type { Millis } from '../ports/clock.ts';
import type { KeptBatch } from '../ports/delivery-store.ts';
import { whenReady } from '../ports/maybe-promise.ts';
import type { Outcome } from '../ports/webhook-sender.ts';
import { createAttempt, type Attempt } from '../webhooks/attempt.ts';
import type { Claim, Contender, Place } from '../webhooks/attempt-places.ts';
import type { Batch, Drop } from '../webhooks/batch.ts';
import { resultOf, type Decided, type QueueReading } from '../webhooks/delivery-facts.ts';
import { DeliveryQueue } from '../webhooks/delivery-queue.ts';
import { batchPolicyOf, type Endpoint } from '../webhooks/endpoint.ts';
import type { QueuedEvent } from '../webhooks/lane.ts';
import type { Payload } from '../webhooks/payload.ts';
import type { Application } from './application.ts';
import type { DeliveryOptions } from './delivery-options.ts';
import { HeldTime } from './held-time.ts';
import { viewLanes } from './lanes.ts';
import { keepBatch, Payloads } from './payloads.ts';

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
  /** By it the queue lives. */
  readonly #time: HeldTime;
  readonly #queue: DeliveryQueue;
  /** When the queue is looked at next, in its own time, unless something happens before. */
  #looksAt: Millis = Infinity;
  readonly #payloads: Payloads;
  readonly #settle: (decided: Decided) => void;
  /** Whether it answered the last attempt, whatever it said; undefined: nothing is known of where it is now. */
  #hasAnswered: boolean | undefined;
  /** The place that was taken for the next attempt. */
  #place: Place | undefined;
  #whenEmpty: (() => void) | undefined;
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
    const batch = batchPolicyOf(endpoint, options.policy.batch);
    this.#time = new HeldTime(options.clock, () => this.#look());
    const { policy } = options;
    // It may change at any time.
    const queuePolicy = {
      ...policy,
      batch,
      get concurrency() {
        return policy.concurrency;
      },
    };
    this.#queue = new DeliveryQueue(queuePolicy, this.#time.clock);
    this.#payloads = new Payloads(options);
    this.#time.begin(endpoint, options.wallTime.now());
    if (this.#time.isHeld) this.#hold();
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
    const { isEnabled: wasEnabled, batch } = this.#endpoint;
    if (endpoint.url !== this.#endpoint.url) this.#hasAnswered = undefined;
    this.#app = app;
    this.#endpoint = endpoint;
    if (wasEnabled && !endpoint.isEnabled) this.#disable();
    else if (!wasEnabled && endpoint.isEnabled) this.#tell('enabled');
    if (endpoint.batch !== batch) this.#queue.batchBy(batchPolicyOf(endpoint, this.#options.policy.batch));
    if (endpoint.heldSinceMs === undefined) this.#release();
    else if (!this.#time.isHeld) this.#hold();
    if (endpoint.batch !== batch) this.#look();
  }

  /**
   * The endpoint is not configured any more. Nobody could release it then: if it is held, it is sent nothing, and what
   * waits lives as long as it has left.
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
    const batch = this.#queue.restore(events, attempts, this.#time.planned(delayMs));
    this.#payloads.of(batch, kept);
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
    return view(this.#queue, this.#time.now);
  }

  read(): QueueReading {
    const { events, bytes, oldestAt, isFailing } = this.#queue;
    const oldestAgeMs = oldestAt === Infinity ? 0 : this.#options.clock.now() - oldestAt;
    return { appId: this.#app.id, endpoint: this.#endpoint.id, events, bytes, oldestAgeMs, isFailing };
  }

  /** What waits behind what. */
  lanes(): LanesView {
    const idOf = ({ payload }: Batch): string | undefined => payload?.id;
    const waiting = { queue: this.#queue, time: this.#time.clock, reading: this.read(), idOf };
    return viewLanes({ endpoint: this.#endpoint, ...waiting }, this.#options.clock.now());
  }

  /**
   * Sends what waits without waiting for company. Resolves when everything is decided; while the endpoint is held, when
   * the attempts under way have ended.
   */
  flush(): Promise<void> {
    this.#isFlushing = true;
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
    this.#tell('disabled');
    this.#look();
  }

  /** Does what is due, and has the alarm ring when something is due again. */
  #look(): void {
    if (!this.#options.store.mayAttempt()) this.#queue.pause();
    this.#looksAt = this.#work(this.#time.now);
    // What is due already waits for a place, which no time brings; nor does time bring anything while it stands still.
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

  /** Nothing more is to be started. */
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
    // Nothing comes between where nothing is kept.
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
    const { store, tell } = this.#options;
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
    const at = this.#time.now;
    const drop = this.#queue.fail(batch, at, chance, retryAfterMs);
    const retryInMs = batch.state === 'waiting' ? batch.nextAttemptAt - at : undefined;
    report(retryInMs);
    if (drop !== undefined) this.#drop(drop);
    else if (retryInMs !== undefined) store.postpone(attempt.webhookId, batch.attempts, retryInMs);
  }

  #drop({ reason, events, batch }: Drop): void {
    this.#decide(reason, events, batch);
  }

  #decide(fate: Decided['fate'], events: readonly QueuedEvent[], batch: Batch | undefined): void {
    const payload = batch?.payload;
    const decided: Decided = {
      kind: 'decided',
      appId: this.#app.id,
      endpoint: this.#endpoint,
      fate,
      events,
      webhookId: payload?.id,
      timeMs: payload?.timeMs,
      begun: payload?.begun ?? this.#payloads.begun,
      attempts: batch?.attempts ?? 0,
    };
    this.#options.tell(decided);
    this.#settle(decided);
  }

  #tell(kind: 'disabled' | 'enabled' | 'ended'): void {
    this.#options.tell({ kind, appId: this.#app.id, endpoint: this.#endpoint });
  }
}
