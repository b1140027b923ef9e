import type { Leave, Member } from '../../../ports/attendance.ts';
import type { Millis } from '../../../ports/clock.ts';
import type { ChannelName } from '../../../protocol/channel-name.ts';

/** What has left a channel, and until when each may linger. */
export interface Departed {
  readonly appId: string;
  readonly name: ChannelName;
  channelUntil: Millis | undefined;
  /** The last moment at which any of it was due. */
  latest: Millis;
  readonly members: Map<string, { readonly member: Member; readonly until: Millis }>;
}

/** So many channels are remembered at most. */
const rememberedChannels = 10_000;

/** And so many members of each. */
const rememberedMembers = 10_000;

/**
 * What has left this node of late. Until it has been reported as gone, nobody but Redis knows that it was ever
 * there: should Redis lose that, it is asserted anew from here.
 */
export class Departures {
  readonly #channels = new Map<string, Departed>();
  readonly #keepForMs: Millis;

  /** `keepForMs`: so long after it was due a departure is remembered. */
  constructor(keepForMs: Millis) {
    this.#keepForMs = keepForMs;
  }

  add(at: Millis, { appId, channel: name, channelLingersMs, member: leaver }: Leave, member?: Member): void {
    const key = `${appId}\n${name}`;
    const departed = this.#channels.get(key) ?? newDeparted(appId, name);
    this.#channels.delete(key);
    this.#channels.set(key, departed);
    departed.latest = Math.max(departed.latest, at + Math.max(leaver?.lingersMs ?? 0, channelLingersMs ?? 0));
    if (leaver !== undefined && member !== undefined) {
      departed.members.delete(leaver.userId);
      departed.members.set(leaver.userId, { member, until: at + leaver.lingersMs });
    }
    if (channelLingersMs !== undefined) departed.channelUntil = at + channelLingersMs;
    // A channel that somebody leaves again and again is remembered, not all who ever left it.
    for (const [userId, { until }] of departed.members) {
      if (departed.members.size <= rememberedMembers && until + this.#keepForMs > at) break;
      departed.members.delete(userId);
    }
    for (const [oldest, one] of this.#channels) {
      if (this.#channels.size <= rememberedChannels && one.latest + this.#keepForMs > at) break;
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
