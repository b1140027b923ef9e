import type { ChannelRecord } from '../channels/channel-record.ts';
import type { Clock, Millis, WallTime } from '../ports/clock.ts';
import type { MaybePromise } from '../ports/maybe-promise.ts';
import type { Outbox } from '../ports/outbox.ts';
import type { ChannelName } from '../protocol/channel-name.ts';
import type { TurnBudget } from '../structures/turn-budget.ts';
import type { ChannelTruth, DebtKeeper, KeptDebt, Received, ReceivedByEndpoint } from '../webhooks/debts.ts';
import type { Decided, DeliveryFact } from '../webhooks/delivery-facts.ts';
import { selects, type Endpoint, type Selection } from '../webhooks/endpoint.ts';
import type { EventName, WebhookEvent } from '../webhooks/event.ts';
import { isStateEvent, type NotSentReason } from '../webhooks/last-sent.ts';
import { createAlarm, type Alarm } from '../structures/alarm.ts';
import type { Application } from '../apps/application.ts';
import { AbsentEndpoints } from './absent-endpoints.ts';
import { debtorKey, newDebtor, type DebtReading, type Debtor } from './debtor.ts';
import { selectSame, leavesGap, PriorStateSearch } from './prior-state-search.ts';

/** What reconciling needs. */
export interface ReconcilerOptions {
  readonly clock: Clock;
  readonly wallTime: WallTime;
  /** The apps at the start. Their endpoints have received everything so far, unless `resume` says otherwise. */
  readonly applications: readonly Pick<Application, 'id' | 'endpoints'>[];
  /** Called when it is needed. */
  readonly outbox: () => Pick<Outbox, 'append'>;
  /** What webhooks have reported of a channel and not taken back. */
  readonly truthOf: (appId: string, channel: ChannelName) => ChannelTruth;
  /** The channels of which webhooks have reported something. */
  readonly recordsOf: (appId: string) => Iterable<Readonly<ChannelRecord>>;
  /** The events of a channel that wait for an endpoint, in order. */
  readonly waitingFor: (appId: string, endpointId: string, channel: ChannelName) => readonly WebhookEvent[];
  /** The endpoint knows the truth of the channel again. */
  readonly reconciled: (appId: string, endpointId: string, channel: ChannelName) => void;
  readonly keeper?: DebtKeeper | undefined;
  /** No event of an earlier run has a greater sequence number. */
  readonly lastPlace?: () => number;
  /** Limits the search of many channels in each turn of the event loop. */
  readonly steps: TurnBudget;
}

/** How often to try an endpoint again for which nothing waits, so that no result of a delivery arrives. */
const everyMs: Millis = 60_000;

/** How many channels are examined in a turn of the event loop. */
const channelsInTurn = 200;

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
  readonly #alarm: Alarm;
  /** What an earlier run knew of the endpoints of apps that are not configured now. */
  readonly absent = new AbsentEndpoints();
  /** Whether what endpoints have received is stored: from `resume` on, because before it is not known. */
  #isStoring = false;
  #searches = 0;
  /** The sequence number of the last event that some endpoint selected. */
  #lastSeq = 0;

  constructor(options: ReconcilerOptions) {
    this.#options = options;
    this.#alarm = createAlarm(options.clock, () => this.#work());
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
    if (fact.kind === 'enabled') this.#look(debtor);
    else if (debtor?.isConfigured === false) this.#forget(key, debtor);
  };

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

  stop(): void {
    this.#alarm.stop();
    for (const { search } of this.#debtors.values()) search?.prior.stop();
  }

  #ask(debtor: Debtor): number {
    const channels = debtor.debts.ask();
    if (channels > 0) this.#lookIn(debtor, 0);
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
    const isReconciled = endpoint.reconcile === true;
    if (isReconciled && !debts.isReconciled && !debts.isEmpty) this.#lookIn(debtor, 0);
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
      if (debts.isReconciled && !debts.isEmpty) this.#lookIn(debtor, 0);
    };
    const found = prior.find(this.#options.recordsOf(appId), this.#options.steps);
    if (found === undefined) return end();
    this.#searches += 1;
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

  #decided({ appId, endpoint, fate, events, isUnsure }: Decided): void {
    if (fate === 'undone') return;
    if (fate === 'delivered') {
      const debtor = this.#debtors.get(debtorKey(appId, endpoint.id));
      if (debtor === undefined || debtor.debts.isEmpty) return;
      for (const { event, seq } of events) {
        if (isStateEvent(event) && debtor.debts.delivered(event, seq)) this.#changed(debtor, event.channel);
      }
      return this.#look(debtor);
    }
    let why: NotSentReason | undefined;
    for (const { event, seq } of events) {
      if (!isStateEvent(event)) continue;
      why ??= { kind: 'dropped', reason: fate, atMs: this.#options.wallTime.now() };
      const debtor = this.#debtorOf(appId, endpoint);
      debtor.debts.dropped(event, seq, why, isUnsure);
      this.#changed(debtor, event.channel);
      debtor.debts.sweep(
        (channel) => this.#options.waitingFor(appId, endpoint.id, channel).some(isStateEvent),
        (channel) => this.#changed(debtor, channel),
      );
      if (debtor.debts.isReconciled) this.#lookIn(debtor, everyMs);
    }
  }

  /** The endpoint accepts deliveries again. The work is done soon but not now, because this may be called during a step. */
  #look(debtor: Debtor | undefined): void {
    if (debtor !== undefined && debtor.checkAt < Infinity) this.#lookIn(debtor, 0);
  }

  #lookIn(debtor: Debtor, delayMs: Millis): void {
    debtor.checkAt = Math.min(debtor.checkAt, this.#options.clock.now() + delayMs);
    this.#alarm.set(debtor.checkAt);
  }

  #work(): void {
    const at = this.#options.clock.now();
    let left = channelsInTurn;
    let nextAt = Infinity;
    for (const debtor of this.#debtors.values()) {
      if (debtor.checkAt <= at && debtor.due.length === 0) {
        debtor.due = [...debtor.debts.due];
        debtor.checkAt = debtor.due.length > 0 ? at + everyMs : Infinity;
      }
      const channels = debtor.due.splice(0, left);
      left -= channels.length;
      // Events for a disabled endpoint are dropped. For a held one they would wait, and others might be dropped for them.
      const isServed = debtor.endpoint.isEnabled && debtor.endpoint.heldSinceMs === undefined;
      if (isServed) for (const channel of channels) this.#settle(debtor, channel);
      nextAt = Math.min(nextAt, debtor.due.length > 0 ? at : debtor.checkAt);
    }
    if (nextAt < Infinity) this.#alarm.set(nextAt);
  }

  #settle(debtor: Debtor, channel: ChannelName): void {
    const { appId, endpoint, debts } = debtor;
    const { truthOf, waitingFor, reconciled, outbox } = this.#options;
    const isPartial = debts.isPartial(channel);
    const waiting = waitingFor(appId, endpoint.id, channel);
    const wants = (name: EventName): boolean => selects(endpoint, name, channel);
    const events = debts.settle(channel, truthOf(appId, channel), { waiting, wants });
    if (events === undefined) {
      this.#changed(debtor, channel);
      if (!isPartial) reconciled(appId, endpoint.id, channel);
      return;
    }
    const missed = events.map((event) => ({ ...event, onlyFor: endpoint.id }));
    if (missed.length > 0) outbox().append(appId, missed);
  }

  #changed({ appId, endpoint, debts }: Debtor, channel: ChannelName): void {
    this.#options.keeper?.changed(appId, endpoint.id, channel, () => debts.keep(channel));
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
    this.#lookIn(debtor, 0);
  }

  #forget(key: string, { appId, endpoint, debts, search }: Debtor): void {
    this.#debtors.delete(key);
    if (search !== undefined) this.#searches -= 1;
    search?.prior.stop();
    const { keeper } = this.#options;
    for (const channel of debts.channels) keeper?.changed(appId, endpoint.id, channel, () => undefined);
    keeper?.received(appId, endpoint.id, undefined);
  }
}
