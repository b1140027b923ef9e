import { cacheMissStandsMs } from '../../channels/cache-miss.ts';
import { enter, expire, leave } from '../../channels/linger.ts';
import type { Clock, Millis } from '../../ports/clock.ts';
import type { Join, JoinAnswer, Leave, Notice } from '../../ports/attendance.ts';
import type { CachedEvent } from '../../ports/channel-caches.ts';
import type { ChannelState, Page } from '../../ports/channel-queries.ts';
import type { Ledger } from '../../ports/ledger.ts';
import type { SignIn, UserState } from '../../ports/online-users.ts';
import type { MaybePromise } from '../../ports/maybe-promise.ts';
import type { Metrics } from '../../ports/metrics.ts';
import type { Outbox } from '../../ports/outbox.ts';
import { noWitness, type Witness } from '../../ports/witness.ts';
import type { ChannelName } from '../../protocol/channel-name.ts';
import { RateWindow } from '../../protocol/rate-window.ts';
import type { SocketId } from '../../protocol/socket-id.ts';
import { DueHeap } from '../../structures/due-heap.ts';
import type { Slices } from '../../structures/slices.ts';
import type { TurnBudget } from '../../structures/turn-budget.ts';
import type { WebhookEvent } from '../../webhooks/event.ts';
import { CachedEvents } from './cached-events.ts';
import { findPage, occupied } from './channel-search.ts';
import {
  isFull,
  newChannelRecord,
  newMemberRecord,
  type ChannelRecord,
  type MemberRecord,
} from './channel-record.ts';

/** What the ledger of a single node is made with. */
export interface MemoryLedgerOptions {
  readonly clock: Clock;
  readonly outbox: Outbox;
  readonly metrics: Pick<Metrics, 'suppressedByGrace' | 'deduplicated'>;
  readonly witness?: Pick<Witness, 'suppressed'>;
  /** Tells subscribers who came and went, and events of cache channels. Called within the step, before it answers. */
  readonly notify: (appId: string, channel: ChannelName, notice: Notice) => void;
  /** Tells those who watch a user. Called within the step, before it answers. */
  readonly notifyWatchers: (appId: string, userId: string, state: UserState) => void;
  /** Something falls due at this moment: sweep then. */
  readonly wake: (dueAt: Millis) => void;
  /** How many sockets are subscribed to a channel. */
  readonly countSubscribers: (appId: string, channel: ChannelName) => number;
  readonly cacheTtlMs: Millis;
  /** Has apps that are retired end, each channel and member a step. */
  readonly slices: Slices;
  /** Has the search for a page of channels make room for the rest. */
  readonly questions: TurnBudget;
}

/** So many of the departures that are due are reported in one sweep; the others in the next, a turn or more later. */
const mostInSweep = 500;

/** With a leave: its own channel and member, should they not linger, and what is due before. */
const mostInLeave = 4;

type Departure =
  | { readonly name: 'channel_vacated'; readonly channel: ChannelName }
  | { readonly name: 'member_removed'; readonly channel: ChannelName; readonly userId: string };

/** The ledger of a single node, in its memory: every step is done when the call returns. */
export class MemoryLedger implements Ledger {
  readonly #options: MemoryLedgerOptions;
  readonly #witness: Pick<Witness, 'suppressed'>;
  readonly #apps = new Map<string, Map<ChannelName, ChannelRecord>>();
  readonly #due = new DueHeap<ChannelRecord | MemberRecord>();
  readonly #cached: CachedEvents;
  /** Who is signed in, of each app. */
  readonly #online = new Map<string, Set<string>>();
  readonly #triggers = new Map<string, RateWindow>();
  #episodes = 0;

  constructor(options: MemoryLedgerOptions) {
    this.#options = options;
    this.#witness = options.witness ?? noWitness;
    this.#cached = new CachedEvents(options.clock, options.cacheTtlMs);
  }

  join(join: Join): JoinAnswer {
    const known = this.#record(join.appId, join.channel);
    if (join.member !== undefined && isFull(known, join.member.userId, join.memberLimit)) {
      return { kind: 'member-limit' };
    }
    const channel = known ?? this.#addRecord(join);
    const facts: WebhookEvent[] = [];
    this.#enterChannel(channel, join.source, facts);
    if (join.member !== undefined) this.#enterMember(channel, join.member, join.source, facts);
    const cached = join.readsCache ? this.#cached.read(join.appId, join.channel)?.event : undefined;
    if (join.readsCache && cached === undefined && join.wantsCacheMiss)
      this.#missCache(channel, join.source, facts);
    this.#report(join.appId, facts);
    return {
      kind: 'joined',
      ...(join.member && { members: channel.present }),
      ...(cached && { cached }),
    };
  }

  leave({ appId, channel: name, channelLingersMs, member: leaver, source }: Leave): void {
    const channel = this.#record(appId, name);
    if (channel === undefined) return;
    const at = this.#options.clock.now();
    channel.leftBy = source;
    if (leaver !== undefined) this.#leaveMember(channel, leaver.userId, at + leaver.lingersMs);
    if (channelLingersMs !== undefined && leave(channel, at + channelLingersMs)) this.#schedule(channel);
    this.#expireDue(at, mostInLeave);
  }

  cacheEvent(appId: string, channel: ChannelName, event: CachedEvent, except?: SocketId): void {
    this.#cached.keep(appId, channel, event);
    this.#options.notify(appId, channel, { kind: 'event', event, except });
    const record = this.#record(appId, channel);
    if (record !== undefined) record.miss = undefined;
    this.#wake();
  }

  forgetCacheMiss(appId: string, channel: ChannelName, episode: string): void {
    const record = this.#record(appId, channel);
    if (record?.miss?.episode === episode) record.miss = undefined;
  }

  signIn({ appId, userId, watched }: SignIn): ReadonlySet<string> {
    let online = this.#online.get(appId);
    if (online === undefined) {
      online = new Set();
      this.#online.set(appId, online);
    }
    if (!online.has(userId)) {
      online.add(userId);
      this.#options.notifyWatchers(appId, userId, 'online');
    }
    const known = online;
    return new Set(watched.filter((id) => known.has(id)));
  }

  /** Nothing is kept of who watches: the subscribers of a user's topic are the watchers. */
  unwatch(): void {}

  signOut(appId: string, userId: string): void {
    if (this.#online.get(appId)?.delete(userId) !== true) return;
    this.#options.notifyWatchers(appId, userId, 'offline');
  }

  admitTriggers(appId: string, count: number, perSecond: number): boolean {
    let window = this.#triggers.get(appId);
    if (window?.limit !== perSecond) {
      window = new RateWindow(perSecond, 1000);
      this.#triggers.set(appId, window);
    }
    return window.accept(this.#options.clock.now(), count);
  }

  channel(appId: string, name: ChannelName): ChannelState {
    const record = this.#record(appId, name);
    const cached = this.#cached.read(appId, name);
    return {
      occupied: record?.isLive ?? false,
      userIds: record === undefined ? [] : [...record.present.keys()],
      subscriptionCount: this.#options.countSubscribers(appId, name),
      ...(cached && { cache: { data: cached.event.data, ttl: Math.ceil(cached.remainingMs / 1000) } }),
    };
  }

  occupiedChannels(appId: string, prefix: string): readonly ChannelName[];
  occupiedChannels(appId: string, prefix: string, page?: Page): MaybePromise<readonly ChannelName[]>;
  occupiedChannels(appId: string, prefix: string, page?: Page): MaybePromise<readonly ChannelName[]> {
    const channels = this.#apps.get(appId)?.values() ?? [];
    return page === undefined
      ? [...occupied(channels, prefix)]
      : findPage(channels, prefix, page, this.#options.questions);
  }

  sweep(): Millis | undefined {
    this.#cached.sweep();
    this.#expireDue(this.#options.clock.now(), mostInSweep);
    return this.#nextDueAt();
  }

  /** An app with more channels than a turn has room for ends in slices. */
  retire(appId: string): Promise<void> | undefined {
    const { slices } = this.#options;
    slices.add(this.#retiring(appId));
    return slices.done();
  }

  /** The same, but all of it in this turn. */
  retireNow(appId: string): void {
    void this.retire(appId);
    this.#options.slices.finish();
  }

  *#retiring(appId: string): Generator<void, void> {
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
    this.#cached.forget(appId);
    this.#online.delete(appId);
    this.#triggers.delete(appId);
  }

  #enterChannel(channel: ChannelRecord, source: string | undefined, facts: WebhookEvent[]): void {
    const entrance = enter(channel);
    if (entrance === 'appeared') facts.push({ name: 'channel_occupied', channel: channel.name, source });
    if (entrance === 'returned')
      this.#callOff(channel.appId, { name: 'channel_vacated', channel: channel.name });
  }

  #enterMember(
    channel: ChannelRecord,
    newcomer: NonNullable<Join['member']>,
    source: string | undefined,
    facts: WebhookEvent[],
  ): void {
    const { userId } = newcomer;
    let member = channel.members.get(userId);
    if (member === undefined) {
      member = newMemberRecord(channel, userId);
      channel.members.set(userId, member);
    }
    const entrance = enter(member);
    // The first connection's info stays until the user has fully left: no event could announce a change.
    if (entrance === 'already-live') return;
    channel.present.set(userId, newcomer);
    this.#options.notify(channel.appId, channel.name, { kind: 'member-added', member: newcomer });
    if (entrance === 'appeared') facts.push({ name: 'member_added', channel: channel.name, userId, source });
    else this.#callOff(channel.appId, { name: 'member_removed', channel: channel.name, userId });
  }

  #leaveMember(channel: ChannelRecord, userId: string, deadline: Millis): void {
    const member = channel.members.get(userId);
    if (member === undefined || !leave(member, deadline)) return;
    member.leftBy = channel.leftBy;
    channel.present.delete(userId);
    this.#options.notify(channel.appId, channel.name, { kind: 'member-removed', userId });
    this.#schedule(member);
  }

  #callOff(appId: string, departure: Departure): void {
    this.#options.metrics.suppressedByGrace(appId, departure.name);
    this.#witness.suppressed(appId, departure, 'grace');
  }

  #missCache(channel: ChannelRecord, source: string | undefined, facts: WebhookEvent[]): void {
    const at = this.#options.clock.now();
    if (channel.miss !== undefined && channel.miss.until > at) {
      this.#options.metrics.deduplicated(channel.appId);
      const { episode } = channel.miss;
      this.#witness.suppressed(
        channel.appId,
        { name: 'cache_miss', channel: channel.name, episode },
        'duplicate',
      );
      return;
    }
    this.#episodes += 1;
    const episode = String(this.#episodes);
    channel.miss = { episode, until: at + cacheMissStandsMs };
    facts.push({ name: 'cache_miss', channel: channel.name, episode, source });
  }

  /** Has the heap bring the subject back at its deadline, unless it does so earlier anyway. */
  #schedule(subject: ChannelRecord | MemberRecord): void {
    if (subject.queuedFor <= subject.deadline) return;
    subject.queuedFor = subject.deadline;
    this.#due.add(subject.deadline, subject);
  }

  #expireDue(at: Millis, most: number): void {
    for (let taken = 0; taken < most; taken += 1) {
      const subject = this.#due.takeDue(at);
      if (subject === undefined) break;
      // Held for a later moment too: that one counts.
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
    this.#wake();
  }

  #expireMember(member: MemberRecord, at: Millis, facts: WebhookEvent[]): void {
    if (!expire(member, at)) return;
    const { channel, userId, leftBy: source } = member;
    channel.members.delete(userId);
    facts.push({ name: 'member_removed', channel: channel.name, userId, source });
  }

  /** A channel is not vacated before its last member was removed, whichever deadline comes first. */
  #expireChannel(channel: ChannelRecord, at: Millis, facts: WebhookEvent[]): void {
    if (channel.members.size > 0 || !expire(channel, at)) return;
    this.#apps.get(channel.appId)?.delete(channel.name);
    facts.push({ name: 'channel_vacated', channel: channel.name, source: channel.leftBy });
  }

  #report(appId: string, facts: readonly WebhookEvent[]): void {
    if (facts.length > 0) this.#options.outbox.append(appId, facts);
  }

  #wake(): void {
    const dueAt = this.#nextDueAt();
    if (dueAt !== undefined) this.#options.wake(dueAt);
  }

  #nextDueAt(): Millis | undefined {
    const dueAt = Math.min(this.#due.nextDueAt ?? Infinity, this.#cached.nextDueAt ?? Infinity);
    return dueAt === Infinity ? undefined : dueAt;
  }

  #record(appId: string, name: ChannelName): ChannelRecord | undefined {
    return this.#apps.get(appId)?.get(name);
  }

  #addRecord({ appId, channel: name, member }: Join): ChannelRecord {
    let channels = this.#apps.get(appId);
    if (channels === undefined) {
      channels = new Map();
      this.#apps.set(appId, channels);
    }
    const channel = newChannelRecord(appId, name, member !== undefined);
    channels.set(name, channel);
    return channel;
  }
}
