const codes = [
  'ERR_UWS_LOAD',
  'ERR_UWS_CHECKSUM',
  'ERR_LISTEN',
  'ERR_TLS',
  'ERR_REDIS',
  'ERR_STORE',
] as const;

/** Which part of the start has failed. */
export type StartCode = (typeof codes)[number];

/** Whether it names a part of the start. */
export function isStartCode(code: string | undefined): code is StartCode {
  return codes.some((known) => known === code);
}

/** The program cannot start as things are; the message says why and what to do, in one line. */
export class StartError extends Error {
  readonly code: StartCode;

  constructor(code: StartCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'StartError';
    this.code = code;
  }
}
