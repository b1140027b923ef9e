import type { Member } from '../../../ports/attendance.ts';
import type { Snapshot } from '../channels/replica.ts';

/** The answer of a script: texts and integers. Anything else is a bug in the script. */
export type Reply = readonly (string | number)[];

/** Checks the type of a script's answer. */
export function toReply(answer: unknown): Reply {
  if (!Array.isArray(answer)) throw new TypeError('a script did not answer with a list');
  return answer.map((part: unknown) => {
    if (typeof part !== 'string' && typeof part !== 'number') {
      throw new TypeError('a script answered with something that is neither text nor number');
    }
    return part;
  });
}

/** A channel, as describe() of channel.lua returns it. */
export interface ChannelDescription extends Snapshot {
  readonly isOccupied: boolean;
  readonly subscriptionCount: number;
  /** The count that subscribers were sent last; 0: none. */
  readonly sentCount: number;
}

export function toChannelDescription(reply: Reply): ChannelDescription {
  const [
    revision,
    name = '',
    data = '',
    remainingMs = 0,
    missRemainsMs = 0,
    live = 0,
    total = 0,
    sentCount = 0,
  ] = reply;
  const members = new Map<string, Member>();
  for (let index = 8; index < reply.length; index += 2) {
    const userId = String(reply[index]);
    members.set(userId, { userId, infoJson: String(reply[index + 1]) });
  }
  return {
    revision: Number(revision),
    members,
    cached:
      Number(remainingMs) > 0
        ? { event: { name: String(name), data: String(data) }, remainingMs: Number(remainingMs) }
        : undefined,
    missRemainsMs: Number(missRemainsMs),
    isOccupied: Number(live) > 0,
    subscriptionCount: Number(total),
    sentCount: Number(sentCount),
  };
}
