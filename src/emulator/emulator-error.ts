/**
 * What went wrong, for programs.
 *
 * @since 0.1.0
 */
export type EmulatorErrorCode =
  /** The options are not a valid configuration. */
  | 'ERR_CONFIG_INVALID'
  /** The emulator cannot start as things are. */
  | 'ERR_START'
  /** What was waited for did not come. */
  | 'ERR_WEBHOOK_MISSING'
  /** What was not to be sent was sent. */
  | 'ERR_WEBHOOK_UNEXPECTED'
  /** The deliveries did not come to rest in time. */
  | 'ERR_NOT_IDLE'
  /** An argument is not what is accepted. */
  | 'ERR_ARGUMENT_INVALID'
  /** There is no such app. */
  | 'ERR_APP_UNKNOWN'
  /** There is such an app already. */
  | 'ERR_APP_EXISTS'
  /** The app has no such endpoint. */
  | 'ERR_ENDPOINT_UNKNOWN'
  /** The app has such an endpoint already. */
  | 'ERR_ENDPOINT_EXISTS'
  /** What was to be published was not. */
  | 'ERR_PUBLISH_MISSING'
  /** What was not to be published was. */
  | 'ERR_PUBLISH_UNEXPECTED'
  /** The emulator was reset while somebody waited. */
  | 'ERR_RESET'
  /** An emulator in another process does not answer, or cannot do this from there. */
  | 'ERR_REMOTE'
  /** The emulator has been closed. */
  | 'ERR_CLOSED';

/**
 * Every error that the emulator throws: `code` for programs, `message` with what to do for people.
 *
 * @example
 * try {
 *   await soketify.webhooks.waitFor({ name: 'member_added' });
 * } catch (error) {
 *   if (error instanceof EmulatorError && error.code === 'ERR_WEBHOOK_MISSING') console.log(error.message);
 * }
 * @since 0.1.0
 */
export class EmulatorError extends Error {
  /** What went wrong. */
  readonly code: EmulatorErrorCode;

  constructor(code: EmulatorErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'EmulatorError';
    this.code = code;
  }
}

/**
 * The same promise, whose EmulatorErrors say where the caller of this was called: the line of the test, also where nobody
 * awaits the promise.
 */
export function fromCaller<T>(work: Promise<T>): Promise<T> {
  const caller: { stack?: string } = {};
  Error.captureStackTrace(caller, fromCaller);
  return work.catch((error: unknown) => {
    if (error instanceof EmulatorError) {
      // The first two lines are a heading and the method that was called.
      const frames = caller.stack?.split('\n').slice(2) ?? [];
      error.stack = [`${error.name} [${error.code}]: ${error.message}`, ...frames].join('\n');
    }
    throw error;
  });
}

/** The error of a wrong argument. */
export function invalidArgument(message: string): EmulatorError {
  return new EmulatorError('ERR_ARGUMENT_INVALID', message);
}
