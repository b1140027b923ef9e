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

/** What tests see as global: in jest it is another object than ours. */
let seen = new WeakRef<object>(globalThis);

/** Whoever requires the library tells the global object of its tests, for `fakedTimers`. */
export function seeGlobals(globals: object): void {
  seen = new WeakRef(globals);
}

/** Which of the functions that clients and sockets need are replaced by a test framework now. */
export function fakedTimers(): { readonly setTimeout: boolean; readonly nextTick: boolean } {
  const globals = seen.deref() ?? globalThis;
  const current: unknown = Reflect.get(globals, 'setTimeout');
  const isReplaced = globals === globalThis && current !== setTimeout;
  return {
    setTimeout: isReplaced || isOfClock(current),
    nextTick: isOfClock(Reflect.get(process, 'nextTick')),
  };
}

/** The fake timers of sinon, jest and vitest name the clock that they belong to. */
function isOfClock(value: unknown): boolean {
  return typeof value === 'function' && Object.hasOwn(value, 'clock');
}
