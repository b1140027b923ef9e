import type { Cancel, Millis } from '../../../ports/clock.ts';
import type { DeliveryMachine } from '../../../ports/delivery-source.ts';
import type { DeliveryStore } from '../../../ports/delivery-store.ts';
import type { Log } from '../../../ports/log.ts';
import type { TurnBudget } from '../../../structures/turn-budget.ts';
import { RedisDeliveries, type DeliveriesOptions } from './deliveries.ts';
import { OutboxIntake } from './intake.ts';
import { goOnWith, readLeftBatches } from './kept-batches.ts';
import { Parcels, type Parcel } from './parcels.ts';
import { compareOwnership, noRights, readRights, type Rights, type OwnershipVerdict } from './rights.ts';
import { largestShare, lettersPartition } from './sharing.ts';
import { describeFailure } from '../link/standing-log.ts';

/** What a node's part in dispatching is made with. */
export interface DispatchOptions extends Omit<DeliveriesOptions, 'superseded'> {
  /** A node that was not heard of for so long has no right any more. */
  readonly leaseMs: Millis;
  readonly log: Log;
  /** Events are read and taken in turns of the event loop that have room for them. */
  readonly pace: TurnBudget;
  /** The id of a part of a batch that is torn. */
  readonly newId: () => string;
  /** The dead letters of all nodes, which the owner of one partition keeps. */
  readonly letters: {
    /** This node keeps them from now on, or does already. A rejection puts off what it was about to do. */
    take(): Promise<void>;
    /** Another node keeps them. */
    leave(): void;
  };
  /** Begins to dispatch: what the machine does is kept in the store. */
  readonly begin: (store: DeliveryStore) => DeliveryMachine;
}

/** All partitions are looked at so often at most. */
const lookMs: Millis = 1000;

/** Who gives partitions away waits so long for the attempts under way. */
const haltMs: Millis = 1000;

/**
 * This node's part in dispatching. Each partition belongs to one node, which reads its events, in order, and delivers them.
 * When a node is not heard of for a lease, whoever notices first takes all that it had, with the batches that were under way;
 * then the nodes share evenly. A node that gives partitions away ends its machine, and goes on with another one for the rest.
 */
export class RedisDispatch {
  readonly #options: DispatchOptions;
  readonly #deliveries: RedisDeliveries;
  readonly #intake: OutboxIntake;
  #machine: DeliveryMachine | undefined;
  #rights: Rights = noRights;
  #nodes = 1;
  /** The partitions that the machine works for, or is about to, with the tokens of the rights to them. */
  readonly #works = new Map<number, number>();
  /** Those whose servers know a later token. */
  readonly #refused = new Set<number>();
  /** Attempts of a machine that has ended may last until then. */
  #restsUntil: Millis = -Infinity;
  readonly #parcels: Parcels;
  /** That of the right to keep the dead letters, when it was taken up last. */
  #lettersToken = 0;
  /** Whether Redis has ever known who dispatches, and since when it does not any more. */
  #hasHeardOfRights = false;
  #forgottenSince: Millis | undefined;
  /** When all partitions were looked at. */
  #lookedAt: Millis = -Infinity;
  /** When the rights were asked for. */
  #askedAt: Millis = 0;
  #isClosed = false;

  constructor(options: DispatchOptions) {
    this.#options = options;
    const deliveries = new RedisDeliveries({ ...options, superseded: () => this.#end() });
    this.#deliveries = deliveries;
    this.#parcels = new Parcels(options.nodeId, options.leaseMs);
    this.#intake = new OutboxIntake({
      ...options,
      deliveries,
      theirNow: () => this.#theirNow(),
      mayGoOn: () => this.#mayGoOn(),
    });
  }

  /** Whether this node dispatches anything. */
  get isDispatching(): boolean {
    return this.#machine !== undefined;
  }

  /** How many partitions it dispatches. */
  get partitions(): number {
    return this.isDispatching ? this.#works.size : 0;
  }

  /** How many nodes dispatch, this one in any case. It is asked for often. */
  get nodes(): number {
    return this.#nodes;
  }

  /** Claims or keeps rights, and does what follows from it. To be called several times in each lease. */
  async beat(): Promise<void> {
    if (this.#isClosed) return;
    try {
      await this.#follow(await this.#ask());
      if (this.#machine === undefined || this.#isClosed) return;
      await this.#share();
      await this.#deliveries.flush();
      this.#machine?.resume();
      this.#look();
    } catch (error) {
      this.#options.log.debug(
        { error: describeFailure(error) },
        'could not claim or keep the right to dispatch',
      );
    }
  }

  /**
   * Another server may have a partition now: if it lacks the last entries and its clock is behind, what comes has ids that
   * were passed already. Without a partition: of all.
   */
  reread(index?: number): void {
    this.#intake.reread(index);
  }

  /** Ends the attempts under way, keeps what is left, and gives all rights up. */
  async close(withinMs: Millis): Promise<void> {
    this.#isClosed = true;
    const machine = this.#machine;
    const isCalm = machine === undefined || (await this.#halt(machine, withinMs));
    await this.#deliveries.flush();
    this.#end(isCalm);
    if (this.#rights.token > 0) await this.#give({ heir: '', partitions: [] }).catch(() => {});
  }

  /** Asks for the rights. What was lost is left at once. */
  async #ask(): Promise<OwnershipVerdict> {
    const { clock, link, lead, leaseMs, nodeId, partitions, present, requestTimeoutMs } = this.#options;
    const works = [...this.#works].filter(([index]) => !this.#refused.has(index));
    const refused = [...this.#refused].map((index) => [index, 0]);
    const askedAt = clock.now();
    if (this.#isClosed) throw new Error('this node has ended its part in dispatching');
    const reply = await link.run(
      'lead',
      [lead.lead],
      [
        present(),
        nodeId,
        leaseMs,
        Math.ceil(requestTimeoutMs),
        partitions.length,
        this.#leavesRights() ? 1 : 0,
        ...[...works, ...refused].flat(),
      ],
    );
    this.#refused.clear();
    const rights = readRights(reply);
    const verdict = compareOwnership(this.#works, rights);
    this.#forgottenSince =
      verdict.kind === 'forgotten' ? (this.#forgottenSince ?? this.#options.clock.now()) : undefined;
    this.#hasHeardOfRights ||= verdict.kind !== 'forgotten';
    if (verdict.kind === 'lost') this.#end();
    if (rights.partitions.get(lettersPartition)?.token !== this.#lettersToken) this.#options.letters.leave();
    this.#rights = rights;
    this.#nodes = Math.max(1, [...rights.nodes.values()].filter((count) => count > 0).length);
    this.#askedAt = askedAt;
    this.#deliveries.allow(rights, rights.token > 0 ? askedAt + leaseMs : -Infinity);
    return verdict;
  }

  async #follow(verdict: OwnershipVerdict): Promise<void> {
    if (this.#isClosed) return;
    switch (verdict.kind) {
      case 'forgotten':
        return;
      case 'won':
        return this.#takeOver(verdict.partitions);
      case 'lost':
        return this.#takeOver([...this.#rights.partitions.keys()]);
      case 'kept':
    }
  }

  /** Looks at all partitions, now and then: whoever was to wake this node may not have been heard. */
  #look(): void {
    const now = this.#options.clock.now();
    if (now - this.#lookedAt < lookMs) return;
    this.#lookedAt = now;
    // For the clocks only, which may be set, or be another server's by now: nobody waits for it.
    void this.#fence([...this.#works.keys()]).catch(() => {});
    this.#intake.wakeAll();
  }

  /**
   * When Redis has lost its data, those who dispatch still have in memory what waits for endpoints: for a lease
   * the others leave them their rights.
   */
  #leavesRights(): boolean {
    const { clock, leaseMs } = this.#options;
    if (this.isDispatching || !this.#hasHeardOfRights) return false;
    return this.#forgottenSince === undefined || clock.now() - this.#forgottenSince < leaseMs;
  }

  /** Leaves everything as it is in the store, which others work on. */
  #end(isCalm = false): void {
    if (this.isDispatching) this.#options.log.info({}, 'this node sends no webhooks any more');
    this.#endMachine(isCalm);
    this.#deliveries.forbid();
  }

  #endMachine(isCalm: boolean): void {
    const { clock, requestTimeoutMs } = this.#options;
    if (this.isDispatching && !isCalm) this.#restsUntil = clock.now() + requestTimeoutMs;
    this.#machine?.stop();
    this.#machine = undefined;
    this.#intake.close(this.#works.keys());
    this.#works.clear();
    this.#deliveries.forget();
  }

  /** Goes on with what is in these partitions, beside what the machine works for already. */
  async #takeOver(indices: readonly number[]): Promise<void> {
    if (indices.length === 0) return;
    const { clock, letters, begin, log } = this.#options;
    const rights = this.#rights;
    for (const index of indices) this.#works.set(index, this.#deliveries.tokenOf(index));
    let machine: DeliveryMachine | undefined;
    let isDone = false;
    try {
      // What the machine before has decided, if there was one.
      if (!(await this.#deliveries.flush())) return;
      await this.#intake.listen(indices);
      await this.#fence(indices);
      const left = await readLeftBatches(this.#options, new Set(indices), rights);
      const outboxes = await this.#intake.read(indices);
      if (outboxes === undefined) return;
      const { events } = outboxes;
      const known = left.filter(({ batch }) => !this.#intake.unknown.holdBatch(batch, events));
      if (indices.includes(lettersPartition)) {
        this.#lettersToken = this.#deliveries.tokenOf(lettersPartition);
        await letters.take();
      }
      if (this.#isClosed || !indices.every((index) => this.#works.has(index))) return;
      machine = this.#machine ??= begin(this.#deliveries);
      const counts = { partitions: this.#works.size, batches: left.length, events: events.size };
      const restMs = this.#restsUntil - clock.now();
      for (const batch of known) {
        const delayMs = Math.max(restMs, batch.nextAt - this.#theirNow());
        goOnWith(batch, delayMs, events, { machine, store: this.#deliveries });
      }
      isDone = await this.#intake.open(machine, indices, outboxes);
      // What came meanwhile has woken nobody.
      this.#lookedAt = -Infinity;
      if (isDone) log.info(counts, 'this node sends the webhooks of its partitions from now on');
    } finally {
      // It has not taken all that came before what is to come.
      if (!isDone && machine !== undefined && machine === this.#machine) this.#endMachine(false);
      if (!isDone) for (const index of indices) this.#works.delete(index);
    }
  }

  /**
   * Waits for a turn of the event loop that has room for one more event, and renews the rights before they end, which no beat
   * does meanwhile. Whether they are still this node's.
   */
  async #mayGoOn(): Promise<boolean> {
    const { clock, leaseMs, pace } = this.#options;
    await pace.step();
    if (clock.now() < this.#askedAt + leaseMs / 4) return this.#works.size > 0;
    const { kind } = await this.#ask();
    return kind === 'kept' || kind === 'won';
  }

  async #fence(indices: readonly number[]): Promise<void> {
    const refused = await this.#intake.fence(indices);
    for (const index of refused) this.#refused.add(index);
    if (refused.length > 0) throw new Error('another node has a later token');
  }

  /** Gives away what is more than this node's share. */
  async #share(): Promise<void> {
    const { clock, leaseMs } = this.#options;
    const machine = this.#machine;
    if (machine === undefined || this.#pack(false).length === 0) return;
    const isCalm = await this.#halt(machine, Math.min(haltMs, leaseMs / 4));
    // Attempts that have not ended tie partitions together as well.
    const parcels = this.#pack(true);
    this.#parcels.gave(clock.now());
    // It may have ended otherwise meanwhile.
    if (this.#machine !== machine || this.#isClosed) return;
    this.#endMachine(isCalm);
    // What it has decided is to be known to whoever goes on.
    if (!(await this.#deliveries.flush())) return;
    for (const parcel of parcels) await this.#give(parcel);
    await this.#follow(await this.#ask());
  }

  #pack(isHalted: boolean): readonly Parcel[] {
    const { nodes } = this.#rights;
    const ties = this.#deliveries.ties(isHalted);
    return this.#parcels.pack({ now: this.#options.clock.now(), owned: this.#works.keys(), nodes, ties });
  }

  /** Whether all attempts under way have ended in time. */
  async #halt(machine: DeliveryMachine, withinMs: Millis): Promise<boolean> {
    let cancel: Cancel = () => {};
    const timeIsUp = new Promise<false>((resolve) => {
      cancel = this.#options.clock.after(withinMs, () => resolve(false));
    });
    const isCalm = await Promise.race([machine.halt().then(() => true), timeIsUp]);
    cancel();
    return isCalm;
  }

  async #give({ heir, partitions }: Parcel): Promise<void> {
    const { clock, link, lead, nodeId, present } = this.#options;
    const restMs = Math.ceil(Math.max(0, this.#restsUntil - clock.now()));
    const most = largestShare(this.#rights.nodes);
    await link.run(
      'give',
      [lead.lead],
      [present(), nodeId, this.#rights.token, heir, restMs, most, ...partitions],
    );
  }

  #theirNow(): Millis {
    return this.#rights.at + this.#options.clock.now() - this.#askedAt;
  }
}
