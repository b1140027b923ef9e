/** The two clocks of a store, and the machine's readings when they were saved. Milliseconds, except for the boot id. */
export interface SavedTimes {
  /** Runs only while the program runs. */
  readonly A: number;
  /** Also runs while the program is down, and never goes back. */
  readonly D: number;
  readonly wallMs: number;
  readonly hrtimeMs: number;
  /** Undefined if the system does not provide it. */
  readonly bootId: string | undefined;
}

/** The current readings of the machine's clocks. */
export interface Readings {
  /** The time of day, which may be changed. */
  readonly wallMs: number;
  /** A clock that counts from the boot of the machine, the same for all processes. */
  readonly hrtimeMs: number;
  /** How long the machine has been up. */
  readonly uptimeMs: number;
  readonly bootId: string | undefined;
}

/** The values with which the two clocks continue after the program was down. */
export interface ResumedTimes {
  readonly A: number;
  readonly D: number;
  readonly downMs: number;
  readonly warning?: 'clock went back' | 'clock jumped';
  /** Whether `downMs` was measured, and not derived from the time of day. */
  readonly isCertain: boolean;
}

/** If the time of day has advanced by more than this, it was probably changed. */
const longMs = 24 * 60 * 60 * 1000;

/**
 * How long the program was down. If the machine was not rebooted, the clock that counts from its boot decides, whatever was done
 * to the time of day. Otherwise the time of day decides, but the program was down at least for the uptime of the machine.
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
  // Without boot ids, the machine may have been rebooted anyway: the program was down for at least this time.
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
