import type { Clock, WallTime } from '../ports/clock.ts';
import type { RealTime } from '../ports/real-time.ts';
import { clearTimeout, dateNow, performanceNow, setImmediate, setTimeout } from './real.ts';
import type { NextTurn } from '../structures/turn-budget.ts';

/** The longest delay of the runtime's timers. A longer one would fire immediately. */
const longestDelayMs = 2 ** 31 - 1;

/** Short compared with any grace period, and long compared with the distance of timers when many are due. */
const slackMs = 20;

/** The runtime's timers. */
type Timers = Pick<typeof globalThis, 'setTimeout' | 'clearTimeout'>;

/** Real time, even if a test framework replaces timers and clocks later. */
export function createSystemClock(timers: Timers = { setTimeout, clearTimeout }): Clock {
  return {
    slackMs,
    now: performanceNow,
    after(delayMs, run) {
      const timer = timers.setTimeout(run, Math.min(longestDelayMs, Math.ceil(delayMs)));
      return () => timers.clearTimeout(timer);
    },
  };
}

export const systemClock = createSystemClock();

/** The machine's time of day, even if a test framework replaces `Date` later. */
export const systemWallTime: WallTime = { now: dateNow };

/** Runs after all currently readable sockets have been read. */
export const systemNextTurn: NextTurn = (run) => void setImmediate(run);

/** Real time, and the turns of the event loop. */
export const systemRealTime: RealTime = {
  ...systemClock,
  turn: () => new Promise((resolve) => systemNextTurn(resolve)),
};
