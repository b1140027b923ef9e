import type { Millis } from '../../../ports/clock.ts';
import type { Join, JoinAnswer, Leave, Member } from '../../../ports/attendance.ts';
import type { CachedEvent } from '../../../ports/channel-caches.ts';
import type { ChannelName } from '../../../protocol/channel-name.ts';
import type { SocketId } from '../../../protocol/socket-id.ts';
import type { ChannelScripts, KeptChannel } from './channel-scripts.ts';
import { Counts, type Counted } from './counts.ts';
import { HeldChannel, toArguments } from './held.ts';
import { Leaves } from './leaves.ts';
import { Patience } from '../link/patience.ts';
import type { Registration } from './registration.ts';
import { toNotice, type ReplicaNotice, type RevisedChange } from './replica.ts';
import { toChannelDescription, type ChannelDescription, type Reply } from '../link/replies.ts';
import type { ChannelSurroundings, RedisLedgerOptions } from '../link/surroundings.ts';

/** An event that is published on a cache channel. */
interface Publication {
  readonly appId: string;
  readonly name: ChannelName;
  readonly event: CachedEvent;
  readonly except: SocketId | undefined;
}

/** The channels of one partition: what this node holds of each, and what it knows of it. */
export class Channels {
  readonly scripts: ChannelScripts;
  readonly #options: RedisLedgerOptions;
  readonly #registration: Registration;
  readonly #partition: ChannelSurroundings;
  readonly #held = new Map<string, HeldChannel>();
  readonly #leaves: Leaves;
  readonly #counts: Counts;
  #marks = 0;
  /** The latest event that was published on each channel and is neither kept nor anticipated yet. */
  readonly #publishing = new Map<string, Promise<void>>();
  /** The prefix of each mark: the first epoch of this node, which no other node has. */
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
    this.#counts = new Counts({ ...options, registration, scripts });
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
    return join.after === undefined && held.listening === undefined ? answer : this.#answerInTurn(held, join);
  }

  leave(leave: Leave): void {
    const { appId, channel, channelLingersMs, member } = leave;
    const key = keyOf(appId, channel);
    const held = this.#held.get(key);
    if (held === undefined) return;
    const leavingMember = held.members.get(member?.userId ?? '');
    if (member !== undefined) this.#notify(held, held.exit(member.userId, this.#options.clock.now()));
    if (channelLingersMs !== undefined) {
      this.#held.delete(key);
      this.#counts.forget(held);
      this.#partition.unlisten(appId, channel);
    }
    this.#leaves.leave(held, leave, leavingMember);
  }

  /** Releases everything of the app, without grace periods, one step at a time. */
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

  /** Resolves once the event is kept, or once waiting for Redis has taken too long. */
  async cacheEvent(appId: string, name: ChannelName, event: CachedEvent, except?: SocketId): Promise<void> {
    const key = keyOf(appId, name);
    const published = this.#publish({ appId, name, event, except }, this.#publishing.get(key));
    this.#publishing.set(key, published);
    await published;
    if (this.#publishing.get(key) === published) this.#publishing.delete(key);
  }

  /** `earlier`: the event that was published on the channel before. It may still be waiting for Redis. */
  async #publish(
    { appId, name, event, except }: Publication,
    earlier: Promise<void> | undefined,
  ): Promise<void> {
    const { clock, cacheTtlMs: ttlMs, leaseMs } = this.#options;
    this.#marks += 1;
    // This identifies the node even after its epoch has changed.
    this.#origin ||= this.#registration.epoch;
    const mark = `${this.#origin}/${this.#marks}`;
    const channel = this.scripts.channel(appId, name);
    const args = [event.name, event.data, ttlMs, except ?? '', mark];
    const publishedAt = clock.now();
    const kept = this.#registration.record((epoch, number) => {
      const redisTime = this.#registration.toRedisTime(publishedAt)?.toFixed(0) ?? '';
      return this.scripts.step('cache', channel, [...args, redisTime])(epoch, number);
    }, event.name.length + event.data.length);
    let isKept = false;
    const noteKept = (isTaken: boolean): void => void (isKept = isTaken);
    void kept.then(noteKept);
    const { isCutOff, isFull } = this.#registration;
    if (!isCutOff && !isFull) await new Patience(clock).wait(kept);
    if (!isKept) await earlier;
    if (isKept) return;
    // The subscribers of this node need not wait for Redis. Those of other nodes receive the event once Redis is back.
    const held = this.#held.get(keyOf(appId, name));
    if (held === undefined) return;
    const { replica } = held;
    this.#notify(held, replica.anticipate({ kind: 'event', event, ttlMs, except, mark }, clock.now()));
    const settle = (): void => {
      clock.after(leaseMs, () => replica.forget(mark));
      if (replica.eventSettled()) void this.#readLaterEvent(held);
    };
    void kept.then(settle);
  }

  /** Reads a channel on which another node may have published an event later than the one that subscribers received here last. */
  async #readLaterEvent(held: HeldChannel): Promise<void> {
    try {
      const description = await this.scripts.read(held);
      await this.#partition.reached(description.revision);
      this.#merge(held, description);
    } catch {
      // The node will register again, and read everything.
    }
  }

  /** Takes a change from a notice. */
  apply(appId: string, channel: string, { revision, change }: RevisedChange): void {
    const held = this.#held.get(keyOf(appId, channel));
    if (held === undefined) return;
    this.#notify(held, held.replica.apply(revision, change, this.#options.clock.now()));
  }

  /** Sends the subscribers of this node the number of subscribers on all nodes. */
  notifyCount(appId: string, channel: string, counted: Counted): void {
    const held = this.#held.get(keyOf(appId, channel));
    if (held !== undefined) this.#counts.notify(held, counted);
  }

  /** Notes that the number of connections may have changed. The next `reportCounts` reports it. */
  countChanged(appId: string, channel: ChannelName): void {
    const held = this.#held.get(keyOf(appId, channel));
    if (held !== undefined) this.#counts.changed(held);
  }

  reportCounts(): void {
    this.#counts.reportAll();
  }

  /** The keys where a channel is kept. */
  kept(appId: string, channel: ChannelName): KeptChannel {
    return this.#held.get(keyOf(appId, channel)) ?? this.scripts.channel(appId, channel);
  }

  /**
   * Asserts everything again that this node holds, under a new epoch. `lostSince`: Redis may have lost what was not due at that moment
   * yet.
   */
  assertAll(lostSince: Millis | undefined): void {
    const missedUntil = this.#partition.lastRevision();
    for (const held of this.#held.values()) {
      held.replica.distrust(missedUntil);
      void this.#assert(held);
    }
    if (lostSince === undefined) return;
    this.#leaves.reportAgain(lostSince, (appId, name) => this.#held.get(keyOf(appId, name)));
  }

  /** Asserts again what Redis had no memory for. */
  assertRefused(): void {
    for (const held of this.#held.values()) if (held.isRefused) void this.#assert(held);
  }

  /**
   * Reads everything again, because notices may have been missed. Subscribers are notified of the differences. Resolves with whether all
   * of it could be read.
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
    void this.#listen(held);
    return held;
  }

  async #listen(held: HeldChannel): Promise<void> {
    held.listening = this.#partition.listen(held.appId, held.name);
    if (held.listening === undefined) return;
    await held.listening;
    held.listening = undefined;
  }

  async #report(held: HeldChannel, join: Join): Promise<JoinAnswer> {
    const { member, memberLimit, readsCache, wantsCacheMiss, source } = join;
    const patience = new Patience(this.#options.clock);
    const local = held.members.get(member?.userId ?? '');
    held.mayMissCache ||= readsCache && wantsCacheMiss;
    held.joining += 1;
    if (local !== undefined) local.pendingJoins += 1;
    const step = this.#registration.step(
      this.scripts.step('join', held, [
        ...this.#counts.report(held),
        memberLimit === Infinity ? -1 : memberLimit,
        readsCache && wantsCacheMiss ? 'miss' : '',
        source ?? '',
        '',
        ...(member === undefined ? [] : [member.userId, member.infoJson]),
      ]),
    );
    const reply = this.#registration.isCutOff ? undefined : await patience.wait(step);
    if (reply === undefined) {
      this.#takeLateReply(held, step);
      await this.#awaitSnapshot(held, member, patience);
    } else if (readsCache && held.state !== 'unknown') await patience.wait(this.#caughtUp(reply));
    const isRefused = reply?.[0] === 'limit';
    if (local !== undefined) held.joinAnswered(local, !isRefused);
    // The refused step did not set the number of connections either.
    if (isRefused) held.reported = 0;
    if (reply !== undefined && !isRefused) {
      this.#takeReply(held, reply);
      // The node has registered again since, and the reply is too old to be trusted.
      if (held.state !== 'known') await this.#awaitSnapshot(held, member, patience);
    }
    await this.#awaitTurn(held, join, patience);
    held.joining -= 1;
    return isRefused ? { kind: 'member-limit' } : this.#answerNow(held, join);
  }

  /** Answers a join that needs no step, once it is its turn. */
  async #answerInTurn(held: HeldChannel, join: Join): Promise<JoinAnswer> {
    held.joining += 1;
    await this.#awaitTurn(held, join, new Patience(this.#options.clock));
    held.joining -= 1;
    return this.#answerNow(held, join);
  }

  /** Resolves once earlier joins are answered, and events of other nodes arrive here if Redis can be reached. */
  async #awaitTurn(held: HeldChannel, { after }: Join, patience: Patience): Promise<void> {
    if (after !== undefined) await after;
    if (held.listening !== undefined && !this.#registration.isCutOff) await patience.wait(held.listening);
  }

  /** Answers with what is known now. The cached event may have expired since the join: then the join is reported, for the cache miss. */
  #answerNow(held: HeldChannel, join: Join): JoinAnswer | Promise<JoinAnswer> {
    const at = this.#options.clock.now();
    const { after, ...again } = join;
    const isLapsed = after !== undefined && this.#isHeld(held) && held.hasLapsed(join, at);
    return isLapsed ? this.#report(held, again) : held.answer(join, at);
  }

  /**
   * Resolves once subscribers have received all events before the one in a snapshot. Their notices arrive over another connection. The new
   * subscriber must not receive them, and the others must.
   */
  async #caughtUp([status, , , , revision]: Reply): Promise<void> {
    if (status !== 'limit') await this.#partition.reached(Number(revision));
  }

  /** Takes the reply to a join that no client waits for any more. */
  #takeLateReply(held: HeldChannel, step: Promise<Reply | undefined>): void {
    const take = (reply: Reply | undefined): void => {
      if (reply === undefined) return;
      // A subscriber that was admitted is not removed again.
      if (reply[0] === 'limit' && this.#isHeld(held)) void this.#assert(held);
      else this.#takeReply(held, reply);
    };
    void step.then(take);
  }

  /** Resolves with a snapshot. If none arrives in time, the subscriber is admitted with what this node knows. */
  async #awaitSnapshot(held: HeldChannel, member: Member | undefined, patience: Patience): Promise<void> {
    if (!this.#registration.isCutOff) await patience.wait(held.nextSnapshot());
    // A snapshot that arrived meanwhile contains every member.
    if (held.state === 'known') return;
    held.replica.answeredWithoutSnapshot();
    // The member may have left meanwhile.
    if (member === undefined || !held.members.has(member.userId)) return;
    this.#notify(held, held.replica.anticipate({ kind: 'in', member }, this.#options.clock.now()));
  }

  #takeReply(
    held: HeldChannel,
    [status, isVacateCancelled, removalsCancelled, wasMissKnown, ...description]: Reply,
  ): void {
    const { metrics } = this.#options;
    if (status === 'full') held.isRefused = true;
    else held.mayMissCache = false;
    if (isVacateCancelled === 1) metrics.suppressedByGrace(held.appId, 'channel_vacated');
    for (let count = 0; count < Number(removalsCancelled); count += 1) {
      metrics.suppressedByGrace(held.appId, 'member_removed');
    }
    if (wasMissKnown === 1) metrics.deduplicated(held.appId);
    this.#merge(held, toChannelDescription(description));
  }

  #merge(held: HeldChannel, description: ChannelDescription): void {
    const wasStale = held.state === 'stale';
    this.#partition.answered(description.revision);
    this.#notify(held, held.replica.merge(description, this.#options.clock.now()));
    if (held.state !== 'known') return;
    const { revision, sentCount: count } = description;
    if (wasStale && this.#isHeld(held)) this.#counts.notifyMissed(held, { revision, count });
    held.snapshotTaken();
  }

  #notify(held: HeldChannel, notices: readonly ReplicaNotice[]): void {
    if (!this.#isHeld(held)) return;
    for (const notice of notices) this.#options.notify(held.appId, held.name, toNotice(notice));
  }

  #isHeld(held: HeldChannel): boolean {
    return this.#held.get(keyOf(held.appId, held.name)) === held;
  }

  async #assert(held: HeldChannel): Promise<void> {
    held.isRefused = false;
    const miss = held.mayMissCache ? 'miss' : '';
    const { former } = this.#registration;
    const args = [...this.#counts.report(held), -1, miss, '', former, ...toArguments(held.members.values())];
    const reply = await this.#registration.step(this.scripts.step('join', held, args));
    if (reply !== undefined) this.#takeReply(held, reply);
  }
}

const keyOf = (appId: string, channel: string): string => `${appId}\n${channel}`;
