import type { Clock, Millis } from '../ports/clock.ts';
import type { Outbox } from '../ports/outbox.ts';
import type { ChannelName } from '../protocol/channel-name.ts';
import { Debts, isStateEvent, type ChannelTruth, type KeptDebt } from '../webhooks/debts.ts';
import type { Decided, DeliveryFact } from '../webhooks/delivery-facts.ts';
import { selects, type Endpoint } from '../webhooks/endpoint.ts';
import type { EventName, WebhookEvent } from '../webhooks/event.ts';
import { createAlarm, type Alarm } from './alarm.ts';
import type { Application } from './application.ts';

/** What reconciling needs. */
export interface ReconcilerOptions {
  readonly clock: Clock;
  /** Looked up when it is needed. */
  readonly outbox: () => Pick<Outbox, 'append'>;
  /** What webhooks have said of a channel, and not taken back. */
  readonly truthOf: (appId: string, channel: ChannelName) => ChannelTruth;
  /** What waits for an endpoint of a channel, in order. */
  readonly waitingFor: (appId: string, endpointId: string, channel: ChannelName) => readonly WebhookEvent[];
  /** The endpoint knows the truth of the channel again. */
  readonly reconciled: (appId: string, endpointId: string, channel: ChannelName) => void;
  readonly keeper?: DebtKeeper | undefined;
}

/** Hears how debts change, for whoever keeps them beyond the process. */
export interface DebtKeeper {
  /** Undefined: there is none of the channel any more. */
  changed(appId: string, endpointId: string, channel: ChannelName, debt: KeptDebt | undefined): void;
}

interface Debtor {
  readonly appId: string;
  endpoint: Endpoint;
  readonly debts: Debts;
  /** Channels that are still to be looked at. */
  due: ChannelName[];
  /** When all are looked at again, whether the endpoint takes something or not; Infinity: nothing was dropped. */
  lookAt: Millis;
}

/** So many channels and members are remembered for each endpoint: some 10 MB. */
const mostSubjects = 50_000;

/** An endpoint of which nothing is heard, because nothing waits for it, is tried again after so long. */
const everyMs: Millis = 60_000;

/** So many channels are looked at in a turn of the event loop. */
const channelsInTurn = 200;

/**
 * Brings endpoints back to the truth that have lost events. For each channel of which something was dropped it knows what the
 * endpoint was told last. As soon as the endpoint takes something again, it is sent what turns that into the truth, in the order
 * of the channel with later events.
 */
export class Reconciler {
  readonly #options: ReconcilerOptions;
  /** By app and endpoint. */
  readonly #debtors = new Map<string, Debtor>();
  readonly #alarm: Alarm;

  constructor(options: ReconcilerOptions) {
    this.#options = options;
    this.#alarm = createAlarm(options.clock, () => this.#work());
  }

  /** Subscribes to the delivery facts. */
  readonly hear = (fact: DeliveryFact): void => {
    if (fact.kind === 'decided') this.#decided(fact);
    else if (fact.kind === 'enabled') this.#look(this.#debtors.get(keyOf(fact.appId, fact.endpoint.id)));
  };

  /** Goes on with what was kept. */
  restore(appId: string, endpoint: Endpoint, debt: KeptDebt): void {
    const debtor = this.#debtorOf(appId, endpoint);
    debtor.debts.restore(debt);
    this.#lookIn(debtor, 0);
  }

  /** Endpoints that are not configured, or not to be reconciled any more, are forgotten. */
  replace(applications: readonly Pick<Application, 'id' | 'endpoints'>[]): void {
    const endpoints = new Map(
      applications.flatMap((app) => app.endpoints.map((one) => [keyOf(app.id, one.id), one] as const)),
    );
    for (const [key, debtor] of this.#debtors) {
      const endpoint = endpoints.get(key);
      if (endpoint?.reconcile === true) debtor.endpoint = endpoint;
      else this.#forget(key, debtor);
    }
  }

  /** Nothing is remembered of the app's endpoints any more. */
  forget(appId: string): void {
    for (const [key, debtor] of this.#debtors) if (debtor.appId === appId) this.#forget(key, debtor);
  }

  /** Looks at all channels of an endpoint now. Returns how many there are. */
  reconcile(appId: string, endpointId: string): number {
    const debtor = this.#debtors.get(keyOf(appId, endpointId));
    this.#look(debtor);
    return debtor?.debts.channels.length ?? 0;
  }

  stop(): void {
    this.#alarm.stop();
  }

  #decided({ appId, endpoint, fate, events }: Decided): void {
    if (endpoint.reconcile !== true || fate === 'undone') return;
    if (fate === 'delivered') {
      const debtor = this.#debtors.get(keyOf(appId, endpoint.id));
      if (debtor === undefined) return;
      for (const { event, seq } of events) {
        if (isStateEvent(event) && debtor.debts.delivered(event, seq)) this.#changed(debtor, event.channel);
      }
      return this.#look(debtor);
    }
    for (const { event, seq } of events) {
      if (!isStateEvent(event)) continue;
      const debtor = this.#debtorOf(appId, endpoint);
      debtor.debts.dropped(event, seq);
      this.#changed(debtor, event.channel);
      this.#lookIn(debtor, everyMs);
    }
  }

  /** The endpoint takes something again: soon, for this may be in the midst of a step. */
  #look(debtor: Debtor | undefined): void {
    if (debtor !== undefined && debtor.lookAt < Infinity) this.#lookIn(debtor, 0);
  }

  #lookIn(debtor: Debtor, delayMs: Millis): void {
    debtor.lookAt = Math.min(debtor.lookAt, this.#options.clock.now() + delayMs);
    this.#alarm.set(debtor.lookAt);
  }

  #work(): void {
    const at = this.#options.clock.now();
    let left = channelsInTurn;
    let nextAt = Infinity;
    for (const debtor of this.#debtors.values()) {
      if (debtor.lookAt <= at && debtor.due.length === 0) {
        debtor.due = [...debtor.debts.channels];
        debtor.lookAt = debtor.due.length > 0 ? at + everyMs : Infinity;
      }
      const channels = debtor.due.splice(0, left);
      left -= channels.length;
      // What is sent to a disabled endpoint is dropped. To a held one it would wait, and others be dropped for it.
      const isServed = debtor.endpoint.isEnabled && debtor.endpoint.heldSinceMs === undefined;
      if (isServed) for (const channel of channels) this.#settle(debtor, channel);
      nextAt = Math.min(nextAt, debtor.due.length > 0 ? at : debtor.lookAt);
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
    const news = events.map((event) => ({ ...event, onlyFor: endpoint.id }));
    if (news.length > 0) outbox().append(appId, news);
  }

  #changed({ appId, endpoint, debts }: Debtor, channel: ChannelName): void {
    this.#options.keeper?.changed(appId, endpoint.id, channel, debts.keep(channel));
  }

  #debtorOf(appId: string, endpoint: Endpoint): Debtor {
    const key = keyOf(appId, endpoint.id);
    let debtor = this.#debtors.get(key);
    if (debtor === undefined) {
      debtor = { appId, endpoint, debts: new Debts(mostSubjects), due: [], lookAt: Infinity };
      this.#debtors.set(key, debtor);
    }
    return debtor;
  }

  #forget(key: string, { appId, endpoint, debts }: Debtor): void {
    this.#debtors.delete(key);
    for (const channel of debts.channels)
      this.#options.keeper?.changed(appId, endpoint.id, channel, undefined);
  }
}

function keyOf(appId: string, endpointId: string): string {
  return `${appId}\n${endpointId}`;
}
