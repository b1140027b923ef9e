import type { Join, JoinAnswer, Member } from '../../../ports/attendance.ts';
import type { Millis } from '../../../ports/clock.ts';
import type { ChannelName } from '../../../protocol/channel-name.ts';
import type { KeptChannel } from './channel-scripts.ts';
import type { ChannelKeys } from '../keys.ts';
import { Replica, type ReplicaNotice } from './replica.ts';
import type { ChannelDescription } from '../link/replies.ts';

/** A member that has connections here, or asks to be let in. */
export interface Here extends Member {
  /** Joins that are not answered yet. */
  asking: number;
  isLetIn: boolean;
}

/** A channel that this node has subscribers of: what it has of it, and what it knows. */
export class HeldChannel implements KeptChannel {
  readonly appId: string;
  readonly name: ChannelName;
  readonly keys: ChannelKeys;
  /** The members that have connections here, as they were reported. */
  readonly members = new Map<string, Here>();
  readonly replica = new Replica();
  /** Connections, as last reported. */
  reported = 0;
  /** Redis had no memory for some of it. */
  isRefused = false;
  /** Somebody asked for the cached event, and whether there is one is to be found out yet: if not, webhooks are told. */
  mayMissCache = false;
  /** Resolves once what others publish is heard here; undefined: it is. */
  hearing: Promise<void> | undefined;
  /** Joins that are not answered yet; they are not told what subscribers are told meanwhile. */
  joining = 0;
  /** A count that was told meanwhile. */
  countToRepeat: number | undefined;
  /** Those who wait for a snapshot. */
  #waiting: (() => void)[] = [];

  constructor({ appId, name, keys }: KeptChannel) {
    this.appId = appId;
    this.name = name;
    this.keys = keys;
  }

  /**
   * `asking`: Redis has not answered yet, and nobody was told anything. `known`: there is a snapshot, and every change since.
   * `alone`: Redis did not answer, or something may have been missed since it did; subscribers believe what was known then.
   */
  get state(): 'asking' | 'known' | 'alone' {
    if (this.replica.isTrusted) return 'known';
    return this.replica.isKnown ? 'alone' : 'asking';
  }

  /** A connection of the member comes. Whether it is the first here. */
  enter(member: Member): boolean {
    if (this.members.has(member.userId)) return false;
    this.members.set(member.userId, { ...member, asking: 0, isLetIn: false });
    return true;
  }

  /** A join of a member has its answer. Whom none of those who asked could bring in is not here. */
  answered(here: Here, isLetIn: boolean): void {
    here.asking -= 1;
    here.isLetIn ||= isLetIn;
    const isHere = here.isLetIn || here.asking > 0;
    if (!isHere && this.members.get(here.userId) === here) this.members.delete(here.userId);
  }

  /** Whether a subscriber can be answered without asking. */
  knows({ member, readsCache, wantsCacheMiss }: Join, at: Millis): boolean {
    const { replica } = this;
    if (member === undefined && !readsCache) return true;
    if (this.state !== 'known' || (member !== undefined && !replica.members.has(member.userId))) return false;
    return !readsCache || !wantsCacheMiss || replica.cached(at) !== undefined || replica.missStands(at);
  }

  /** Whether what is known of the cache has ended, so that Redis is to be asked again; not if the subscriber has gone. */
  hasLapsed(join: Join, at: Millis): boolean {
    const { member, readsCache, wantsCacheMiss } = join;
    if (!readsCache || !wantsCacheMiss || this.state !== 'known') return false;
    return (member === undefined || this.members.has(member.userId)) && !this.knows(join, at);
  }

  /** What a subscriber who was let in is told at this moment. */
  answer({ member, readsCache }: Join, at: Millis): Extract<JoinAnswer, { kind: 'joined' }> {
    const cached = readsCache ? this.replica.cached(at) : undefined;
    return {
      kind: 'joined',
      ...(member !== undefined && { members: this.replica.members }),
      ...(cached && { cached }),
    };
  }

  /** Takes what Redis knows. Returns what subscribers are to be told of it. */
  merge(description: ChannelDescription, at: Millis): readonly ReplicaNotice[] {
    const members = this.isRefused ? this.#withLetIn(description.members) : description.members;
    return this.replica.merge({ ...description, members }, at);
  }

  /** Resolves with the next snapshot, once `snapshotCame` is called. */
  nextSnapshot(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** A snapshot was taken, and subscribers were told what it changes. */
  snapshotCame(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  /** Those present, and those who were let in here although Redis had no memory for them. */
  #withLetIn(present: ReadonlyMap<string, Member>): ReadonlyMap<string, Member> {
    const all = new Map(present);
    for (const [userId, { infoJson, isLetIn }] of this.members) {
      if (isLetIn && !all.has(userId)) all.set(userId, { userId, infoJson });
    }
    return all;
  }
}

/** Members as scripts take them: user ids and infos by turns. */
export function named(members: Iterable<Member>): string[] {
  return [...members].flatMap(({ userId, infoJson }) => [userId, infoJson]);
}
