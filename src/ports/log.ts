/** Named fields of a log line. Never a secret; a payload only at `trace`, shortened and without credentials. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Writes a line: its fields first, then its message. */
type Write = (fields: LogFields, message: string) => void;

/** The program's log: wide events with stable field names, in pino's format. */
export interface Log {
  /** Whether `debug` lines are written. It never changes, so that a hot path can skip building a line. */
  readonly isDebug: boolean;
  /** The same for `trace`. */
  readonly isTrace: boolean;
  /** The number of lines that were dropped because the output was blocked. Absent if the log drops none. */
  readonly droppedLines?: () => number;
  trace(fields: LogFields, message: string): void;
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
}

/** A logger such as pino's. */
export interface Logger {
  /** Writes a line of the level `trace`, if the logger has one. */
  trace?: Write;
  /** Writes a line of the level `debug`. */
  debug: Write;
  /** Writes a line of the level `info`. */
  info: Write;
  /** Writes a line of the level `warn`. */
  warn: Write;
  /** Writes a line of the level `error`. */
  error: Write;
  /** Whether lines of this level are written. Without this method, `debug` and `trace` are not written. */
  isLevelEnabled?(level: string): boolean;
}

const noop = (): void => {};

/** A log that writes nothing. */
export const silentLog: Log = {
  isDebug: false,
  isTrace: false,
  trace: noop,
  debug: noop,
  info: noop,
  warn: noop,
  error: noop,
};

/** Makes a log from a logger. Its levels are read once. */
export function toLog(logger: Logger): Log {
  const isEnabled = (level: string): boolean => logger.isLevelEnabled?.(level) ?? false;
  return {
    isDebug: isEnabled('debug'),
    isTrace: isEnabled('trace'),
    trace: (fields, message) => logger.trace?.(fields, message),
    debug: (fields, message) => logger.debug(fields, message),
    info: (fields, message) => logger.info(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
    error: (fields, message) => logger.error(fields, message),
  };
}
