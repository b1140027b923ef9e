import { setTimeout as sleep } from 'node:timers/promises';

const deadlineMs = 60_000;

/** Polls until the condition holds. Rejects after a minute with the name of the condition. */
export async function waitFor(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`Timed out waiting for: ${what}`);
    await sleep(50);
  }
}
