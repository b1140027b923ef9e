import type timers = require('node:timers');

/** The runtime's timers, whatever a test framework puts in their place later. */
export declare const setTimeout: typeof timers.setTimeout;
export declare const clearTimeout: typeof timers.clearTimeout;
export declare const setImmediate: typeof timers.setImmediate;

/** Milliseconds on a clock that never goes back. */
export declare function performanceNow(): number;

/** The machine's time of day, in milliseconds since 1970. */
export declare function dateNow(): number;

/** Nanoseconds on a clock that never goes back. */
export declare function hrtime(): bigint;
