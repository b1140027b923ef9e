import type { Join, Leave, Member, Notice } from '../ports/attendance.ts';
import type { Millis } from '../ports/clock.ts';
import type { ChannelName } from '../protocol/channel-name.ts';
import { DueHeap } from '../structures/due-heap.ts';
import type { WebhookEvent } from '../webhooks/event.ts';
import { beginMiss, endMiss, forgetMiss, restoreMiss, currentMiss } from './cache-miss.ts';
import {
  isFull,
  newChannelRecord,
  newMemberRecord,
  type ChannelRecord,
  type MemberRecord,
} from './channel-record.ts';
import { enter, expire, leave } from './linger.ts';

/** One sweep reports at most this many due departures. The rest follow in the next sweep, a turn or more later. */
const mostInSweep = 500;

/** What a leave expires with it: its own channel and member, should they not linger, and departures that are due already. */
const mostInLeave = 4;

/** A fact that a return within the grace period cancelled. */
export type Departure =
  | { readonly name: 'channel_vacated'; readonly channel: ChannelName }
  | { readonly name: 'member_removed'; readonly channel: ChannelName; readonly userId: string };

/** What webhooks have reported of a channel and not taken back. */
export interface Announced {
  readonly channel: ChannelName;
  readonly userIds: readonly string[];
  /** The current cache miss. */
  readonly miss?: { readonly episode: string; readonly until: Millis } | undefined;
}

/** Receives what a step causes, within the step: notices as they arise, then all facts of the step together. */
export interface OccupancyListener {
  /** Called with a notice for the subscribers of the channel. */
  readonly notify: (appId: string, channel: ChannelName, notice: Notice) => void;
  /** Called with facts for webhooks, in order, each once. */
  readonly report: (appId: string, facts: readonly WebhookEvent[]) => void;
  /** Called when a return within the grace period cancels a departure: webhooks do not report it. */
  readonly departureCancelled: (appId: string, departure: Departure) => void;
  /** Called when another subscriber found no cached event; the webhook of this episode covers that as well. */
  readonly missedAgain: (appId: string, channel: ChannelName, episode: string) => void;
}

/**
 * The rules of occupancy: which channels of each app are occupied, who is a member, who lingers, which caches were missed,
 * and which notices and webhook events follow from that. The caller passes the time, which must never go back.
 */
export class Occupancy {
  readonly #listener: OccupancyListener;
  readonly #apps = new Map<string, Map<ChannelName, ChannelRecord>>();
  /** Each lingering subject, at a time not later than its deadline. */
  readonly #due = new DueHeap<ChannelRecord | MemberRecord>();
  readonly #run: string;
  #episodes = 0;

  /** `run` identifies this run of the process, so that its cache-miss episodes differ from those of other runs. */
  constructor(listener: OccupancyListener, run = '') {
    this.#listener = listener;
    this.#run = run;
  }

  /**
   * Restores a channel that webhooks of an earlier run have reported as occupied by these members. Nobody is there now; all
   * linger until the deadline. Call it before the first join.
   */
  restore(appId: string, { channel: name, userIds, miss }: Announced, deadline: Millis): void {
    const channel = this.#record(appId, name) ?? this.#addRecord(appId, name, userIds.length > 0);
    for (const userId of userIds) {
      const member = newMemberRecord(channel, userId);
      channel.members.set(userId, member);
      this.#linger(member, deadline);
    }
    this.#linger(channel, deadline);
    if (miss !== undefined) restoreMiss(channel, miss.episode, miss.until);
  }

  /** When to call `sweep` next; undefined while nobody lingers. */
  get nextDueAt(): Millis | undefined {
    return this.#due.nextDueAt;
  }

  /** The channel, if it is occupied or lingers. */
  channel(appId: string, name: ChannelName): Readonly<ChannelRecord> | undefined {
    return this.#record(appId, name);
  }

  /** What webhooks have reported of the channel and not taken back. */
  announced(
    appId: string,
    name: ChannelName,
  ): { readonly isOccupied: boolean; readonly userIds: ReadonlySet<string> } {
    const channel = this.#record(appId, name);
    const userIds = new Set<string>();
    for (const [userId, { isAnnounced }] of channel?.members ?? []) if (isAnnounced) userIds.add(userId);
    return { isOccupied: channel?.isAnnounced ?? false, userIds };
  }

  /** The channels of an app that are occupied or linger. */
  channels(appId: string): Iterable<Readonly<ChannelRecord>> {
    return this.#apps.get(appId)?.values() ?? [];
  }

  /**
   * A subscriber joins. `missedAt` is when it found no cached event; undefined if it found one, or did not look. Returns the
   * channel, or undefined when the channel accepts no more members.
   */
  join(join: Join, missedAt: Millis | undefined): Readonly<ChannelRecord> | undefined {
    const { appId, channel: name, member, source } = join;
    const known = this.#record(appId, name);
    if (member !== undefined && isFull(known, member.userId, join.memberLimit)) return undefined;
    const channel = known ?? this.#addRecord(appId, name, member !== undefined);
    const facts: WebhookEvent[] = [];
    this.#enterChannel(channel, source, facts);
    if (member !== undefined) this.#enterMember(channel, member, source, facts);
    if (missedAt !== undefined && join.wantsCacheMiss) this.#missCache(channel, source, missedAt, facts);
    this.#report(appId, facts);
    return channel;
  }

  /** The last subscriber, or the last connection of a member, leaves. Returns whether the channel was known. */
  leave(
    { appId, channel: name, channelLingersMs, member: leavingMember, source }: Leave,
    at: Millis,
  ): boolean {
    const channel = this.#record(appId, name);
    if (channel === undefined) return false;
    channel.leftBy = source;
    if (leavingMember !== undefined)
      this.#leaveMember(channel, leavingMember.userId, at + leavingMember.lingersMs);
    if (channelLingersMs !== undefined && leave(channel, at + channelLingersMs)) this.#schedule(channel);
    this.#expireDue(at, mostInLeave);
    return true;
  }

  /** The channel has a cached event now: the next miss starts another episode. */
  endCacheMiss(appId: string, name: ChannelName): void {
    const channel = this.#record(appId, name);
    if (channel !== undefined) endMiss(channel);
  }

  /** The cache_miss webhook of this episode reached no endpoint: the next miss starts another episode. */
  forgetCacheMiss(appId: string, name: ChannelName, episode: string): void {
    const channel = this.#record(appId, name);
    if (channel !== undefined) forgetMiss(channel, episode);
  }

  /** Reports departures that are due. */
  sweep(at: Millis): void {
    this.#expireDue(at, mostInSweep);
  }

  /** Removes all members and channels of an app without grace: one step for each, the members of a channel first. */
  *retire(appId: string): Generator<void, void> {
    for (const channel of this.#apps.get(appId)?.values() ?? []) {
      for (const member of channel.members.values()) {
        const facts: WebhookEvent[] = [];
        leave(member, -Infinity);
        this.#expireMember(member, Infinity, facts);
        this.#report(appId, facts);
        yield;
      }
      const facts: WebhookEvent[] = [];
      leave(channel, -Infinity);
      this.#expireChannel(channel, Infinity, facts);
      this.#report(appId, facts);
      yield;
    }
    this.#apps.delete(appId);
  }

  #enterChannel(channel: ChannelRecord, source: string | undefined, facts: WebhookEvent[]): void {
    const result = enter(channel);
    if (result === 'appeared') facts.push({ name: 'channel_occupied', channel: channel.name, source });
    if (result === 'returned')
      this.#listener.departureCancelled(channel.appId, { name: 'channel_vacated', channel: channel.name });
  }

  #enterMember(
    channel: ChannelRecord,
    newcomer: Member,
    source: string | undefined,
    facts: WebhookEvent[],
  ): void {
    const { userId } = newcomer;
    let member = channel.members.get(userId);
    if (member === undefined) {
      member = newMemberRecord(channel, userId);
      channel.members.set(userId, member);
    }
    const result = enter(member);
    // The info of the first connection stays until the user has fully left, because no event could announce a change.
    if (result === 'already-live') return;
    channel.present.set(userId, newcomer);
    this.#listener.notify(channel.appId, channel.name, { kind: 'member-added', member: newcomer });
    if (result === 'appeared') facts.push({ name: 'member_added', channel: channel.name, userId, source });
    else
      this.#listener.departureCancelled(channel.appId, {
        name: 'member_removed',
        channel: channel.name,
        userId,
      });
  }

  #leaveMember(channel: ChannelRecord, userId: string, deadline: Millis): void {
    const member = channel.members.get(userId);
    if (member === undefined || !leave(member, deadline)) return;
    member.leftBy = channel.leftBy;
    channel.present.delete(userId);
    this.#listener.notify(channel.appId, channel.name, { kind: 'member-removed', userId });
    this.#schedule(member);
  }

  #missCache(channel: ChannelRecord, source: string | undefined, at: Millis, facts: WebhookEvent[]): void {
    const current = currentMiss(channel, at);
    if (current !== undefined) {
      this.#listener.missedAgain(channel.appId, channel.name, current);
      return;
    }
    this.#episodes += 1;
    const episode = `${this.#run}${this.#episodes}`;
    beginMiss(channel, episode, at);
    facts.push({ name: 'cache_miss', channel: channel.name, episode, source });
  }

  #linger(subject: ChannelRecord | MemberRecord, deadline: Millis): void {
    subject.isAnnounced = true;
    subject.deadline = deadline;
    this.#schedule(subject);
  }

  /** Has the heap return the subject at its deadline, unless it does so earlier anyway. */
  #schedule(subject: ChannelRecord | MemberRecord): void {
    if (subject.queuedFor <= subject.deadline) return;
    subject.queuedFor = subject.deadline;
    this.#due.add(subject.deadline, subject);
  }

  #expireDue(at: Millis, most: number): void {
    for (let taken = 0; taken < most; taken += 1) {
      const subject = this.#due.takeDue(at);
      if (subject === undefined) break;
      // The subject is also in the heap for a later time, which counts.
      if (subject.queuedFor > at) continue;
      subject.queuedFor = Infinity;
      if (subject.isLive || !subject.isAnnounced) continue;
      if (subject.deadline > at) {
        this.#schedule(subject);
        continue;
      }
      const channel = subject.kind === 'member' ? subject.channel : subject;
      const facts: WebhookEvent[] = [];
      if (subject.kind === 'member') this.#expireMember(subject, at, facts);
      this.#expireChannel(channel, at, facts);
      this.#report(channel.appId, facts);
    }
  }

  #expireMember(member: MemberRecord, at: Millis, facts: WebhookEvent[]): void {
    if (!expire(member, at)) return;
    const { channel, userId, leftBy: source } = member;
    channel.members.delete(userId);
    facts.push({ name: 'member_removed', channel: channel.name, userId, source });
  }

  /** A channel is not vacated before its last member was removed, whichever deadline is earlier. */
  #expireChannel(channel: ChannelRecord, at: Millis, facts: WebhookEvent[]): void {
    if (channel.members.size > 0 || !expire(channel, at)) return;
    // This also removes the state of a cache miss.
    this.#apps.get(channel.appId)?.delete(channel.name);
    facts.push({ name: 'channel_vacated', channel: channel.name, source: channel.leftBy });
  }

  #report(appId: string, facts: readonly WebhookEvent[]): void {
    if (facts.length > 0) this.#listener.report(appId, facts);
  }

  #record(appId: string, name: ChannelName): ChannelRecord | undefined {
    return this.#apps.get(appId)?.get(name);
  }

  #addRecord(appId: string, name: ChannelName, hasMembers: boolean): ChannelRecord {
    let channels = this.#apps.get(appId);
    if (channels === undefined) {
      channels = new Map();
      this.#apps.set(appId, channels);
    }
    const channel = newChannelRecord(appId, name, hasMembers);
    channels.set(name, channel);
    return channel;
  }
}
