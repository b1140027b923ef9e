import type { Millis } from '../../ports/clock.ts';
import type { DeliveryMachine, RestoredEvent } from '../../ports/delivery-source.ts';
import type { DeliveryStore, EventRef, KeptBatch } from '../../ports/delivery-store.ts';
import type { Log } from '../../ports/log.ts';
import type { TurnBudget } from '../../structures/turn-budget.ts';
import { formatRef, RedisDeliveries, type DeliveriesOptions } from './deliveries.ts';
import { OutboxReader } from './outbox-reader.ts';
import { Outboxes, type OutboxEvent } from './outboxes.ts';
import { TheirClock } from './their-clock.ts';
import { describeFailure } from './standing-log.ts';
import { UnknownEvents } from './unknown-events.ts';
import { parseEntry, parseKeptBatch } from './kept.ts';

export interface DispatchOptions extends Omit<DeliveriesOptions, 'superseded'> {
  /** By which this node is known as the one that dispatches. */
  readonly nodeId: string;
  /** A node that was not heard of for so long is taken for dead. */
  readonly leaseMs: Millis;
  readonly log: Log;
  /** Events are read and taken in turns of the event loop that have room for them. */
  readonly pace: TurnBudget;
  /** Reads what else the node before has kept, before this one begins. A rejection puts that off. */
  readonly prepare: () => Promise<void>;
  /** Begins to dispatch: what the machine does is kept in the store. */
  readonly begin: (store: DeliveryStore) => DeliveryMachine;
}

/** The endpoint ids of `settled`, one to a line. */
const noEndpoints: ReadonlySet<string> = new Set();

/**
 * This node's part in dispatching. One node has the right to; it reads the events of all partitions, in
 * order, and delivers them. When it is not heard of for a lease, another claims the right, restores the batches
 * that were under way, and goes on.
 */
export class RedisDispatch {
  readonly #options: DispatchOptions;
  readonly #deliveries: RedisDeliveries;
  #machine: DeliveryMachine | undefined;
  readonly #reader: OutboxReader;
  readonly #woken = new Set<number>();
  #isReading = false;
  #isTakingOver = false;
  /** Undefined: it could not be had as it was wanted. */
  #isListening: boolean | undefined = false;
  #isClosed = false;
  /** Whether Redis has ever known who dispatches, and since when it does not any more. */
  #hasHeardOfRight = false;
  #forgottenSince: Millis | undefined;
  /** What the right's own clock said, and when. */
  #clock = { theirs: 0, ours: 0 };
  readonly #unknown: UnknownEvents;
  /** By partition: in a cluster each server has a clock of its own. */
  readonly #clocks: readonly TheirClock[];

  constructor(options: DispatchOptions) {
    this.#options = options;
    this.#deliveries = new RedisDeliveries({ ...options, superseded: () => this.#end() });
    this.#clocks = options.partitions.map(() => new TheirClock());
    this.#reader = new OutboxReader(options.link, options.partitions);
    this.#unknown = new UnknownEvents(options.log);
  }

  /** Whether this node dispatches. */
  get isDispatching(): boolean {
    return this.#machine !== undefined;
  }

  /** Claims or keeps the right. To be called several times in each lease. */
  async beat(): Promise<void> {
    if (this.#isClosed) return;
    const { clock, log } = this.#options;
    const askedAt = clock.now();
    const lease = this.#lease;
    try {
      const [token = 0, before, theirs = 0] = await this.#lead(lease);
      if (this.#isClosed) return;
      this.#note(token, before);
      if (token === 0) return this.#end();
      this.#clock = { theirs: Number(theirs), ours: askedAt };
      const wasMine = before === this.#deliveries.token || before === -1;
      if (!wasMine) this.#end();
      const isRenewal = token === this.#deliveries.token;
      this.#deliveries.allow(Number(token), askedAt + lease);
      if (this.#machine === undefined) await this.#takeOver();
      else if (!isRenewal) await this.#recover();
      // For the clocks only, which may be set, or be another server's by now: nobody waits for it.
      else void this.#fence().catch(() => {});
      if (this.#machine === undefined) return;
      await this.#deliveries.flush();
      this.#machine.resume();
      // Whoever was to wake this node may not have been heard.
      this.#wakeAll();
    } catch (error) {
      log.debug({ error: describeFailure(error) }, 'could not claim or keep the right to dispatch');
    }
  }

  /**
   * Another server may have a partition now: if it lacks the last entries and its clock is behind, what comes has ids that
   * were passed already. Without a partition: of all.
   */
  reread(index?: number): void {
    if (index === undefined) {
      this.#reader.rewindAll();
      this.#wakeAll();
    } else {
      this.#reader.rewind(index);
      this.#wake(index);
    }
  }

  /** Ends the attempts under way, keeps what is left, and gives the right up. */
  async close(withinMs: Millis): Promise<void> {
    this.#isClosed = true;
    const machine = this.#machine;
    if (machine === undefined) return;
    await Promise.race([
      machine.halt(),
      new Promise<void>((resolve) => void this.#options.clock.after(withinMs, resolve)),
    ]);
    await this.#deliveries.flush();
    this.#end();
    await this.#lead(0).catch(() => {});
  }

  /** So long the right is this node's after it was asked for. */
  get #lease(): Millis {
    return this.#options.leaseMs + this.#options.requestTimeoutMs;
  }

  #lead(leaseMs: Millis): Promise<readonly (string | number)[]> {
    const { link, lead, nodeId, present } = this.#options;
    return link.run('lead', [lead.lead], [present(), nodeId, leaseMs, this.#leavesRight() ? 1 : 0]);
  }

  /**
   * When Redis has lost its data, the one that dispatches still has in memory what waits for endpoints: for a lease
   * the others leave it the right.
   */
  #leavesRight(): boolean {
    const { clock, leaseMs } = this.#options;
    if (this.isDispatching || !this.#hasHeardOfRight) return false;
    return this.#forgottenSince === undefined || clock.now() - this.#forgottenSince < leaseMs;
  }

  #note(token: number | string, before: number | string | undefined): void {
    const isForgotten = token === 0 && before === -1;
    this.#forgottenSince = isForgotten ? (this.#forgottenSince ?? this.#options.clock.now()) : undefined;
    this.#hasHeardOfRight ||= !isForgotten;
  }

  #end(): void {
    if (this.#machine === undefined) return;
    this.#machine.stop();
    this.#machine = undefined;
    this.#deliveries.forbid();
    this.#options.log.info({}, 'this node does not dispatch the webhooks any more');
    void this.#listen(false).catch(() => {});
  }

  async #takeOver(): Promise<void> {
    const { link, lead, prepare, begin, log } = this.#options;
    await this.#listen(true);
    await this.#fence();
    const [batches, attempts] = await Promise.all([
      link.commands.hgetall(lead.batches),
      link.commands.hgetall(lead.attempts),
    ]);
    const outboxes = new Outboxes();
    if (!(await this.#readInto(outboxes)) || this.#isClosed) return;
    const { events } = outboxes;
    const kept = Object.entries(batches).flatMap(([id, json]) => parseKeptBatch(id, json) ?? []);
    const known = kept.filter((batch) => !this.#unknown.holdBatch(batch, events));
    await prepare();
    if (this.#isClosed) return;
    const machine = begin(this.#deliveries);
    this.#machine = machine;
    for (const batch of known) this.#restore(machine, batch, attempts[batch.id] ?? '1 0', events);
    const counts = { batches: kept.length, events: events.size };
    // What comes meanwhile is read after it.
    this.#isTakingOver = true;
    try {
      for (const event of outboxes.oldestFirst()) {
        if (!(await this.#mayGoOn()) || this.#machine !== machine) return;
        this.#take(machine, event);
      }
    } finally {
      this.#isTakingOver = false;
    }
    log.info(counts, 'this node dispatches the webhooks from now on');
  }

  /** Whether it could be read whole while the right was this node's. */
  async #readInto(outboxes: Outboxes): Promise<boolean> {
    const { link, partitions, clock } = this.#options;
    this.#unknown.clear();
    this.#reader.rewindAll();
    const entries = await Promise.all(partitions.map((_, index) => this.#reader.read(index, () => false)));
    const settled = await Promise.all(partitions.map(({ settled: key }) => link.commands.hgetall(key)));
    // One moment for all: events of the same millisecond must not change places.
    const now = clock.now();
    for (const [index, list] of entries.entries()) {
      for (const [id, fields] of list) {
        if (!(await this.#mayGoOn())) return false;
        const ref = formatRef(index, id);
        const entry = parseEntry(fields);
        const settledFor = new Set(settled[index]?.[id]?.split('\n') ?? noEndpoints);
        if (entry.event === undefined) this.#unknown.add(ref, entry);
        else outboxes.add(index, { ...entry, ref, ageMs: this.#ageOf(index, id, now), settledFor });
      }
    }
    return true;
  }

  /**
   * Waits for a turn of the event loop that has room for one more event, and renews the right before it ends, which no beat
   * does meanwhile. Whether it is still this node's.
   */
  async #mayGoOn(): Promise<boolean> {
    await this.#options.pace.step();
    const { clock } = this.#options;
    const lease = this.#lease;
    const askedAt = clock.now();
    if (askedAt < this.#clock.ours + lease / 4) return true;
    const [token = 0, , theirs = 0] = await this.#lead(lease);
    this.#clock = { theirs: Number(theirs), ours: askedAt };
    if (token !== 0 && token === this.#deliveries.token) this.#deliveries.allow(token, askedAt + lease);
    else this.#end();
    return token !== 0 && token === this.#deliveries.token;
  }

  #take(machine: DeliveryMachine, { ref, appId, event, ageMs, settledFor }: OutboxEvent): void {
    if (this.#unknown.holds(appId, event.channel)) return;
    this.#deliveries.outstanding.add(ref);
    machine.take(appId, event, { ref, ageMs, settledFor });
  }

  /** Goes on with a batch that was kept, unless it was decided already. */
  #restore(
    machine: DeliveryMachine,
    batch: KeptBatch,
    attempts: string,
    events: Map<EventRef, OutboxEvent>,
  ): void {
    const { id, appId, endpointId, refs } = batch;
    const found = refs.flatMap((ref) => events.get(ref) ?? []);
    const [begun = '1', nextAt = '0'] = attempts.split(' ');
    const isDecided =
      found.length < refs.length || found.some(({ settledFor }) => settledFor.has(endpointId));
    if (!isDecided) {
      const delayMs = Number(nextAt) - this.#theirNow();
      machine.restore({ ...batch, attempts: Number(begun), delayMs, events: found });
      return;
    }
    // It was settled in some partitions, and the rest was cut off.
    const left = found.filter(({ settledFor }) => !settledFor.has(endpointId));
    for (const event of left) events.set(event.ref, withSettled(event, endpointId));
    this.#deliveries.settle({
      appId,
      endpointId,
      batchId: id,
      events: left.map(({ ref }) => ({ ref, isLast: false })),
    });
  }

  /** The right is this node's again, and nobody else had it: what it has in memory still counts. */
  async #recover(): Promise<void> {
    await this.#listen(true);
    await this.#fence();
    this.#reader.rewindAll();
  }

  async #fence(): Promise<void> {
    const { clock, link, partitions, present } = this.#options;
    const { token } = this.#deliveries;
    const askedAt = clock.now();
    const fenced = await Promise.all(
      partitions.map(async ({ fence }, index) => {
        const [isMine, theirs] = await link.run('fence', [fence], [present(), token]);
        this.#clocks[index]?.learn(Number(theirs), askedAt, clock.now());
        return isMine === 1;
      }),
    );
    if (fenced.includes(false)) throw new Error('another node has a later token');
  }

  async #listen(isListening: boolean): Promise<void> {
    if (this.#isListening === isListening) return;
    this.#isListening = isListening;
    const { link, partitions } = this.#options;
    const done = await Promise.allSettled(
      partitions.map(({ wake }, index) =>
        isListening ? link.subscribe(wake, () => this.#wake(index)) : link.unsubscribe(wake),
      ),
    );
    const failed = done.find((one) => one.status === 'rejected');
    if (failed === undefined) return;
    this.#isListening = undefined;
    throw failed.reason;
  }

  #wakeAll(): void {
    for (const index of this.#options.partitions.keys()) this.#woken.add(index);
    void this.#read();
  }

  #wake(index: number): void {
    this.#woken.add(index);
    void this.#read();
  }

  /** Takes what has come to the partitions that woke this node. */
  async #read(): Promise<void> {
    const machine = this.#machine;
    if (this.#isReading || this.#isTakingOver || machine === undefined) return;
    this.#isReading = true;
    try {
      while (this.#woken.size > 0 && this.#machine === machine) {
        const indices = [...this.#woken];
        this.#woken.clear();
        await Promise.all(indices.map((index) => this.#takeFrom(index, machine)));
      }
    } catch (error) {
      // The next beat wakes all.
      this.#options.log.debug({ error: describeFailure(error) }, 'could not read events to dispatch');
    } finally {
      this.#isReading = false;
    }
  }

  async #takeFrom(index: number, machine: DeliveryMachine): Promise<void> {
    const entries = await this.#reader.read(index, (id) => this.#deliveries.knows(formatRef(index, id)));
    const now = this.#options.clock.now();
    for (const [id, fields] of entries) {
      await this.#options.pace.step();
      // Whoever dispatches now, even if it is this node again, has read for itself.
      if (this.#machine !== machine) return;
      const ref = formatRef(index, id);
      const entry = parseEntry(fields);
      if (entry.event === undefined) this.#unknown.add(ref, entry);
      else
        this.#take(machine, { ...entry, ref, ageMs: this.#ageOf(index, id, now), settledFor: noEndpoints });
    }
  }

  /** How long ago an entry was made: its id begins with its server's time. */
  #ageOf(index: number, id: string, now: Millis): Millis {
    const theirs = this.#clocks[index]?.at(now) ?? this.#theirNow();
    return Math.max(0, theirs - Number(id.slice(0, id.indexOf('-'))));
  }

  #theirNow(): Millis {
    return this.#clock.theirs + this.#options.clock.now() - this.#clock.ours;
  }
}

function withSettled<T extends RestoredEvent>(event: T, endpointId: string): T {
  return { ...event, settledFor: new Set([...event.settledFor, endpointId]) };
}
