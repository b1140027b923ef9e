import type { Millis } from '../ports/clock.ts';
import type { ChannelName } from '../protocol/channel-name.ts';
import { Roster } from '../protocol/roster.ts';
import type { MissMark } from './cache-miss.ts';
import type { Linger } from './linger.ts';

/** A subject that the heap returns at some time. */
export interface Scheduled {
  /** The earliest time at which the heap returns it; Infinity if it is not in the heap. */
  queuedFor: Millis;
}

/** The state of a member, kept while present or lingering. */
export interface MemberRecord extends Linger, Scheduled {
  readonly kind: 'member';
  readonly channel: ChannelRecord;
  readonly userId: string;
  /** The connection that left last. */
  leftBy: string | undefined;
}

/** The state of a channel, kept while occupied or lingering. */
export interface ChannelRecord extends Linger, MissMark, Scheduled {
  readonly kind: 'channel';
  readonly appId: string;
  readonly name: ChannelName;
  /** Members present or lingering. */
  readonly members: Map<string, MemberRecord>;
  /** Members who are present, as subscribers see them, in the order in which they joined. */
  readonly present: Roster;
  /** The connection that left last. */
  leftBy: string | undefined;
}

/** Shared by all channels without members, and never written to. */
const noMembers = new Map<string, never>();
const nobody = new Roster();

/** The record of a new channel. Only channels with members have maps of their own. */
export function newChannelRecord(appId: string, name: ChannelName, hasMembers: boolean): ChannelRecord {
  // Properties are written out: a spread before other properties is a hundred times slower.
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

/** Whether the channel accepts no more members. Users who are members already can always join again. */
export function isFull(channel: ChannelRecord | undefined, userId: string, limit: number): boolean {
  const present = channel?.present;
  return present === undefined ? limit < 1 : present.size >= limit && !present.has(userId);
}
