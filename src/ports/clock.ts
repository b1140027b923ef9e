/** A time or a duration on a monotonic clock, in milliseconds. Never a date. */
export type Millis = number;

/** Cancels the action that it was returned for. Does nothing when called again, or after the action. */
export type Cancel = () => void;

/**
 * Monotonic time and timers. Every wait in the program uses a clock, so that a test can advance five minutes in one call.
 */
export interface Clock {
  /** The current time. It never goes back; its zero has no meaning. */
  now(): Millis;
  /**
   * Actions due within this time of each other should run together, if they may be that late, because each timer wakes the
   * process. Absent: 0, and every action runs when it is due.
   */
  readonly slackMs?: Millis;
  /** Runs `run` once, `delayMs` from now (at least one turn later), unless cancelled before. */
  after(delayMs: Millis, run: () => void): Cancel;
}

/**
 * The time of day, in milliseconds since 1970, for values that must agree with other systems: `time_ms` of a webhook and the
 * 600 s window of signed requests. It may jump; nothing is scheduled by it.
 */
export interface WallTime {
  now(): number;
}
