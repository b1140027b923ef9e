import type { AllowanceBounds } from './allowance.ts';

/** The limits of a recorder. */
export interface RecordingBudget {
  /** The approximate memory limit in bytes. */
  readonly bytes: number;
  /** The rate limit of successful events. Others are only counted. Failures and drops are always recorded. */
  readonly events?: AllowanceBounds;
  /** The rate limit of movements. When it is exceeded, all earlier movements are deleted. */
  readonly movements?: AllowanceBounds;
}

/** More events than a person can follow. A burst is recorded completely. */
const defaultEvents: AllowanceBounds = { perSecond: 250, burst: 1000 };

/** Enough for some thousand clients that reconnect at once. */
const defaultMovements: AllowanceBounds = { perSecond: 500, burst: 5000 };

/** A budget with its defaults. Without a budget everything is recorded. */
export function boundsOf(budget: RecordingBudget | undefined): Required<RecordingBudget> {
  if (budget === undefined)
    return { bytes: Infinity, events: { perSecond: Infinity }, movements: { perSecond: Infinity } };
  return { events: defaultEvents, movements: defaultMovements, ...budget };
}
