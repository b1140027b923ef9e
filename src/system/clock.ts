import type { Clock, WallTime } from '../ports/clock.ts';
import type { RealTime } from '../ports/real-time.ts';
import { clearTimeout, dateNow, performanceNow, setImmediate, setTimeout } from '../real.ts';
import type { NextTurn } from '../structures/turn-budget.ts';

/** The longest that the runtime's timers can wait; a longer wait would end at once. */
const longestDelayMs = 2 ** 31 - 1;

/** Little beside any grace, and much beside the distance of timers when many are due. */
const slackMs = 20;

/** The runtime's timers. */
type Timers = Pick<typeof globalThis, 'setTimeout' | 'clearTimeout'>;

/** Real time, whatever a test framework puts in its place later. */
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

/** The machine's time of day, whatever a test framework puts in the place of `Date` later. */
export const systemWallTime: WallTime = { now: dateNow };

/** When all sockets that can be read now have been. */
export const systemNextTurn: NextTurn = (run) => void setImmediate(run);

/** The same real time, and the turns of the event loop. */
export const systemRealTime: RealTime = {
  ...systemClock,
  turn: () => new Promise((resolve) => systemNextTurn(resolve)),
};
