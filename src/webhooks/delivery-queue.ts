import type { Millis } from '../ports/clock.ts';
import type { ChannelName } from '../protocol/channel-name.ts';
import { DueHeap } from '../structures/due-heap.ts';
import { LinkedList } from '../structures/linked-list.ts';
import { Backlog, type BatchPolicy } from './backlog.ts';
import { createBatch, type Batch, type Drop, type Ticket } from './batch.ts';
import type { DropReason } from './delivery-facts.ts';
import { HoldClock } from './hold-clock.ts';
import type { QueuedEvent } from './lane.ts';
import { Probing } from './probing.ts';
import { findBlockers, take, type QueueContents } from './queue-contents.ts';
import { rankOf, ranks, type Rank } from './rank.ts';
import { retryDelay, type RetryPolicy } from './retry.ts';
import { waitingOf, type Undecided } from './undecided.ts';

/** How events are delivered to an endpoint. */
export interface DeliveryPolicy {
  readonly batch: BatchPolicy;
  readonly retry: RetryPolicy;
  /** The maximum number of concurrent attempts. */
  readonly concurrency: number;
  /** The maximum size of the waiting events, in batches or not. */
  readonly queueMaxBytes: number;
}

/** The approximate memory of a queued event in addition to its JSON, as measured. Without it, the bound would be exceeded. */
export const eventOverheadBytes = 500;

const noDrops: readonly Drop[] = [];

/** What to do now. */
export type Next =
  /** An attempt has begun. */
  | { readonly kind: 'attempt'; readonly batch: Batch }
  /** Events have passed their deadline. */
  | { readonly kind: 'drop'; readonly drop: Drop }
  /** Nothing until this time, unless something is pushed or settled before. Infinity: nothing at all. */
  | { readonly kind: 'wait'; readonly until: Millis };

/**
 * The delivery state machine of one endpoint: it decides what to send when. It has no clock, socket or timer. The code around
 * it calls `next` until that returns when to ask again, and reports the result of each attempt with `succeed`, `fail` or
 * `putBack`.
 *
 * - While a batch with events of a channel is unfinished, no later event of that channel is sent.
 * - A batch that waits for its next attempt does not count towards the concurrency.
 * - A failing endpoint is probed (`Probing`), with one attempt at a time.
 */
export class DeliveryQueue {
  readonly #policy: DeliveryPolicy;
  readonly #time: HoldClock;
  readonly #backlog: Backlog;
  readonly #unfinished = new LinkedList<Batch>();
  /** Waiting batches by their next attempt. An entry may be out of date: the state of the batch counts. */
  readonly #retries = new DueHeap<Ticket>();
  /** Batches that have waited at least once, by their deadline. */
  readonly #expiries = new DueHeap<Ticket>();
  #unfinishedBytes = 0;
  #unfinishedEvents = 0;
  #inFlight = 0;
  readonly #probing: Probing<Batch>;
  #isDraining = false;
  #isPaused = false;
  #isHeld = false;

  /** All times passed in are times of `time`, except for those at which events were created. */
  constructor(policy: DeliveryPolicy, time = new HoldClock()) {
    this.#policy = policy;
    this.#time = time;
    this.#backlog = new Backlog(policy.batch, time);
    this.#probing = new Probing(policy.retry);
  }

  /** Whether the last attempts all failed. */
  get isFailing(): boolean {
    return this.#probing.isFailing;
  }

  /** The number of attempts in progress. */
  get attempts(): number {
    return this.#inFlight;
  }

  /** The number of events that are neither delivered nor dropped. */
  get events(): number {
    return this.#backlog.size + this.#unfinishedEvents;
  }

  /** Their memory: the JSON, and the overhead of each event. */
  get bytes(): number {
    return this.#backlog.bytes + this.#unfinishedBytes + eventOverheadBytes * this.events;
  }

  /** When the oldest of them was created, by the clock; Infinity when there is none. */
  get oldestAt(): Millis {
    let oldest = this.#backlog.oldestCreatedAt;
    for (const batch of this.#unfinished) oldest = Math.min(oldest, batch.createdAt);
    return oldest;
  }

  /** Changes how later batches are put together. */
  batchBy(policy: BatchPolicy): void {
    this.#backlog.batchBy(policy);
  }

  /** The waiting events: at most `most` lanes and `most` batches. It looks at each batch. */
  contents(most: number): QueueContents {
    const { lanes, count: laneCount } = this.#backlog.oldestLanes(most);
    return {
      lanes: findBlockers(lanes, this.#unfinished),
      laneCount,
      batches: take(this.#unfinished, most),
      batchCount: this.#unfinished.size,
    };
  }

  /** The undecided events of a channel, in order. It looks at each batch. */
  waitingOf(channel: ChannelName): readonly QueuedEvent[] {
    return waitingOf(this.undecided, channel);
  }

  /** All undecided events: those of each batch, then the others. */
  get rest(): readonly Pick<Drop, 'events' | 'batch'>[] {
    const batches = Array.from(this.#unfinished, (batch) => ({ events: batch.events, batch }));
    return [...batches, { events: this.#backlog.events }];
  }

  /** The undecided events. Do not change them. */
  get undecided(): Undecided {
    return { batches: this.#unfinished, backlog: this.#backlog };
  }

  /** Adds an event. Returns what was dropped to make room. */
  push(queued: QueuedEvent): readonly Drop[] {
    this.#backlog.push(queued);
    if (this.bytes <= this.#policy.queueMaxBytes) return noDrops;
    const drops: Drop[] = [];
    for (let drop = this.#shed(); drop !== undefined; drop = this.#shed()) drops.push(drop);
    return drops;
  }

  /**
   * Restores a batch that another queue created, after `attempts` attempts. The next attempt starts at `nextAttemptAt` or later.
   * Until the batch is finished, no later event of its channels is sent.
   */
  restore(events: readonly QueuedEvent[], attempts: number, nextAttemptAt: Millis): Batch {
    const channels = new Set(events.map(({ event }) => event.channel));
    const lanes = Array.from(channels, (channel) => this.#backlog.block(channel));
    const batch = this.#createBatch({ events, lanes }, attempts);
    this.#wait(batch, nextAttemptAt);
    return batch;
  }

  /**
   * What to do at this time. Call it again until it returns when to look next. `mayStart` is called once, when an attempt is
   * due. If it returns false, the attempt does not begin, and the result does not depend on it.
   */
  next(at: Millis, mayStart: () => boolean): Next {
    const drop = this.#takeExpired(at);
    if (drop !== undefined) return { kind: 'drop', drop };
    const startsAt = this.#startsAt();
    if (startsAt > at) return { kind: 'wait', until: Math.min(startsAt, this.#expiresAt()) };
    if (!mayStart()) return { kind: 'wait', until: this.#expiresAt() };
    return { kind: 'attempt', batch: this.#begin(at) };
  }

  /** Whether a push that drops nothing would give `next` something to do before this time. */
  isDueBefore(moment: Millis): boolean {
    if (this.#newBatchDueAt() < moment && this.#startsAt() < moment) return true;
    return this.#backlog.oldestAt + this.#policy.retry.maxElapsedMs < moment;
  }

  /** Reports a successful attempt. `given-up` if the batch was dropped while the attempt was in progress. */
  succeed(batch: Batch): 'delivered' | 'given-up' {
    this.#inFlight -= 1;
    this.#probing.succeeded();
    if (batch.state === 'done') return 'given-up';
    this.#finish(batch);
    return 'delivered';
  }

  /**
   * Reports a failed attempt. The batch waits for the next one, or is dropped because the next one would be too late. `random`
   * is drawn from [0, 1). The endpoint may ask for a longer wait with `retryAfterMs`. It is limited to the longest delay of the
   * policy, and ignored if no attempt would be left.
   */
  fail(batch: Batch, at: Millis, random: number, retryAfterMs = 0): Drop | undefined {
    const { retry } = this.#policy;
    this.#inFlight -= 1;
    this.#probing.failed(batch, at, random);
    const backoffEndsAt = at + retryDelay(retry, batch.attempts, random);
    // The batch was dropped while the attempt was in progress.
    if (batch.state === 'done') return undefined;
    if (batch.isLastAttempt) return this.#give(batch, 'disabled');
    const requestedAt = at + Math.min(retryAfterMs, retry.maxDelayMs);
    const nextAttemptAt = requestedAt < batch.deadline ? Math.max(backoffEndsAt, requestedAt) : backoffEndsAt;
    if (nextAttemptAt >= batch.deadline) return this.#give(batch, 'expired');
    this.#wait(batch, nextAttemptAt);
    return undefined;
  }

  /** Whether an attempt that `next` began may still be made. Much may have happened since. */
  mayProceed(batch: Batch, at: Millis): boolean {
    const isWanted = batch.state === 'in-flight' && !batch.isLastAttempt;
    return isWanted && !this.#isPaused && !this.#isHeld && at < batch.deadline;
  }

  /**
   * Reports that an attempt was not made, so that it does not count. The batch may be tried again immediately, unless it is
   * dropped because the endpoint was disabled meanwhile.
   */
  putBack(batch: Batch): Drop | undefined {
    this.#inFlight -= 1;
    this.#probing.withdrawn(batch);
    if (batch.state === 'done') return undefined;
    batch.attempts -= 1;
    if (batch.isLastAttempt) return this.#give(batch, 'disabled');
    this.#wait(batch, -Infinity);
    return undefined;
  }

  /** Whether the queue is held. */
  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** Prevents attempts until `release`, regardless of `resume`. The caller has to stop the queue's time. */
  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
  }

  /** Prevents attempts until `resume`. Deadlines continue to run. */
  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
  }

  /** No more events will be pushed: events no longer wait for others to join their batch. */
  drain(): void {
    this.#isDraining = true;
  }

  /** Drops everything that is not delivered. */
  abandon(): readonly Drop[] {
    return this.#giveUp('shutdown', Array.from(this.#unfinished));
  }

  /**
   * The endpoint is disabled: drops everything that waits. Attempts in progress may still succeed, but are not retried, even if
   * the endpoint is enabled meanwhile: a retry would arrive after events that were dropped since.
   */
  disable(): readonly Drop[] {
    const unfinished = Array.from(this.#unfinished);
    for (const batch of unfinished) batch.isLastAttempt = true;
    return this.#giveUp(
      'disabled',
      unfinished.filter(({ state }) => state === 'waiting'),
    );
  }

  #giveUp(reason: DropReason, batches: readonly Batch[]): readonly Drop[] {
    const drops = batches.map((batch) => this.#give(batch, reason));
    const events = this.#takeOlder(Infinity);
    return events.length === 0 ? drops : [...drops, { reason, events }];
  }

  #takeOlder(createdBy: Millis): readonly QueuedEvent[] {
    const events: QueuedEvent[] = [];
    for (;;) {
      const queued = this.#backlog.takeOlder(createdBy);
      if (queued === undefined) return events;
      events.push(queued);
    }
  }

  #newBatchDueAt(): Millis {
    const { batchDueAt } = this.#backlog;
    return this.#isDraining && batchDueAt < Infinity ? -Infinity : batchDueAt;
  }

  /** When an attempt is due; Infinity if not before something is pushed or settled. */
  #startsAt(): Millis {
    const { isFailing } = this.#probing;
    const mostInFlight = isFailing ? 1 : this.#policy.concurrency;
    if (this.#isPaused || this.#isHeld || this.#inFlight >= mostInFlight) return Infinity;
    this.#forgetStaleRetries();
    const startAt = Math.min(this.#retries.nextDueAt ?? Infinity, this.#newBatchDueAt());
    if (!isFailing) return startAt;
    const oldestAt = this.#unfinished.first?.nextAttemptAt ?? Infinity;
    return Math.min(oldestAt, Math.max(this.#probing.otherAt, startAt));
  }

  /** When something passes its deadline; Infinity if nothing waits. */
  #expiresAt(): Millis {
    if (this.events === 0) return Infinity;
    return Math.min(
      this.#expiries.nextDueAt ?? Infinity,
      this.#backlog.oldestAt + this.#policy.retry.maxElapsedMs,
    );
  }

  /** Returns a batch past its deadline, or all such events without a batch. */
  #takeExpired(at: Millis): Drop | undefined {
    for (let due = this.#expiries.takeDue(at); due !== undefined; due = this.#expiries.takeDue(at)) {
      const { batch } = due;
      if (batch === undefined) continue;
      batch.isTimed = false;
      if (batch.state === 'waiting') return this.#give(batch, 'expired');
    }
    const createdBy = at - this.#policy.retry.maxElapsedMs;
    if (this.#backlog.oldestAt > createdBy) return undefined;
    return { reason: 'expired', events: this.#takeOlder(createdBy) };
  }

  /** Begins the attempt that is due. */
  #begin(at: Millis): Batch {
    const batch = this.isFailing ? this.#nextProbe(at) : (this.#takeRetry(at) ?? this.#takeNew(at));
    if (batch === undefined) throw new Error('an attempt is due, but no batch is');
    batch.state = 'in-flight';
    batch.attempts += 1;
    this.#inFlight += 1;
    return batch;
  }

  /** The oldest batch keeps its own schedule. In between, other batches are tried, alternating between new and old ones. */
  #nextProbe(at: Millis): Batch | undefined {
    const oldest = this.#unfinished.first;
    if (oldest !== undefined && oldest.nextAttemptAt <= at) return oldest;
    const other = this.#probing.isTurnOfNew
      ? (this.#takeNew(at) ?? this.#takeRetry(at))
      : (this.#takeRetry(at) ?? this.#takeNew(at));
    this.#probing.began(other);
    return other;
  }

  #takeRetry(at: Millis): Batch | undefined {
    this.#forgetStaleRetries();
    return this.#retries.takeDue(at)?.batch;
  }

  /** Removes entries at the front whose batch is finished, in flight, or due later than the entry. */
  #forgetStaleRetries(): void {
    for (let first = this.#retries.first; first !== undefined; first = this.#retries.first) {
      const { batch } = first;
      const dueAt = this.#retries.nextDueAt ?? Infinity;
      if (batch?.state === 'waiting' && batch.nextAttemptAt <= dueAt) return;
      this.#retries.takeDue(Infinity);
    }
  }

  #takeNew(at: Millis): Batch | undefined {
    if (this.#newBatchDueAt() > at) return undefined;
    return this.#createBatch(this.#backlog.takeBatch(), 0);
  }

  #createBatch(content: Pick<Batch, 'events' | 'lanes'>, attempts: number): Batch {
    const { maxElapsedMs } = this.#policy.retry;
    const batch = createBatch(content, attempts, (createdAt) => this.#time.local(createdAt) + maxElapsedMs);
    batch.node = this.#unfinished.push(batch);
    this.#unfinishedBytes += batch.bytes;
    this.#unfinishedEvents += batch.events.length;
    return batch;
  }

  #wait(batch: Batch, nextAttemptAt: Millis): void {
    batch.state = 'waiting';
    batch.nextAttemptAt = nextAttemptAt;
    const ticket = (batch.ticket ??= { batch });
    this.#retries.add(nextAttemptAt, ticket);
    if (!batch.isTimed) this.#expiries.add(batch.deadline, ticket);
    batch.isTimed = true;
  }

  #finish(batch: Batch): void {
    batch.state = 'done';
    if (batch.ticket !== undefined) batch.ticket.batch = undefined;
    if (batch.node !== undefined) this.#unfinished.remove(batch.node);
    this.#unfinishedBytes -= batch.bytes;
    this.#unfinishedEvents -= batch.events.length;
    for (const lane of batch.lanes) this.#backlog.release(lane);
  }

  #give(batch: Batch, reason: DropReason): Drop {
    this.#finish(batch);
    return { reason, events: batch.events, batch: batch };
  }

  /**
   * What to drop next while the queue is above its bound. Events that cancel each other out go first, because a receiver reaches
   * the same state without them. Then come events rank by rank, and within a rank the oldest event of the source with the most
   * of them: a flood from one source does not cost another, and later events of a channel are worth more than earlier ones.
   */
  #shed(): Drop | undefined {
    if (this.bytes <= this.#policy.queueMaxBytes) return undefined;
    const undone = this.#backlog.takeUndone();
    if (undone.length > 0) return { reason: 'undone', events: undone };
    for (const rank of ranks) {
      const event = this.#backlog.takeOf(rank);
      if (event !== undefined) return { reason: 'overflow', events: [event] };
      // Last, because a batch may contain events of many sources.
      const waiting = this.#oldestWaiting(rank);
      if (waiting !== undefined) return this.#give(waiting, 'overflow');
    }
    return undefined;
  }

  /** The oldest batch that waits for its next attempt and has no event above this rank. */
  #oldestWaiting(rank: Rank): Batch | undefined {
    for (const batch of this.#unfinished) {
      if (batch.state === 'waiting' && batch.events.every(({ event }) => rankOf(event) <= rank)) return batch;
    }
    return undefined;
  }
}
