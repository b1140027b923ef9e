import { EmulatorError } from './emulator-error.cjs';

export { EmulatorError };

/** What went wrong, for programs. */
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
  /** The emulator has been closed. */
  | 'ERR_CLOSED';

/** The error of a wrong argument. */
export function invalidArgument(message: string): EmulatorError {
  return new EmulatorError('ERR_ARGUMENT_INVALID', message);
}
