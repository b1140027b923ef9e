import type { Clock, Millis } from '../../../ports/clock.ts';
import type { EventDispatcher, StoredEventState } from '../../../ports/delivery-source.ts';
import type { Log } from '../../../ports/log.ts';
import type { TurnBudget } from '../../../structures/turn-budget.ts';
import type { RedisDeliveries } from './deliveries.ts';
import { parseEntry } from '../channels/kept.ts';
import type { PartitionKeys } from '../keys.ts';
import type { RedisLink } from '../link/link.ts';
import { OutboxReader } from './outbox-reader.ts';
import { Outboxes, type OutboxEvent } from './outboxes.ts';
import { formatRef, seqAfter } from './refs.ts';
import { describeFailure } from '../link/health-log.ts';
import { RedisClock } from '../link/redis-clock.ts';
import { UnknownEvents } from './unknown-events.ts';

/** The dependencies of the intake. */
export interface OutboxIntakeOptions {
  readonly link: RedisLink;
  readonly clock: Clock;
  readonly partitions: readonly PartitionKeys[];
  readonly log: Log;
  readonly deliveries: RedisDeliveries;
  /** Events are read and taken in turns of the event loop that have room for them. */
  readonly pace: TurnBudget;
  /** The present moment that scripts must use (tests set it); empty: the time of the Redis server. */
  readonly present: () => string;
  /** The present moment in the time of the server that keeps the rights. */
  readonly redisNow: () => Millis;
  /** Renews the rights if they are due, because no heartbeat does it during a long intake. Resolves with whether this node still has them. */
  readonly mayContinue: () => Promise<boolean>;
  /** Somebody has requested that an endpoint be sent what it has missed. */
  readonly asked: (appId: string, endpointId: string) => void;
}

const noEndpoints: StoredEventState['settledFor'] = new Set();

/** Reads the outboxes of the partitions that this node dispatches, and passes their events to the dispatcher. */
export class OutboxIntake {
  readonly #options: OutboxIntakeOptions;
  readonly #reader: OutboxReader;
  /** By partition, because each server of a cluster has its own clock. */
  readonly #clocks: readonly RedisClock[];
  readonly unknown: UnknownEvents;
  #dispatcher: EventDispatcher | undefined;
  /** The partitions that are read. */
  readonly #open = new Set<number>();
  /** The partitions whose wake-up topic is, or may be, subscribed to. */
  readonly #subscribed = new Set<number>();
  /** The partitions that a message has reported to have new events. */
  readonly #woken = new Set<number>();
  /** The partitions that may have new events. */
  readonly #unchecked = new Set<number>();
  /** Messages for partitions that are not read yet. */
  readonly #askedEarly = new Set<string>();
  /** By partition: the sequence number of the entry that was read last. */
  readonly #seqs = new Map<number, number>();
  #isReading = false;
  #isPaused = false;

  constructor(options: OutboxIntakeOptions) {
    this.#options = options;
    this.#reader = new OutboxReader(options.link, options.partitions);
    this.#clocks = options.partitions.map(() => new RedisClock());
    this.unknown = new UnknownEvents(options.log);
  }

  /** Subscribes to the wake-up topics of these partitions. Rejects if a subscription fails. */
  async subscribe(indices: readonly number[]): Promise<void> {
    await this.#each(indices, async (index, wake) => {
      if (this.#subscribed.has(index)) return;
      await this.#options.link.subscribe(wake, (message) => this.#receive(index, message));
      this.#subscribed.add(index);
    });
  }

  /**
   * Makes these partitions refuse writes of owners with earlier tokens, and takes requests whose messages may have been lost. Returns
   * the partitions that know a later token.
   */
  async fence(indices: readonly number[]): Promise<readonly number[]> {
    const { clock, deliveries, link, partitions, present } = this.#options;
    const requestedAt = clock.now();
    const refused: number[] = [];
    await Promise.all(
      indices.map(async (index) => {
        const keys = partitions[index];
        if (keys === undefined) return;
        const args = [present(), deliveries.tokenOf(index)];
        const [isMine, redisNow, ...asked] = await link.run('fence', [keys.fence, keys.asked], args);
        this.#clocks[index]?.learn(Number(redisNow), requestedAt, clock.now());
        if (isMine !== 1) refused.push(index);
        for (const message of asked) this.#receive(index, String(message));
      }),
    );
    return refused;
  }

  /** Reads the outboxes of these partitions. Undefined if the rights were lost meanwhile. */
  async read(indices: readonly number[]): Promise<Outboxes | undefined> {
    const { link, partitions, clock, mayContinue } = this.#options;
    const outboxes = new Outboxes();
    for (const index of indices) {
      this.#reader.rewind(index);
      this.#seqs.delete(index);
    }
    const reads = await Promise.all(indices.map((index) => this.#reader.read(index, () => false)));
    const settled = await Promise.all(
      indices.map((index) => link.commands.hgetall(partitions[index]?.settled ?? '')),
    );
    // Use one moment for all, so that events of the same millisecond keep their order.
    const now = clock.now();
    for (const [position, index] of indices.entries()) {
      for (const [id, fields] of reads[position]?.entries ?? []) {
        if (!(await mayContinue())) return undefined;
        const ref = formatRef(index, id);
        const entry = parseEntry(fields);
        const endpoints = settled[position]?.[id]?.split('\n');
        const settledFor = endpoints === undefined ? noEndpoints : new Set(endpoints);
        const state = { ref, seq: this.#nextSeq(index, id), ageMs: this.#ageOf(index, id, now), settledFor };
        if (entry.event === undefined) this.unknown.add(ref, entry);
        else outboxes.add(index, { ...entry, ...state });
      }
      // Until these partitions are open, nobody asks what was taken.
      reads[position]?.taken();
    }
    return outboxes;
  }

  /**
   * Passes the events that were read to the dispatcher, oldest first. Meanwhile nothing else is taken; afterwards new events of these
   * partitions are taken too. Resolves with whether this node had the rights until the end.
   */
  async open(dispatcher: EventDispatcher, indices: readonly number[], outboxes: Outboxes): Promise<boolean> {
    this.#dispatcher = dispatcher;
    this.#isPaused = true;
    try {
      for (const event of outboxes.oldestFirst()) {
        if (!(await this.#options.mayContinue()) || this.#dispatcher !== dispatcher) return false;
        this.#take(dispatcher, event);
      }
    } finally {
      this.#isPaused = false;
    }
    for (const index of indices) this.#open.add(index);
    // They may have come after the debts were read.
    for (const message of this.#askedEarly) this.#ask(message);
    this.#askedEarly.clear();
    return true;
  }

  /**
   * The id of the last entry of this partition that was taken, if the dispatcher has all events of the channel up to there; undefined if
   * that is not certain.
   */
  takenUntil(index: number, appId: string, channel: string): string | undefined {
    return this.unknown.holds(appId, channel) ? undefined : this.lastTaken(index);
  }

  /** Whether all events that the outbox of this partition had at the takeover were taken, and new ones are. */
  isOpen(index: number): boolean {
    return this.#open.has(index);
  }

  /** The id of the last entry of this partition that was taken, or that waits in its outbox; undefined if that is not certain. */
  lastTaken(index: number): string | undefined {
    return this.#open.has(index) ? this.#reader.takenUntil(index) : undefined;
  }

  /** The sequence number of the last entry of this partition that was read; 0: there was none. */
  seqOf(index: number): number {
    return this.#seqs.get(index) ?? 0;
  }

  /** Stops taking events, and unsubscribes from the wake-up topics of these partitions. */
  close(indices: Iterable<number>): void {
    this.#dispatcher = undefined;
    this.#open.clear();
    this.#woken.clear();
    this.#unchecked.clear();
    this.#askedEarly.clear();
    this.unknown.clear();
    void this.#unsubscribe([...indices]).catch(() => {});
  }

  /** Reads from the beginning again, in one partition or in all: another server may have it now, with ids that were already passed. */
  reread(index?: number): void {
    if (index === undefined) {
      this.#reader.rewindAll();
      this.checkAll();
    } else {
      this.#reader.rewind(index);
      this.wake(index);
    }
  }

  /** Looks for events in all partitions, because a wake-up message may have been lost. */
  checkAll(): void {
    for (const index of this.#open) this.#unchecked.add(index);
    void this.#read();
  }

  wake(index: number): void {
    if (!this.#open.has(index)) return;
    this.#woken.add(index);
    void this.#read();
  }

  /** Takes a message from a wake-up topic. Those of `ask.lua` name an endpoint, all others are empty. */
  #receive(index: number, message: string): void {
    if (message === '') this.wake(index);
    else if (this.#open.has(index)) this.#ask(message);
    else this.#askedEarly.add(message);
  }

  #ask(message: string): void {
    const [appId = '', endpointId = ''] = message.split('\n');
    this.#options.asked(appId, endpointId);
  }

  async #unsubscribe(indices: readonly number[]): Promise<void> {
    for (const index of indices) this.#subscribed.delete(index);
    await this.#each(indices, (_, wake) => this.#options.link.unsubscribe(wake));
  }

  async #each(
    indices: readonly number[],
    action: (index: number, wake: string) => Promise<void>,
  ): Promise<void> {
    const { partitions } = this.#options;
    const done = await Promise.allSettled(
      indices.map((index) => action(index, partitions[index]?.wake ?? '')),
    );
    const failed = done.find((one) => one.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  /** Takes the new events of the partitions that woke this node. */
  async #read(): Promise<void> {
    const dispatcher = this.#dispatcher;
    if (this.#isReading || this.#isPaused || dispatcher === undefined) return;
    this.#isReading = true;
    try {
      while (
        this.#woken.size + this.#unchecked.size > 0 &&
        this.#dispatcher === dispatcher &&
        !this.#isPaused
      ) {
        const woken = [...this.#woken];
        const unchecked = [...this.#unchecked].filter((index) => !this.#woken.has(index));
        this.#woken.clear();
        this.#unchecked.clear();
        const found = await this.#reader.withEntries(unchecked);
        await Promise.all([...woken, ...found].map((index) => this.#takeFrom(index, dispatcher)));
      }
    } catch (error) {
      // The next heartbeat checks all partitions.
      this.#options.log.debug({ error: describeFailure(error) }, 'could not read events to dispatch');
    } finally {
      this.#isReading = false;
    }
  }

  async #takeFrom(index: number, dispatcher: EventDispatcher): Promise<void> {
    const { clock, deliveries, pace } = this.#options;
    const isKnown = (id: string): boolean => deliveries.knows(formatRef(index, id));
    const { entries, taken } = await this.#reader.read(index, isKnown);
    const now = clock.now();
    for (const [id, fields] of entries) {
      await pace.step();
      // The dispatcher was replaced. The new one, even on this node, has read the outbox itself.
      if (this.#dispatcher !== dispatcher) return;
      const ref = formatRef(index, id);
      const entry = parseEntry(fields);
      const seq = this.#nextSeq(index, id);
      if (entry.event === undefined) this.unknown.add(ref, entry);
      else {
        const state = { ref, seq, ageMs: this.#ageOf(index, id, now), settledFor: noEndpoints };
        this.#take(dispatcher, { ...entry, ...state });
      }
      taken(id);
    }
    taken();
  }

  #take(dispatcher: EventDispatcher, { appId, event, ...state }: OutboxEvent): void {
    if (this.unknown.holds(appId, event.channel)) return;
    this.#options.deliveries.outstanding.add(state.ref);
    dispatcher.take(appId, event, state);
  }

  #nextSeq(index: number, id: string): number {
    const seq = seqAfter(this.#seqs.get(index) ?? 0, id);
    this.#seqs.set(index, seq);
    return seq;
  }

  /** How long ago an entry was added. Its id starts with the time of its server. */
  #ageOf(index: number, id: string, now: Millis): Millis {
    const theirs = this.#clocks[index]?.at(now) ?? this.#options.redisNow();
    return Math.max(0, theirs - Number(id.slice(0, id.indexOf('-'))));
  }
}
