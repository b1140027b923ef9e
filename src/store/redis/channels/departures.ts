import type { Leave, Member } from '../../../ports/attendance.ts';
import type { Millis } from '../../../ports/clock.ts';
import type { ChannelName } from '../../../protocol/channel-name.ts';

/** What has left a channel, and until when the grace period of each lasts. */
export interface Departed {
  readonly appId: string;
  readonly name: ChannelName;
  channelUntil: Millis | undefined;
  /** The latest end of a grace period. */
  latest: Millis;
  readonly members: Map<string, { readonly member: Member; readonly until: Millis }>;
}

/** How many channels are remembered. */
const maxChannels = 10_000;

/** How many members of each channel are remembered. */
const maxMembersPerChannel = 10_000;

/**
 * Remembers what has left this node recently. Until a departure has been reported, only Redis knows that it happened. If Redis loses
 * that, this node asserts it again.
 */
export class Departures {
  readonly #channels = new Map<string, Departed>();

  /** What was due before `reportedUntil` is forgotten. */
  add(
    { at, reportedUntil }: { readonly at: Millis; readonly reportedUntil: Millis },
    { appId, channel: name, channelLingersMs, member: leavingMember }: Leave,
    member?: Member,
  ): void {
    const key = `${appId}\n${name}`;
    const departed = this.#channels.get(key) ?? newDeparted(appId, name);
    this.#channels.delete(key);
    this.#channels.set(key, departed);
    departed.latest = Math.max(
      departed.latest,
      at + Math.max(leavingMember?.lingersMs ?? 0, channelLingersMs ?? 0),
    );
    if (leavingMember !== undefined && member !== undefined) {
      departed.members.delete(leavingMember.userId);
      departed.members.set(leavingMember.userId, { member, until: at + leavingMember.lingersMs });
    }
    if (channelLingersMs !== undefined) departed.channelUntil = at + channelLingersMs;
    // The channel stays as long as members leave it, so old members must be removed separately.
    for (const [userId, { until }] of departed.members) {
      if (departed.members.size <= maxMembersPerChannel && until >= reportedUntil) break;
      departed.members.delete(userId);
    }
    for (const [oldest, one] of this.#channels) {
      if (this.#channels.size <= maxChannels && one.latest >= reportedUntil) break;
      this.#channels.delete(oldest);
    }
  }

  [Symbol.iterator](): IterableIterator<Departed> {
    return this.#channels.values();
  }
}

function newDeparted(appId: string, name: ChannelName): Departed {
  return { appId, name, channelUntil: undefined, latest: -Infinity, members: new Map() };
}
