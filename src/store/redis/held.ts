import type { Join, JoinAnswer, Member } from '../../ports/attendance.ts';
import type { Millis } from '../../ports/clock.ts';
import type { KeptChannel } from './channel-scripts.ts';
import { Replica } from './replica.ts';

/** A member that has connections here, or asks to be let in. */
export interface Here extends Member {
  /** Joins that are not answered yet. */
  asking: number;
  isLetIn: boolean;
}

/** A channel that this node has subscribers of. */
export interface Held extends KeptChannel {
  /** The members that have connections here, as they were reported. */
  readonly members: Map<string, Here>;
  readonly replica: Replica;
  /** Connections, as last reported. */
  reported: number;
  /** Redis had no memory for some of it. */
  isRefused: boolean;
  /** Somebody asked for the cached event, and whether there is one is to be found out yet: if not, webhooks are told. */
  mayMissCache: boolean;
  /** Resolves once what others publish is heard here; undefined: it is. */
  hearing: Promise<void> | undefined;
  /** Those who wait for a trusted snapshot. */
  waiting: (() => void)[];
  /** Joins that are not answered yet; they are not told what subscribers are told meanwhile. */
  joining: number;
  /** A count that was told meanwhile. */
  countToRepeat: number | undefined;
}

export function newHeld(channel: KeptChannel): Held {
  return {
    ...channel,
    members: new Map(),
    replica: new Replica(),
    reported: 0,
    isRefused: false,
    mayMissCache: false,
    hearing: undefined,
    waiting: [],
    joining: 0,
    countToRepeat: undefined,
  };
}

/** Whether a subscriber can be answered without asking. */
export function knows({ replica }: Held, { member, readsCache, wantsCacheMiss }: Join, at: Millis): boolean {
  if (member === undefined && !readsCache) return true;
  if (!replica.isTrusted || (member !== undefined && !replica.members.has(member.userId))) return false;
  return !readsCache || !wantsCacheMiss || replica.cached(at) !== undefined || replica.missStands(at);
}

/** Whether what is known of the cache has ended, so that Redis is to be asked again; not if the subscriber has gone. */
export function hasLapsed(held: Held, join: Join, at: Millis): boolean {
  const { member, readsCache, wantsCacheMiss } = join;
  if (!readsCache || !wantsCacheMiss || !held.replica.isTrusted) return false;
  return (member === undefined || held.members.has(member.userId)) && !knows(held, join, at);
}

/** What a subscriber who was let in is told at this moment. */
export function answerTo(
  { replica }: Held,
  { member, readsCache }: Join,
  at: Millis,
): Extract<JoinAnswer, { kind: 'joined' }> {
  const cached = readsCache ? replica.cached(at) : undefined;
  return {
    kind: 'joined',
    ...(member !== undefined && { members: replica.members }),
    ...(cached && { cached }),
  };
}

/** A join of a member has its answer. Whom none of those who asked could bring in is not here. */
export function answered(held: Held, here: Here, isLetIn: boolean): void {
  here.asking -= 1;
  here.isLetIn ||= isLetIn;
  const isHere = here.isLetIn || here.asking > 0;
  if (!isHere && held.members.get(here.userId) === here) held.members.delete(here.userId);
}

/** Those present, and those who were let in here although Redis had no memory for them. */
export function withLetIn(held: Held, present: ReadonlyMap<string, Member>): ReadonlyMap<string, Member> {
  const all = new Map(present);
  for (const [userId, { infoJson, isLetIn }] of held.members) {
    if (isLetIn && !all.has(userId)) all.set(userId, { userId, infoJson });
  }
  return all;
}

/** Members as scripts take them: user ids and infos by turns. */
export function named(members: Iterable<Member>): string[] {
  return [...members].flatMap(({ userId, infoJson }) => [userId, infoJson]);
}
