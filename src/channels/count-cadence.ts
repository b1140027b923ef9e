import type { Millis } from '../ports/clock.ts';

/** Above this many connections, the count of a channel is sent less often, as on Pusher. */
const manyConnections = 100;

/** The minimum interval between two counts of such a channel. */
const manyEveryMs: Millis = 5000;

/** When the count of one channel was and will be sent. */
export interface CountCadence {
  /** When it was last sent. */
  sentAt: Millis;
  /** When it must be sent again because it has changed since; undefined when it has not. */
  dueAt: Millis | undefined;
}

/** A count that was never sent. */
export function newCountCadence(): CountCadence {
  return { sentAt: -Infinity, dueAt: undefined };
}

/** The count has changed. Returns whether to send it now; if not, `dueAt` is when to send it. */
export function isSentNow(cadence: CountCadence, count: number, at: Millis): boolean {
  if (count > manyConnections && at - cadence.sentAt < manyEveryMs) {
    cadence.dueAt ??= cadence.sentAt + manyEveryMs;
    return false;
  }
  cadence.sentAt = at;
  cadence.dueAt = undefined;
  return true;
}
