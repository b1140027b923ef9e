import type { LanesView } from '../views/truth.ts';
import type { Application } from '../apps/application.ts';
import type { ResendTarget } from '../dispatch/attempt-in-place.ts';
import type { DeadLetterOffice } from '../delivery-log/dead-letter-office.ts';
import type { DispatcherOptions } from '../dispatch/dispatcher.ts';
import type { Drops } from '../delivery-log/drop-journal.ts';
import type { LocalApps } from '../apps/local-app.ts';
import type { LocalDelivery } from '../apps/local-delivery.ts';
import type { Notifier } from '../apps/notifier.ts';
import type { ReadTruth } from '../reconcile/truth.ts';
import type { WebhookState } from '../http-api/webhook-state.ts';
import type { ResentFact } from '../delivery-log/resender.ts';
import type { SubscriptionCounts } from '../connections/subscription-counts.ts';
import type { Unavailable } from '../ports/unavailable.ts';
import type { Config } from '../config/schema/schema.ts';
import type { NodeProcess } from './redis-node.ts';
import type { StoreHealth } from './durable.ts';
import type { ConnectionSlots } from '../ports/connection-slots.ts';
import type { Fanout } from '../ports/fanout.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { Log } from '../ports/log.ts';
import type { MaybePromise } from '../ports/maybe-promise.ts';
import type { Metrics, NodeHealth, RedisStatus } from '../ports/metrics.ts';
import type { QueueReading } from '../webhooks/delivery-facts.ts';
import type { Outbox } from '../ports/outbox.ts';
import type { SettingsStore } from '../ports/settings-store.ts';
import type { Witness } from '../ports/witness.ts';
import type { ChannelName } from '../protocol/channel-name.ts';
import type { Slices } from '../structures/slices.ts';
import type { TurnBudget } from '../structures/turn-budget.ts';
import type { AttemptPlaces } from '../webhooks/attempt-places.ts';

/** The state of the apps and the delivery to endpoints: shared by all nodes, or owned by a single node. */
export interface Backplane {
  readonly ledger: Ledger;
  readonly fanout: Fanout;
  readonly outbox: Outbox;
  readonly counts: Pick<SubscriptionCounts, 'changed'>;
  readonly drops: Drops;
  /** The dead letters. */
  readonly letters: DeadLetterOffice;
  /** The epoch of the state; see `DeliveryOptions`. */
  readonly epoch: () => string;
  /** Counts the connections of limited apps over all nodes; undefined: a single node counts its own. */
  readonly slots?: ConnectionSlots;
  /** Returns the health of the node; undefined for a single node. */
  describe(): NodeHealth | undefined;
  /** Sends an endpoint the events that it is missing. Returns the number of channels; unavailable while Redis does not answer. */
  reconcile(appId: string, endpointId: string): MaybePromise<number | Unavailable>;
  /** Compares the state that an endpoint must have after its webhooks with the true state. */
  readonly truth: ReadTruth;
  /** Returns the queues of an endpoint in their order; undefined: this node does not send to it. */
  lanes(appId: string, endpointId: string): LanesView | undefined;
  /** Returns where attempts for an endpoint go; undefined: this node does not send to it. */
  target(appId: string, endpointId: string): ResendTarget | undefined;
  /** Returns the state of webhook delivery. */
  webhookState(): WebhookState;
  /** Keeps the settings that were changed at run time. */
  readonly settings: SettingsStore;
  /** Returns the health of the store on disk; undefined: there is none. */
  describeStore(): StoreHealth | undefined;
  /** Clients can connect now: restores the kept state and continues with it. */
  started(): void;
  /** Returns what this node has queued for endpoints. */
  readQueues(): Iterable<QueueReading>;
  /** Serves the endpoints of these apps from now on. */
  replace(applications: readonly Application[]): void;
  /**
   * Deletes everything about the app: state, cached events, queued webhooks, drops, dead letters. No webhook is sent for it, nor
   * for what `work` does, which closes the app's connections. Only a single node can do this.
   */
  forget(appId: string, work: () => void): void;
  /** Shuts down this node's part, after its clients were disconnected. */
  close(): Promise<void>;
  /** Makes a `close` in progress stop waiting for endpoints. */
  abandon(): void;
}

/** The dependencies of a backplane. */
export interface BackplaneOptions extends Omit<DispatcherOptions, 'ledger' | 'store' | 'epoch'> {
  readonly places: AttemptPlaces;
  readonly config: Config;
  readonly apps: LocalApps;
  readonly local: LocalDelivery;
  /** Sends the notices of the ledger to clients. */
  readonly notifier: Notifier;
  /** Returns how many clients of this node are subscribed to a channel. */
  readonly countSubscribers: (appId: string, channel: ChannelName) => number;
  /** The process, if its other threads are also nodes on Redis. */
  readonly process?: NodeProcess | undefined;
  /** The state of the other threads' connections to Redis. */
  readonly otherThreads?: (() => Iterable<RedisStatus>) | undefined;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Observes what causes events. */
  readonly witness?: Witness;
  /** Receives the deliveries that are resent on demand. */
  readonly onAttempt?: (fact: ResentFact) => void;
  /** Splits the closing of many connections into slices. */
  readonly slices: Slices;
  /** Limits how much of a query about many channels runs in one turn of the event loop. */
  readonly questions: TurnBudget;
}
