import type { Clock, Millis } from '../../../ports/clock.ts';
import type { DeliveryMachine, EventOrigin } from '../../../ports/delivery-source.ts';
import type { Log } from '../../../ports/log.ts';
import type { TurnBudget } from '../../../structures/turn-budget.ts';
import type { RedisDeliveries } from './deliveries.ts';
import { parseEntry } from '../channels/kept.ts';
import type { PartitionKeys } from '../keys.ts';
import type { RedisLink } from '../link/link.ts';
import { OutboxReader } from './outbox-reader.ts';
import { Outboxes, type OutboxEvent } from './outboxes.ts';
import { formatRef } from './refs.ts';
import { describeFailure } from '../link/standing-log.ts';
import { TheirClock } from '../link/their-clock.ts';
import { UnknownEvents } from './unknown-events.ts';

/** What taking events from outboxes needs. */
export interface OutboxIntakeOptions {
  readonly link: RedisLink;
  readonly clock: Clock;
  readonly partitions: readonly PartitionKeys[];
  readonly log: Log;
  readonly deliveries: RedisDeliveries;
  /** Events are read and taken in turns of the event loop that have room for them. */
  readonly pace: TurnBudget;
  /** The present moment as the scripts are to take it; empty: Redis's own. */
  readonly present: () => string;
  /** What the clock of the rights says. */
  readonly theirNow: () => Millis;
  /** Renews the rights where that is due, which no beat does while much is taken. Whether they are still this node's. */
  readonly mayGoOn: () => Promise<boolean>;
}

const noEndpoints: EventOrigin['settledFor'] = new Set();

/** Reads the outboxes of the partitions that this node dispatches, and has the machine take what is in them. */
export class OutboxIntake {
  readonly #options: OutboxIntakeOptions;
  readonly #reader: OutboxReader;
  /** By partition: in a cluster each server has a clock of its own. */
  readonly #clocks: readonly TheirClock[];
  readonly unknown: UnknownEvents;
  #machine: DeliveryMachine | undefined;
  /** Partitions that are read. */
  readonly #open = new Set<number>();
  /** Those whose topic is heard, or may be. */
  readonly #heard = new Set<number>();
  readonly #woken = new Set<number>();
  #isReading = false;
  #isHeldUp = false;

  constructor(options: OutboxIntakeOptions) {
    this.#options = options;
    this.#reader = new OutboxReader(options.link, options.partitions);
    this.#clocks = options.partitions.map(() => new TheirClock());
    this.unknown = new UnknownEvents(options.log);
  }

  /** Hears what wakes it for these partitions. Rejects when that cannot be had. */
  async listen(indices: readonly number[]): Promise<void> {
    await this.#each(indices, async (index, wake) => {
      if (this.#heard.has(index)) return;
      await this.#options.link.subscribe(wake, () => this.wake(index));
      this.#heard.add(index);
    });
  }

  /** Has the servers of these partitions refuse what an owner with an earlier token writes. Returns who knows a later one. */
  async fence(indices: readonly number[]): Promise<readonly number[]> {
    const { clock, deliveries, link, partitions, present } = this.#options;
    const askedAt = clock.now();
    const refused: number[] = [];
    await Promise.all(
      indices.map(async (index) => {
        const key = partitions[index]?.fence ?? '';
        const [isMine, theirs] = await link.run('fence', [key], [present(), deliveries.tokenOf(index)]);
        this.#clocks[index]?.learn(Number(theirs), askedAt, clock.now());
        if (isMine !== 1) refused.push(index);
      }),
    );
    return refused;
  }

  /** All that is in the outboxes of these partitions. Undefined: the rights were lost meanwhile. */
  async read(indices: readonly number[]): Promise<Outboxes | undefined> {
    const { link, partitions, clock, mayGoOn } = this.#options;
    const outboxes = new Outboxes();
    for (const index of indices) this.#reader.rewind(index);
    const entries = await Promise.all(indices.map((index) => this.#reader.read(index, () => false)));
    const settled = await Promise.all(
      indices.map((index) => link.commands.hgetall(partitions[index]?.settled ?? '')),
    );
    // One moment for all: events of the same millisecond must not change places.
    const now = clock.now();
    for (const [position, index] of indices.entries()) {
      for (const [id, fields] of entries[position] ?? []) {
        if (!(await mayGoOn())) return undefined;
        const ref = formatRef(index, id);
        const entry = parseEntry(fields);
        const endpoints = settled[position]?.[id]?.split('\n');
        const settledFor = endpoints === undefined ? noEndpoints : new Set(endpoints);
        if (entry.event === undefined) this.unknown.add(ref, entry);
        else outboxes.add(index, { ...entry, ref, ageMs: this.#ageOf(index, id, now), settledFor });
      }
    }
    return outboxes;
  }

  /**
   * Has the machine take what was read, oldest first; from then on what comes to these partitions is taken as well, and
   * nothing meanwhile. Whether the rights were this node's to the end.
   */
  async open(machine: DeliveryMachine, indices: readonly number[], outboxes: Outboxes): Promise<boolean> {
    this.#machine = machine;
    this.#isHeldUp = true;
    try {
      for (const event of outboxes.oldestFirst()) {
        if (!(await this.#options.mayGoOn()) || this.#machine !== machine) return false;
        this.#take(machine, event);
      }
    } finally {
      this.#isHeldUp = false;
    }
    for (const index of indices) this.#open.add(index);
    return true;
  }

  /** Takes nothing any more; of these partitions nothing needs to be heard. */
  close(unheard: Iterable<number>): void {
    this.#machine = undefined;
    this.#open.clear();
    this.#woken.clear();
    this.unknown.clear();
    void this.#unlisten([...unheard]).catch(() => {});
  }

  /** Another server may have the partition now: what comes may have ids that were passed already. Without one: of all. */
  reread(index?: number): void {
    if (index === undefined) {
      this.#reader.rewindAll();
      this.wakeAll();
    } else {
      this.#reader.rewind(index);
      this.wake(index);
    }
  }

  wakeAll(): void {
    for (const index of this.#open) this.#woken.add(index);
    void this.#read();
  }

  wake(index: number): void {
    if (!this.#open.has(index)) return;
    this.#woken.add(index);
    void this.#read();
  }

  async #unlisten(indices: readonly number[]): Promise<void> {
    for (const index of indices) this.#heard.delete(index);
    await this.#each(indices, (_, wake) => this.#options.link.unsubscribe(wake));
  }

  async #each(
    indices: readonly number[],
    work: (index: number, wake: string) => Promise<void>,
  ): Promise<void> {
    const { partitions } = this.#options;
    const done = await Promise.allSettled(indices.map((index) => work(index, partitions[index]?.wake ?? '')));
    const failed = done.find((one) => one.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  /** Takes what has come to the partitions that woke this node. */
  async #read(): Promise<void> {
    const machine = this.#machine;
    if (this.#isReading || this.#isHeldUp || machine === undefined) return;
    this.#isReading = true;
    try {
      while (this.#woken.size > 0 && this.#machine === machine && !this.#isHeldUp) {
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
    const { clock, deliveries, pace } = this.#options;
    const entries = await this.#reader.read(index, (id) => deliveries.knows(formatRef(index, id)));
    const now = clock.now();
    for (const [id, fields] of entries) {
      await pace.step();
      // Whoever dispatches now, even if it is this node again, has read for itself.
      if (this.#machine !== machine) return;
      const ref = formatRef(index, id);
      const entry = parseEntry(fields);
      if (entry.event === undefined) this.unknown.add(ref, entry);
      else
        this.#take(machine, { ...entry, ref, ageMs: this.#ageOf(index, id, now), settledFor: noEndpoints });
    }
  }

  #take(machine: DeliveryMachine, { ref, appId, event, ageMs, settledFor }: OutboxEvent): void {
    if (this.unknown.holds(appId, event.channel)) return;
    this.#options.deliveries.outstanding.add(ref);
    machine.take(appId, event, { ref, ageMs, settledFor });
  }

  /** How long ago an entry was made: its id begins with its server's time. */
  #ageOf(index: number, id: string, now: Millis): Millis {
    const theirs = this.#clocks[index]?.at(now) ?? this.#options.theirNow();
    return Math.max(0, theirs - Number(id.slice(0, id.indexOf('-'))));
  }
}
