import type { Cancel, Clock, Millis } from '../../../ports/clock.ts';
import type { ChannelName } from '../../../protocol/channel-name.ts';
import { partitionOf, type PartitionKeys } from '../keys.ts';
import type { Topics } from './topics.ts';

/** How long the topic of a channel stays subscribed to after the last subscriber has left, because channels often come back. */
const keepForMs: Millis = 30_000;

/** How many such topics are kept. Above this number plus the surplus, the oldest are unsubscribed from early. */
const maxLeft = 10_000;
const surplus = 1000;

/** Topics that become due within this time are unsubscribed from in one command. */
const unsubscribeEveryMs: Millis = 1000;

/** Something that is notified of the channels that a node holds. */
export interface HeldChannelsListener {
  /** The node holds the channel. May be called repeatedly. */
  begin(appId: string, channel: ChannelName): void;
  /** The node does not hold the channel any more. */
  end(appId: string, channel: ChannelName): void;
}

export interface ChannelTopicsOptions {
  /** The other nodes of this process. They send each other events without Redis. */
  readonly near?: HeldChannelsListener | undefined;
  readonly topics: Pick<Topics, 'listen' | 'unlisten'>;
  readonly clock: Clock;
  readonly partitions: readonly PartitionKeys[];
}

/** Subscribes to the topics of the channels that this node holds, because other nodes publish events there. */
export class ChannelTopics {
  readonly #options: ChannelTopicsOptions;
  /** The topics of channels that were left, with the moments when they are unsubscribed from, in that order. */
  readonly #left = new Map<string, Millis>();
  #cancel: Cancel | undefined;

  constructor(options: ChannelTopicsOptions) {
    this.#options = options;
  }

  /** This node holds the channel. Undefined if the topic is subscribed to already; otherwise the promise resolves once it is. */
  begin(appId: string, channel: ChannelName): Promise<void> | undefined {
    this.#options.near?.begin(appId, channel);
    const topic = this.#topicOf(appId, channel);
    this.#left.delete(topic);
    return this.#options.topics.listen(topic);
  }

  /** This node does not hold the channel any more. */
  end(appId: string, channel: ChannelName): void {
    this.#options.near?.end(appId, channel);
    const topic = this.#topicOf(appId, channel);
    this.#left.delete(topic);
    this.#left.set(topic, this.#options.clock.now() + keepForMs);
    if (this.#left.size >= maxLeft + surplus) this.#unsubscribeDue();
    this.#cancel ??= this.#options.clock.after(keepForMs, () => this.#unsubscribeInTime());
  }

  /** Unsubscribes from nothing any more. */
  stop(): void {
    this.#cancel?.();
    this.#left.clear();
  }

  #unsubscribeInTime(): void {
    this.#cancel = undefined;
    this.#unsubscribeDue();
    if (this.#left.size > 0) {
      this.#cancel = this.#options.clock.after(unsubscribeEveryMs, () => this.#unsubscribeInTime());
    }
  }

  /** Unsubscribes from the topics that are due, and from the oldest if there are too many. */
  #unsubscribeDue(): void {
    const at = this.#options.clock.now();
    const due: string[] = [];
    for (const [topic, until] of this.#left) {
      if (until > at && this.#left.size - due.length <= maxLeft) break;
      due.push(topic);
    }
    for (const topic of due) this.#left.delete(topic);
    this.#options.topics.unlisten(due);
  }

  #topicOf(appId: string, channel: ChannelName): string {
    const { partitions } = this.#options;
    const keys = partitions[partitionOf(appId, channel, partitions.length)];
    if (keys === undefined) throw new RangeError(`there is no partition of ${channel}`);
    return keys.channelTopic(appId, channel);
  }
}
