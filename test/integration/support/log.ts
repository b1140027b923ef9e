import type { Log, LogFields } from '../../../src/ports/log.ts';

interface Line {
  readonly level: keyof Log;
  readonly message: string;
  readonly fields: LogFields;
}

/** A log that keeps its lines. */
export class RecordingLog implements Log {
  readonly lines: Line[] = [];

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

  /** The fields of the lines that say this. */
  of(message: string): LogFields[] {
    return this.lines.filter((line) => line.message === message).map(({ fields }) => fields);
  }
}
