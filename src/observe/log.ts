import { pino } from 'pino';
import { toLog, type Log } from '../ports/log.ts';
import { Output } from './output.ts';

/** The program's log, which can be brought to an end. */
export interface ProgramLog extends Log {
  readonly droppedLines: () => number;
  /** The lines that follow are the last: they are written even where others have been dropped. */
  close(): void;
  /** Resolves when everything is written, or nobody reads it. */
  flush(): Promise<void>;
}

/**
 * The program's log on standard output: JSON lines, or readable ones on a terminal if pino-pretty is there. A reader
 * who is slow has lines wait for him, up to a bound (`Output`). When nobody can read it any more, because the reader
 * ended or the terminal is gone, it is silent: pino's own destination would try to write its last line for ever, and
 * the program could not end.
 */
export async function createLog(level: string): Promise<ProgramLog> {
  const { stdout } = process;
  stdout.on('error', () => {});
  const pretty = stdout.isTTY ? await loadPretty() : undefined;
  const stream = pretty?.({ destination: stdout, colorize: true, translateTime: 'SYS:HH:MM:ss.l' }) ?? stdout;
  const output = new Output(stream, (lines) =>
    logger.warn({ lines }, 'lines of the log were dropped, because nobody read them'),
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
    // It is installed for development only; JSON lines serve everybody else.
    return undefined;
  }
}
