import type { ConfigFault } from '../config/checks/fault.ts';

/** Why a change at run time was refused. */
export type ChangeErrorCode =
  /** The input breaks a rule. `faults` has the details. */
  | 'invalid'
  | 'unknown-app'
  | 'unknown-endpoint'
  | 'unknown-key'
  /** The configuration file sets it. */
  | 'set-by-file'
  /** Another app or endpoint has this id or key. */
  | 'taken'
  | 'last-app'
  /** Webhooks are signed with the first key, so it cannot be removed. */
  | 'first-key'
  /** The server must be restarted with other limits first. */
  | 'not-served'
  /** The store did not save it. */
  | 'not-saved'
  /** The store contains changes that this version does not understand. */
  | 'not-understood';

/** The refusal of a change at run time. Its message is one sentence for the user. */
export class ChangeError extends Error {
  readonly code: ChangeErrorCode;
  /** The faults of the input, by field. */
  readonly faults: readonly ConfigFault[];

  constructor(code: ChangeErrorCode, message: string, faults: readonly ConfigFault[] = []) {
    super(message);
    this.name = 'ChangeError';
    this.code = code;
    this.faults = faults;
  }
}
