import type { Cancel, Clock, Millis } from '../ports/clock.ts';

/** One timer for something that always knows when it is next due. */
export interface Alarm {
  /** Rings at this time, or earlier if it was set to an earlier time already. Infinity sets nothing. */
  set(dueAt: Millis): void;
  /** Cancels the alarm until it is set again. */
  clear(): void;
  /** Stops the alarm for good. */
  stop(): void;
}

/**
 * An alarm that calls `ring` when due; `ring` sets it again if necessary. Setting a later time than the current one changes
 * nothing, because ringing once in vain is cheaper than moving a timer with every event. With `slackMs`, it may ring that much
 * late, at multiples of it, so that it rings once for everything that is due by then.
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
