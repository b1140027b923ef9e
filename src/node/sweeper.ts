import type { Attendance } from '../ports/attendance.ts';
import type { Clock, Millis } from '../ports/clock.ts';
import { whenReady } from '../ports/maybe-promise.ts';
import { createAlarm } from '../structures/alarm.ts';

/** Calls the ledger when departures are due. */
export interface Sweeper {
  /** Schedules a sweep at this time. */
  wake(dueAt: Millis): void;
  stop(): void;
}

/**
 * Departures are reported together with others that are due soon after, within the slack of the clock, because in a burst each
 * is due in a different millisecond. `ledger` is a function because the ledger is created with the sweeper's `wake`.
 */
export function createSweeper(clock: Clock, ledger: () => Pick<Attendance, 'sweep'>): Sweeper {
  const ring = (): void =>
    void whenReady(ledger().sweep(), (dueAt) => {
      alarm.set(dueAt ?? Infinity);
    });
  const alarm = createAlarm(clock, ring, clock.slackMs);
  return { wake: (dueAt) => alarm.set(dueAt), stop: () => alarm.stop() };
}
