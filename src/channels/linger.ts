import type { Millis } from '../ports/clock.ts';

/**
 * The linger state machine: one subject (a channel, or a member of one) that is present or absent, and what webhooks have
 * reported about it.
 *
 * ```
 *              enter: fact          leave: deadline = max(deadline, at + grace)
 *   absent ------------> present --------------------------------> lingering ---> absent
 *                           ^          enter: no fact, deadline        |    at the deadline: fact
 *                           +------------------ cleared ---------------+
 * ```
 *
 * Subscribers are notified of every change immediately. Webhooks report only the facts (Soketify: "There is a ~3 second
 * delay between a user disconnecting and the member_removed or channel_vacated webhook firing"). The functions change the
 * record in place: there is one for each channel and each member of an app.
 */
export interface Linger {
  /** Whether the subject is present. */
  isLive: boolean;
  /** Whether webhooks have reported the subject as present, and not as absent since. */
  isAnnounced: boolean;
  /** The subject does not become absent before this time. Only meaningful while it is not present. */
  deadline: Millis;
}

/** What a join changed. */
export type JoinResult =
  /** The subject was present already. */
  | 'already-live'
  /** The subject was absent, and webhooks had reported that: its presence is now a fact to report. */
  | 'appeared'
  /** The subject had left, but webhooks had not reported it yet: there is nothing to report. */
  | 'returned';

/** A subject that was never present. */
export function newLinger(): Linger {
  return { isLive: false, isAnnounced: false, deadline: -Infinity };
}

/** Marks the subject as present. */
export function enter(subject: Linger): JoinResult {
  if (subject.isLive) return 'already-live';
  const result = subject.isAnnounced ? 'returned' : 'appeared';
  subject.isLive = true;
  subject.isAnnounced = true;
  subject.deadline = -Infinity;
  return result;
}

/** Marks the subject as no longer present. Returns whether it was. */
export function leave(subject: Linger, deadline: Millis): boolean {
  if (!subject.isLive) return false;
  subject.isLive = false;
  subject.deadline = Math.max(subject.deadline, deadline);
  return true;
}

/** Returns whether the absence is now a fact. If it is, the subject counts as unannounced from now on. */
export function expire(subject: Linger, at: Millis): boolean {
  if (subject.isLive || !subject.isAnnounced || subject.deadline > at) return false;
  subject.isAnnounced = false;
  return true;
}
