import type { PauseView, QueueView } from './settings.ts';

/** A difference between what an endpoint must believe and the true state. */
export interface DifferenceView {
  readonly channel: string;
  /** Absent if the difference concerns the channel itself. */
  readonly userId?: string;
  /** What the endpoint must believe about the presence of the channel or member. `unknown` if that is not known. */
  readonly believed: 'there' | 'gone' | 'unknown';
  readonly actual: 'there' | 'gone';
  /** Why, as a sentence. */
  readonly why: string;
  /** Whether the difference will go away without a repair. */
  readonly heals: boolean;
}

/** `GET /apps/ID/endpoints/ID/truth`. */
export interface TruthView {
  readonly endpoint: string;
  readonly atMs: number;
  /** Why nothing can be compared. The other fields are empty then. */
  readonly unknown?: string;
  /** How many channels and members were compared. */
  readonly channels: number;
  readonly members: number;
  /** The first differences, at most 200. */
  readonly differences: readonly DifferenceView[];
  readonly differing: number;
  /** What the endpoint does not receive because of its event types and channel filter, one sentence each. */
  readonly limits: readonly string[];
  /** Whether `POST reconcile` can repair lasting differences. */
  readonly canReconcile: boolean;
}

/** `GET /apps/ID/endpoints/ID/lanes`: the queue of an endpoint by channel. */
export interface LanesView {
  readonly endpoint: string;
  readonly queue?: QueueView;
  readonly pause?: PauseView;
  /** At most 100 lanes, those that have waited longest first. */
  readonly lanes: readonly LaneView[];
  readonly laneCount: number;
  /** At most 100 unfinished batches, oldest first. */
  readonly batches: readonly LaneBatchView[];
  readonly batchCount: number;
}

/** The events of one channel that are not in a batch yet. */
export interface LaneView {
  readonly channel: string;
  readonly events: number;
  readonly oldestAgeMs: number;
  /** The delivery that must finish before the first of these events is sent. */
  readonly blockedBy?: string;
}

/** An unfinished batch. */
export interface LaneBatchView {
  readonly id?: string;
  readonly channels: readonly string[];
  readonly events: number;
  readonly attempts: number;
  readonly state: 'in-flight' | 'waiting';
  readonly ageMs: number;
  /** Absent during an attempt, and while the endpoint is on hold. */
  readonly nextAttemptInMs?: number;
  /** The time until the batch is dropped. Time on hold does not count. */
  readonly deadlineInMs: number;
}
