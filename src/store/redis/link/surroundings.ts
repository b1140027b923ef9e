import type { Notice } from '../../../ports/attendance.ts';
import type { Clock, Millis } from '../../../ports/clock.ts';
import type { Log } from '../../../ports/log.ts';
import type { Metrics } from '../../../ports/metrics.ts';
import type { UserState } from '../../../ports/online-users.ts';
import type { ChannelName } from '../../../protocol/channel-name.ts';
import type { Slices } from '../../../structures/slices.ts';
import type { TurnBudget } from '../../../structures/turn-budget.ts';
import type { HeldChannelsListener } from '../fanout/channel-topics.ts';
import type { RedisLink } from './link.ts';

/** The dependencies of the ledger on Redis. */
export interface RedisLedgerOptions {
  readonly link: RedisLink;
  /** The prefix of the names of all keys and topics. */
  readonly keyPrefix: string;
  /** How many partitions the keys are spread over. All nodes must use the same number. Default: `partitionCount`. */
  readonly partitions?: number;
  /** A node counts as dead if it does not renew its lease for this long. */
  readonly leaseMs: Millis;
  /** The maximum size of one event. */
  readonly messageBytes?: number;
  /** The grace period for what a dead node held. */
  readonly graceMs: Millis;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'suppressedByGrace' | 'deduplicated'>;
  /** Creates the name of an epoch. Never returns the same name twice. */
  readonly newEpoch: () => string;
  readonly cacheTtlMs: Millis;
  /** Notifies subscribers on this node of members who join or leave, and of events of cache channels. */
  readonly notify: (appId: string, channel: ChannelName, notice: Notice) => void;
  /** Notifies the subscribers on this node of the subscription count of all nodes. */
  readonly notifyCount: (appId: string, channel: ChannelName, count: number) => void;
  /** Notifies those who watch a user on this node. */
  readonly notifyWatchers: (appId: string, userId: string, state: UserState) => void;
  /** Ends the connections of a user that signed in longer ago than this. */
  readonly terminate: (appId: string, userId: string, longerAgoThanMs: Millis) => void;
  /** This node has registered in a partition, perhaps on another server than before, which may have lost something. */
  readonly registered: (partition: number, isLost: boolean) => void;
  /** Something falls due at this moment, so `sweep` must be called then. */
  readonly wake: (dueAt: Millis) => void;
  /** How many connections of this node are subscribed to a channel. */
  readonly countSubscribers: (appId: string, channel: ChannelName) => number;
  /** How many connections this node has. */
  readonly countConnections: (appId: string) => number;
  /** Whether subscribers and webhooks receive the subscription count of the channel. Undefined: this node does not know the app. */
  readonly sendsCounts: (appId: string, channel: ChannelName) => boolean | undefined;
  /** Releases the channels and members of retired apps in slices, one step each. */
  readonly slices: Slices;
  /** Spreads steps that nothing waits for over turns of the event loop, because many may be due together. */
  readonly pace: TurnBudget;
  /** Is notified of the channels that this node holds; see `ChannelTopics`. */
  readonly near?: HeldChannelsListener | undefined;
  /** The time of day in milliseconds, for tests. Default: the time of the Redis server. */
  readonly present?: () => number;
}

/** What channels need from their partition. */
export interface ChannelSurroundings {
  /** A departure falls due at this moment. */
  readonly due: (at: Millis) => void;
  /** The revision of the last notice that was received, or up to which everything will be read. */
  readonly lastRevision: () => number;
  /** Redis has answered with the state as of this revision. */
  readonly answered: (revision: number) => void;
  /** Resolves once all notices up to this revision have been received. */
  readonly reached: (revision: number) => Promise<void>;
  /** This node has a subscriber of the channel. Resolves once events of other nodes arrive; undefined: they do already. */
  readonly listen: (appId: string, channel: ChannelName) => Promise<void> | undefined;
  /** This node has no subscriber of the channel any more. */
  readonly unlisten: (appId: string, channel: ChannelName) => void;
}
