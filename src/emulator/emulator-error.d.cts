import type { EmulatorErrorCode } from './emulator-error.js' with { 'resolution-mode': 'import' };

/**
 * Every error that the emulator and its receiver throw: `code` for programs, `message` with what to do for people.
 *
 * ```ts
 * if (error instanceof EmulatorError && error.code === 'ERR_WEBHOOK_MISSING') console.log(soketify.events);
 * ```
 */
export declare class EmulatorError extends Error {
  readonly code: EmulatorErrorCode;
  constructor(code: EmulatorErrorCode, message: string, cause?: unknown);
}
