import type { Join, JoinAnswer, Member } from '../../../ports/attendance.ts';
import type { Millis } from '../../../ports/clock.ts';
import type { ChannelName } from '../../../protocol/channel-name.ts';
import type { KeptChannel } from './channel-scripts.ts';
import type { ChannelKeys } from '../keys.ts';
import { Replica, type MemberHere, type ReplicaNotice } from './replica.ts';

/** A member that has connections on this node, or is about to be admitted. */
interface LocalMember extends MemberHere {
  /** How many joins of the member are not answered yet. */
  pendingJoins: number;
  isAdmitted: boolean;
}

/** A channel with subscribers on this node: what this node holds of it, and what it knows of it. */
export class HeldChannel implements KeptChannel {
  readonly appId: string;
  readonly name: ChannelName;
  readonly keys: ChannelKeys;
  /** The members with connections on this node, as they were reported. */
  readonly members = new Map<string, LocalMember>();
  readonly replica = new Replica(this.members);
  /** The number of connections that was last reported; 0: none, or it must be reported again. */
  reported = 0;
  /** Redis had no memory for some of it. */
  isRefused = false;
  /** A subscriber needs the cached event, and it is not yet known whether there is one. If not, webhooks must report a cache miss. */
  mayMissCache = false;
  /** Resolves once events of other nodes arrive here; undefined: they do already. */
  listening: Promise<void> | undefined;
  /** How many joins are not answered yet. Their clients do not receive what subscribers receive meanwhile. */
  joining = 0;
  /** A count that was sent to subscribers meanwhile. */
  countToRepeat: number | undefined;
  /** The count that subscribers on this node were sent last (0: none), and its revision. */
  sent = { count: 0, revision: -Infinity };
  /** The joins that wait for a snapshot. */
  #waiting: (() => void)[] = [];

  constructor({ appId, name, keys }: KeptChannel) {
    this.appId = appId;
    this.name = name;
    this.keys = keys;
  }

  /**
   * `unknown`: Redis has not answered yet, and subscribers know nothing. `known`: there is a snapshot, and every change since. `stale`:
   * Redis did not answer, or notices may have been missed since; subscribers know the last state before that.
   */
  get state(): 'unknown' | 'known' | 'stale' {
    if (this.replica.isTrusted) return 'known';
    return this.replica.isKnown ? 'stale' : 'unknown';
  }

  /** Notes a connection of the member. Returns whether it is the member's first on this node. */
  enter(member: Member): boolean {
    if (this.members.has(member.userId)) return false;
    this.members.set(member.userId, { ...member, pendingJoins: 0, isAdmitted: false });
    return true;
  }

  /** Notes that a join of a member was answered. A member is removed again if none of its joins was admitted. */
  joinAnswered(member: LocalMember, isAdmitted: boolean): void {
    member.pendingJoins -= 1;
    member.isAdmitted ||= isAdmitted;
    const isHere = member.isAdmitted || member.pendingJoins > 0;
    if (!isHere && this.members.get(member.userId) === member) this.members.delete(member.userId);
  }

  /** Whether a subscriber can be answered without asking Redis. */
  knows({ member, readsCache, wantsCacheMiss }: Join, at: Millis): boolean {
    const { replica } = this;
    if (member === undefined && !readsCache) return true;
    if (this.state !== 'known' || (member !== undefined && !replica.members.has(member.userId))) return false;
    return !readsCache || !wantsCacheMiss || replica.cached(at) !== undefined || replica.isMissReported(at);
  }

  /** Whether the cached event or cache miss has expired, so that Redis must be asked again. False if the subscriber has left. */
  hasLapsed(join: Join, at: Millis): boolean {
    const { member, readsCache, wantsCacheMiss } = join;
    if (!readsCache || !wantsCacheMiss || this.state !== 'known') return false;
    return (member === undefined || this.members.has(member.userId)) && !this.knows(join, at);
  }

  /** The answer to a subscriber that is admitted now. */
  answer({ member, readsCache }: Join, at: Millis): Extract<JoinAnswer, { kind: 'joined' }> {
    const cached = readsCache ? this.replica.cached(at) : undefined;
    return {
      kind: 'joined',
      ...(member !== undefined && { members: this.replica.members }),
      ...(cached && { cached }),
    };
  }

  /** The member has no connection on this node any more. Returns the notices for the subscribers if Redis will send none. */
  exit(userId: string, at: Millis): readonly ReplicaNotice[] {
    this.members.delete(userId);
    return this.replica.left(userId, at);
  }

  /** Resolves with the next snapshot, once `snapshotTaken` is called. */
  nextSnapshot(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** A snapshot was taken, and subscribers were notified of the changes. */
  snapshotTaken(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

/** Members as arguments of scripts: user ids and infos alternately. */
export function toArguments(members: Iterable<Member>): string[] {
  return [...members].flatMap(({ userId, infoJson }) => [userId, infoJson]);
}
