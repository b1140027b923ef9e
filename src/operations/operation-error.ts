/** A fault of one field of a body. */
export interface FieldFault {
  /** The path of the field, such as `headers.X-Token`. Empty for the body itself. */
  readonly path: string;
  readonly message: string;
}

/** The refusal of an operation. The message states what is wrong and what to do. */
export class OperationError extends Error {
  readonly status: number;
  /** For programs, such as `ERR_APP_UNKNOWN`. */
  readonly code: string;
  readonly faults: readonly FieldFault[] | undefined;

  constructor(status: number, code: string, message: string, faults?: readonly FieldFault[]) {
    super(message);
    this.name = 'OperationError';
    this.status = status;
    this.code = code;
    this.faults = faults;
  }
}

/** The error for an invalid request. */
export function invalidQuestion(message: string): OperationError {
  return new OperationError(400, 'ERR_ARGUMENT_INVALID', message);
}
