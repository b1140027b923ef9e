import { pino } from 'pino';
import type { Log } from '../ports/log.ts';

/**
 * The program's log on standard output: JSON lines, or readable ones on a terminal if pino-pretty is there.
 */
export async function createLog(level: string): Promise<Log> {
  const options = { level, base: null };
  const loaded = process.stdout.isTTY ? await loadPretty() : undefined;
  return loaded === undefined
    ? pino(options)
    : pino(options, loaded.default({ sync: true, translateTime: 'SYS:HH:MM:ss.l' }));
}

async function loadPretty() {
  try {
    return await import('pino-pretty');
  } catch {
    // It is installed for development only; JSON lines serve everybody else.
    return undefined;
  }
}
