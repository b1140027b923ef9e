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
import type { Config } from '../config/schema/schema.ts';
import type { NodeProcess } from './redis-node.ts';
import type { StoreHealth } from './durable.ts';
import type { ConnectionSlots } from '../ports/connection-slots.ts';
import type { Fanout } from '../ports/fanout.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { Log } from '../ports/log.ts';
import type { MaybePromise } from '../ports/maybe-promise.ts';
import type { Metrics, NodeHealth, RedisStanding } from '../ports/metrics.ts';
import type { QueueReading } from '../webhooks/delivery-facts.ts';
import type { Outbox } from '../ports/outbox.ts';
import type { SettingsStore } from '../ports/settings-store.ts';
import type { Witness } from '../ports/witness.ts';
import type { ChannelName } from '../protocol/channel-name.ts';
import type { Slices } from '../structures/slices.ts';
import type { TurnBudget } from '../structures/turn-budget.ts';
import type { AttemptPlaces } from '../webhooks/attempt-places.ts';

/** What a node shares with the others of its kind, or has alone: the state of the apps, and the way to endpoints. */
export interface Backplane {
  readonly ledger: Ledger;
  readonly fanout: Fanout;
  readonly outbox: Outbox;
  readonly counts: Pick<SubscriptionCounts, 'changed'>;
  readonly drops: Drops;
  /** What endpoints did not get, in full. */
  readonly letters: DeadLetterOffice;
  /** In which life of the state this is; see `DeliveryOptions`. */
  readonly epoch: () => string;
  /** Where connections of limited apps are counted on all nodes; a node that is alone counts for itself. */
  readonly slots?: ConnectionSlots;
  /** What a person who looks at the health of the node is told; nothing for a node that is alone. */
  describe(): NodeHealth | undefined;
  /** Has an endpoint be told what it does not know; undefined: nobody knows what that is. */
  reconcile(appId: string, endpointId: string): MaybePromise<number | undefined>;
  /** What an endpoint must believe, beside what is true. */
  readonly truth: ReadTruth;
  /** What waits for an endpoint behind what; undefined: this node does not send to it. */
  lanes(appId: string, endpointId: string): LanesView | undefined;
  /** Where an attempt at an endpoint goes; undefined: this node does not send to it. */
  target(appId: string, endpointId: string): ResendTarget | undefined;
  /** What is known of the way that webhooks take. */
  webhookState(): WebhookState;
  /** Keeps what is set at run time. */
  readonly settings: SettingsStore;
  /** How what is kept on disk does; undefined: nothing is. */
  describeStore(): StoreHealth | undefined;
  /** Clients can connect now: what was kept goes on. */
  started(): void;
  /** What this node has waiting for endpoints. */
  readQueues(): Iterable<QueueReading>;
  /** Serves the endpoints of these apps from now on. */
  replace(applications: readonly Application[]): void;
  /**
   * Forgets, on this node alone, all that is known of the app: state, cached events, webhooks that wait, drops, dead letters.
   * No endpoint hears of it, nor of what `work` does, which ends the app's connections. Of several nodes none can.
   */
  forget(appId: string, work: () => void): void;
  /** Ends this node's part, after its clients were sent away. */
  close(): Promise<void>;
  /** A `close` under way does not wait for endpoints any more. */
  abandon(): void;
}

/** What a backplane is made with. */
export interface BackplaneOptions extends Omit<DispatcherOptions, 'ledger' | 'store' | 'epoch'> {
  readonly places: AttemptPlaces;
  readonly config: Config;
  readonly apps: LocalApps;
  readonly local: LocalDelivery;
  /** Tells clients what the ledger says. */
  readonly notifier: Notifier;
  /** How many clients of this node are subscribed to a channel. */
  readonly countSubscribers: (appId: string, channel: ChannelName) => number;
  /** The process, if its other threads are nodes on Redis, too. */
  readonly process?: NodeProcess | undefined;
  /** The state of the other threads' connections to Redis. */
  readonly otherThreads?: (() => Iterable<RedisStanding>) | undefined;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Hears what causes events. */
  readonly witness?: Witness;
  /** Hears of deliveries that are sent again on demand. */
  readonly onAttempt?: (fact: ResentFact) => void;
  /** Has much that ends together end in slices. */
  readonly slices: Slices;
  /** Has what many channels are asked for make room for the rest. */
  readonly questions: TurnBudget;
}
