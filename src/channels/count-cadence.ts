import type { Millis } from '../ports/clock.ts';

/** Above so many connections a channel's count is told less often (Pusher's webhooks page). */
const crowd = 100;

/** How often, then. */
const crowdEveryMs: Millis = 5000;

/** What is known of the telling of one channel's count. */
export interface CountCadence {
  /** When it was last told. */
  saidAt: Millis;
  /** When it is to be told again because it has changed since; undefined when it has not. */
  dueAt: Millis | undefined;
}

/** A count that was never told. */
export function newCountCadence(): CountCadence {
  return { saidAt: -Infinity, dueAt: undefined };
}

/** The count has changed: whether it is to be told now. If not, `dueAt` says when. */
export function isSaidNow(cadence: CountCadence, count: number, at: Millis): boolean {
  if (count > crowd && at - cadence.saidAt < crowdEveryMs) {
    cadence.dueAt ??= cadence.saidAt + crowdEveryMs;
    return false;
  }
  cadence.saidAt = at;
  cadence.dueAt = undefined;
  return true;
}
