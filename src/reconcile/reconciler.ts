import type { ChannelRecord } from '../channels/channel-record.ts';
import type { WallTime } from '../ports/clock.ts';
import type { MaybePromise } from '../ports/maybe-promise.ts';
import type { ChannelName } from '../protocol/channel-name.ts';
import type { TurnBudget } from '../structures/turn-budget.ts';
import type { DebtKeeper, KeptDebt, Received, ReceivedByEndpoint } from '../webhooks/debt-keeper.ts';
import type { Decided, DeliveryFact } from '../webhooks/delivery-facts.ts';
import { selectSame, type Endpoint, type Selection } from '../webhooks/endpoint.ts';
import { isStateEvent, readSubject, type NotSentReason, type StateEvent } from '../webhooks/last-sent.ts';
import type { Application } from '../apps/application.ts';
import { AbsentEndpoints } from './absent-endpoints.ts';
import { Checks, everyMs, type CheckOptions } from './checks.ts';
import { debtorKey, newDebtor, type DebtReading, type Debtor } from './debtor.ts';
import { leavesGap, PriorStateSearch } from './prior-state-search.ts';

/** What reconciling needs. */
export interface ReconcilerOptions extends CheckOptions {
  readonly wallTime: WallTime;
  /** The apps at the start. Their endpoints have received everything so far, unless `resume` says otherwise. */
  readonly applications: readonly Pick<Application, 'id' | 'endpoints'>[];
  /** The channels of which webhooks have reported something. */
  readonly recordsOf: (appId: string) => Iterable<Readonly<ChannelRecord>>;
  /** The endpoint knows the truth of the channel again. */
  readonly reconciled: (appId: string, endpointId: string, channel: ChannelName) => void;
  /**
   * Whether the endpoint need not have received what preceded an event of the channel with this sequence number. Default: it always
   * has.
   */
  readonly isUnsure?: (appId: string, endpoint: Endpoint, channel: ChannelName, seq: number) => boolean;
  readonly keeper?: DebtKeeper | undefined;
  /** No event of an earlier run has a greater sequence number. */
  readonly lastPlace?: () => number;
  /** Limits the search of many channels in each turn of the event loop. */
  readonly steps: TurnBudget;
}

/** How many earlier selections of an endpoint are remembered. */
const mostFormer = 20;

/**
 * Knows what endpoints have missed, and brings those that are reconciled back to the truth. As soon as such an endpoint accepts
 * deliveries again, it is sent the events that correct its state, in the order of the channel with later events.
 */
export class Reconciler {
  readonly #options: ReconcilerOptions;
  /** By app and endpoint. */
  readonly #debtors = new Map<string, Debtor>();
  readonly #checks: Checks;
  /** What an earlier run knew of the endpoints of apps that are not configured now. */
  readonly absent = new AbsentEndpoints();
  /** Whether what endpoints have received is stored: from `resume` on, because before it is not known. */
  #isStoring = false;
  #searches = 0;
  /** The sequence number of the last event that some endpoint selected. */
  #lastSeq = 0;

  constructor(options: ReconcilerOptions) {
    this.#options = options;
    this.#checks = new Checks(
      options,
      () => this.#debtors.values(),
      (debtor, channel) => this.#settled(debtor, channel),
    );
    for (const { id, endpoints } of options.applications) {
      for (const endpoint of endpoints) {
        const debtor = this.#debtorOf(id, endpoint);
        debtor.isConfigured = true;
        debtor.received = endpoint;
      }
    }
  }

  /** Subscribes to delivery facts. */
  readonly onFact = (fact: DeliveryFact): void => {
    if (fact.kind === 'decided') return this.#decided(fact);
    if (fact.kind === 'selected') {
      this.#lastSeq = Math.max(this.#lastSeq, fact.queued?.seq ?? 0);
      if (this.#searches > 0) this.#selected(fact);
      return;
    }
    if (fact.kind !== 'enabled' && fact.kind !== 'ended') return;
    const key = debtorKey(fact.appId, fact.endpoint.id);
    const debtor = this.#debtors.get(key);
    if (fact.kind === 'enabled') this.#checks.look(debtor);
    else if (debtor?.isConfigured === false) this.#forget(key, debtor);
  };

  /** Forgets what endpoints have missed that are not configured. */
  forgetAbsent(): void {
    for (const appId of this.absent.appIds) this.absent.forget(appId, this.#options.keeper);
  }

  /** Restores a stored debt. */
  restore(appId: string, endpoint: Endpoint, debt: KeptDebt): void {
    this.#restore(this.#debtorOf(appId, endpoint), debt);
  }

  /**
   * Continues an earlier run: `known` is what endpoints had received then. Those without an entry are new. Without `known`, the
   * endpoints have received everything so far. Call it once, when debts and channels are restored.
   */
  resume(known: Iterable<ReceivedByEndpoint> | undefined, isConfigured: (appId: string) => boolean): void {
    this.#isStoring = true;
    const rest = new Map<string, ReceivedByEndpoint>();
    for (const one of known ?? []) rest.set(debtorKey(one.appId, one.endpointId), one);
    for (const [key, debtor] of this.#debtors) {
      if (known === undefined) this.#noteReceived(debtor);
      else this.#continue(debtor, rest.get(key) ?? { selection: undefined, former: [] });
      rest.delete(key);
    }
    for (const one of rest.values()) {
      if (isConfigured(one.appId)) this.#options.keeper?.received(one.appId, one.endpointId, undefined);
      else this.absent.received(one);
    }
  }

  /**
   * An event of the channel, or of any channel if none is given, was dropped in an earlier run, and its debt was not stored.
   */
  markUncertain(appId: string, endpointId: string, channel?: ChannelName): void {
    const debtor = this.#debtors.get(debtorKey(appId, endpointId));
    if (debtor === undefined) return;
    debtor.debts.markUncertain(this.#options.lastPlace?.() ?? 0, channel);
    if (channel !== undefined) this.#changed(debtor, channel);
  }

  /**
   * Records that webhooks reported these subjects of a channel before the endpoint selected such events. It may know of them nevertheless.
   * `seq` is greater than the sequence numbers of all events of the channel that were taken so far. Call `found` afterwards.
   */
  missedBefore(
    appId: string,
    endpoint: Endpoint,
    { channel, subjects, seq }: { channel: ChannelName; subjects: readonly string[]; seq: number },
  ): void {
    const debtor = this.#debtorOf(appId, endpoint);
    const why = { kind: 'before', what: 'added', atMs: this.#options.wallTime.now() } as const;
    const place = { appId, endpointId: endpoint.id, channel };
    for (const subject of subjects) {
      const isNoted = debtor.debts.missedBefore(channel, subject, { why, isThere: undefined, seq });
      if (!isNoted) return this.#options.keeper?.overflowed?.(place, seq);
    }
    this.#changed(debtor, channel);
  }

  /** The endpoint is sent what was recorded with `missedBefore`, if it is reconciled. */
  found(appId: string, endpointId: string): void {
    const debtor = this.#debtors.get(debtorKey(appId, endpointId));
    if (debtor?.debts.isReconciled === true && !debtor.debts.isEmpty) this.#checks.lookIn(debtor, 0);
  }

  /** From now on, these endpoints are configured. New ones do not know what happened before. */
  replace(applications: readonly Pick<Application, 'id' | 'endpoints'>[]): void {
    const apps = new Set(applications.map(({ id }) => id));
    const endpoints = new Map(
      applications.flatMap((app) =>
        app.endpoints.map((one) => [debtorKey(app.id, one.id), [app.id, one] as const] as const),
      ),
    );
    for (const [key, debtor] of this.#debtors) {
      if (endpoints.has(key)) continue;
      debtor.isConfigured = false;
      debtor.wasMissing ||= apps.has(debtor.appId);
    }
    for (const [appId, endpoint] of endpoints.values()) this.#configure(appId, endpoint);
    // Their other endpoints will miss what happens from now on.
    for (const appId of apps) this.absent.forget(appId, this.#options.keeper);
  }

  /** Forgets everything about the app's endpoints. They start afresh. */
  forget(appId: string): void {
    // A copy, because endpoints that start afresh are appended, and the iteration would never end.
    for (const [key, debtor] of Array.from(this.#debtors)) {
      if (debtor.appId !== appId) continue;
      this.#forget(key, debtor);
      if (!debtor.isConfigured) continue;
      const { endpoint } = debtor;
      const fresh = { isConfigured: true, received: endpoint };
      this.#noteReceived(Object.assign(this.#debtorOf(appId, endpoint), fresh));
    }
  }

  /** Sends an endpoint what it has missed, even if it is not reconciled automatically. Returns the number of channels. */
  reconcile(appId: string, endpointId: string): MaybePromise<number> {
    const debtor = this.#debtors.get(debtorKey(appId, endpointId));
    if (debtor === undefined) return 0;
    return debtor.search === undefined ? this.#ask(debtor) : debtor.search.done.then(() => this.#ask(debtor));
  }

  /** Resolves once it is known what the endpoint has missed. Undefined if nothing is known of such an endpoint. */
  async read(appId: string, endpointId: string): Promise<DebtReading | undefined> {
    const key = debtorKey(appId, endpointId);
    await this.#debtors.get(key)?.search?.done;
    return this.#debtors.get(key);
  }

  /** Stores all debts of these channels again, because the store may have lost them. */
  storeAgain(isLost: (appId: string, channel: ChannelName) => boolean): void {
    for (const debtor of this.#debtors.values()) {
      for (const channel of debtor.debts.channels) {
        if (isLost(debtor.appId, channel)) this.#changed(debtor, channel);
      }
    }
  }

  stop(): void {
    this.#checks.stop();
    for (const { search } of this.#debtors.values()) search?.prior.stop();
  }

  #ask(debtor: Debtor): number {
    const channels = debtor.debts.ask();
    if (channels > 0) this.#checks.lookIn(debtor, 0);
    return channels;
  }

  /** The endpoint had received this in an earlier run. */
  #continue(debtor: Debtor, { selection, former }: Received): void {
    debtor.received = selection;
    debtor.former.push(...former);
    this.#compare(debtor);
  }

  #configure(appId: string, endpoint: Endpoint): void {
    const debtor = this.#debtorOf(appId, endpoint);
    const received = this.absent.take(appId, endpoint.id);
    const { debts } = debtor;
    debtor.endpoint = endpoint;
    // It may select more events now.
    debtor.checks.clear();
    const isReconciled = endpoint.reconcile === true;
    if (isReconciled && !debts.isReconciled && !debts.isEmpty) this.#checks.lookIn(debtor, 0);
    debts.isReconciled = isReconciled;
    debtor.isConfigured = true;
    if (received !== undefined) return this.#continue(debtor, received);
    if (debtor.wasMissing && debtor.received !== undefined) {
      debtor.former.push(debtor.received);
      debtor.received = undefined;
    }
    debtor.wasMissing = false;
    this.#compare(debtor);
  }

  /** Compares what the endpoint has received with what it selects now. */
  #compare(debtor: Debtor): void {
    const { received, endpoint } = debtor;
    if (received === undefined || !selectSame(received, endpoint) || debtor.search !== undefined) {
      return this.#search(debtor, received);
    }
    debtor.received = endpoint;
    this.#noteReceived(debtor);
  }

  #noteReceived({ appId, endpoint, received, former }: Debtor): void {
    if (this.#isStoring) this.#options.keeper?.received(appId, endpoint.id, { selection: received, former });
  }

  /** Finds what was reported before the endpoint selected such events. */
  #search(debtor: Debtor, before: Selection | undefined): void {
    const { appId, endpoint: selection, debts, former, search: earlier } = debtor;
    const what = before === undefined ? 'added' : 'changed';
    const prior = new PriorStateSearch({
      debts,
      selection,
      before,
      former: [...former],
      why: { kind: 'before', what, atMs: this.#options.wallTime.now() },
      seq: this.#lastSeq + 1,
      touched: earlier?.prior.touched,
      noted: (channel) => this.#changed(debtor, channel),
    });
    earlier?.prior.stop();
    if (earlier !== undefined) this.#searches -= 1;
    debtor.search = undefined;
    if (before !== undefined && leavesGap(before, selection)) former.push(before);
    // The latest ones matter most.
    former.splice(0, former.length - mostFormer);
    const end = (): void => {
      debtor.received = selection;
      this.#noteReceived(debtor);
      if (debts.isReconciled && !debts.isEmpty) this.#checks.lookIn(debtor, 0);
    };
    const found = prior.find(this.#options.recordsOf(appId), this.#options.steps);
    if (found === undefined) return end();
    this.#searches += 1;
    // If the process ends before, the endpoint may have received later events nevertheless.
    this.#noteReceived({ ...debtor, received: undefined, former: [...former, selection] });
    const done = found.then(() => {
      if (debtor.search?.prior !== prior) return debtor.search?.done;
      this.#searches -= 1;
      debtor.search = undefined;
      return end();
    });
    debtor.search = { prior, done };
  }

  #selected({ appId, event, selecting }: Extract<DeliveryFact, { kind: 'selected' }>): void {
    if (!isStateEvent(event)) return;
    for (const { endpoint } of selecting) {
      this.#debtors.get(debtorKey(appId, endpoint.id))?.search?.prior.touch(event);
    }
  }

  #decided({ appId, endpoint, fate, events, isUnsure, mayHaveArrived }: Decided): void {
    if (fate === 'undone') return;
    if (fate === 'delivered') {
      const debtor = this.#debtors.get(debtorKey(appId, endpoint.id));
      if (debtor === undefined || debtor.debts.isEmpty) return;
      for (const { event, seq } of events) {
        if (isStateEvent(event) && debtor.debts.delivered(event, seq)) this.#changedBy(debtor, event);
      }
      return this.#checks.look(debtor);
    }
    let why: NotSentReason | undefined;
    for (const { event, seq } of events) {
      if (!isStateEvent(event)) continue;
      why ??= { kind: 'dropped', reason: fate, atMs: this.#options.wallTime.now(), mayHaveArrived };
      const debtor = this.#debtorOf(appId, endpoint);
      const { channel } = event;
      const place = { appId, endpointId: endpoint.id, channel };
      const isDoubtful = isUnsure || this.#options.isUnsure?.(appId, endpoint, channel, seq) === true;
      if (!debtor.debts.dropped(event, seq, why, isDoubtful)) this.#options.keeper?.overflowed?.(place, seq);
      else this.#changedBy(debtor, event);
      // It may have been one of the events that were to correct it.
      debtor.checks.delete(channel);
      debtor.debts.sweep(
        (one) => this.#options.waitingFor(appId, endpoint.id, one).some(isStateEvent),
        (one, subject) => this.#changed(debtor, one, subject),
      );
      if (debtor.debts.isReconciled) this.#checks.lookIn(debtor, everyMs);
    }
  }

  #settled(debtor: Debtor, channel: ChannelName): void {
    const { appId, endpoint, debts } = debtor;
    const isPartial = debts.isPartial(channel);
    debts.settled(channel);
    this.#changed(debtor, channel);
    if (!isPartial) this.#options.reconciled(appId, endpoint.id, channel);
  }

  #changedBy(debtor: Debtor, event: StateEvent): void {
    this.#changed(debtor, event.channel, readSubject(event).subject);
  }

  #changed({ appId, endpoint, debts }: Debtor, channel: ChannelName, subject?: string): void {
    const place = { appId, endpointId: endpoint.id, channel };
    this.#options.keeper?.changed(place, (subjects) => debts.keep(channel, subjects), subject);
  }

  #debtorOf(appId: string, endpoint: Endpoint): Debtor {
    const key = debtorKey(appId, endpoint.id);
    let debtor = this.#debtors.get(key);
    if (debtor === undefined) {
      debtor = newDebtor(appId, endpoint);
      this.#debtors.set(key, debtor);
      // Before it misses anything in this run.
      for (const debt of this.absent.takeDebts(appId, endpoint.id)) this.#restore(debtor, debt);
    }
    return debtor;
  }

  #restore(debtor: Debtor, debt: KeptDebt): void {
    debtor.debts.restore(debt, this.#options.lastPlace?.() ?? 0);
    this.#checks.lookIn(debtor, 0);
  }

  #forget(key: string, { appId, endpoint, debts, search }: Debtor): void {
    this.#debtors.delete(key);
    if (search !== undefined) this.#searches -= 1;
    search?.prior.stop();
    const { keeper } = this.#options;
    for (const channel of debts.channels) {
      keeper?.changed({ appId, endpointId: endpoint.id, channel }, () => undefined);
    }
    keeper?.received(appId, endpoint.id, undefined);
  }
}
