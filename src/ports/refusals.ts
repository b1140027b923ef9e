import type { RefusalKind, ErrorReason } from '../protocol/refusals.ts';
import type { LogFields } from './log.ts';

/** Something that a client or a backend asked for and did not get. */
export interface Refusal {
  readonly kind: RefusalKind;
  readonly reason: ErrorReason;
  /** The app as it was named, which need not exist; empty where none was. */
  readonly appId: string;
  /** What a person needs to find the cause. Never a secret, a signature or a payload. */
  readonly fields: LogFields;
  /** It has a line in the log already, and is only counted. */
  readonly isLogged?: boolean;
}

/** Where refusals are told: they are counted, and some of them logged. */
export interface Refusals {
  refused(this: void, refusal: Refusal): void;
}

/** Nobody is told. */
export const noRefusals: Refusals = { refused: () => {} };
