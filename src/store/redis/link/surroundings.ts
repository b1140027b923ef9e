import type { Notice } from '../../../ports/attendance.ts';
import type { Clock, Millis } from '../../../ports/clock.ts';
import type { Log } from '../../../ports/log.ts';
import type { Metrics } from '../../../ports/metrics.ts';
import type { UserState } from '../../../ports/online-users.ts';
import type { ChannelName } from '../../../protocol/channel-name.ts';
import type { Slices } from '../../../structures/slices.ts';
import type { TurnBudget } from '../../../structures/turn-budget.ts';
import type { HoldsChannels } from '../fanout/channel-topics.ts';
import type { RedisLink } from './link.ts';

/** What the state of an app on Redis is made with. */
export interface RedisLedgerOptions {
  readonly link: RedisLink;
  /** Before the names of all keys and topics. */
  readonly keyPrefix: string;
  /** A node that was not heard of for so long is taken for dead. */
  readonly leaseMs: Millis;
  /** The most bytes of one event. */
  readonly messageBytes?: number;
  /** How long what a dead node held may linger. */
  readonly graceMs: Millis;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'suppressedByGrace' | 'deduplicated'>;
  /** Makes the name of an epoch, never the same twice. */
  readonly newEpoch: () => string;
  readonly cacheTtlMs: Millis;
  /** Tells subscribers of this node who came and went, and the events of cache channels. */
  readonly notify: (appId: string, channel: ChannelName, notice: Notice) => void;
  /** Tells the subscribers of this node how many there are, on all nodes. */
  readonly notifyCount: (appId: string, channel: ChannelName, count: number) => void;
  /** Tells those who watch a user on this node. */
  readonly notifyWatchers: (appId: string, userId: string, state: UserState) => void;
  /** Ends the connections of a user that signed in longer ago than this. */
  readonly terminate: (appId: string, userId: string, longerAgoThanMs: Millis) => void;
  /** This node has registered in a partition, whichever server has that now. */
  readonly registered: (partition: number) => void;
  /** Something falls due at this moment: sweep then. */
  readonly wake: (dueAt: Millis) => void;
  /** How many connections of this node are subscribed to a channel. */
  readonly countSubscribers: (appId: string, channel: ChannelName) => number;
  /** How many connections this node has. */
  readonly countConnections: (appId: string) => number;
  /** Whether subscribers and webhooks are told how many subscribers the channel has. */
  readonly tellsCounts: (appId: string, channel: ChannelName) => boolean;
  /** Has apps that are retired end, each channel and member a step. */
  readonly slices: Slices;
  /** Steps for which nobody waits, many of which may be due together: each is taken in a turn that has room for it. */
  readonly pace: TurnBudget;
  /** Is told which channels this node holds; see `Hearing`. */
  readonly near?: HoldsChannels | undefined;
  /** The time of day in milliseconds, in tests. Left out: Redis's own. */
  readonly present?: () => number;
}

/** What channels need of their partition. */
export interface ChannelSurroundings {
  /** At this moment something is to be reported as gone. */
  readonly due: (at: Millis) => void;
  /** The revision of the last notice that was received, or up to which everything will be read. */
  readonly lastRevision: () => number;
  /** Resolves once all notices up to this revision were heard. */
  readonly reached: (revision: number) => Promise<void>;
  /** The node has a subscriber of the channel. Resolves once what others publish there is heard; undefined: it is. */
  readonly listen: (appId: string, channel: ChannelName) => Promise<void> | undefined;
  /** It has none any more. */
  readonly letGo: (appId: string, channel: ChannelName) => void;
}
