import { pino } from 'pino';
import { toLog, type Log } from '../ports/log.ts';
import { Output } from './output.ts';

/** The log of the program. */
export interface ProgramLog extends Log {
  readonly droppedLines: () => number;
  /** Announces the last lines. They are written even if the buffer was full. */
  close(): void;
  /** Resolves when everything is written, or if nothing reads the output. */
  flush(): Promise<void>;
}

/**
 * Creates the log on standard output: JSON lines, or formatted lines on a terminal if pino-pretty is installed. Lines for a
 * slow reader are buffered up to a limit, see `Output`. If the reader has exited or the terminal is closed, the log is
 * silent: pino's own destination would retry its last line forever, and the program could not exit.
 */
export async function createLog(level: string): Promise<ProgramLog> {
  const { stdout } = process;
  stdout.on('error', () => {});
  const pretty = stdout.isTTY ? await loadPretty() : undefined;
  const stream = pretty?.({ destination: stdout, colorize: true, translateTime: 'SYS:HH:MM:ss.l' }) ?? stdout;
  const output = new Output(stream, (lines) =>
    logger.warn({ lines }, 'log lines were dropped, because standard output was not read fast enough'),
  );
  const logger = pino({ level, base: null }, output);
  return {
    ...toLog(logger),
    droppedLines: () => output.dropped,
    close: () => output.close(),
    flush: () => output.flush(),
  };
}

async function loadPretty() {
  try {
    return (await import('pino-pretty')).default;
  } catch {
    // pino-pretty is a development dependency, so it is usually not installed.
    return undefined;
  }
}
