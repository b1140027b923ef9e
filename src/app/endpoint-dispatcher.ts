import type { Clock, Millis, WallTime } from '../ports/clock.ts';
import type { DeliveryStore, KeptBatch } from '../ports/delivery-store.ts';
import type { Ids } from '../ports/ids.ts';
import type { Log } from '../ports/log.ts';
import { whenReady, type MaybePromise } from '../ports/maybe-promise.ts';
import type { Metrics, QueueReading } from '../ports/metrics.ts';
import type { Random } from '../ports/random.ts';
import type { Outcome, WebhookSender } from '../ports/webhook-sender.ts';
import type { Witness } from '../ports/witness.ts';
import type { QueuedEvent } from '../webhooks/lane.ts';
import type { AttemptPlaces, Claim, Contender, Place } from '../webhooks/attempt-places.ts';
import { DeliveryQueue, type Batch, type DeliveryPolicy, type Drop } from '../webhooks/delivery-queue.ts';
import type { Endpoint } from '../webhooks/endpoint.ts';
import { attemptHeaders, createPayload, type Payload } from '../webhooks/payload.ts';
import { createAlarm, type Alarm } from './alarm.ts';
import type { Application } from './application.ts';
import { DeliveryReport, resultOf, type Reported } from './delivery-report.ts';

/** What delivering needs, for whichever endpoint. */
export interface DeliveryOptions {
  readonly clock: Clock;
  readonly wallTime: WallTime;
  readonly random: Random;
  readonly ids: Pick<Ids, 'webhookId'>;
  readonly sender: WebhookSender;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly witness: Witness;
  readonly policy: DeliveryPolicy;
  readonly requestTimeoutMs: number;
  /** In which life of the state this is: after another one begins, what was told before may not be true any more. */
  readonly epoch: () => string;
  /** Where batches are kept while they are under way. */
  readonly store: DeliveryStore;
  /** The places for attempts under way, which all endpoints share. */
  readonly places: AttemptPlaces;
}

/** What became of events at one endpoint. */
export interface Verdict {
  readonly endpoint: Endpoint;
  readonly kind: 'delivered' | Drop['reason'];
  readonly events: readonly QueuedEvent[];
  /** The delivery they were in, if they had come that far. */
  readonly batchId: string | undefined;
}

/** An attempt that did not succeed. */
interface Failure {
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
  readonly #report: DeliveryReport;
  readonly #payloads = new WeakMap<Batch, Payload>();
  readonly #decide: (verdict: Verdict) => void;
  /** Whether it answered the last attempt, whatever it said; undefined: nothing is known of where it is now. */
  #hasAnswered: boolean | undefined;
  #whenEmpty: (() => void) | undefined;
  #isHalting = false;
  #isAbandoned = false;
  #isStopped = false;

  /** `decide` hears of every event exactly once, when it is delivered or dropped. */
  constructor(
    app: Application,
    endpoint: Endpoint,
    options: DeliveryOptions,
    decide: (verdict: Verdict) => void,
  ) {
    this.#app = app;
    this.#endpoint = endpoint;
    this.#options = options;
    this.#decide = decide;
    this.#queue = new DeliveryQueue(options.policy);
    this.#alarm = createAlarm(options.clock, () => this.#pump());
    this.#report = new DeliveryReport(options);
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
    else if (!wasEnabled && endpoint.isEnabled) this.#report.enabled(this.#reported());
  }

  get claim(): Claim {
    if (this.#hasAnswered === false || this.#queue.isFailing) return 'silent';
    if (this.#queue.attempts > 0) return 'further';
    return this.#hasAnswered === undefined ? 'untried' : 'first';
  }

  proceed(): void {
    if (!this.#isStopped) this.#pump();
  }

  push(queued: QueuedEvent): void {
    if (!this.#endpoint.isEnabled) return this.#drop({ reason: 'disabled', events: [queued] });
    if (this.#isAbandoned) return this.#drop({ reason: 'shutdown', events: [queued] });
    for (const drop of this.#queue.push(queued)) this.#drop(drop);
    this.#pump();
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
    this.#pump();
  }

  /** Starts attempts again after the store had to refuse some. */
  resume(): void {
    this.#queue.resume();
    this.#pump();
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
      this.#pump();
    });
  }

  /** Drops whatever is left, and whatever still comes. Attempts under way may end, but are not heard any more. */
  abandon(): void {
    this.#isAbandoned = true;
    this.#rest();
    for (const drop of this.#queue.abandon()) this.#drop(drop);
    this.#report.close();
    this.#tellEmpty();
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
    this.#report.close();
    this.#tellEmpty();
  }

  #disable(): void {
    for (const drop of this.#queue.disable()) this.#drop(drop);
    this.#report.disabled(this.#reported());
    this.#pump();
  }

  #pump(): void {
    const at = this.#options.clock.now();
    for (const drop of this.#queue.expire(at)) this.#drop(drop);
    let startsAt = this.#startsAt();
    while (startsAt <= at && this.#startOne(at)) startsAt = this.#startsAt();
    // What is due already waits for a place, which no time brings.
    const dueAt = Math.min(this.#queue.expiresAt(), startsAt > at ? startsAt : Infinity);
    if (dueAt === Infinity) this.#alarm.clear();
    else this.#alarm.set(dueAt);
    const awaited = this.#isHalting ? this.#queue.attempts : this.#queue.events;
    if (awaited === 0) this.#tellEmpty();
  }

  #startsAt(): Millis {
    if (!this.#options.store.mayAttempt()) this.#queue.pause();
    return this.#queue.startsAt();
  }

  /** Whether there was a place for an attempt that is due. */
  #startOne(at: Millis): boolean {
    const { places } = this.#options;
    const place = places.take(this);
    if (place === undefined) return false;
    const batch = this.#queue.next(at);
    if (batch === undefined) places.giveBack(place);
    else this.#begin(batch, place);
    return batch !== undefined;
  }

  /** Nothing more is to be started. */
  #rest(): void {
    this.#alarm.stop();
    this.#options.places.leave(this);
  }

  #tellEmpty(): void {
    const tell = this.#whenEmpty;
    this.#whenEmpty = undefined;
    tell?.();
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
    this.#pump();
    return false;
  }

  async #attempt(batch: Batch, payload: Payload, place: Place): Promise<void> {
    const { clock, epoch, metrics, places, random, sender, witness, requestTimeoutMs } = this.#options;
    const { url, id: endpoint, publicOnly = false } = this.#endpoint;
    const appId = this.#app.id;
    const headers = attemptHeaders(this.#app, this.#endpoint, payload, {
      attempt: batch.attempts,
      epoch: epoch(),
    });
    const attempt = {
      appId,
      endpoint: this.#endpoint,
      webhookId: payload.id,
      number: batch.attempts,
      request: { appId, endpointId: endpoint, url, headers, body: payload.body, publicOnly },
      events: batch.events,
    };
    // Drawn now: attempts begin in an order that can be replayed, but answers come when they like.
    const chance = random();
    const startedAt = clock.now();
    witness.attemptBegan(attempt);
    const outcome = await sender.send(attempt.request, requestTimeoutMs);
    const elapsedMs = clock.now() - startedAt;
    const result = resultOf(outcome);
    metrics.webhookAttempt(appId, endpoint, result, elapsedMs);
    witness.attemptEnded(attempt, outcome);
    this.#hasAnswered = outcome.kind === 'answered';
    if (!this.#isStopped) {
      if (result === 'success') this.#succeed(batch, elapsedMs);
      else this.#fail(batch, payload, { outcome, elapsedMs, chance });
    }
    // Who waits comes first.
    places.giveBack(place);
    if (!this.#isStopped) this.#pump();
  }

  #createPayload(batch: Batch, kept?: Pick<KeptBatch, 'id' | 'timeMs'>): Payload {
    const payload = createPayload({
      id: kept?.id ?? this.#options.ids.webhookId(),
      timeMs: kept?.timeMs ?? this.#options.wallTime.now(),
      events: batch.events.map(({ json }) => json),
    });
    this.#payloads.set(batch, payload);
    return payload;
  }

  #succeed(batch: Batch, elapsedMs: Millis): void {
    const wasFailing = this.#queue.isFailing;
    if (this.#queue.succeed(batch) === 'given-up') return;
    this.#report.delivered(this.#reported(batch), batch.events, { elapsedMs, wasFailing });
    this.#tell('delivered', batch.events, batch);
  }

  #fail(batch: Batch, payload: Payload, failure: Failure): void {
    const { clock, store } = this.#options;
    const { outcome, chance } = failure;
    const wasFailing = this.#queue.isFailing;
    const retryAfterMs = outcome.kind === 'answered' ? outcome.retryAfterMs : undefined;
    const drop = this.#queue.fail(batch, clock.now(), chance, retryAfterMs);
    const { isFailing } = this.#queue;
    this.#report.failed(this.#reported(batch), failure, {
      wasFailing,
      isFailing,
      isLast: drop !== undefined,
    });
    if (drop !== undefined) this.#drop(drop);
    else if (batch.state === 'waiting') {
      store.postpone(payload.id, batch.attempts, batch.nextAttemptAt - clock.now());
    }
  }

  #drop(drop: Drop): void {
    this.#report.dropped(this.#reported(drop.batch), drop, !this.#endpoint.isEnabled);
    this.#tell(drop.reason, drop.events, drop.batch);
  }

  #tell(kind: Verdict['kind'], events: readonly QueuedEvent[], batch?: Batch): void {
    const batchId = batch && this.#payloads.get(batch)?.id;
    this.#decide({ endpoint: this.#endpoint, kind, events, batchId });
  }

  #reported(batch?: Batch): Reported {
    const webhookId = batch && this.#payloads.get(batch)?.id;
    return { appId: this.#app.id, endpoint: this.#endpoint.id, webhookId, attempts: batch?.attempts ?? 0 };
  }
}
