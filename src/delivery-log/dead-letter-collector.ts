import type { Clock, Millis, WallTime } from '../ports/clock.ts';
import type { DeadLetters } from '../ports/dead-letters.ts';
import type { Ids } from '../ports/ids.ts';
import type { BatchPolicy } from '../webhooks/backlog.ts';
import {
  addAttempt,
  attemptBytes,
  describeAttempt,
  type LetterAttempt,
  type LetterEvent,
  type LossReason,
} from '../webhooks/dead-letter.ts';
import { ignoringSelected, type AttemptEnded, type Decided } from '../webhooks/delivery-facts.ts';
import { batchPolicyOf } from '../webhooks/endpoint.ts';
import type { QueuedEvent } from '../webhooks/lane.ts';
import { createAlarm, type Alarm } from '../structures/alarm.ts';

/** What collecting needs. */
export interface CollectorOptions {
  readonly clock: Clock;
  readonly wallTime: WallTime;
  readonly ids: Pick<Ids, 'webhookId'>;
  readonly letters: Pick<DeadLetters, 'add' | 'attempted'>;
  /** How the events of a letter are grouped, unless the endpoint has its own settings. */
  readonly batch: BatchPolicy;
  /** Whether the app is served. Losses of other apps are not kept, because those apps have been removed. */
  readonly isServed: (appId: string) => boolean;
}

/** Events that were lost one by one: a letter that is not complete yet. */
interface Gathering {
  readonly appId: string;
  readonly endpointId: string;
  readonly reason: LossReason;
  /** The number of deliveries of the endpoint that had begun. */
  readonly deliveriesStarted: number;
  readonly events: LetterEvent[];
  bytes: number;
  lastAtMs: number;
  readonly endsAt: Millis;
}

/** The failed attempts of a delivery that is not decided yet. */
interface Remembered {
  readonly appId: string;
  readonly endpointId: string;
  attempts: readonly LetterAttempt[];
  bytes: number;
}

/** Events that are lost within this time, for one reason, share a letter. */
const gatherMs: Millis = 100;

/** The maximum size of the kept attempts of deliveries in progress. Those of the earliest delivery are dropped first. */
const mostRememberedBytes = 4 * 1024 * 1024;

/** The maximum number of letters with an attempt in progress. */
const mostUnderWay = 10_000;

/**
 * Makes dead letters from losses. A delivery that succeeds immediately costs it nothing. Events that were not in a delivery are
 * gathered, so that a flood does not cause a letter for each. No delivery of their endpoint begins between the events of one
 * letter, so that letters have an order.
 */
export class DeadLetterCollector {
  readonly #options: CollectorOptions;
  /** By app and endpoint; those that end first come first. */
  readonly #gatherings = new Map<string, Gathering>();
  readonly #alarm: Alarm;
  /** By delivery; those that failed first come first. */
  readonly #remembered = new Map<string, Remembered>();
  #rememberedBytes = 0;
  /** Deliveries that were dropped while an attempt may have been in progress. */
  readonly #underWay = new Set<string>();
  #isStopped = false;

  constructor(options: CollectorOptions) {
    this.#options = options;
    this.#alarm = createAlarm(options.clock, () => this.#completeDue());
  }

  /** Subscribes to delivery facts. */
  readonly onFact = ignoringSelected((fact) => {
    switch (fact.kind) {
      case 'attempt-ended':
        return this.#attemptEnded(fact);
      case 'decided':
        return this.#decided(fact);
      case 'ended':
        this.#complete(keyOf(fact.appId, fact.endpoint.id));
        return this.#forgetAttempts(fact.appId, fact.endpoint.id);
      case 'selected':
      case 'attempt-began':
      case 'resumed':
      case 'left':
      case 'unclaimed':
      case 'disabled':
      case 'enabled':
    }
  });

  /** Completes gathered letters, because the letters are about to be read. */
  flush(): void {
    for (const key of this.#gatherings.keys()) this.#complete(key);
  }

  /** Forgets everything of the app. */
  forget(appId: string): void {
    for (const [key, gathering] of this.#gatherings)
      if (gathering.appId === appId) this.#gatherings.delete(key);
    this.#forgetAttempts(appId);
  }

  /** Completes gathered letters. From now on, only events that are lost together are gathered. */
  stop(): void {
    this.#isStopped = true;
    this.#alarm.stop();
    this.flush();
  }

  #attemptEnded({ attempt, outcome, result, elapsedMs }: AttemptEnded): void {
    if (result === 'success' && this.#underWay.size === 0) return;
    const { appId, endpoint, webhookId, number } = attempt;
    const isGivenUp = this.#underWay.delete(webhookId);
    if (result === 'success' && !isGivenUp) return;
    const timeMs = Math.round(this.#options.wallTime.now() - elapsedMs);
    const ended = describeAttempt(outcome, { number, timeMs, elapsedMs: Math.round(elapsedMs) });
    if (isGivenUp) this.#options.letters.attempted(appId, webhookId, ended);
    else this.#remember(webhookId, { appId, endpointId: endpoint.id }, ended);
  }

  #remember(
    webhookId: string,
    place: Pick<Remembered, 'appId' | 'endpointId'>,
    attempt: LetterAttempt,
  ): void {
    const known = this.#remembered.get(webhookId) ?? { ...place, attempts: [], bytes: 0 };
    const attempts = addAttempt(known.attempts, attempt);
    const bytes = attempts.reduce((sum, one) => sum + attemptBytes(one), 0);
    this.#rememberedBytes += bytes - known.bytes;
    known.attempts = attempts;
    known.bytes = bytes;
    this.#remembered.set(webhookId, known);
    for (const earliest of this.#remembered.keys()) {
      if (this.#rememberedBytes <= mostRememberedBytes) return;
      this.#takeAttempts(earliest);
    }
  }

  #takeAttempts(webhookId: string | undefined): readonly LetterAttempt[] {
    if (webhookId === undefined) return [];
    const remembered = this.#remembered.get(webhookId);
    if (remembered === undefined) return [];
    this.#remembered.delete(webhookId);
    this.#rememberedBytes -= remembered.bytes;
    return remembered.attempts;
  }

  #forgetAttempts(appId: string, endpointId?: string): void {
    for (const [webhookId, of] of this.#remembered) {
      if (of.appId === appId && of.endpointId === (endpointId ?? of.endpointId))
        this.#takeAttempts(webhookId);
    }
  }

  #decided(decided: Decided): void {
    const { appId, endpoint, fate, events, webhookId, timeMs } = decided;
    const attempts = this.#takeAttempts(webhookId);
    if (fate === 'delivered' || fate === 'undone' || !this.#options.isServed(appId)) return;
    if (webhookId === undefined || timeMs === undefined) return this.#gather(decided, fate);
    // Only a shutdown ends a delivery whose attempt is in progress.
    if (fate === 'shutdown' && decided.attempts > attempts.length) this.#expectAttempt(webhookId);
    this.#options.letters.add({
      id: webhookId,
      appId,
      endpointId: endpoint.id,
      reason: fate,
      droppedAtMs: this.#options.wallTime.now(),
      timeMs,
      turn: decided.deliveriesStarted,
      events: events.map(toLetterEvent),
      attempts,
      attemptsMade: decided.attempts,
      resends: 0,
      resentAtMs: undefined,
    });
  }

  #expectAttempt(webhookId: string): void {
    this.#underWay.add(webhookId);
    if (this.#underWay.size <= mostUnderWay) return;
    for (const earliest of this.#underWay) {
      this.#underWay.delete(earliest);
      return;
    }
  }

  #gather({ appId, endpoint, events, deliveriesStarted }: Decided, reason: LossReason): void {
    const of = { appId, endpointId: endpoint.id, reason, deliveriesStarted };
    const key = keyOf(appId, endpoint.id);
    const { maxEvents, maxBytes } = batchPolicyOf(endpoint, this.#options.batch);
    for (const queued of events) {
      let gathering = this.#gatherings.get(key);
      if (gathering !== undefined && (!belongs(gathering, of) || gathering.bytes + queued.bytes > maxBytes)) {
        this.#complete(key);
        gathering = undefined;
      }
      gathering ??= this.#begin(key, of);
      gathering.events.push(toLetterEvent(queued));
      gathering.bytes += queued.bytes;
      gathering.lastAtMs = this.#options.wallTime.now();
      if (gathering.events.length >= maxEvents) this.#complete(key);
    }
    if (this.#isStopped) this.#complete(key);
  }

  #begin(
    key: string,
    of: Pick<Gathering, 'appId' | 'endpointId' | 'reason' | 'deliveriesStarted'>,
  ): Gathering {
    const endsAt = this.#options.clock.now() + gatherMs;
    const gathering: Gathering = { ...of, events: [], bytes: 0, lastAtMs: 0, endsAt };
    this.#gatherings.set(key, gathering);
    this.#alarm.set(endsAt);
    return gathering;
  }

  #completeDue(): void {
    const at = this.#options.clock.now();
    for (const [key, { endsAt }] of this.#gatherings) {
      if (endsAt > at) return this.#alarm.set(endsAt);
      this.#complete(key);
    }
  }

  #complete(key: string): void {
    const gathering = this.#gatherings.get(key);
    if (gathering === undefined) return;
    this.#gatherings.delete(key);
    const { appId, endpointId, reason, deliveriesStarted, events, lastAtMs } = gathering;
    this.#options.letters.add({
      id: this.#options.ids.webhookId(),
      appId,
      endpointId,
      reason,
      droppedAtMs: lastAtMs,
      timeMs: lastAtMs,
      // After the delivery that had begun, before the next one.
      turn: deliveriesStarted + 0.5,
      events,
      attempts: [],
      attemptsMade: 0,
      resends: 0,
      resentAtMs: undefined,
    });
  }
}

function belongs(
  to: Gathering,
  { reason, deliveriesStarted }: Pick<Gathering, 'reason' | 'deliveriesStarted'>,
): boolean {
  return to.reason === reason && to.deliveriesStarted === deliveriesStarted;
}

function toLetterEvent({ event: { name, channel }, json }: QueuedEvent): LetterEvent {
  return { name, channel, json };
}

function keyOf(appId: string, endpointId: string): string {
  return `${appId}\n${endpointId}`;
}
