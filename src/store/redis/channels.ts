import type { Millis } from '../../ports/clock.ts';
import type { CachedEvent, Join, JoinAnswer, Leave, Member, Notice } from '../../ports/ledger.ts';
import type { ChannelName } from '../../protocol/channel-name.ts';
import type { SocketId } from '../../protocol/socket-id.ts';
import type { ChannelKeys, PartitionKeys } from './keys.ts';
import type { Registration, SendStep } from './registration.ts';
import { Replica, type Change, type Told } from './replica.ts';
import { toDescription, type Description, type Reply } from './replies.ts';
import type { RedisLedgerOptions } from './surroundings.ts';

/** A client waits for Redis no longer than this; then it is answered with what is known here. */
const patienceMs: Millis = 2000;

/** A channel that this node has subscribers of. */
interface Held {
  readonly appId: string;
  readonly name: ChannelName;
  readonly keys: ChannelKeys;
  /** The members that have connections here, as they were reported. */
  readonly members: Map<string, Member>;
  readonly replica: Replica;
  /** Connections, as last reported. */
  reported: number;
  /** Those who wait for a trusted snapshot. */
  waiting: (() => void)[];
  /** Joins that are not answered yet; they are not told what subscribers are told meanwhile. */
  joining: number;
  /** A count that was told meanwhile. */
  countToRepeat: number | undefined;
}

/** What has left while the partition did not know it, or has since forgotten: when it may be reported as gone. */
interface Departed {
  readonly appId: string;
  readonly name: ChannelName;
  channelUntil: Millis | undefined;
  readonly members: Map<string, { readonly member: Member; readonly until: Millis }>;
}

/** Departures that are remembered, in case that Redis forgets them before they are due. */
const rememberedDepartures = 10_000;

/** The channels of one partition: what this node has of each, and what it knows of it. */
export class Channels {
  readonly #options: RedisLedgerOptions;
  readonly #registration: Registration;
  readonly #keys: PartitionKeys;
  readonly #due: (at: Millis) => void;
  readonly #held = new Map<string, Held>();
  readonly #departed = new Map<string, Departed>();
  readonly #uncounted = new Set<Held>();
  /** Events that subscribers here were told before Redis knew them. */
  readonly #toldEarly = new Set<string>();
  #marks = 0;

  /** `due`: at this moment something is to be reported as gone. */
  constructor(
    options: RedisLedgerOptions,
    registration: Registration,
    keys: PartitionKeys,
    due: (at: Millis) => void,
  ) {
    this.#options = options;
    this.#due = due;
    this.#registration = registration;
    this.#keys = keys;
  }

  join(join: Join): JoinAnswer | Promise<JoinAnswer> {
    const { appId, channel, member } = join;
    const held = this.#hold(appId, channel);
    const isNewMember = member !== undefined && !held.members.has(member.userId);
    if (member !== undefined && isNewMember) held.members.set(member.userId, member);
    if (isNewMember || held.reported === 0 || !this.#knows(held, join)) {
      held.joining += 1;
      return this.#report(held, join, isNewMember).finally(() => {
        held.joining -= 1;
      });
    }
    const answer = this.#answer(held, join);
    if (join.wantsCacheMiss && answer.cached === undefined) this.#options.metrics.deduplicated(appId);
    return answer;
  }

  leave({ appId, channel, channelLingersMs, member }: Leave): void {
    const key = keyOf(appId, channel);
    const held = this.#held.get(key);
    if (held === undefined) return;
    this.#remember(held, channelLingersMs, member);
    if (member !== undefined) held.members.delete(member.userId);
    if (channelLingersMs !== undefined) {
      this.#held.delete(key);
      this.#uncounted.delete(held);
    }
    void this.#sendLeave(held, channelLingersMs, member);
  }

  /** Everything of the app leaves, without grace. */
  retire(appId: string): void {
    for (const held of Array.from(this.#held.values())) {
      if (held.appId !== appId) continue;
      for (const userId of Array.from(held.members.keys())) {
        this.leave({ appId, channel: held.name, member: { userId, lingersMs: 0 } });
      }
      this.leave({ appId, channel: held.name, channelLingersMs: 0 });
    }
  }

  /** Resolves once the event is kept, or after a while in which it could not be. */
  async cacheEvent(
    appId: string,
    channel: ChannelName,
    event: CachedEvent,
    except?: SocketId,
  ): Promise<void> {
    this.#marks += 1;
    const mark = `${this.#registration.epoch}/${this.#marks}`;
    const keys = this.#keys.channel(appId, channel);
    const ttlMs = this.#options.cacheTtlMs;
    const kept = this.#registration.record(
      this.#script('cache', { appId, name: channel, keys }, [
        event.name,
        event.data,
        ttlMs,
        except ?? '',
        mark,
      ]),
      event.name.length + event.data.length,
    );
    if (!this.#registration.isAway && (await this.#inTime(kept)) === true) return;
    // The subscribers here need not wait for Redis; those elsewhere will be told once it is back.
    this.#toldEarly.add(mark);
    void kept.then(() =>
      this.#options.clock.after(this.#options.leaseMs, () => this.#toldEarly.delete(mark)),
    );
    const held = this.#held.get(keyOf(appId, channel));
    if (held === undefined) return;
    const change: Change = { kind: 'event', event, ttlMs, except };
    this.#tell(held, held.replica.anticipate(change, this.#options.clock.now()));
  }

  /** A change that a script tells. */
  apply(appId: string, channel: string, news: { revision: number; change: Change; mark: string }): void {
    const held = this.#held.get(keyOf(appId, channel));
    if (held === undefined) return;
    const told = held.replica.apply(news.revision, news.change, this.#options.clock.now());
    if (news.mark === '' || !this.#toldEarly.has(news.mark)) this.#tell(held, told);
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
      void this.#registration.step(this.#script('count', held, [count, this.#tellsCounts(held)]));
    }
    this.#uncounted.clear();
  }

  /** What this node knows of a channel. Undefined: it has no subscribers of it. */
  local(
    appId: string,
    channel: string,
  ): { readonly members: readonly string[]; readonly count: number } | undefined {
    const held = this.#held.get(keyOf(appId, channel));
    if (held === undefined) return undefined;
    const members = new Set([...held.replica.members.keys(), ...held.members.keys()]);
    return { members: [...members], count: this.#count(held) };
  }

  /** The channels of an app that this node has subscribers of. */
  *names(appId: string): Generator<ChannelName, void> {
    for (const held of this.#held.values()) if (held.appId === appId) yield held.name;
  }

  /** Everything here is asserted anew, under a new epoch. */
  assertAll(isDataLost: boolean): void {
    const departed = [...this.#departed.values()];
    for (const held of this.#held.values()) {
      held.replica.distrust();
      void this.#assert(held);
    }
    // What was still to be reported as gone: nobody else remembers that it ever was there.
    if (isDataLost) for (const one of departed) this.#assertDeparted(one);
  }

  /** Something may have been missed: everything is read anew, and subscribers are told the differences. */
  async readAll(): Promise<boolean> {
    const reads = [...this.#held.values()].map(async (held) => {
      held.replica.distrust();
      try {
        this.#merge(held, await this.#read(held));
        return true;
      } catch {
        return false;
      }
    });
    return (await Promise.all(reads)).every(Boolean);
  }

  /** What is true of a channel at this moment, on all nodes. Rejects when Redis cannot be asked. */
  read(appId: string, channel: ChannelName): Promise<Description> {
    return this.#read({ appId, name: channel, keys: this.#keys.channel(appId, channel) });
  }

  async forgetCacheMiss(appId: string, channel: ChannelName, episode: string): Promise<void> {
    const keys = this.#keys.channel(appId, channel);
    await this.#run('forget-miss', { appId, name: channel, keys }, [episode]);
  }

  /** Reports what is due of a channel. */
  async expire(appId: string, channel: string): Promise<void> {
    await this.#run('expire', { appId, name: channel, keys: this.#keys.channel(appId, channel) }, []);
  }

  /** A dead epoch holds a channel no more. Whether it was dead indeed. */
  async release(epoch: string, appId: string, channel: string): Promise<boolean> {
    const { link } = this.#options;
    const keys = this.#keys.channel(appId, channel)(epoch);
    const [isDead] = await link.run('release', keys, [
      ...this.#head(appId, channel),
      epoch,
      Math.ceil(this.#options.graceMs),
    ]);
    return isDead === 1;
  }

  #hold(appId: string, name: ChannelName): Held {
    const key = keyOf(appId, name);
    const known = this.#held.get(key);
    if (known !== undefined) return known;
    const keys = this.#keys.channel(appId, name);
    const held: Held = {
      appId,
      name,
      keys,
      members: new Map(),
      replica: new Replica(),
      reported: 0,
      waiting: [],
      joining: 0,
      countToRepeat: undefined,
    };
    this.#held.set(key, held);
    return held;
  }

  /** Whether the subscriber can be answered without asking. */
  #knows({ replica }: Held, { member, readsCache, wantsCacheMiss }: Join): boolean {
    if (member === undefined && !readsCache) return true;
    if (!replica.isTrusted || (member !== undefined && !replica.members.has(member.userId))) return false;
    const at = this.#options.clock.now();
    return !readsCache || !wantsCacheMiss || replica.cached(at) !== undefined || replica.missStands(at);
  }

  #answer(held: Held, { member, readsCache }: Join): Extract<JoinAnswer, { kind: 'joined' }> {
    const cached = readsCache ? held.replica.cached(this.#options.clock.now()) : undefined;
    return {
      kind: 'joined',
      ...(member !== undefined && { members: held.replica.members }),
      ...(cached && { cached }),
    };
  }

  async #report(held: Held, join: Join, isNewMember: boolean): Promise<JoinAnswer> {
    const { member, memberLimit, readsCache, wantsCacheMiss } = join;
    held.reported = this.#count(held);
    const step = this.#registration.step(
      this.#script('join', held, [
        held.reported,
        this.#tellsCounts(held),
        memberLimit === Infinity || !isNewMember ? -1 : memberLimit,
        readsCache && wantsCacheMiss ? 'miss' : '',
        ...(member === undefined ? [] : [member.userId, member.infoJson]),
      ]),
    );
    const reply = this.#registration.isAway ? undefined : await this.#inTime(step);
    if (reply === undefined) return this.#answerAlone(held, join, step);
    if (reply[0] === 'limit') {
      if (member !== undefined && isNewMember) held.members.delete(member.userId);
      return { kind: 'member-limit' };
    }
    this.#entered(held, reply);
    return this.#answer(held, join);
  }

  /** Redis does not answer: the subscriber is let in, and told what this node knows. */
  async #answerAlone(held: Held, join: Join, step: Promise<Reply | undefined>): Promise<JoinAnswer> {
    void step.then((late) => {
      if (late === undefined) return;
      // Nobody who was let in is sent away again.
      if (late[0] === 'limit') void this.#assert(held);
      else this.#entered(held, late);
    });
    if (!this.#registration.isAway) await this.#inTime(this.#snapshotOf(held));
    const { member } = join;
    if (member !== undefined) {
      this.#tell(held, held.replica.anticipate({ kind: 'in', member }, this.#options.clock.now()));
    }
    return this.#answer(held, join);
  }

  #entered(held: Held, [, isBack, membersBack, missStood, ...description]: Reply): void {
    const { metrics } = this.#options;
    if (isBack === 1) metrics.suppressedByGrace(held.appId, 'channel_vacated');
    for (let count = 0; count < Number(membersBack); count += 1) {
      metrics.suppressedByGrace(held.appId, 'member_removed');
    }
    if (missStood === 1) metrics.deduplicated(held.appId);
    this.#merge(held, toDescription(description));
  }

  #merge(held: Held, description: Description): void {
    this.#tell(held, held.replica.merge(description, this.#options.clock.now()));
    const { waiting } = held;
    held.waiting = [];
    for (const resolve of waiting) resolve();
  }

  #tell(held: Held, told: readonly Told[]): void {
    if (this.#held.get(keyOf(held.appId, held.name)) !== held) return;
    for (const one of told) this.#options.notify(held.appId, held.name, toNotice(one));
  }

  async #assert(held: Held): Promise<void> {
    held.reported = this.#count(held);
    const members = [...held.members.values()].flatMap(({ userId, infoJson }) => [userId, infoJson]);
    const args = [held.reported, this.#tellsCounts(held), -1, '', ...members];
    const reply = await this.#registration.step(this.#script('join', held, args));
    if (reply !== undefined) this.#entered(held, reply);
  }

  #assertDeparted({ appId, name, channelUntil = -Infinity, members }: Departed): void {
    const held = { appId, name, keys: this.#keys.channel(appId, name) };
    const now = this.#held.get(keyOf(appId, name));
    const at = this.#options.clock.now();
    // What was due while Redis was there has been reported.
    const since = this.#registration.heardAt;
    const gone = [...members.values()].filter(
      ({ member, until }) => until >= since && now?.members.has(member.userId) !== true,
    );
    const isChannelGone = now === undefined && channelUntil >= since;
    if (gone.length === 0 && !isChannelGone) return;
    const named = gone.flatMap(({ member }) => [member.userId, member.infoJson]);
    void this.#registration.step(this.#script('join', held, [now?.reported ?? 0, '', -1, '', ...named]));
    for (const { member, until } of gone) {
      void this.#sendLeave(held, undefined, { userId: member.userId, lingersMs: until - at });
    }
    if (now === undefined) void this.#sendLeave(held, channelUntil - at);
  }

  async #sendLeave(
    held: Pick<Held, 'appId' | 'name' | 'keys'>,
    channelLingersMs: Millis | undefined,
    member?: Leave['member'],
  ): Promise<void> {
    const channelMs = channelLingersMs === undefined ? '' : wholeMs(channelLingersMs);
    const memberMs = wholeMs(member?.lingersMs ?? 0);
    const at = this.#options.clock.now();
    if (channelMs !== '') this.#due(at + channelMs);
    if (member !== undefined) this.#due(at + memberMs);
    await this.#registration.step(this.#script('leave', held, [channelMs, member?.userId ?? '', memberMs]));
  }

  /** Until a departure has been reported, it may have to be asserted anew. */
  #remember(held: Held, channelLingersMs: Millis | undefined, member: Leave['member']): void {
    const key = keyOf(held.appId, held.name);
    const at = this.#options.clock.now();
    const { appId, name } = held;
    const departed = this.#departed.get(key) ?? { appId, name, channelUntil: undefined, members: new Map() };
    this.#departed.delete(key);
    this.#departed.set(key, departed);
    const info = member && held.members.get(member.userId);
    if (member !== undefined && info !== undefined) {
      departed.members.set(member.userId, { member: info, until: at + member.lingersMs });
    }
    if (channelLingersMs !== undefined) departed.channelUntil = at + channelLingersMs;
    for (const [oldest, { channelUntil, members }] of this.#departed) {
      const latest = Math.max(channelUntil ?? at, ...[...members.values()].map(({ until }) => until));
      if (this.#departed.size <= rememberedDepartures && latest + this.#options.leaseMs > at) break;
      this.#departed.delete(oldest);
    }
  }

  #snapshotOf(held: Held): Promise<true> {
    return new Promise((resolve) => held.waiting.push(() => resolve(true)));
  }

  /** What comes of it, or undefined after a while. */
  #inTime<T>(promise: Promise<T>): Promise<T | undefined> {
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(patienceMs, () => resolve(undefined));
      void promise.then((value) => {
        cancel();
        resolve(value);
      });
    });
  }

  #count({ appId, name }: Held): number {
    return this.#options.countSubscribers(appId, name);
  }

  #tellsCounts({ appId, name }: Held): string {
    return this.#options.tellsCounts(appId, name) ? '1' : '';
  }

  #head(appId: string, channel: string): readonly string[] {
    const { topic, wake } = this.#keys;
    const present = this.#options.present?.();
    return [present === undefined ? '' : String(present), topic, wake, appId, channel];
  }

  #script(
    name: 'join' | 'leave' | 'count' | 'cache',
    held: Pick<Held, 'appId' | 'name' | 'keys'>,
    args: readonly (string | number)[],
  ): SendStep {
    return (epoch, number) =>
      this.#options.link.run(name, held.keys(epoch), [
        ...this.#head(held.appId, held.name),
        epoch,
        number,
        ...args,
      ]);
  }

  #run(
    name: 'read' | 'expire' | 'forget-miss',
    { appId, name: channel, keys }: { appId: string; name: string; keys: ChannelKeys },
    args: readonly string[],
  ): Promise<Reply> {
    return this.#options.link.run(name, keys(this.#registration.epoch), [
      ...this.#head(appId, channel),
      ...args,
    ]);
  }

  async #read(channel: { appId: string; name: string; keys: ChannelKeys }): Promise<Description> {
    return toDescription(await this.#run('read', channel, []));
  }
}

function keyOf(appId: string, channel: string): string {
  return `${appId}\n${channel}`;
}

function toNotice(told: Told): Notice {
  switch (told.kind) {
    case 'in':
      return { kind: 'member-added', member: told.member };
    case 'out':
      return { kind: 'member-removed', userId: told.userId };
    case 'event':
      return { kind: 'event', event: told.event, except: told.except };
  }
}

/** Scripts reckon in whole milliseconds; nothing is due too early. */
function wholeMs(ms: Millis): number {
  return Math.max(0, Math.ceil(ms));
}
