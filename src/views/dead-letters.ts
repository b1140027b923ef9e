import type { AttemptResult } from './deliveries.ts';

/** Which dropped deliveries to return. */
export interface DroppedFilter {
  readonly endpoint?: string | undefined;
  readonly reason?: string | undefined;
  readonly channel?: string | undefined;
  readonly event?: string | undefined;
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  readonly limit?: number;
  readonly cursor?: string | undefined;
}

/** An attempt, in the field names of the HTTP API. */
export interface DroppedAttempt {
  readonly number: number;
  readonly time_ms: number;
  readonly elapsed_ms: number;
  readonly result: AttemptResult;
  readonly status?: number;
  readonly error?: string;
  readonly answer?: string;
}

/** A dead letter: a delivery that was dropped and kept. */
export interface DroppedDelivery {
  readonly id: string;
  readonly endpoint: string;
  readonly reason: string;
  readonly dropped_at: number;
  readonly resends: number;
  readonly resent_at?: number;
  readonly time_ms: number;
  readonly events: readonly {
    readonly name: string;
    readonly channel: string;
    readonly user_id?: string;
    readonly data?: string;
    readonly event?: string;
  }[];
  readonly attempts_made: number;
  readonly attempts: readonly DroppedAttempt[];
}

/** The most dead letters on a page. */
export const mostLettersOnPage = 1000;

/** One page of dead letters, newest first. */
export interface DroppedPage {
  readonly deliveries: readonly DroppedDelivery[];
  readonly forgotten: { readonly deliveries: number; readonly events: number };
  readonly kept_since: number;
  readonly next?: string;
}

/** What to send again. */
export interface RecoverPlan {
  readonly endpoint: string;
  readonly since?: string;
  readonly dry_run?: boolean;
}

/** What a plan matches. Without `dry_run` it has the id of the recovery that was started. */
export interface RecoverStart {
  readonly id?: string;
  readonly matched: { readonly deliveries: number; readonly events: number };
}

/** The progress of a recovery. */
export interface Recovery {
  readonly id: string;
  readonly endpoint: string;
  readonly state: 'running' | 'finished' | 'cancelled' | 'stopped';
  readonly cause?: string;
  readonly matched: { readonly deliveries: number; readonly events: number };
  readonly sent: number;
  readonly failed: number;
  readonly skipped: number;
  readonly left: number;
}
