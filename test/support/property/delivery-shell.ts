import assert from 'node:assert/strict';
import type { ChannelName } from '../../../src/protocol/channel-name.ts';
import type { QueuedEvent } from '../../../src/webhooks/lane.ts';
import type { Batch, Drop } from '../../../src/webhooks/batch.ts';
import { DeliveryQueue, type DeliveryPolicy } from '../../../src/webhooks/delivery-queue.ts';
import { sourceOf, type EventName, type WebhookEvent } from '../../../src/webhooks/event.ts';
import { HoldClock } from '../../../src/webhooks/hold-clock.ts';
import { rankOf } from '../../../src/webhooks/rank.ts';

/** The planned result of an attempt. */
export interface Fate {
  readonly ok: boolean;
  readonly takesMs: number;
  /** The attempt is not made, and no other may start for one second. */
  readonly putsBack?: boolean;
  readonly retryAfterMs?: number;
  /** The random number for the backoff. */
  readonly random?: number;
}

/** The endpoint. It decides the result of each attempt when the attempt starts. */
export type Endpoint = (batch: Batch, at: number) => Fate;

interface Attempt {
  readonly batch: Batch;
  readonly endsAt: number;
  readonly fate: Fate;
}

/** One attempt that was started. */
export interface Start {
  readonly at: number;
  readonly batch: Batch;
  readonly attempt: number;
}

/** The defaults of the configuration. */
export const defaultPolicy: DeliveryPolicy = {
  batch: { maxEvents: 20, maxDelayMs: 250, maxBytes: 98_304 },
  retry: { initialDelayMs: 1000, multiplier: 2, maxDelayMs: 60_000, maxElapsedMs: 300_000, jitter: 0 },
  concurrency: 10,
  queueMaxBytes: 67_108_864,
};

/**
 * The number of consecutive failures after which the endpoint counts as failing, as in the delivery queue.
 */
const failingAfter = 3;

/** How long no attempt may start after one that was put back. */
const pauseMs = 1000;

/**
 * The loop around a delivery queue, without a clock. It calls the queue only after a push, after a result, or
 * when the queue is due, and checks all invariants at every step.
 */
export class DeliveryShell {
  now = 0;
  readonly starts: Start[] = [];
  readonly drops: Drop[] = [];
  readonly droppedAt: number[] = [];
  readonly accepted: QueuedEvent[] = [];
  readonly delivered: QueuedEvent[] = [];
  /** When each event was first sent, and when its last attempt ended. */
  readonly startedAt = new Map<QueuedEvent, number>();
  readonly endedAt = new Map<QueuedEvent, number>();
  readonly time = new HoldClock();
  readonly queue: DeliveryQueue;
  /** The periods for which the endpoint was held, the present one last. */
  readonly #holds: { readonly from: number; to: number }[] = [];
  readonly #policy: DeliveryPolicy;
  readonly #endpoint: Endpoint;
  #inFlight: Attempt[] = [];
  /** When the queue wants to be called next, in its own time. */
  #dueAtLocal = Infinity;
  #resumesAt = Infinity;
  #failuresInARow = 0;
  readonly #batchOf = new Map<QueuedEvent, Batch>();
  readonly #decided = new Set<QueuedEvent>();
  /** The events of each channel that are neither delivered nor dropped, in order. */
  readonly #open = new Map<ChannelName, Set<QueuedEvent>>();

  constructor(policy: DeliveryPolicy, endpoint: Endpoint) {
    this.#policy = policy;
    this.#endpoint = endpoint;
    this.queue = new DeliveryQueue(policy, this.time);
  }

  push(
    channel: string,
    name: EventName,
    bytes = 60,
    { ageMs = 0, ...origin }: { ageMs?: number; source?: string; userId?: string } = {},
  ): QueuedEvent {
    const queued = this.#accept({ name, channel, ...origin }, bytes, ageMs);
    const drops = this.queue.push(queued);
    for (const drop of drops) this.#shed(drop);
    if (this.queue.bytes > this.#policy.queueMaxBytes)
      throw new Error('more events are pending than the bound allows');
    if (drops.length > 0 || this.queue.isDueBefore(this.#dueAtLocal)) this.#pump();
    else this.peek();
    return queued;
  }

  /**
   * Takes over a batch of another queue with an event of each channel, if none of these has pending events
   * and there is room.
   */
  restore(
    channels: readonly string[],
    name: EventName,
    { attempts, delayMs, ageMs }: { attempts: number; delayMs: number; ageMs: number },
  ): void {
    if (channels.some((channel) => (this.#open.get(channel as ChannelName)?.size ?? 0) > 0)) return;
    if (this.queue.bytes + channels.length * 1000 > this.#policy.queueMaxBytes) return;
    const events = channels
      .slice(0, this.#policy.batch.maxEvents)
      .map((channel) => this.#accept({ name, channel }, 60, ageMs));
    const batch = this.queue.restore(events, attempts, this.time.planned(this.now + delayMs));
    for (const event of events) this.#batchOf.set(event, batch);
    this.#pump();
  }

  /** Advances the time to `now + ms`, and does everything that is due until then. */
  advance(ms: number): void {
    const until = this.now + ms;
    for (let turns = 0; ; turns += 1) {
      if (turns > 100_000) throw new Error('the queue asks to be called without end');
      const nextEnd = this.#inFlight.reduce((least, { endsAt }) => Math.min(least, endsAt), Infinity);
      const next = Math.min(nextEnd, this.#dueAt, this.#resumesAt);
      if (next > until) break;
      this.now = Math.max(this.now, next);
      const ended = this.#inFlight.find(({ endsAt }) => endsAt <= this.now);
      if (ended !== undefined) this.#settle(ended);
      if (this.#resumesAt <= this.now) this.#resume();
      this.#pump();
    }
    this.now = until;
  }

  /** Calls the queue although it is not due. Nothing must happen. */
  peek(): void {
    if (this.#dueAt <= this.now) return;
    assert.equal(this.queue.next(this.#local, () => true).kind, 'wait');
  }

  /** No attempt may start until the release, and no event ages. */
  hold(): void {
    if (this.#isHeld) return;
    this.#holds.push({ from: this.now, to: Infinity });
    this.time.hold(this.now);
    this.queue.hold();
    this.#pump();
  }

  release(): void {
    const hold = this.#holds.at(-1);
    if (hold !== undefined) hold.to = Math.min(hold.to, this.now);
    this.time.release(this.now);
    this.queue.release();
    this.#pump();
  }

  /** The age of an event, without the time for which it was held. */
  ageOf({ createdAt }: QueuedEvent): number {
    const held = this.#holds.reduce(
      (sum, { from, to }) => sum + Math.max(0, Math.min(to, this.now) - Math.max(from, createdAt)),
      0,
    );
    return this.now - createdAt - held;
  }

  drain(): void {
    this.queue.drain();
    this.#pump();
  }

  abandon(): void {
    for (const drop of this.queue.abandon()) this.#drop(drop);
  }

  get #isHeld(): boolean {
    return this.#holds.at(-1)?.to === Infinity;
  }

  get #dueAt(): number {
    return this.#isHeld ? Infinity : this.time.momentOf(this.#dueAtLocal);
  }

  get #local(): number {
    return this.time.local(this.now);
  }

  get attemptsUnderWay(): number {
    return this.#inFlight.length;
  }

  /** Checks that every event was delivered or dropped, and none twice. */
  expectAllDecided(): void {
    assert.equal(this.#decided.size, this.accepted.length);
    assert.equal(
      this.delivered.length + this.drops.flatMap(({ events }) => events).length,
      this.accepted.length,
    );
  }

  /** Checks that the events of each channel were delivered in the order in which they were pushed. */
  expectOrder(): void {
    const last = new Map<string, number>();
    for (const { event, json } of this.delivered) {
      const earlier = last.get(event.channel) ?? -1;
      assert.ok(Number(json) > earlier, `${event.channel}: ${json} came after ${earlier}`);
      last.set(event.channel, Number(json));
    }
  }

  #accept(fields: object, bytes: number, ageMs: number): QueuedEvent {
    const event = fields as WebhookEvent;
    const queued = { event, json: `${this.accepted.length}`, seq: 0, bytes, createdAt: this.now - ageMs };
    this.accepted.push(queued);
    const open = this.#open.get(event.channel) ?? new Set();
    this.#open.set(event.channel, open.add(queued));
    return queued;
  }

  #resume(): void {
    this.#resumesAt = Infinity;
    this.queue.resume();
  }

  #pump(): void {
    for (;;) {
      const next = this.queue.next(this.#local, () => true);
      if (next.kind === 'attempt') this.#start(next.batch);
      else if (next.kind === 'drop') this.#drop(next.drop);
      else {
        this.#dueAtLocal = next.until;
        break;
      }
    }
    if (this.#dueAt <= this.now) throw new Error(`busy: due at ${this.#dueAt}, it is ${this.now}`);
  }

  #start(batch: Batch): void {
    if (this.#resumesAt < Infinity) throw new Error('an attempt in the pause');
    if (this.#isHeld) throw new Error('an attempt while the endpoint is held');
    const { maxEvents, maxBytes } = this.#policy.batch;
    const { events } = batch;
    if (events.some((event) => this.ageOf(event) >= this.#policy.retry.maxElapsedMs))
      throw new Error('an attempt after its deadline');
    if (events.length === 0 || events.length > maxEvents)
      throw new Error(`${events.length} events in a batch`);
    const envelope = `{"time_ms":1234567890123,"events":[]}`.length + events.length - 1;
    const bodyBytes = events.reduce((sum, { bytes }) => sum + bytes, envelope);
    if (events.length > 1 && bodyBytes > maxBytes) throw new Error(`a body of ${bodyBytes} bytes`);
    if (this.#inFlight.length >= this.#policy.concurrency) throw new Error('too many attempts at once');
    if (this.#failuresInARow >= failingAfter && this.#inFlight.length > 0) {
      throw new Error('two attempts at once to a failing endpoint');
    }
    for (const event of events) this.#startEvent(event, batch);
    this.starts.push({ at: this.now, batch, attempt: batch.attempts });
    const fate = this.#endpoint(batch, this.now);
    this.#inFlight.push({ batch, endsAt: this.now + fate.takesMs, fate });
  }

  #startEvent(event: QueuedEvent, batch: Batch): void {
    if (this.#decided.has(event)) throw new Error('an event is sent after it was delivered or dropped');
    const earlier = this.#batchOf.get(event);
    if (earlier !== undefined && earlier !== batch) throw new Error('an event is in two batches');
    this.#batchOf.set(event, batch);
    for (const before of this.#open.get(event.event.channel) ?? []) {
      if (before === event) break;
      if (!batch.events.includes(before)) throw new Error('an event overtakes an earlier one of its channel');
    }
    if (!this.startedAt.has(event)) this.startedAt.set(event, this.now);
  }

  #settle(attempt: Attempt): void {
    this.#inFlight = this.#inFlight.filter((one) => one !== attempt);
    const { batch, fate } = attempt;
    if (fate.putsBack === true) {
      const { state, attempts } = batch;
      this.queue.putBack(batch);
      if (state !== 'done') assert.equal(batch.attempts, attempts - 1);
      this.queue.pause();
      this.#resumesAt = this.now + pauseMs;
      return;
    }
    for (const event of batch.events) this.endedAt.set(event, this.now);
    if (fate.ok) {
      this.#failuresInARow = 0;
      if (this.queue.succeed(batch) === 'given-up') return;
      for (const event of batch.events) {
        this.#decide(event);
        this.delivered.push(event);
      }
      return;
    }
    this.#failuresInARow += 1;
    const drop = this.queue.fail(batch, this.#local, fate.random ?? 0.5, fate.retryAfterMs);
    if (drop !== undefined) this.#drop(drop);
  }

  #shed(drop: Drop): void {
    if (drop.reason === 'undone') {
      this.#expectUndone(drop.events);
      return this.#drop(drop);
    }
    assert.equal(drop.reason, 'overflow');
    const highest = Math.max(...drop.events.map(({ event }) => rankOf(event)));
    const waiting = [...this.#open.values()].flatMap((all) => [...all].filter((one) => this.#canGo(one)));
    if (waiting.some(({ event }) => rankOf(event) < highest)) {
      throw new Error('an event is dropped before one that matters less');
    }
    const [first] = drop.events;
    if (first !== undefined && this.#canGo(first)) this.#expectFair(first, waiting);
    this.#drop(drop);
  }

  /** The oldest event of a source is dropped first, and no source of its rank has twice as many pending. */
  #expectFair(dropped: QueuedEvent, waiting: readonly QueuedEvent[]): void {
    const rank = rankOf(dropped.event);
    const ofRank = waiting.filter(({ event }) => rankOf(event) === rank);
    const bytes = new Map<string, number>();
    for (const { event, bytes: more } of ofRank) {
      bytes.set(sourceOf(event), (bytes.get(sourceOf(event)) ?? 0) + more);
    }
    const own = bytes.get(sourceOf(dropped.event)) ?? 0;
    if (Math.max(...bytes.values()) >= 2 * own) throw new Error('a source loses fewer events than it adds');
    const fellows = ofRank.filter(({ event }) => sourceOf(event) === sourceOf(dropped.event));
    if (fellows.some(({ createdAt }) => createdAt < dropped.createdAt)) {
      throw new Error('a newer event of a source is dropped before an older one');
    }
  }

  /** Without these events an endpoint must know the same as with all of them. */
  #expectUndone(events: readonly QueuedEvent[]): void {
    if (!events.every((one) => this.#canGo(one))) throw new Error('an event of an attempt is cancelled');
    const net = new Map<string, number>();
    for (const { event } of events) {
      const isOfMember = event.name === 'member_added' || event.name === 'member_removed';
      const subject = isOfMember ? `${event.channel} ${event.userId}` : event.channel;
      const by = event.name === 'channel_occupied' || event.name === 'member_added' ? 1 : -1;
      net.set(subject, (net.get(subject) ?? 0) + by);
    }
    for (const [subject, by] of net) assert.equal(by, 0, subject);
  }

  /** Not part of an attempt. */
  #canGo(queued: QueuedEvent): boolean {
    return !this.#batchOf.has(queued);
  }

  #drop(drop: Drop): void {
    this.drops.push(drop);
    this.droppedAt.push(this.now);
    for (const event of drop.events) this.#decide(event);
  }

  #decide(event: QueuedEvent): void {
    if (this.#decided.has(event)) throw new Error('an event has two outcomes');
    if (!this.#open.get(event.event.channel)?.delete(event))
      throw new Error('an event that was never pushed');
    this.#decided.add(event);
  }
}
