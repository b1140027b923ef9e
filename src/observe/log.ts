import { pino } from 'pino';
import { toLog, type Log } from '../ports/log.ts';

/**
 * The program's log on standard output: JSON lines, or readable ones on a terminal if pino-pretty is there.
 * When nobody reads it any more, because the reader ended or the terminal is gone, it is silent: pino's own
 * destination would try to write its last line for ever, and the program could not end.
 */
export async function createLog(level: string): Promise<Log> {
  const { stdout } = process;
  stdout.on('error', () => {});
  const options = { level, base: null };
  const loaded = stdout.isTTY ? await loadPretty() : undefined;
  return toLog(
    loaded === undefined
      ? pino(options, stdout)
      : pino(options, loaded({ destination: stdout, colorize: true, translateTime: 'SYS:HH:MM:ss.l' })),
  );
}

async function loadPretty() {
  try {
    return (await import('pino-pretty')).default;
  } catch {
    // It is installed for development only; JSON lines serve everybody else.
    return undefined;
  }
}
