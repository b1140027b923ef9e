/** A moment or a span on a monotonic clock, in milliseconds. Never a date. */
export type Millis = number;

/** Cancels what it was returned for. Calling it again, or after the fact, does nothing. */
export type Cancel = () => void;

/**
 * Monotonic time and timers. Everything in the program that waits, waits through a clock, so that a test
 * can move five minutes on in one call.
 */
export interface Clock {
  /** The present moment. It never goes back; its zero means nothing. */
  now(): Millis;
  /**
   * What is due within so long is better done together, if it may be that much late: each timer wakes the process. Absent: 0, and
   * everything is done when it is due.
   */
  readonly slackMs?: Millis;
  /** Runs `run` once, `delayMs` from now (at least one turn later), unless cancelled before. */
  after(delayMs: Millis, run: () => void): Cancel;
}

/**
 * The time of day, in milliseconds since 1970, for what must agree with the outside world: `time_ms` of a
 * webhook and the 600 s window of signed requests. It may jump; nothing is scheduled by it.
 */
export interface WallTime {
  now(): number;
}
