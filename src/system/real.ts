import { performance } from 'node:perf_hooks';
import process from 'node:process';
import timers from 'node:timers';

// The functions of real time, captured when the package is loaded. Test frameworks replace them later, even on the objects of Node's
// modules, and a server in the same process must not stop then. No other file imports them from Node.

/** The runtime's timers, even if a test framework replaces them later. */
export const { setTimeout, clearTimeout, setImmediate } = timers;

/** Milliseconds on a clock that never goes back. */
export const performanceNow: () => number = performance.now.bind(performance);

/** The machine's time of day, in milliseconds since 1970. */
export const dateNow: () => number = Date.now.bind(Date);

/** Nanoseconds on a clock that never goes back. */
export const hrtime: () => bigint = process.hrtime.bigint.bind(process.hrtime);

/** The global object of the tests. In jest, it differs from ours. */
let seen = new WeakRef<object>(globalThis);

/** Sets the global object of the tests that load the library, for `fakedTimers`. */
export function seeGlobals(globals: object): void {
  seen = new WeakRef(globals);
}

/** Returns which of the functions that clients and sockets need are currently replaced by a test framework. */
export function fakedTimers(): { readonly setTimeout: boolean; readonly nextTick: boolean } {
  const globals = seen.deref() ?? globalThis;
  const current: unknown = Reflect.get(globals, 'setTimeout');
  const isReplaced = globals === globalThis && current !== setTimeout;
  return {
    setTimeout: isReplaced || isOfClock(current),
    nextTick: isOfClock(Reflect.get(process, 'nextTick')),
  };
}

/** Whether it is a fake timer of sinon, jest or vitest, which refers to its clock. */
function isOfClock(value: unknown): boolean {
  return typeof value === 'function' && Object.hasOwn(value, 'clock');
}
