/** How long things take in a run, in the proportions of the program as it is used. */
export interface Timing {
  readonly graceMs: number;
  readonly restartGraceMs: number;
  /** Clients come back after so long at most, some of them beyond the grace. */
  readonly longestAwayMs: number;
  readonly longestUpMs: number;
  readonly longestDownMs: number;
}

/** The times of a run: 1 is a grace of 3 s, a restart grace of 20 s, and clients that are back within a minute. */
export function timingOf(scale: number): Timing {
  return {
    graceMs: Math.round(3000 * scale),
    restartGraceMs: Math.round(20_000 * scale),
    longestAwayMs: Math.round(60_000 * scale),
    longestUpMs: Math.round(400 + 14_000 * scale),
    longestDownMs: Math.round(20_000 * scale),
  };
}
