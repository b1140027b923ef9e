import { readRss } from './cpu.ts';
import { pause } from './wait.ts';

const stepMs = 100;
const limitMs = 3000;
const steadyBytes = 256 * 1024;

/** Resident bytes once they are stable, or after three seconds; null if they cannot be read. */
export async function steadyRss(pid: number | undefined): Promise<number | null> {
  const until = performance.now() + limitMs;
  for (let before = readRss(pid); ;) {
    await pause(stepMs * 3);
    const now = readRss(pid);
    if (now === null || before === null) return null;
    if (Math.abs(now - before) < steadyBytes || performance.now() > until) return now;
    before = now;
  }
}
