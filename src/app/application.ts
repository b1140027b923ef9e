import type { Limits } from '../protocol/limits.ts';
import type { Endpoint } from '../webhooks/endpoint.ts';

/** One app, as it is configured. Apps share nothing. */
export interface Application {
  readonly id: string;
  readonly key: string;
  readonly secret: string;
  /** Whether clients may send events to each other. */
  readonly clientEvents: boolean;
  readonly limits: Limits;
  readonly endpoints: readonly Endpoint[];
}
