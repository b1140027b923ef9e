import type { Join, JoinAnswer, Leave, Member } from '../../../ports/attendance.ts';
import type { CachedEvent } from '../../../ports/channel-caches.ts';
import type { ChannelName } from '../../../protocol/channel-name.ts';
import type { SocketId } from '../../../protocol/socket-id.ts';
import type { ChannelScripts, KeptChannel } from './channel-scripts.ts';
import { HeldChannel, named } from './held.ts';
import { Leaves } from './leaves.ts';
import { Patience } from '../link/patience.ts';
import type { Registration } from './registration.ts';
import { toNotice, type ChannelChange, type ReplicaNotice } from './replica.ts';
import { toChannelDescription, type ChannelDescription, type Reply } from '../link/replies.ts';
import type { ChannelSurroundings, RedisLedgerOptions } from '../link/surroundings.ts';

/** The channels of one partition: what this node has of each, and what it knows of it. */
export class Channels {
  readonly scripts: ChannelScripts;
  readonly #options: RedisLedgerOptions;
  readonly #registration: Registration;
  readonly #partition: ChannelSurroundings;
  readonly #held = new Map<string, HeldChannel>();
  readonly #leaves: Leaves;
  readonly #uncounted = new Set<HeldChannel>();
  /** Events that subscribers here were told before Redis knew them. */
  readonly #anticipated = new Set<string>();
  #marks = 0;
  /** Before each mark: the first epoch of this node, which no other has. */
  #origin = '';

  constructor(
    options: RedisLedgerOptions,
    registration: Registration,
    scripts: ChannelScripts,
    partition: ChannelSurroundings,
  ) {
    this.#options = options;
    this.#registration = registration;
    this.scripts = scripts;
    this.#partition = partition;
    this.#leaves = new Leaves({ ...options, registration, scripts, due: partition.due });
  }

  join(join: Join): JoinAnswer | Promise<JoinAnswer> {
    const { appId, channel, member } = join;
    const held = this.#hold(appId, channel);
    const at = this.#options.clock.now();
    const isNewMember = member !== undefined && held.enter(member);
    if (isNewMember || held.reported === 0 || !held.knows(join, at)) return this.#report(held, join);
    const answer = held.answer(join, at);
    if (join.wantsCacheMiss && answer.cached === undefined) this.#options.metrics.deduplicated(appId);
    return join.after === undefined && held.hearing === undefined ? answer : this.#answerInTurn(held, join);
  }

  leave(leave: Leave): void {
    const { appId, channel, channelLingersMs, member } = leave;
    const key = keyOf(appId, channel);
    const held = this.#held.get(key);
    if (held === undefined) return;
    const leaver = held.members.get(member?.userId ?? '');
    if (member !== undefined) held.members.delete(member.userId);
    if (channelLingersMs !== undefined) {
      this.#held.delete(key);
      this.#uncounted.delete(held);
      this.#partition.letGo(appId, channel);
    }
    this.#leaves.leave(held, leave, leaver);
  }

  /** Has everything of the app leave, without grace, step by step. */
  *retiring(appId: string): Generator<void, void> {
    for (const held of this.#held.values()) {
      if (held.appId !== appId) continue;
      for (const userId of held.members.keys()) {
        this.leave({ appId, channel: held.name, member: { userId, lingersMs: 0 } });
        yield;
      }
      this.leave({ appId, channel: held.name, channelLingersMs: 0 });
      yield;
    }
  }

  /** Resolves once the event is kept, or after a while in which it could not be. */
  async cacheEvent(appId: string, name: ChannelName, event: CachedEvent, except?: SocketId): Promise<void> {
    const { clock, cacheTtlMs: ttlMs, leaseMs } = this.#options;
    this.#marks += 1;
    // The same node's, whatever its epoch is by now.
    this.#origin ||= this.#registration.epoch;
    const mark = `${this.#origin}/${this.#marks}`;
    const channel = this.scripts.channel(appId, name);
    const args = [event.name, event.data, ttlMs, except ?? '', mark];
    const publishedAt = clock.now();
    const kept = this.#registration.record((epoch, number) => {
      const theirs = this.#registration.theirs(publishedAt)?.toFixed(0) ?? '';
      return this.scripts.step('cache', channel, [...args, theirs])(epoch, number);
    }, event.name.length + event.data.length);
    const { isAway, isFull } = this.#registration;
    if (!isAway && !isFull && (await new Patience(clock).wait(kept)) === true) return;
    // The subscribers here need not wait for Redis; those elsewhere will be told once it is back.
    const held = this.#held.get(keyOf(appId, name));
    if (held === undefined) return;
    this.#anticipated.add(mark);
    const forget = (): unknown => clock.after(leaseMs, () => this.#anticipated.delete(mark));
    void kept.then(forget);
    const change: ChannelChange = { kind: 'event', event, ttlMs, except };
    this.#tell(held, held.replica.anticipate(change, clock.now()));
    void kept.then(() => held.replica.eventKept());
  }

  /** A change that a script tells. */
  apply(
    appId: string,
    channel: string,
    news: { revision: number; change: ChannelChange; mark: string },
  ): void {
    const held = this.#held.get(keyOf(appId, channel));
    if (held === undefined) return;
    const { revision, change: heard, mark } = news;
    const change: ChannelChange =
      heard.kind === 'event' ? { ...heard, isAnticipated: this.#anticipated.has(mark) } : heard;
    this.#tell(held, held.replica.apply(revision, change, this.#options.clock.now()));
  }

  /** Everybody on this channel, on all nodes, is told how many they are. */
  tellCount(appId: string, channel: string, count: number): void {
    const held = this.#held.get(keyOf(appId, channel));
    if (held === undefined) return;
    if (held.joining > 0) held.countToRepeat = count;
    this.#options.notifyCount(appId, held.name, count);
  }

  /** The number of connections may have changed: it is reported with the next `reportCounts`. */
  countChanged(appId: string, channel: ChannelName): void {
    const held = this.#held.get(keyOf(appId, channel));
    if (held === undefined) return;
    this.#uncounted.add(held);
    if (held.countToRepeat === undefined) return;
    this.#options.notifyCount(appId, channel, held.countToRepeat);
    held.countToRepeat = undefined;
  }

  reportCounts(): void {
    for (const held of this.#uncounted) {
      const count = this.#count(held);
      if (count === held.reported) continue;
      held.reported = count;
      void this.#registration.step(this.scripts.step('count', held, [count, this.#tellsCounts(held)]));
    }
    this.#uncounted.clear();
  }

  /** Where a channel is kept. */
  kept(appId: string, channel: ChannelName): KeptChannel {
    return this.#held.get(keyOf(appId, channel)) ?? this.scripts.channel(appId, channel);
  }

  /** Everything here is asserted anew, under a new epoch. */
  assertAll(isDataLost: boolean): void {
    const missedUntil = this.#partition.lastRevision();
    for (const held of this.#held.values()) {
      held.replica.distrust(missedUntil);
      void this.#assert(held);
    }
    if (isDataLost) this.#leaves.tellAgain((appId, name) => this.#held.get(keyOf(appId, name)));
  }

  /** What Redis had no memory for is asserted again. */
  assertRefused(): void {
    for (const held of this.#held.values()) if (held.isRefused) void this.#assert(held);
  }

  /**
   * Something may have been missed: everything is read anew, and subscribers are told the differences. Whether
   * all of it could be read.
   */
  async readAll(): Promise<boolean> {
    const all = [...this.#held.values()];
    const missedUntil = this.#partition.lastRevision();
    for (const held of all) held.replica.distrust(missedUntil);
    const reads = await this.#options.pace.each(all, async (held) => {
      try {
        this.#merge(held, await this.scripts.read(held));
        return true;
      } catch {
        return false;
      }
    });
    return reads.every(Boolean);
  }

  #hold(appId: string, name: ChannelName): HeldChannel {
    const key = keyOf(appId, name);
    const known = this.#held.get(key);
    if (known !== undefined) return known;
    const held = new HeldChannel(this.scripts.channel(appId, name));
    this.#held.set(key, held);
    void this.#hear(held);
    return held;
  }

  async #hear(held: HeldChannel): Promise<void> {
    held.hearing = this.#partition.listen(held.appId, held.name);
    if (held.hearing === undefined) return;
    await held.hearing;
    held.hearing = undefined;
  }

  async #report(held: HeldChannel, join: Join): Promise<JoinAnswer> {
    const { member, memberLimit, readsCache, wantsCacheMiss, source } = join;
    const patience = new Patience(this.#options.clock);
    const here = held.members.get(member?.userId ?? '');
    held.reported = this.#count(held);
    held.mayMissCache ||= readsCache && wantsCacheMiss;
    held.joining += 1;
    if (here !== undefined) here.asking += 1;
    const step = this.#registration.step(
      this.scripts.step('join', held, [
        held.reported,
        this.#tellsCounts(held),
        memberLimit === Infinity ? -1 : memberLimit,
        readsCache && wantsCacheMiss ? 'miss' : '',
        source ?? '',
        ...(member === undefined ? [] : [member.userId, member.infoJson]),
      ]),
    );
    const reply = this.#registration.isAway ? undefined : await patience.wait(step);
    if (reply === undefined) {
      this.#enterLate(held, step);
      await this.#awaitSnapshot(held, member, patience);
    } else if (readsCache && held.state !== 'asking') await patience.wait(this.#caughtUp(reply));
    const isRefused = reply?.[0] === 'limit';
    if (here !== undefined) held.answered(here, !isRefused);
    if (reply !== undefined && !isRefused) {
      this.#entered(held, reply);
      // The node has registered again since, and the reply is too old to be trusted.
      if (held.state !== 'known') await this.#awaitSnapshot(held, member, patience);
    }
    await this.#turn(held, join, patience);
    held.joining -= 1;
    return isRefused ? { kind: 'member-limit' } : this.#answerNow(held, join);
  }

  /** The answer to a join that needs no step, once its turn comes. */
  async #answerInTurn(held: HeldChannel, join: Join): Promise<JoinAnswer> {
    held.joining += 1;
    await this.#turn(held, join, new Patience(this.#options.clock));
    held.joining -= 1;
    return this.#answerNow(held, join);
  }

  /** Resolves when those before the join are answered, and what others publish is heard here, if it can be. */
  async #turn(held: HeldChannel, { after }: Join, patience: Patience): Promise<void> {
    if (after !== undefined) await after;
    if (held.hearing !== undefined && !this.#registration.isAway) await patience.wait(held.hearing);
  }

  /** What was known when the join was taken may have lapsed since: of the miss that follows webhooks are to hear. */
  #answerNow(held: HeldChannel, join: Join): JoinAnswer | Promise<JoinAnswer> {
    const at = this.#options.clock.now();
    const { after, ...again } = join;
    const isLapsed = after !== undefined && this.#isHeld(held) && held.hasLapsed(join, at);
    return isLapsed ? this.#report(held, again) : held.answer(join, at);
  }

  /**
   * Resolves when subscribers were told of the events before the one that a snapshot holds: their notices come over
   * another connection. Who has the snapshot must not get them, and the others must.
   */
  async #caughtUp([status, , , , revision]: Reply): Promise<void> {
    if (status !== 'limit') await this.#partition.reached(Number(revision));
  }

  /** Takes the reply to a join that nobody waits for any more. */
  #enterLate(held: HeldChannel, step: Promise<Reply | undefined>): void {
    const enter = (reply: Reply | undefined): void => {
      if (reply === undefined) return;
      // A subscriber that was let in is not sent away again.
      if (reply[0] === 'limit' && this.#isHeld(held)) void this.#assert(held);
      else this.#entered(held, reply);
    };
    void step.then(enter);
  }

  /** Resolves with a snapshot. If none comes in time, the subscriber is let in, with what this node knows. */
  async #awaitSnapshot(held: HeldChannel, member: Member | undefined, patience: Patience): Promise<void> {
    if (!this.#registration.isAway) await patience.wait(held.nextSnapshot());
    // A snapshot that came meanwhile has every member.
    if (held.state === 'known') return;
    held.replica.answeredAlone();
    // The member may have left meanwhile.
    if (member === undefined || !held.members.has(member.userId)) return;
    this.#tell(held, held.replica.anticipate({ kind: 'in', member }, this.#options.clock.now()));
  }

  #entered(held: HeldChannel, [status, isBack, membersBack, missStood, ...description]: Reply): void {
    const { metrics } = this.#options;
    if (status === 'full') held.isRefused = true;
    else held.mayMissCache = false;
    if (isBack === 1) metrics.suppressedByGrace(held.appId, 'channel_vacated');
    for (let count = 0; count < Number(membersBack); count += 1) {
      metrics.suppressedByGrace(held.appId, 'member_removed');
    }
    if (missStood === 1) metrics.deduplicated(held.appId);
    this.#merge(held, toChannelDescription(description));
  }

  #merge(held: HeldChannel, description: ChannelDescription): void {
    this.#tell(held, held.merge(description, this.#options.clock.now()));
    if (held.state === 'known') held.snapshotCame();
  }

  #tell(held: HeldChannel, told: readonly ReplicaNotice[]): void {
    if (!this.#isHeld(held)) return;
    for (const one of told) this.#options.notify(held.appId, held.name, toNotice(one));
  }

  #isHeld(held: HeldChannel): boolean {
    return this.#held.get(keyOf(held.appId, held.name)) === held;
  }

  async #assert(held: HeldChannel): Promise<void> {
    held.isRefused = false;
    held.reported = this.#count(held);
    const miss = held.mayMissCache ? 'miss' : '';
    const args = [held.reported, this.#tellsCounts(held), -1, miss, '', ...named(held.members.values())];
    const reply = await this.#registration.step(this.scripts.step('join', held, args));
    if (reply !== undefined) this.#entered(held, reply);
  }

  #count({ appId, name }: HeldChannel): number {
    return this.#options.countSubscribers(appId, name);
  }

  #tellsCounts({ appId, name }: HeldChannel): string {
    return this.#options.tellsCounts(appId, name) ? '1' : '';
  }
}

const keyOf = (appId: string, channel: string): string => `${appId}\n${channel}`;
