import type { Caller } from '../../auth/caller.ts';
import { describeApi } from '../../operations/openapi.ts';
import type { Operation } from '../../operations/operation.ts';
import {
  createDocumentRoute,
  createOperationRoutes,
  type OperationRoute,
  type OperationEntryPoint,
  type OperationFailure,
} from '../../operations/routes.ts';
import { refuseCaller } from './caller.ts';
import { EmulatorError, type EmulatorErrorCode } from '../emulator-error.ts';
import { schemas } from './schemas.ts';

const statuses: Partial<Record<EmulatorErrorCode, number>> = {
  ERR_CONFIG_INVALID: 400,
  ERR_ARGUMENT_INVALID: 400,
  ERR_APP_UNKNOWN: 404,
  ERR_APP_EXISTS: 409,
  ERR_ENDPOINT_UNKNOWN: 404,
  ERR_ENDPOINT_EXISTS: 409,
  ERR_WEBHOOK_MISSING: 409,
  ERR_WEBHOOK_UNEXPECTED: 409,
  ERR_PUBLISH_MISSING: 409,
  ERR_PUBLISH_UNEXPECTED: 409,
  ERR_NOT_IDLE: 409,
  ERR_RESET: 409,
  ERR_CLOSED: 503,
};

/** The response for an EmulatorError; undefined for any other error, which is a bug. */
export function failureOfEmulator(error: unknown): OperationFailure | undefined {
  if (!(error instanceof EmulatorError)) return undefined;
  const status = statuses[error.code];
  return status === undefined ? undefined : { status, code: error.code, message: error.message };
}

/** The routes of the control API, for permitted callers (`caller.ts`). */
export function createControlRoutes(
  operations: readonly Operation[],
  token: string | undefined,
): readonly OperationRoute<Caller>[] {
  const entry: OperationEntryPoint<Caller> = {
    prefix: '',
    admit: (caller) => refuseCaller(caller, token) ?? { who: 'control', isFull: true },
    failureOf: failureOfEmulator,
  };
  const describe = () =>
    describeApi(operations, {
      title: 'Control API of soketify-emulator',
      description:
        'Moves the clock, injects faults, and shows what was sent and why, for tests in any language.',
      prefix: '',
      hasToken: token !== undefined,
      schemas,
    });
  return [
    createDocumentRoute('/control/openapi.json', describe, entry),
    ...createOperationRoutes(operations, entry),
  ];
}
