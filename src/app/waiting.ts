import type { Millis } from '../ports/clock.ts';
import type { QueuedEvent } from '../webhooks/lane.ts';

/** What waits for an endpoint of one channel, or is under way, and what it waits for. */
export interface Waiting {
  /** In order. */
  readonly events: readonly QueuedEvent[];
  /** The endpoint counts as failing: it is tried by one attempt at a time. */
  readonly isFailing: boolean;
  /** The delivery that comes first; undefined: the events are in none yet. */
  readonly batch?: {
    readonly events: readonly QueuedEvent[];
    /** Attempts begun. */
    readonly attempts: number;
    /** Until the next attempt, at the earliest; undefined: one is under way. */
    readonly nextInMs: Millis | undefined;
  };
}

export const nothingWaits: Waiting = { events: [], isFailing: false };
