import assert from 'node:assert/strict';
import { selects, type Endpoint } from '../../../src/webhooks/endpoint.ts';
import type { Clock, Millis } from '../../../src/ports/clock.ts';
import type { StoredEventState, RestoredBatch } from '../../../src/ports/delivery-source.ts';
import type { DeliveryStore, EventRef, KeptBatch, Settlement } from '../../../src/ports/delivery-store.ts';
import type { MaybePromise } from '../../../src/ports/maybe-promise.ts';
import type { WebhookEvent } from '../../../src/webhooks/event.ts';

/** An event in its stream. */
export interface Entry {
  readonly ref: EventRef;
  readonly event: WebhookEvent;
  readonly at: Millis;
  /** The endpoints that select it. */
  readonly endpointIds: readonly string[];
  readonly settledFor: Set<string>;
  isDone: boolean;
}

interface Kept {
  readonly batch: KeptBatch;
  attempts: number;
  nextAt: Millis;
}

/** What outlives every process: the streams of one app, and the saved batches. It rejects forbidden steps. */
export class FakeStreams {
  readonly streams: readonly Entry[][] = [[], []];
  readonly #clock: Clock;
  readonly #endpoints: readonly Endpoint[];
  readonly #entries = new Map<EventRef, Entry>();
  readonly #batches = new Map<string, Kept>();

  constructor(clock: Clock, endpoints: readonly Endpoint[]) {
    this.#clock = clock;
    this.#endpoints = endpoints;
  }

  get entries(): readonly Entry[] {
    return [...this.#entries.values()];
  }

  get batches(): number {
    return this.#batches.size;
  }

  /** All events of a channel are in the same stream. */
  append(event: WebhookEvent): void {
    const entry: Entry = {
      ref: `e${this.#entries.size}`,
      event,
      at: this.#clock.now(),
      endpointIds: this.#endpoints
        .filter((endpoint) => selects(endpoint, event.name, event.channel))
        .map(({ id }) => id),
      settledFor: new Set(),
      isDone: false,
    };
    this.#entries.set(entry.ref, entry);
    this.streams[event.channel.charCodeAt(0) % 2]?.push(entry);
  }

  originOf({ ref, at, settledFor }: Entry): StoredEventState {
    return { ref, ageMs: this.#clock.now() - at, settledFor: new Set(settledFor) };
  }

  restorable(): RestoredBatch[] {
    return Array.from(this.#batches.values(), ({ batch, attempts, nextAt }) => ({
      ...batch,
      attempts,
      delayMs: nextAt - this.#clock.now(),
      events: batch.refs.map((ref) => ({
        ...this.originOf(this.entry(ref)),
        ref,
        event: this.entry(ref).event,
      })),
    }));
  }

  entry(ref: EventRef): Entry {
    const entry = this.#entries.get(ref);
    if (entry === undefined) throw new Error(`no event has the position ${ref}`);
    return entry;
  }

  keep(batch: KeptBatch): void {
    const earlier = this.#batches.get(batch.id);
    if (earlier !== undefined) assert.deepEqual(batch, earlier.batch);
    for (const ref of batch.refs) this.#assertOpen(ref, batch.endpointId);
    for (const { batch: other } of this.#batches.values()) {
      if (other.id === batch.id || other.endpointId !== batch.endpointId) continue;
      const channels = new Set(other.refs.map((ref) => this.entry(ref).event.channel));
      for (const ref of batch.refs) {
        const { channel } = this.entry(ref).event;
        assert.ok(!channels.has(channel), `${batch.id} and ${other.id} have events of ${channel}`);
      }
    }
    this.#batches.set(batch.id, { batch, attempts: 0, nextAt: this.#clock.now() });
  }

  postpone(batchId: string, attempts: number, delayMs: Millis): void {
    const kept = this.#batches.get(batchId);
    if (kept === undefined) throw new Error(`${batchId} is postponed, but was not kept`);
    assert.equal(attempts, kept.attempts + 1);
    kept.attempts = attempts;
    kept.nextAt = this.#clock.now() + delayMs;
  }

  settle({ endpointId, batchId, events }: Settlement): void {
    if (batchId !== undefined) this.#batches.delete(batchId);
    for (const { ref, isLast } of events) {
      const entry = this.entry(ref);
      assert.ok(!entry.isDone, `${ref} is settled, but was done`);
      if (endpointId !== '') {
        this.#assertOpen(ref, endpointId);
        entry.settledFor.add(endpointId);
      }
      if (!isLast) continue;
      assert.deepEqual([...entry.settledFor].toSorted(), entry.endpointIds.toSorted());
      entry.isDone = true;
    }
  }

  #assertOpen(ref: EventRef, endpointId: string): void {
    assert.ok(!this.entry(ref).settledFor.has(endpointId), `${ref} is settled for ${endpointId} already`);
  }
}

/** The result of saving a batch. `unsure`: it is saved, but the answer is lost. */
export type KeepAnswer = 'kept' | 'refused' | 'lost' | 'unsure';

/** A process's connection to the streams, with its delay each way. Messages under way at a crash are lost. */
export class StreamsClient implements DeliveryStore {
  readonly isShared = true;
  isAllowing = true;
  isDead = false;
  readonly #streams: FakeStreams;
  readonly #clock: Clock;
  readonly #delayMs: Millis;
  readonly #hooks: StreamsHooks;

  constructor(streams: FakeStreams, clock: Clock, delayMs: Millis, hooks: StreamsHooks) {
    this.#streams = streams;
    this.#clock = clock;
    this.#delayMs = delayMs;
    this.#hooks = hooks;
  }

  mayAttempt(): boolean {
    return this.isAllowing;
  }

  keep(batch: KeptBatch): MaybePromise<boolean> {
    const answer = this.#hooks.answerKeep();
    if (answer === 'kept' || answer === 'unsure') this.#tell(() => this.#streams.keep(batch));
    if (this.#delayMs === 0 && answer === 'kept') return true;
    if (this.#delayMs === 0 && answer === 'refused') return false;
    return new Promise((resolve, reject) => {
      this.#clock.after(2 * this.#delayMs, () => {
        if (answer === 'kept' || answer === 'refused') resolve(answer === 'kept');
        else reject(new Error(answer));
      });
    });
  }

  postpone(batchId: string, attempts: number, delayMs: Millis): void {
    this.#tell(() => this.#streams.postpone(batchId, attempts, delayMs));
  }

  settle(settlement: Settlement): void {
    this.#hooks.settling(settlement);
    this.#tell(() => this.#streams.settle(settlement));
  }

  /** Takes effect later, in order. Errors are recorded as faults because no caller could catch them. */
  #tell(apply: () => void): void {
    const run = (): void => {
      try {
        if (!this.isDead) apply();
      } catch (fault) {
        this.#hooks.fault(fault);
      }
    };
    if (this.#delayMs === 0) run();
    else this.#clock.after(this.#delayMs, run);
  }
}

export interface StreamsHooks {
  answerKeep(): KeepAnswer;
  settling(settlement: Settlement): void;
  fault(fault: unknown): void;
}
