import type { Log, LogFields } from '../../../src/ports/log.ts';

interface Line {
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: LogFields;
}

/** A log that keeps its lines. */
export class RecordingLog implements Log {
  readonly isDebug: boolean;
  readonly isTrace: boolean;
  readonly lines: Line[] = [];

  constructor(level: 'trace' | 'debug' | 'info' = 'info') {
    this.isDebug = level !== 'info';
    this.isTrace = level === 'trace';
  }

  trace(fields: LogFields, message: string): void {
    this.lines.push({ level: 'trace', message, fields });
  }

  debug(fields: LogFields, message: string): void {
    this.lines.push({ level: 'debug', message, fields });
  }

  info(fields: LogFields, message: string): void {
    this.lines.push({ level: 'info', message, fields });
  }

  warn(fields: LogFields, message: string): void {
    this.lines.push({ level: 'warn', message, fields });
  }

  error(fields: LogFields, message: string): void {
    this.lines.push({ level: 'error', message, fields });
  }

  /** The fields of the lines with this message. */
  of(message: string): LogFields[] {
    return this.lines.filter((line) => line.message === message).map(({ fields }) => fields);
  }
}
