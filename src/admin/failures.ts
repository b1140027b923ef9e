import { ChangeError, type ChangeErrorCode } from '../configuration/change-error.ts';
import type { OperationFailure } from '../operations/routes.ts';

/** The HTTP status and code of each error. Operations that read use the same codes. */
const answers: Readonly<Record<ChangeErrorCode, readonly [status: number, code: string]>> = {
  invalid: [400, 'ERR_INVALID'],
  'unknown-app': [404, 'ERR_APP_UNKNOWN'],
  'unknown-endpoint': [404, 'ERR_ENDPOINT_UNKNOWN'],
  'unknown-key': [404, 'ERR_KEY_UNKNOWN'],
  'set-by-file': [409, 'ERR_SET_BY_FILE'],
  taken: [409, 'ERR_TAKEN'],
  'last-app': [409, 'ERR_LAST_APP'],
  'first-key': [409, 'ERR_FIRST_KEY'],
  'not-served': [409, 'ERR_NOT_SERVED'],
  'not-saved': [503, 'ERR_NOT_SAVED'],
  'not-understood': [503, 'ERR_NOT_UNDERSTOOD'],
};

/** The HTTP failure for a change that was refused, or undefined if the error is of another kind. */
export function failureOfChange(error: unknown): OperationFailure | undefined {
  if (!(error instanceof ChangeError)) return undefined;
  const { message, faults } = error;
  const [status, code] = answers[error.code];
  return {
    status,
    code,
    message,
    ...(faults.length > 0 && { faults }),
  };
}
