import type { Attendance } from '../ports/attendance.ts';
import type { Clock, Millis } from '../ports/clock.ts';
import { whenReady } from '../ports/maybe-promise.ts';
import { createAlarm } from './alarm.ts';

/** Has the ledger report departures when they are due. */
export interface Sweeper {
  /** Something falls due at this moment. */
  wake(dueAt: Millis): void;
  stop(): void;
}

/**
 * Departures are reported together with others that are due soon after, as far as the clock has slack: in a crowd each is
 * due at another millisecond. `ledger` is looked up when something is due, because the ledger itself is made with the sweeper's
 * `wake`.
 */
export function createSweeper(clock: Clock, ledger: () => Pick<Attendance, 'sweep'>): Sweeper {
  const ring = (): void =>
    void whenReady(ledger().sweep(), (dueAt) => {
      alarm.set(dueAt ?? Infinity);
    });
  const alarm = createAlarm(clock, ring, clock.slackMs);
  return { wake: (dueAt) => alarm.set(dueAt), stop: () => alarm.stop() };
}
