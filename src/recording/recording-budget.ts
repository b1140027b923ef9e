import type { AllowanceBounds } from './allowance.ts';

/** What records may cost. */
export interface RecordingBudget {
  /** Memory of all that is kept, roughly. */
  readonly bytes: number;
  /** Events a second that go well; the others are counted. What fails or is dropped is recorded in any case. */
  readonly perSecond?: number;
  /** Movements of connections: whenever one is beyond these, those before it are forgotten. */
  readonly movements?: AllowanceBounds;
}

/** How many events a second are recorded, unless it is said. */
const defaultPerSecond = 500;

/** Some thousand clients may come back to their channels at once. */
const defaultMovements: AllowanceBounds = { perSecond: 1000, burst: 5000 };

/** The budget with all that it does not say; without one everything is recorded. */
export function boundsOf(budget: RecordingBudget | undefined): Required<RecordingBudget> {
  if (budget === undefined)
    return { bytes: Infinity, perSecond: Infinity, movements: { perSecond: Infinity } };
  return { perSecond: defaultPerSecond, movements: defaultMovements, ...budget };
}
