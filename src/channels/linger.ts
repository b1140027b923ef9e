import type { Millis } from '../ports/clock.ts';

/**
 * The linger machine: one subject (a channel, or a member of one) that is present or not, and what the
 * webhooks have said of it.
 *
 * ```
 *              enter: fact          leave: deadline = max(deadline, at + grace)
 *   absent ------------> present --------------------------------> lingering ---> absent
 *                           ^          enter: no fact, deadline        |    at the deadline: fact
 *                           +------------------ cleared ---------------+
 * ```
 *
 * Subscribers are told of every move at once; webhooks only of the facts (Soketify: "There is a ~3 second
 * delay between a user disconnecting and the member_removed or channel_vacated webhook firing").
 * The steps change the record in place: there is one per channel and per member of an app.
 */
export interface Linger {
  /** Somebody is there now. */
  isLive: boolean;
  /** Webhooks have said that somebody is there, and have not taken it back. */
  isAnnounced: boolean;
  /** Not gone before this moment. Means something only while nobody is there. */
  deadline: Millis;
}

/** What an entrance changed. */
export type Entrance =
  /** Somebody was there already. */
  | 'already-live'
  /** Nobody was there, and webhooks said so: the fact is now to be told. */
  | 'appeared'
  /** Nobody was there, but webhooks had not said it yet: there is nothing to tell. */
  | 'returned';

/** A subject that nobody has heard of. */
export function newLinger(): Linger {
  return { isLive: false, isAnnounced: false, deadline: -Infinity };
}

/** Somebody is there. */
export function enter(subject: Linger): Entrance {
  if (subject.isLive) return 'already-live';
  const entrance = subject.isAnnounced ? 'returned' : 'appeared';
  subject.isLive = true;
  subject.isAnnounced = true;
  subject.deadline = -Infinity;
  return entrance;
}

/** Nobody is there any more. Whether anybody was. */
export function leave(subject: Linger, deadline: Millis): boolean {
  if (!subject.isLive) return false;
  subject.isLive = false;
  subject.deadline = Math.max(subject.deadline, deadline);
  return true;
}

/** Whether the absence is now a fact. If so the subject is forgotten by the webhooks. */
export function expire(subject: Linger, at: Millis): boolean {
  if (subject.isLive || !subject.isAnnounced || subject.deadline > at) return false;
  subject.isAnnounced = false;
  return true;
}
