import type { Millis } from '../ports/clock.ts';
import type { ChannelName } from '../protocol/channel-name.ts';
import { Roster } from '../protocol/roster.ts';
import type { MissMark } from './cache-miss.ts';
import type { Linger } from './linger.ts';

/** Something that a heap will bring back at a moment. */
export interface Scheduled {
  /** The earliest moment for which the heap holds it; Infinity when it does not. */
  queuedFor: Millis;
}

/** What is known of a member: kept while present or lingering. */
export interface MemberRecord extends Linger, Scheduled {
  readonly kind: 'member';
  readonly channel: ChannelRecord;
  readonly userId: string;
  /** The connection that went last. */
  leftBy: string | undefined;
}

/** What is known of a channel: kept while occupied or lingering. */
export interface ChannelRecord extends Linger, MissMark, Scheduled {
  readonly kind: 'channel';
  readonly appId: string;
  readonly name: ChannelName;
  /** Members present or lingering. */
  readonly members: Map<string, MemberRecord>;
  /** Members present, as subscribers see them, in the order in which they came. */
  readonly present: Roster;
  /** The connection that went last. */
  leftBy: string | undefined;
}

/** Shared by all channels without members, and never written to. */
const noMembers = new Map<string, never>();
const nobody = new Roster();

/** A channel that nobody has heard of. Only those with members carry maps of their own. */
export function newChannelRecord(appId: string, name: ChannelName, hasMembers: boolean): ChannelRecord {
  // Written out: a spread before other properties costs the runtime a hundred times as much.
  return {
    isLive: false,
    isAnnounced: false,
    deadline: -Infinity,
    kind: 'channel',
    queuedFor: Infinity,
    appId,
    name,
    members: hasMembers ? new Map() : noMembers,
    present: hasMembers ? new Roster() : nobody,
    leftBy: undefined,
    miss: undefined,
  };
}

export function newMemberRecord(channel: ChannelRecord, userId: string): MemberRecord {
  return {
    isLive: false,
    isAnnounced: false,
    deadline: -Infinity,
    kind: 'member',
    queuedFor: Infinity,
    channel,
    userId,
    leftBy: undefined,
  };
}

/** Whether the channel, if there is one, takes no more members; those who are there may always come again. */
export function isFull(channel: ChannelRecord | undefined, userId: string, limit: number): boolean {
  const present = channel?.present;
  return present === undefined ? limit < 1 : present.size >= limit && !present.has(userId);
}
