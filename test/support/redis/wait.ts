import { setTimeout as sleep } from 'node:timers/promises';

const deadlineMs = 30_000;

/** Asks again and again until it holds. Rejects, with what was waited for, when it does not in half a minute. */
export async function waitFor(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`Waited in vain for: ${what}`);
    await sleep(50);
  }
}
