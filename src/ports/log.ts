/** Named facts of a log line. Never a secret; a payload only at `trace`, clipped and without what authenticates. */
export type LogFields = Readonly<Record<string, unknown>>;

type Write = (fields: LogFields, message: string) => void;

/** Where the program says what happened: wide events with stable field names, in pino's manner. */
export interface Log {
  /** Whether lines of `debug` are written, the same all the time: on a hot path nothing is made for one that is not. */
  readonly isDebug: boolean;
  /** The same of `trace`. */
  readonly isTrace: boolean;
  /** How many lines were dropped because nobody read them; a log that drops none does not have it. */
  readonly droppedLines?: () => number;
  trace(fields: LogFields, message: string): void;
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
}

/** A logger as others have it, such as pino's. */
export interface Logger {
  trace?: Write;
  debug: Write;
  info: Write;
  warn: Write;
  error: Write;
  /** Whether lines of this level are written. Without it none of `debug` and `trace` are. */
  isLevelEnabled?(level: string): boolean;
}

const nothing = (): void => {};

/** A log that keeps silent. */
export const silentLog: Log = {
  isDebug: false,
  isTrace: false,
  trace: nothing,
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
};

/** The log that writes to a logger. Its levels are asked for once. */
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
