/** The durations of a run, in the same proportions as the program's defaults. */
export interface Timing {
  readonly graceMs: number;
  readonly restartGraceMs: number;
  /** The longest time that clients stay away. Some stay away beyond the grace period. */
  readonly longestAwayMs: number;
  readonly longestUpMs: number;
  readonly longestDownMs: number;
}

/**
 * The durations for a scale. 1 is a grace period of 3 s, a restart grace of 20 s, and clients that return
 * within a minute.
 */
export function timingOf(scale: number): Timing {
  return {
    graceMs: Math.round(3000 * scale),
    restartGraceMs: Math.round(20_000 * scale),
    longestAwayMs: Math.round(60_000 * scale),
    longestUpMs: Math.round(400 + 14_000 * scale),
    longestDownMs: Math.round(20_000 * scale),
  };
}
