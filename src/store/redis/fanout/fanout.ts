import type { Fanout } from '../../../ports/fanout.ts';
import { isUnavailable, type Unavailable } from '../../../ports/unavailable.ts';
import { checkedChannelName } from '../../../protocol/channel-name.ts';
import { isSocketId } from '../../../protocol/socket-id.ts';
import { partitionOf, type PartitionKeys } from '../keys.ts';
import type { RedisLedger } from '../ledger.ts';
import type { RedisLink } from '../link/link.ts';

export interface RedisFanoutOptions {
  readonly link: RedisLink;
  readonly ledger: RedisLedger;
  readonly partitions: readonly PartitionKeys[];
  /** Reaches the connections of this node. */
  readonly local: Pick<Fanout, 'publish'>;
  /** Reaches the connections of this node and of the other nodes in its process, without Redis. */
  readonly near: Fanout;
  /** Marks the messages that this process has sent itself. */
  readonly processId: string;
}

/**
 * Reaches the connections of all nodes. It reaches those of this process immediately, and the others through the topic of the channel,
 * to which nodes with a subscriber are subscribed. An event that is published while Redis is unreachable stays in this process.
 */
export class RedisFanout implements Fanout {
  readonly #options: RedisFanoutOptions;
  readonly #origin: string;

  constructor(options: RedisFanoutOptions) {
    this.#options = options;
    this.#origin = `p${options.processId}\n`;
  }

  publish(...[appId, channel, encode, except]: Parameters<Fanout['publish']>): void {
    const { link, near, partitions } = this.#options;
    const frame = encode(channel);
    near.publish(appId, channel, () => frame, except);
    const topic = partitions[partitionOf(appId, channel, partitions.length)]?.channelTopic(appId, channel);
    if (topic === undefined) return;
    link.publish(topic, `${this.#origin}${except ?? ''}\n${appId}\n${channel.length}\n${channel}${frame}`);
  }

  async terminate(appId: string, userId: string): Promise<'done' | Unavailable> {
    const { ledger, near } = this.#options;
    const outcome = await ledger.terminate(appId, userId);
    // Perhaps no other node will learn of it. The backend wants it, so do what is possible here.
    if (isUnavailable(outcome)) await near.terminate(appId, userId);
    return outcome;
  }

  /** Takes a message from the topic of a channel, unless this process has published it. */
  receive(message: string): void {
    if (!message.startsWith('p') || message.startsWith(this.#origin)) return;
    const exceptAt = message.indexOf('\n') + 1;
    const appAt = message.indexOf('\n', exceptAt) + 1;
    const lengthAt = message.indexOf('\n', appAt) + 1;
    const channelAt = message.indexOf('\n', lengthAt) + 1;
    const frameAt = channelAt + Number(message.slice(lengthAt, channelAt - 1));
    const except = message.slice(exceptAt, appAt - 1);
    this.#options.local.publish(
      message.slice(appAt, lengthAt - 1),
      checkedChannelName(message.slice(channelAt, frameAt)),
      () => message.slice(frameAt),
      isSocketId(except) ? except : undefined,
    );
  }
}
