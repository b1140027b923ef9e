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

/** How one endpoint is delivered to. */
export interface DeliveryPolicy {
  readonly batch: BatchPolicy;
  readonly retry: RetryPolicy;
  /** The most attempts under way at once. */
  readonly concurrency: number;
  /** The most bytes of events that may wait, in batches or not. */
  readonly queueMaxBytes: number;
}

/** Memory that a queued event takes beside its JSON, roughly as measured: without it the bound would not be one. */
export const eventOverheadBytes = 500;

const nothing: readonly Drop[] = [];

/** What is to be done now. */
export type Next =
  /** An attempt has begun with this answer. */
  | { readonly kind: 'attempt'; readonly batch: Batch }
  /** Events are past their deadline. */
  | { readonly kind: 'drop'; readonly drop: Drop }
  /** Nothing, unless something is pushed or settled before this moment; Infinity: at all. */
  | { readonly kind: 'wait'; readonly until: Millis };

/**
 * The delivery machine of one endpoint: what is sent when. It holds no clock, no socket and no timer; the
 * shell around it asks `next` what to do until that says when to ask again, and reports what came of each attempt by
 * `succeed` or `fail`, or puts it back.
 *
 * - While a batch with events of a channel is not done with, no later event of that channel is sent.
 * - A batch that waits for its next attempt holds no place among those under way.
 * - A failing endpoint is probed (`Probing`), one attempt at a time.
 */
export class DeliveryQueue {
  readonly #policy: DeliveryPolicy;
  readonly #time: HoldClock;
  readonly #backlog: Backlog;
  readonly #unfinished = new LinkedList<Batch>();
  /** Waiting batches by their next attempt. An entry may be out of date: the batch's own word counts. */
  readonly #retries = new DueHeap<Ticket>();
  /** Batches that waited once, by their deadline. */
  readonly #expiries = new DueHeap<Ticket>();
  #unfinishedBytes = 0;
  #unfinishedEvents = 0;
  #inFlight = 0;
  readonly #probing: Probing<Batch>;
  #isDraining = false;
  #isPaused = false;
  #isHeld = false;

  /** Each moment that it is told is one of `time`, but for those at which events came to be. */
  constructor(policy: DeliveryPolicy, time = new HoldClock()) {
    this.#policy = policy;
    this.#time = time;
    this.#backlog = new Backlog(policy.batch, time);
    this.#probing = new Probing(policy.retry);
  }

  /** The last attempts all failed. */
  get isFailing(): boolean {
    return this.#probing.isFailing;
  }

  /** Attempts that are under way. */
  get attempts(): number {
    return this.#inFlight;
  }

  /** Events that are neither delivered nor dropped. */
  get events(): number {
    return this.#backlog.size + this.#unfinishedEvents;
  }

  /** What they take: their JSON, and what it costs to keep an event in its places. */
  get bytes(): number {
    return this.#backlog.bytes + this.#unfinishedBytes + eventOverheadBytes * this.events;
  }

  /** When the oldest of them came to be, on the clock; Infinity when there is none. */
  get oldestAt(): Millis {
    let oldest = this.#backlog.oldestCreatedAt;
    for (const batch of this.#unfinished) oldest = Math.min(oldest, batch.createdAt);
    return oldest;
  }

  /** Batches that are made from now on are put together so. */
  batchBy(policy: BatchPolicy): void {
    this.#backlog.batchBy(policy);
  }

  /** What waits, so many lanes and batches at most. It costs a look at each batch. */
  contents(most: number): QueueContents {
    const { lanes, count: laneCount } = this.#backlog.oldestLanes(most);
    return {
      lanes: findBlockers(lanes, this.#unfinished),
      laneCount,
      batches: take(this.#unfinished, most),
      batchCount: this.#unfinished.size,
    };
  }

  /** What is not decided of a channel, in order. It costs a look at every batch. */
  waitingOf(channel: ChannelName): readonly QueuedEvent[] {
    return waitingOf(this.undecided, channel);
  }

  /** What is not decided. To be read only. */
  get undecided(): Undecided {
    return { batches: this.#unfinished, backlog: this.#backlog };
  }

  /** Takes an event in. Returns what had to go for it. */
  push(queued: QueuedEvent): readonly Drop[] {
    this.#backlog.push(queued);
    if (this.bytes <= this.#policy.queueMaxBytes) return nothing;
    const drops: Drop[] = [];
    for (let drop = this.#shed(); drop !== undefined; drop = this.#shed()) drops.push(drop);
    return drops;
  }

  /**
   * Takes in a batch that another machine began, with so many attempts begun. The next one starts at
   * `nextAttemptAt` or later; until the batch is done with, no event of its channels that is pushed is sent.
   */
  restore(events: readonly QueuedEvent[], attempts: number, nextAttemptAt: Millis): Batch {
    const channels = new Set(events.map(({ event }) => event.channel));
    const lanes = Array.from(channels, (channel) => this.#backlog.block(channel));
    const batch = this.#createBatch({ events, lanes }, attempts);
    this.#wait(batch, nextAttemptAt);
    return batch;
  }

  /**
   * What to do at this moment: to be asked again until it says when to look next. `mayStart` is asked once, when an
   * attempt is due; if it refuses, the attempt does not begin, and nothing is waited for on its behalf.
   */
  next(at: Millis, mayStart: () => boolean): Next {
    const drop = this.#takeExpired(at);
    if (drop !== undefined) return { kind: 'drop', drop };
    const startsAt = this.#startsAt();
    if (startsAt > at) return { kind: 'wait', until: Math.min(startsAt, this.#expiresAt()) };
    if (!mayStart()) return { kind: 'wait', until: this.#expiresAt() };
    return { kind: 'attempt', batch: this.#begin(at) };
  }

  /** Whether a push for which nothing had to go gives `next` something to do before this moment, which it had not without it. */
  isDueBefore(moment: Millis): boolean {
    if (this.#newBatchDueAt() < moment && this.#startsAt() < moment) return true;
    return this.#backlog.oldestAt + this.#policy.retry.maxElapsedMs < moment;
  }

  /** An attempt succeeded. It may be too late: then the batch was given up while under way. */
  succeed(batch: Batch): 'delivered' | 'given-up' {
    this.#inFlight -= 1;
    this.#probing.succeeded();
    if (batch.state === 'done') return 'given-up';
    this.#finish(batch);
    return 'delivered';
  }

  /**
   * An attempt failed. The batch waits for the next one, or is given up because that would come too late.
   * `random` is drawn from [0, 1). The endpoint may ask for a longer wait, up to the
   * longest of the policy, and never so long that no attempt would be left.
   */
  fail(batch: Batch, at: Millis, random: number, retryAfterMs = 0): Drop | undefined {
    const { retry } = this.#policy;
    this.#inFlight -= 1;
    this.#probing.failed(batch, at, random);
    const backoffEndsAt = at + retryDelay(retry, batch.attempts, random);
    // Given up while under way: there is nothing left to try.
    if (batch.state === 'done') return undefined;
    if (batch.isLastAttempt) return this.#give(batch, 'disabled');
    const askedAt = at + Math.min(retryAfterMs, retry.maxDelayMs);
    const nextAttemptAt = askedAt < batch.deadline ? Math.max(backoffEndsAt, askedAt) : backoffEndsAt;
    if (nextAttemptAt >= batch.deadline) return this.#give(batch, 'expired');
    this.#wait(batch, nextAttemptAt);
    return undefined;
  }

  /** Whether an attempt that `next` began may be made even now: much may have come between. */
  mayProceed(batch: Batch, at: Millis): boolean {
    const isWanted = batch.state === 'in-flight' && !batch.isLastAttempt;
    return isWanted && !this.#isPaused && !this.#isHeld && at < batch.deadline;
  }

  /**
   * An attempt was not made after all and does not count. The batch stays as it is and may be tried at once,
   * unless it is given up because the endpoint was disabled meanwhile.
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

  /** Whether somebody holds it back. */
  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** No attempt starts until `release`, whatever `resume` says. Its time is the shell's to stop. */
  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
  }

  /** No attempt starts until `resume`; deadlines count on. */
  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
  }

  /** Nothing more will come: events wait for company no longer. */
  drain(): void {
    this.#isDraining = true;
  }

  /** Gives up all that is not delivered. */
  abandon(): readonly Drop[] {
    return this.#giveUp('shutdown', Array.from(this.#unfinished));
  }

  /**
   * The endpoint is disabled: gives up all that waits. What is under way may still succeed, but is not tried again,
   * even if the endpoint is enabled meanwhile: it must not come after what was dropped since.
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

  /** When an attempt is due; Infinity: not until something is pushed or settled. */
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

  /** When something is past its deadline; Infinity: nothing that waits. */
  #expiresAt(): Millis {
    if (this.events === 0) return Infinity;
    return Math.min(
      this.#expiries.nextDueAt ?? Infinity,
      this.#backlog.oldestAt + this.#policy.retry.maxElapsedMs,
    );
  }

  /** A batch, or all events that are in none, past its deadline. */
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

  /** The oldest batch keeps its own schedule; between, another one tries, by turns a new and an old one. */
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

  /** Takes out what stands first but is done with, under way, or to be tried later than it says. */
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
   * What goes next while too much waits. First events that undo one another: a receiver comes to the same state
   * without them. Then rank by rank, and within a rank what the source with most of it has waited for longest:
   * nobody's flood costs another, and later news of a channel is worth more than earlier.
   */
  #shed(): Drop | undefined {
    if (this.bytes <= this.#policy.queueMaxBytes) return undefined;
    const undone = this.#backlog.takeUndone();
    if (undone.length > 0) return { reason: 'undone', events: undone };
    for (const rank of ranks) {
      const event = this.#backlog.takeOf(rank);
      if (event !== undefined) return { reason: 'overflow', events: [event] };
      // Last, for it may hold events of many sources.
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
