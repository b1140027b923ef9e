import type { AllowanceBounds } from './allowance.ts';

/** What records may cost. */
export interface RecordingBudget {
  /** Memory of all that is kept, roughly. */
  readonly bytes: number;
  /** Events that go well; the others are counted. What fails or is dropped is recorded in any case. */
  readonly events?: AllowanceBounds;
  /** Movements of connections: whenever one is beyond these, those before it are forgotten. */
  readonly movements?: AllowanceBounds;
}

/** More than a person can follow; a burst is recorded whole. */
const defaultEvents: AllowanceBounds = { perSecond: 250, burst: 1000 };

/** Some thousand clients may come back to their channels at once. */
const defaultMovements: AllowanceBounds = { perSecond: 500, burst: 5000 };

/** The budget with all that it does not say; without one everything is recorded. */
export function boundsOf(budget: RecordingBudget | undefined): Required<RecordingBudget> {
  if (budget === undefined)
    return { bytes: Infinity, events: { perSecond: Infinity }, movements: { perSecond: Infinity } };
  return { events: defaultEvents, movements: defaultMovements, ...budget };
}
