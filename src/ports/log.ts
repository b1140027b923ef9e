/** Named facts of a log line. Never a secret, never a payload. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Where the program says what happened: wide events with stable field names, in pino's manner. */
export interface Log {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
}

const nothing = (): void => {};

/** A log that keeps silent. */
export const silentLog: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing };
