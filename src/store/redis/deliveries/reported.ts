import { checkedChannelName, type ChannelName } from '../../../protocol/channel-name.ts';
import { itself } from '../../../webhooks/last-sent.ts';
import type { PartitionKeys } from '../keys.ts';
import type { RedisLink } from '../link/link.ts';
import type { TurnBudget } from '../../../structures/turn-budget.ts';

/** What webhooks have reported of a channel, or will report because it is in the outbox. */
export interface ReportedChannel {
  readonly channel: ChannelName;
  /** The users who are members, and the empty name if the channel is occupied. */
  readonly subjects: readonly string[];
}

/** What reading needs. */
export interface ReportedOptions {
  readonly link: Pick<RedisLink, 'run'>;
  /** Channels are read in turns of the event loop that have room for them. */
  readonly pace: TurnBudget;
  /** The present moment that scripts must use (tests set it); empty: the time of the Redis server. */
  readonly present: () => string;
}

/** How many occupied channels are listed at a time. */
const pageSize = 500;

/**
 * Reads what webhooks have reported of the channels of an app in a partition, a page at a time. What changes meanwhile is not missed: it
 * is read, or its event is in the outbox. Rejects if Redis does not answer.
 */
export async function* readReported(
  { link, pace, present }: ReportedOptions,
  keys: PartitionKeys,
  appId: string,
): AsyncGenerator<readonly ReportedChannel[], void> {
  const seen = new Set<string>();
  for (let after = '', isLast = false; !isLast;) {
    const reply = await link.run(
      'list-reported',
      [keys.state, keys.index(appId), keys.due],
      [present(), keys.topic, `${appId}\n`, after, pageSize],
    );
    const [count = 0, ...names] = reply;
    after = String(names[Number(count) - 1] ?? '');
    isLast = Number(count) < pageSize;
    const page = names.map((name) => checkedChannelName(String(name))).filter((name) => !seen.has(name));
    for (const name of page) seen.add(name);
    // Any number of channels may have something due.
    yield await pace.each(page, read);
  }

  async function read(channel: ChannelName): Promise<ReportedChannel> {
    const args = [present(), keys.topic, keys.wake, appId, channel];
    const [isOccupied, ...users] = await link.run('read-reported', keys.channel(appId, channel)(''), args);
    return { channel, subjects: [...(isOccupied === 1 ? [itself] : []), ...users.map(String)] };
  }
}
