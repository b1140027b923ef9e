/** The two clocks of a store, and the readings of the moment when they were saved. All but the boot id in milliseconds. */
export interface SavedTimes {
  /** Counts only while the program runs. */
  readonly A: number;
  /** Goes on while the program is down, and never goes back. */
  readonly D: number;
  readonly wallMs: number;
  readonly hrtimeMs: number;
  /** Undefined where the system names none. */
  readonly bootId: string | undefined;
}

/** What the machine's clocks say at present. */
export interface Readings {
  /** The time of day: it may be set. */
  readonly wallMs: number;
  /** A clock that counts from the start of the machine, the same for all processes. */
  readonly hrtimeMs: number;
  /** How long the machine has been up. */
  readonly uptimeMs: number;
  readonly bootId: string | undefined;
}

/** Where the two clocks go on after the program was down. */
export interface ResumedTimes {
  readonly A: number;
  readonly D: number;
  readonly downMs: number;
  readonly warning?: 'clock went back' | 'clock jumped';
  /** Whether `downMs` was measured, rather than taken from the time of day. */
  readonly isCertain: boolean;
}

/** A time of day that is further on than this was probably set. */
const longMs = 24 * 60 * 60 * 1000;

/**
 * How long the program was down. As long as the machine was not restarted, the clock that counts from its start tells,
 * whatever was done to the time of day. Afterwards the time of day tells, but the machine has been down for no less
 * than it has been up since.
 */
export function resumeTimes(saved: SavedTimes, present: Readings): ResumedTimes {
  const measuredMs = present.hrtimeMs - saved.hrtimeMs;
  const isSameBoot = saved.bootId !== undefined && saved.bootId === present.bootId;
  if (isSameBoot && measuredMs >= 0) return resume(saved, measuredMs, { isCertain: true });
  const wallMs = present.wallMs - saved.wallMs;
  const isRestart =
    saved.bootId === undefined || present.bootId === undefined
      ? measuredMs < 0
      : saved.bootId !== present.bootId;
  // Where nothing names the run of the machine, it may have been restarted all the same: the program was down for no less.
  const leastMs = Math.max(0, isRestart ? present.uptimeMs : measuredMs);
  const downMs = Math.max(leastMs, wallMs);
  if (wallMs < 0) return resume(saved, downMs, { isCertain: false, warning: 'clock went back' });
  if (wallMs > leastMs + longMs) return resume(saved, downMs, { isCertain: false, warning: 'clock jumped' });
  return resume(saved, downMs, { isCertain: false });
}

function resume(
  { A, D }: SavedTimes,
  downMs: number,
  rest: Pick<ResumedTimes, 'isCertain' | 'warning'>,
): ResumedTimes {
  return { A, D: D + downMs, downMs, ...rest };
}
