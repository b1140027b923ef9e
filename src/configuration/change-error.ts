import type { ConfigFault } from '../config/fault.ts';

/** Why a change at run time was not made. */
export type ChangeErrorCode =
  /** What was given breaks a rule: `faults` says which. */
  | 'invalid'
  | 'unknown-app'
  | 'unknown-endpoint'
  | 'unknown-key'
  /** The configuration file sets it. */
  | 'set-by-file'
  /** Something else has this id or key. */
  | 'taken'
  | 'last-app'
  /** Webhooks are signed with the first key, so it is not removed. */
  | 'first-key'
  /** The server would have to be started with other bounds. */
  | 'not-served'
  /** The store did not take it. */
  | 'not-saved'
  /** The store holds what this version does not understand. */
  | 'not-understood';

/** A change at run time that is not made. Its message is one sentence for whoever wanted it. */
export class ChangeError extends Error {
  readonly code: ChangeErrorCode;
  /** What is wrong with which field of the input. */
  readonly faults: readonly ConfigFault[];

  constructor(code: ChangeErrorCode, message: string, faults: readonly ConfigFault[] = []) {
    super(message);
    this.name = 'ChangeError';
    this.code = code;
    this.faults = faults;
  }
}
