import type { AttemptResult } from '../../views/deliveries.ts';

/** What of the dropped deliveries is wanted. */
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

/** An attempt, as the HTTP API has it. */
export interface DroppedAttempt {
  readonly number: number;
  readonly time_ms: number;
  readonly elapsed_ms: number;
  readonly result: AttemptResult;
  readonly status?: number;
  readonly error?: string;
  readonly answer?: string;
}

/** A delivery that was given up. */
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

/** A part of the list, the latest loss first. */
export interface DroppedPage {
  readonly deliveries: readonly DroppedDelivery[];
  readonly forgotten: { readonly deliveries: number; readonly events: number };
  readonly kept_since: number;
  readonly next?: string;
}

/** What is to be sent again. */
export interface RecoverPlan {
  readonly endpoint: string;
  readonly since?: string;
  readonly dry_run?: boolean;
}

/** What a plan matches; without `dry_run` with the id of what was begun. */
export interface RecoverStart {
  readonly id?: string;
  readonly matched: { readonly deliveries: number; readonly events: number };
}

/** How far a recovery is. */
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
