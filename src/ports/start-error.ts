const codes = [
  'ERR_UWS_LOAD',
  'ERR_UWS_CHECKSUM',
  'ERR_LISTEN',
  'ERR_TLS',
  'ERR_REDIS',
  'ERR_STORE',
] as const;

/** The part of the start that has failed. */
export type StartCode = (typeof codes)[number];

/** Whether it is a code of a failed start. */
export function isStartCode(code: string | undefined): code is StartCode {
  return codes.some((known) => known === code);
}

/** The program cannot start. The message states in one line why, and what to do. */
export class StartError extends Error {
  readonly code: StartCode;

  constructor(code: StartCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'StartError';
    this.code = code;
  }
}
