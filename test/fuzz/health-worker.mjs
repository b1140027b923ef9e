// Checks continuously whether the program is alive. It runs in a separate thread, so that the work of the attackers does not delay it.
import { parentPort, workerData } from 'node:worker_threads';

const pauseMs = 20;

for (;;) {
  const startedAt = performance.now();
  const failure = await ask(workerData.url);
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  parentPort.postMessage({ elapsedMs: performance.now() - startedAt, failure });
  await new Promise((resolve) => setTimeout(resolve, pauseMs));
}

async function ask(url) {
  try {
    const { ok, status } = await fetch(url);
    return ok ? undefined : `was answered ${status}`;
  } catch (error) {
    return `failed with ${String(error)}`;
  }
}
