import type { Cancel, Millis } from '../../../ports/clock.ts';
import type { EventDispatcher } from '../../../ports/delivery-source.ts';
import type { DeliveryStore } from '../../../ports/delivery-store.ts';
import type { Log } from '../../../ports/log.ts';
import type { TurnBudget } from '../../../structures/turn-budget.ts';
import type { DebtKeeper } from '../../../webhooks/debt-keeper.ts';
import { RedisDeliveries, type DeliveriesOptions } from './deliveries.ts';
import type { OwedDebt } from './debts.ts';
import { EarlierState, type ReportedBefore, type ServedApp } from './earlier-state.ts';
import { OutboxIntake } from './intake.ts';
import { resumeBatch, readInheritedBatches } from './kept-batches.ts';
import { HandoverPlan, type Handover } from './handovers.ts';
import { compareOwnership, noRights, readRights, type Rights, type OwnershipVerdict } from './rights.ts';
import type { OutboxPosition } from './outbox-reader.ts';
import { largestShare, lettersPartition } from './sharing.ts';
import { describeFailure } from '../link/health-log.ts';

/** Delivers events, and knows what endpoints have missed. */
export interface DebtDispatcher extends EventDispatcher {
  /** Restores what endpoints have missed of the channels of a partition, before events of it are taken. */
  owe(debts: readonly OwedDebt[]): void;
  /** Sends an endpoint what it has missed. */
  reconcile(appId: string, endpointId: string): void;
  /** Records that this was reported before the endpoint selected such events. */
  missedBefore(before: ReportedBefore): void;
  /** All of that is recorded, and kept. */
  found(appId: string, endpointId: string): void;
}

/** The dependencies of a node's dispatch. */
export interface DispatchOptions extends Omit<DeliveriesOptions, 'superseded'> {
  /** A node loses its rights if it does not renew them for this long. */
  readonly leaseMs: Millis;
  readonly log: Log;
  /** Events are read and taken in turns of the event loop that have room for them. */
  readonly pace: TurnBudget;
  /** Creates the id for a part of a split batch. */
  readonly newId: () => string;
  /** The dead letters of all nodes. The owner of one partition keeps them. */
  readonly letters: {
    /** This node keeps them from now on, or already does. If this rejects, the takeover is tried again later. */
    take(): Promise<void>;
    /** Another node keeps them. */
    leave(): void;
  };
  /** The configured apps. */
  readonly applications: () => readonly ServedApp[];
  /** Starts a dispatcher that keeps its state in the store, and its debts with this keeper. */
  readonly startDispatcher: (store: DeliveryStore, debts: DebtKeeper) => DebtDispatcher;
}

/** How often all partitions are checked at most. */
const checkEveryMs: Millis = 1000;

/** How often the clocks of the servers are read at most. They are nearly always right, and a wrong one only makes events look older or newer. */
const readClocksEveryMs: Millis = 10_000;

/** A node that gives partitions away waits this long for attempts under way. */
const haltMs: Millis = 1000;

/**
 * This node's part in dispatching. Each partition has one owner, which reads its events in order and delivers them. If a node
 * does not renew its lease, the first node that notices takes over all its partitions, with the batches under way. After that
 * the nodes share the partitions evenly. A node that gives partitions away stops its dispatcher and starts another one for the rest.
 */
export class RedisDispatch {
  /** What endpoints have received of the partitions of this node, and what was reported before. */
  readonly earlier: EarlierState;
  readonly #options: DispatchOptions;
  readonly #deliveries: RedisDeliveries;
  readonly #intake: OutboxIntake;
  #dispatcher: DebtDispatcher | undefined;
  #rights: Rights = noRights;
  #nodes = 1;
  /** The partitions that the dispatcher works for, or will work for, with the tokens of the rights to them. */
  readonly #working = new Map<number, number>();
  /** Partitions whose servers know a later token. */
  readonly #refused = new Set<number>();
  /** Attempts of a stopped dispatcher may last until this moment. */
  #attemptsEndAt: Millis = -Infinity;
  readonly #handovers: HandoverPlan;
  /** The token under which this node last took over the dead letters. */
  #lettersToken = 0;
  /** Whether Redis has ever answered who dispatches. */
  #hasKnownRights = false;
  /** Since when Redis does not know who dispatches. */
  #forgottenSince: Millis | undefined;
  /** When all partitions were last checked. */
  #checkedAt: Millis = -Infinity;
  #clocksReadAt: Millis = -Infinity;
  /** When this node last asked for its rights. */
  #rightsRequestedAt: Millis = 0;
  #isClosed = false;

  constructor(options: DispatchOptions) {
    this.#options = options;
    const deliveries = new RedisDeliveries({ ...options, superseded: () => this.#stop() });
    this.#deliveries = deliveries;
    this.#handovers = new HandoverPlan(options.nodeId, options.leaseMs);
    this.#intake = new OutboxIntake({
      ...options,
      deliveries,
      redisNow: () => this.#redisNow(),
      mayContinue: () => this.#mayContinue(),
      asked: (...of) => {
        this.#dispatcher?.reconcile(...of);
        this.earlier.asked(...of);
      },
    });
    this.earlier = new EarlierState({
      ...options,
      tokenOf: (index) => deliveries.tokenOf(index),
      seqOf: (index) => this.#intake.seqOf(index),
      isOpen: (index) => this.#intake.isOpen(index),
      takenUntil: (index) => this.#intake.lastTaken(index),
      missedBefore: (before) => this.#dispatcher?.missedBefore(before),
      flush: () => deliveries.flush(),
      found: (appId, endpointId, isAsked) => {
        this.#dispatcher?.found(appId, endpointId);
        if (isAsked) this.#dispatcher?.reconcile(appId, endpointId);
      },
    });
  }

  /** Whether this node dispatches anything. */
  get isDispatching(): boolean {
    return this.#dispatcher !== undefined;
  }

  /** How many partitions it dispatches. */
  get partitions(): number {
    return this.isDispatching ? this.#working.size : 0;
  }

  /** How many nodes dispatch, at least 1. Cheap, because it is read often. */
  get nodes(): number {
    return this.#nodes;
  }

  /** Claims or renews rights, and acts on the answer. Must be called several times in each lease. */
  async beat(): Promise<void> {
    if (this.#isClosed) return;
    try {
      await this.#follow(await this.#ask());
      if (this.#dispatcher === undefined || this.#isClosed) return;
      await this.#share();
      await this.#deliveries.flush();
      this.#dispatcher?.resume();
      this.#checkAll();
      this.earlier.work();
    } catch (error) {
      this.#options.log.debug(
        { error: describeFailure(error) },
        'could not claim or renew the right to dispatch',
      );
    }
  }

  /**
   * Reads the outbox of a partition again, or of all partitions, because another server may have it now. If that server lacks
   * the last entries and its clock is behind, new entries have ids that were already passed.
   */
  reread(index?: number): void {
    this.#clocksReadAt = -Infinity;
    this.#intake.reread(index);
    this.earlier.reread();
  }

  /**
   * What a script must know to decide what an endpoint will believe of a channel: the token of this node's right to the
   * partition, and the last entry of the outbox that the dispatcher has taken. Undefined if that is not certain.
   */
  positionOf(index: number, appId: string, channel: string): OutboxPosition | undefined {
    const takenUntil = this.#intake.takenUntil(index, appId, channel);
    return takenUntil === undefined ? undefined : { token: this.#deliveries.tokenOf(index), takenUntil };
  }

  /** Waits for attempts under way, keeps the rest, and gives up all rights. */
  async close(withinMs: Millis): Promise<void> {
    this.#isClosed = true;
    const dispatcher = this.#dispatcher;
    const haveAttemptsEnded = dispatcher === undefined || (await this.#halt(dispatcher, withinMs));
    await this.#deliveries.flush();
    this.#stop(haveAttemptsEnded);
    if (this.#rights.token > 0) await this.#give({ recipient: '', partitions: [] }).catch(() => {});
  }

  /** Asks for the rights. Stops the work if some were lost. */
  async #ask(): Promise<OwnershipVerdict> {
    const { clock, link, lead, leaseMs, nodeId, partitions, present, requestTimeoutMs } = this.#options;
    const works = [...this.#working].filter(([index]) => !this.#refused.has(index));
    const refused = [...this.#refused].map((index) => [index, 0]);
    const requestedAt = clock.now();
    if (this.#isClosed) throw new Error('this node has stopped dispatching');
    const reply = await link.run(
      'lead',
      [lead.lead],
      [
        present(),
        nodeId,
        leaseMs,
        Math.ceil(requestTimeoutMs),
        partitions.length,
        this.#waitsForFormerOwners() ? 1 : 0,
        ...[...works, ...refused].flat(),
      ],
    );
    this.#refused.clear();
    const rights = readRights(reply);
    const verdict = compareOwnership(this.#working, rights);
    this.#forgottenSince =
      verdict.kind === 'forgotten' ? (this.#forgottenSince ?? this.#options.clock.now()) : undefined;
    this.#hasKnownRights ||= verdict.kind !== 'forgotten';
    if (verdict.kind === 'lost') this.#stop();
    if (rights.partitions.get(lettersPartition)?.token !== this.#lettersToken) this.#options.letters.leave();
    this.#rights = rights;
    this.#nodes = Math.max(1, [...rights.nodes.values()].filter((count) => count > 0).length);
    this.#rightsRequestedAt = requestedAt;
    this.#deliveries.grantRights(rights, rights.token > 0 ? requestedAt + leaseMs : -Infinity);
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

  /** Checks all partitions from time to time, because a wake-up message may have been lost. */
  #checkAll(): void {
    const now = this.#options.clock.now();
    if (now - this.#checkedAt < checkEveryMs) return;
    this.#checkedAt = now;
    this.#intake.checkAll();
    if (now - this.#clocksReadAt < readClocksEveryMs) return;
    this.#clocksReadAt = now;
    // The clocks may have been set, or belong to another server now. Nothing waits for the answer.
    void this.#fence([...this.#working.keys()]).catch(() => {});
  }

  /**
   * Whether this node leaves partitions to their former owners. If Redis lost its data, those still have in memory what waits
   * for endpoints, so the other nodes wait for a lease.
   */
  #waitsForFormerOwners(): boolean {
    const { clock, leaseMs } = this.#options;
    if (this.isDispatching || !this.#hasKnownRights) return false;
    return this.#forgottenSince === undefined || clock.now() - this.#forgottenSince < leaseMs;
  }

  /** Stops the work, and leaves the store as it is, because other nodes work on it now. */
  #stop(haveAttemptsEnded = false): void {
    if (this.isDispatching) this.#options.log.info({}, 'this node sends no webhooks any more');
    this.#stopDispatcher(haveAttemptsEnded);
    this.#deliveries.revokeRights();
  }

  #stopDispatcher(haveAttemptsEnded: boolean): void {
    const { clock, requestTimeoutMs } = this.#options;
    if (this.isDispatching && !haveAttemptsEnded) this.#attemptsEndAt = clock.now() + requestTimeoutMs;
    this.#dispatcher?.stop();
    this.#dispatcher = undefined;
    this.#intake.close(this.#working.keys());
    this.earlier.clear();
    this.#working.clear();
    this.#deliveries.reset();
  }

  /** Continues with the content of these partitions, in addition to what the dispatcher works for already. */
  async #takeOver(indices: readonly number[]): Promise<void> {
    if (indices.length === 0) return;
    const { clock, letters, startDispatcher, log } = this.#options;
    const rights = this.#rights;
    for (const index of indices) this.#working.set(index, this.#deliveries.tokenOf(index));
    let dispatcher: DebtDispatcher | undefined;
    let isDone = false;
    try {
      // Write the decisions of the previous dispatcher, if there was one.
      if (!(await this.#deliveries.flush())) return;
      await this.#intake.subscribe(indices);
      await this.#fence(indices);
      const inherited = await readInheritedBatches(this.#options, new Set(indices), rights);
      const debts = await this.#deliveries.debts.read(indices, () => this.#mayContinue());
      await this.earlier.read(indices);
      const outboxes = debts && (await this.#intake.read(indices));
      if (debts === undefined || outboxes === undefined) return;
      const { events } = outboxes;
      const known = inherited.filter(({ batch }) => !this.#intake.unknown.holdBatch(batch, events));
      if (indices.includes(lettersPartition)) {
        this.#lettersToken = this.#deliveries.tokenOf(lettersPartition);
        await letters.take();
      }
      if (this.#isClosed || !indices.every((index) => this.#working.has(index))) return;
      dispatcher = this.#dispatcher ??= startDispatcher(this.#deliveries, this.#deliveries.debts);
      dispatcher.owe(debts);
      const counts = { partitions: this.#working.size, batches: inherited.length, events: events.size };
      const attemptsEndInMs = this.#attemptsEndAt - clock.now();
      for (const batch of known) {
        const delayMs = Math.max(attemptsEndInMs, batch.nextAt - this.#redisNow());
        resumeBatch(batch, delayMs, events, { dispatcher, store: this.#deliveries });
      }
      isDone = await this.#intake.open(dispatcher, indices, outboxes);
      // Events that arrived meanwhile have not woken this node.
      this.#checkedAt = -Infinity;
      if (isDone) log.info(counts, 'this node sends the webhooks of its partitions from now on');
    } finally {
      // The dispatcher has not taken all older events, so it must not take new ones.
      if (!isDone && dispatcher !== undefined && dispatcher === this.#dispatcher) this.#stopDispatcher(false);
      if (!isDone) for (const index of indices) this.#working.delete(index);
    }
  }

  /**
   * Waits for a turn of the event loop with room for one more event. Renews the rights before they end, because no heartbeat does
   * it meanwhile. Resolves with whether this node still has them.
   */
  async #mayContinue(): Promise<boolean> {
    const { clock, leaseMs, pace } = this.#options;
    await pace.step();
    if (clock.now() < this.#rightsRequestedAt + leaseMs / 4) return this.#working.size > 0;
    const { kind } = await this.#ask();
    return kind === 'kept' || kind === 'won';
  }

  async #fence(indices: readonly number[]): Promise<void> {
    const refused = await this.#intake.fence(indices);
    for (const index of refused) this.#refused.add(index);
    if (refused.length > 0) throw new Error('another node has a later token');
  }

  /** Gives away the partitions above this node's share. */
  async #share(): Promise<void> {
    const { clock, leaseMs } = this.#options;
    const dispatcher = this.#dispatcher;
    if (dispatcher === undefined || this.#planHandovers(false).length === 0) return;
    const haveAttemptsEnded = await this.#halt(dispatcher, Math.min(haltMs, leaseMs / 4));
    // Attempts that have not ended tie partitions together too.
    const handovers = this.#planHandovers(true);
    this.#handovers.handedOver(clock.now());
    // The dispatcher may have stopped for another reason meanwhile.
    if (this.#dispatcher !== dispatcher || this.#isClosed) return;
    this.#stopDispatcher(haveAttemptsEnded);
    // The next owner must know the decisions of the dispatcher.
    if (!(await this.#deliveries.flush())) return;
    for (const handover of handovers) await this.#give(handover);
    await this.#follow(await this.#ask());
  }

  #planHandovers(isHalted: boolean): readonly Handover[] {
    const { nodes } = this.#rights;
    const ties = this.#deliveries.ties(isHalted);
    return this.#handovers.due({ now: this.#options.clock.now(), owned: this.#working.keys(), nodes, ties });
  }

  /** Whether all attempts under way have ended in time. */
  async #halt(dispatcher: EventDispatcher, withinMs: Millis): Promise<boolean> {
    let cancel: Cancel = () => {};
    const timeIsUp = new Promise<false>((resolve) => {
      cancel = this.#options.clock.after(withinMs, () => resolve(false));
    });
    const haveAttemptsEnded = await Promise.race([dispatcher.halt().then(() => true), timeIsUp]);
    cancel();
    return haveAttemptsEnded;
  }

  async #give({ recipient, partitions }: Handover): Promise<void> {
    const { clock, link, lead, nodeId, present } = this.#options;
    const attemptsEndInMs = Math.ceil(Math.max(0, this.#attemptsEndAt - clock.now()));
    const maxPerNode = largestShare(this.#rights.nodes);
    await link.run(
      'give',
      [lead.lead],
      [present(), nodeId, this.#rights.token, recipient, attemptsEndInMs, maxPerNode, ...partitions],
    );
  }

  #redisNow(): Millis {
    return this.#rights.at + this.#options.clock.now() - this.#rightsRequestedAt;
  }
}
