import type { RefusalKind, ErrorReason } from '../protocol/refusals.ts';
import type { LogFields } from './log.ts';

/** A request of a client or a backend that was refused. */
export interface Refusal {
  readonly kind: RefusalKind;
  readonly reason: ErrorReason;
  /** The id of the app as requested, which may not exist; empty if none was given. */
  readonly appId: string;
  /** What a person needs to find the cause. Never a secret, a signature or a payload. */
  readonly fields: LogFields;
  /** Whether it has been logged already and only needs to be counted. */
  readonly isLogged?: boolean;
}

/** Receives refusals: all are counted, and some are logged. */
export interface Refusals {
  refused(this: void, refusal: Refusal): void;
}

/** Ignores refusals. */
export const noRefusals: Refusals = { refused: () => {} };
