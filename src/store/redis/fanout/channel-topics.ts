import type { Cancel, Clock, Millis } from '../../../ports/clock.ts';
import type { ChannelName } from '../../../protocol/channel-name.ts';
import { partitionOf, type PartitionKeys } from '../keys.ts';
import type { Topics } from './topics.ts';

/** A channel that nobody here holds any more is heard for so long, because it often comes back. */
const letGoAfterMs: Millis = 30_000;

/** So many such channels; those that were left first are let go before their time when there are so many more. */
const mostLeft = 10_000;
const surplus = 1000;

/** Channels that are let go together are unsubscribed in one command. */
const letGoEveryMs: Millis = 1000;

/** Whoever is told which channels a node holds. */
export interface HoldsChannels {
  /** The node holds the channel. It may be told so several times. */
  begin(appId: string, channel: ChannelName): void;
  /** It does not hold it any more. */
  end(appId: string, channel: ChannelName): void;
}

export interface ChannelTopicsOptions {
  /** The other nodes of this process, which send what is published there without Redis. */
  readonly near?: HoldsChannels | undefined;
  readonly topics: Pick<Topics, 'listen' | 'letGo'>;
  readonly clock: Clock;
  readonly partitions: readonly PartitionKeys[];
}

/** The channels of which this node hears what the others publish: those that somebody here holds. */
export class ChannelTopics {
  readonly #options: ChannelTopicsOptions;
  /** Topics of channels that were left, and when they are let go; the first first. */
  readonly #left = new Map<string, Millis>();
  #cancel: Cancel | undefined;

  constructor(options: ChannelTopicsOptions) {
    this.#options = options;
  }

  /** Somebody here holds the channel. Undefined: it is heard. The promise resolves once it is. */
  begin(appId: string, channel: ChannelName): Promise<void> | undefined {
    this.#options.near?.begin(appId, channel);
    const topic = this.#topicOf(appId, channel);
    this.#left.delete(topic);
    return this.#options.topics.listen(topic);
  }

  /** Nobody here holds the channel any more. */
  end(appId: string, channel: ChannelName): void {
    this.#options.near?.end(appId, channel);
    const topic = this.#topicOf(appId, channel);
    this.#left.delete(topic);
    this.#left.set(topic, this.#options.clock.now() + letGoAfterMs);
    if (this.#left.size >= mostLeft + surplus) this.#letGo();
    this.#cancel ??= this.#options.clock.after(letGoAfterMs, () => this.#letGoInTime());
  }

  /** Lets nothing go any more. */
  stop(): void {
    this.#cancel?.();
    this.#left.clear();
  }

  #letGoInTime(): void {
    this.#cancel = undefined;
    this.#letGo();
    if (this.#left.size > 0) {
      this.#cancel = this.#options.clock.after(letGoEveryMs, () => this.#letGoInTime());
    }
  }

  /** What is due, and what is too much. */
  #letGo(): void {
    const at = this.#options.clock.now();
    const due: string[] = [];
    for (const [topic, until] of this.#left) {
      if (until > at && this.#left.size - due.length <= mostLeft) break;
      due.push(topic);
    }
    for (const topic of due) this.#left.delete(topic);
    this.#options.topics.letGo(due);
  }

  #topicOf(appId: string, channel: ChannelName): string {
    const keys = this.#options.partitions[partitionOf(appId, channel)];
    if (keys === undefined) throw new RangeError(`there is no partition of ${channel}`);
    return keys.channelTopic(appId, channel);
  }
}
