import { ChangeError, type ChangeErrorCode } from '../configuration/change-error.ts';
import type { Failure } from '../operations/routes.ts';

const statuses: Readonly<Record<ChangeErrorCode, number>> = {
  invalid: 400,
  'unknown-app': 404,
  'unknown-endpoint': 404,
  'unknown-key': 404,
  'set-by-file': 409,
  taken: 409,
  'last-app': 409,
  'first-key': 409,
  'not-served': 409,
  'not-saved': 503,
  'not-understood': 503,
};

/** What a change that was not made is to somebody who asks by HTTP; undefined: the error is something else. */
export function failureOfChange(error: unknown): Failure | undefined {
  if (!(error instanceof ChangeError)) return undefined;
  const { code, message, faults } = error;
  return {
    status: statuses[code],
    code: `ERR_${code.replaceAll('-', '_').toUpperCase()}`,
    message,
    ...(faults.length > 0 && { faults }),
  };
}
