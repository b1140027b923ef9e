import type { PauseView, QueueView } from './settings.ts';

/** A difference between what an endpoint must believe and what is true. */
export interface DifferenceView {
  readonly channel: string;
  /** Absent: it is about the channel itself. */
  readonly userId?: string;
  /** What the endpoint must believe: that it is there, or not; `unknown` where nobody can tell. */
  readonly believed: 'there' | 'gone' | 'unknown';
  readonly actual: 'there' | 'gone';
  /** Why, as a sentence. */
  readonly why: string;
  /** Whether it heals without anybody doing something. */
  readonly heals: boolean;
}

/** `GET /apps/ID/endpoints/ID/truth`. */
export interface TruthView {
  readonly endpoint: string;
  readonly atMs: number;
  /** Why nothing can be said; then the rest is empty. */
  readonly unknown?: string;
  /** Channels and members that were compared. */
  readonly channels: number;
  readonly members: number;
  /** The first differences, at most 200. */
  readonly differences: readonly DifferenceView[];
  readonly differing: number;
  /** Of what the endpoint does not hear, by its event types and channel filter; one sentence each. */
  readonly limits: readonly string[];
  /** Whether `POST reconcile` can repair what does not heal. */
  readonly canReconcile: boolean;
}

/** `GET /apps/ID/endpoints/ID/lanes`: what waits behind what. */
export interface LanesView {
  readonly endpoint: string;
  readonly queue?: QueueView;
  readonly pause?: PauseView;
  /** The first lanes, those that wait longest first, at most 100. */
  readonly lanes: readonly LaneView[];
  readonly laneCount: number;
  /** Batches that are not done with, oldest first, at most 100. */
  readonly batches: readonly LaneBatchView[];
  readonly batchCount: number;
}

/** The events of one channel that are in no batch yet. */
export interface LaneView {
  readonly channel: string;
  readonly events: number;
  readonly oldestAgeMs: number;
  /** The delivery that must be done with before the first of them is sent. */
  readonly blockedBy?: string;
}

/** A batch that is not done with. */
export interface LaneBatchView {
  readonly id?: string;
  readonly channels: readonly string[];
  readonly events: number;
  readonly attempts: number;
  readonly state: 'in-flight' | 'waiting';
  readonly ageMs: number;
  /** Absent while an attempt is under way, and while the endpoint is held. */
  readonly nextAttemptInMs?: number;
  /** After so long it is dropped; a hold is not counted. */
  readonly deadlineInMs: number;
}
