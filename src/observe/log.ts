import { pino } from 'pino';
import type { Log } from '../ports/log.ts';

/**
 * The program's log on standard output: JSON lines, or readable ones on a terminal if pino-pretty is there.
 */
export async function createLog(level: string): Promise<Log> {
  const options = { level, base: null };
  const loaded = process.stdout.isTTY ? await loadPretty() : undefined;
  // Typed as what is promised: a pino logger's own type looks like a promise's.
  const log: Log =
    loaded === undefined
      ? pino(options)
      : pino(options, loaded({ sync: true, translateTime: 'SYS:HH:MM:ss.l' }));
  return log;
}

async function loadPretty() {
  try {
    return (await import('pino-pretty')).default;
  } catch {
    // It is installed for development only; JSON lines serve everybody else.
    return undefined;
  }
}
