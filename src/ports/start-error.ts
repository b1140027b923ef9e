/** The program cannot start as things are; the message says why and what to do, in one line. */
export class StartError extends Error {
  readonly code: 'ERR_UWS_LOAD' | 'ERR_UWS_CHECKSUM' | 'ERR_LISTEN' | 'ERR_TLS' | 'ERR_REDIS' | 'ERR_STORE';

  constructor(code: StartError['code'], message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'StartError';
    this.code = code;
  }
}
