/**
 * What went wrong, for programs.
 *
 * @since 0.1.0
 */
export type EmulatorErrorCode =
  /** The options are not a valid configuration. */
  | 'ERR_CONFIG_INVALID'
  /** The emulator cannot start, for instance because the port is in use. */
  | 'ERR_START'
  /** The expected webhook event was not delivered. */
  | 'ERR_WEBHOOK_MISSING'
  /** A webhook event was sent that must not be sent. */
  | 'ERR_WEBHOOK_UNEXPECTED'
  /** The deliveries did not become idle in time. */
  | 'ERR_NOT_IDLE'
  /** An argument is invalid. */
  | 'ERR_ARGUMENT_INVALID'
  /** There is no such app. */
  | 'ERR_APP_UNKNOWN'
  /** An app with this id or key exists already. */
  | 'ERR_APP_EXISTS'
  /** The app has no such endpoint. */
  | 'ERR_ENDPOINT_UNKNOWN'
  /** The app has an endpoint with this id already. */
  | 'ERR_ENDPOINT_EXISTS'
  /** The expected event was not published. */
  | 'ERR_PUBLISH_MISSING'
  /** An event was published that must not be published. */
  | 'ERR_PUBLISH_UNEXPECTED'
  /** The emulator was reset during a wait. */
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
 * Returns the same promise, but gives its EmulatorErrors the stack of the caller: the line of the test, even if the promise is
 * not awaited.
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

/** The error for an invalid argument. */
export function invalidArgument(message: string): EmulatorError {
  return new EmulatorError('ERR_ARGUMENT_INVALID', message);
}
