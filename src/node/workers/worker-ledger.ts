import type { Join, JoinAnswer, Leave, Notice } from '../../ports/attendance.ts';
import type { CachedEvent } from '../../ports/channel-caches.ts';
import type { ChannelState, Page } from '../../ports/channel-queries.ts';
import type { Ledger } from '../../ports/ledger.ts';
import type { MaybePromise } from '../../ports/maybe-promise.ts';
import type { SignIn, UserState } from '../../ports/online-users.ts';
import type { Unavailable } from '../../ports/unavailable.ts';
import { serverToUserChannel, type ChannelName } from '../../protocol/channel-name.ts';
import { Roster } from '../../protocol/roster.ts';
import type { SocketId } from '../../protocol/socket-id.ts';
import type { Interest } from './interest.ts';
import { keeper, type JoinReply, type KeeperOfState } from './keeper-methods.ts';
import type { Line } from './line.ts';

/** The dependencies of a worker's ledger. */
export interface WorkerLedgerOptions {
  readonly line: Pick<Line<KeeperOfState>, 'ask' | 'call' | 'send' | 'sendNow'>;
  readonly interest: Interest;
  /** Sends a notice to the subscribers on this worker. */
  readonly notify: (appId: string, channel: ChannelName, notice: Notice) => void;
  /** Notifies the clients on this worker that watch a user. */
  readonly notifyWatchers: (appId: string, userId: string, state: UserState) => void;
}

/** A channel with subscribers, or pending subscriptions, on this worker. */
interface HeldChannel {
  /** All members, once the keeper has answered the first join. */
  members: Roster | undefined;
  /** The cached event, from the last answer that contained it, updated by each event since. */
  cached: CachedEvent | undefined;
  /** By member, or '' on channels without members: whether the keeper has confirmed that this worker holds it. */
  readonly holds: Map<string, { isHeld: boolean }>;
}

/**
 * The ledger on a worker. It asks the keeper over a line that is ordered and lossless. Its copy of a channel is therefore
 * consistent, only slightly old: it consists of the answer to the first join and of each notice since.
 */
export class WorkerLedger implements Ledger {
  readonly #options: WorkerLedgerOptions;
  readonly #apps = new Map<string, Map<string, HeldChannel>>();
  /** The answers of this turn about which users are online. */
  readonly #fresh = new Set<{ readonly appId: string; readonly online: Set<string> }>();
  /** The users who are signed in on this worker, by app and user. */
  readonly #users = new Set<string>();

  constructor(options: WorkerLedgerOptions) {
    this.#options = options;
  }

  join({ after, ...join }: Join): MaybePromise<JoinAnswer> {
    const answer = this.#join(join);
    // The content of the answer is read when the client receives it, so it is current then.
    return after === undefined ? answer : after.then(() => answer);
  }

  #join(join: Join): MaybePromise<JoinAnswer> {
    const channel = this.#hold(join.appId, join.channel);
    const subject = join.member?.userId ?? '';
    const known = channel.holds.get(subject);
    if (known?.isHeld === true && !join.readsCache) return joined(channel, join);
    const hold = known ?? { isHeld: false };
    channel.holds.set(subject, hold);
    const wantsMembers = join.member !== undefined && channel.members === undefined;
    return new Promise((resolve) =>
      this.#options.line.ask(keeper, 'join', [join, wantsMembers], (reply) =>
        resolve(settle(channel, hold, join, reply)),
      ),
    );
  }

  leave(leave: Leave): void {
    const { appId, channel: name, member, channelLingersMs } = leave;
    const channels = this.#apps.get(appId);
    const channel = channels?.get(name);
    if (channel === undefined) return;
    if (member !== undefined) channel.holds.delete(member.userId);
    else if (channelLingersMs !== undefined) channel.holds.delete('');
    if (channel.holds.size === 0) {
      channels?.delete(name);
      if (channels?.size === 0) this.#apps.delete(appId);
      this.#options.interest.remove(appId, name);
    }
    // This must be sent before the client's next answer: a backend may then ask another worker whether the client has left.
    this.#options.line.sendNow(keeper, 'leave', leave);
  }

  /** Does nothing, because the keeper sweeps. */
  sweep(): undefined {
    return undefined;
  }

  /** Drops the worker's copy. The keeper retires the app once all workers have disconnected its clients. */
  retire(appId: string): void {
    for (const channel of this.#apps.get(appId)?.keys() ?? []) this.#options.interest.remove(appId, channel);
    this.#apps.delete(appId);
    for (const user of this.#users) {
      if (!user.startsWith(`${appId}\n`)) continue;
      this.#users.delete(user);
      this.#options.interest.remove(appId, serverToUserChannel(user.slice(appId.length + 1)));
    }
  }

  cacheEvent(appId: string, channel: ChannelName, event: CachedEvent, except?: SocketId): Promise<void> {
    return this.#options.line.call(keeper, 'cacheEvent', appId, channel, event, except);
  }

  forgetCacheMiss(appId: string, channel: ChannelName, episode: string): void {
    this.#options.line.send(keeper, 'forgetCacheMiss', appId, channel, episode);
  }

  signIn({ appId, userId, watched }: SignIn): MaybePromise<ReadonlySet<string>> {
    const { line, interest } = this.#options;
    const user = `${appId}\n${userId}`;
    const isKnown = this.#users.has(user);
    if (!isKnown) {
      this.#users.add(user);
      interest.add(appId, serverToUserChannel(userId));
    }
    for (const one of watched) interest.add(appId, watchedName(one));
    if (isKnown && watched.length === 0) return new Set();
    return new Promise((resolve) =>
      line.ask(keeper, 'signIn', [appId, userId, watched], (online) =>
        resolve(this.#keepFresh(appId, online)),
      ),
    );
  }

  unwatch(appId: string, watched: readonly string[]): void {
    for (const one of watched) this.#options.interest.remove(appId, watchedName(one));
  }

  signOut(appId: string, userId: string): void {
    const { line, interest } = this.#options;
    if (this.#users.delete(`${appId}\n${userId}`)) interest.remove(appId, serverToUserChannel(userId));
    line.send(keeper, 'signOut', appId, userId);
  }

  admitTriggers(appId: string, count: number, perSecond: number): Promise<boolean> {
    return this.#options.line.call(keeper, 'admitTriggers', appId, count, perSecond);
  }

  channel(appId: string, channel: ChannelName): Promise<ChannelState | Unavailable> {
    return this.#options.line.call(keeper, 'channel', appId, channel);
  }

  occupiedChannels(
    appId: string,
    prefix: string,
    page?: Page,
  ): Promise<readonly ChannelName[] | Unavailable> {
    return this.#options.line.call(keeper, 'occupiedChannels', appId, prefix, page);
  }

  /** Handles the keeper's notice for clients that watch a user. */
  watched(appId: string, userId: string, state: UserState): void {
    for (const { appId: ofApp, online } of this.#fresh) {
      if (ofApp !== appId) continue;
      if (state === 'online') online.add(userId);
      else online.delete(userId);
    }
    this.#options.notifyWatchers(appId, userId, state);
  }

  /** Handles the keeper's notice for the subscribers of a channel. */
  notice(appId: string, name: ChannelName, notice: Notice): void {
    const channel = this.#apps.get(appId)?.get(name);
    // The notice is for another channel in the same slot, or the worker has left the channel meanwhile.
    if (channel === undefined) return;
    if (notice.kind === 'member-added') channel.members?.set(notice.member.userId, notice.member);
    else if (notice.kind === 'member-removed') channel.members?.delete(notice.userId);
    else channel.cached = notice.event;
    this.#options.notify(appId, name, notice);
  }

  /** Keeps the answer current until the client receives it, because the client gets no notices of changes before that. */
  #keepFresh(appId: string, users: readonly string[]): ReadonlySet<string> {
    const answer = { appId, online: new Set(users) };
    this.#fresh.add(answer);
    setImmediate(() => this.#fresh.delete(answer));
    return answer.online;
  }

  #hold(appId: string, name: ChannelName): HeldChannel {
    let channels = this.#apps.get(appId);
    if (channels === undefined) {
      channels = new Map();
      this.#apps.set(appId, channels);
    }
    let channel = channels.get(name);
    if (channel === undefined) {
      channel = { members: undefined, cached: undefined, holds: new Map() };
      channels.set(name, channel);
      this.#options.interest.add(appId, name);
    }
    return channel;
  }
}

/** The name, in the table of interest, for the clients that watch a user. No channel can have this name. */
export function watchedName(userId: string): string {
  return `#watch-${userId}`;
}

function settle(channel: HeldChannel, hold: { isHeld: boolean }, join: Join, reply: JoinReply): JoinAnswer {
  if (reply.kind !== 'joined') return reply;
  hold.isHeld = true;
  if (reply.members !== undefined) {
    channel.members = new Roster();
    for (const member of reply.members) channel.members.set(member.userId, member);
  }
  if (join.readsCache) channel.cached = reply.cached;
  return joined(channel, join);
}

/** Builds the answer. It is read when the client receives it, perhaps after answers to earlier commands, and includes changes until then. */
function joined(channel: HeldChannel, join: Join): JoinAnswer {
  return {
    kind: 'joined',
    ...(join.member && channel.members && { members: channel.members }),
    ...(join.readsCache && {
      get cached() {
        return channel.cached;
      },
    }),
  };
}
