import { performance } from 'node:perf_hooks';
import process from 'node:process';
import timers from 'node:timers';

// Real time, as it is when the package is loaded. Test frameworks replace these functions later, on the very objects of
// Node's modules too, and a server in the same process must not stop with them. Nobody else takes them from Node.

/** The runtime's timers, whatever a test framework puts in their place later. */
export const { setTimeout, clearTimeout, setImmediate } = timers;

/** Milliseconds on a clock that never goes back. */
export const performanceNow: () => number = performance.now.bind(performance);

/** The machine's time of day, in milliseconds since 1970. */
export const dateNow: () => number = Date.now.bind(Date);

/** Nanoseconds on a clock that never goes back. */
export const hrtime: () => bigint = process.hrtime.bigint.bind(process.hrtime);
