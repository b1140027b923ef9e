import { performance } from 'node:perf_hooks';
import type { Clock, WallTime } from '../ports/clock.ts';

/** The longest that the runtime's timers can wait; a longer wait would end at once. */
const longestDelayMs = 2 ** 31 - 1;

/** Real time. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, Math.min(longestDelayMs, Math.ceil(delayMs)));
    return () => clearTimeout(timer);
  },
};

/** The machine's time of day. */
export const systemWallTime: WallTime = { now: () => Date.now() };
