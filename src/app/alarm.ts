import type { Cancel, Clock, Millis } from '../ports/clock.ts';

/** One timer for something that always knows when it is next due. */
export interface Alarm {
  /** Rings at this moment, or earlier if it was to ring earlier anyway. Infinity asks for nothing. */
  set(dueAt: Millis): void;
  /** There is nothing to ring for, until it is set again. */
  clear(): void;
  /** Rings no more. */
  stop(): void;
}

/**
 * An alarm that calls `ring` when due; `ring` sets it again if need be. An alarm set for later than it
 * stands is left as it is: to ring once in vain is cheaper than to move a timer with every event. With `slackMs` it may ring
 * that much late, at multiples of it, so that it rings once for all that is due by then.
 */
export function createAlarm(clock: Clock, ring: () => void, slackMs: Millis = 0): Alarm {
  let standsAt = Infinity;
  let cancel: Cancel = () => {};
  let isStopped = false;
  const clear = (): void => {
    standsAt = Infinity;
    cancel();
  };
  return {
    clear,
    set(dueAt) {
      const at = slackMs > 0 ? Math.ceil(dueAt / slackMs) * slackMs : dueAt;
      if (at >= standsAt || isStopped) return;
      cancel();
      standsAt = at;
      cancel = clock.after(Math.max(0, standsAt - clock.now()), () => {
        standsAt = Infinity;
        ring();
      });
    },
    stop() {
      isStopped = true;
      clear();
    },
  };
}
