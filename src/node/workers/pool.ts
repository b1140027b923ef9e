import { Worker } from 'node:worker_threads';
import { portsOf } from './mesh.ts';
import type { WorkerSeat } from './worker.ts';

/** The entry point of a worker thread: next to this module in the sources, and next to the built file. */
const entryPoint = new URL(import.meta.url.endsWith('.ts') ? './thread.ts' : './thread.cjs', import.meta.url);

/** How long a process that exits immediately waits for its threads to close their sockets. */
const patienceMs = 1000;

/** Running worker threads. */
export interface Pool {
  /** Makes the threads close their sockets and end. Resolves when they have ended. */
  end(): Promise<void>;
}

/**
 * Starts a thread for each seat. If a thread ends unexpectedly, the process must end too: its connections are lost, and no other
 * thread knows what it held. `failed` receives the number of the thread and the reason, and must not return.
 */
export function startThreads(
  seats: readonly WorkerSeat[],
  failed: (worker: number, reason: string) => void,
): Pool {
  const ended = new Int32Array(new SharedArrayBuffer(4));
  let isEnding = false;
  const threads = seats.map((given) => {
    const { index } = given.seat;
    const thread = new Worker(entryPoint, {
      workerData: { ...given, ended },
      transferList: [...portsOf(given.seat)],
    });
    const fail = (reason: string): void => {
      if (!isEnding) failed(index, reason);
    };
    // The only message of this kind is the reason why a thread cannot continue.
    thread.on('message', (reason) => fail(String(reason)));
    thread.on('error', (error) =>
      fail(error instanceof Error ? (error.stack ?? error.message) : String(error)),
    );
    thread.on('exit', (code) => fail(`it ended with code ${code}`));
    return thread;
  });
  const endThreads = (): void => {
    isEnding = true;
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    for (const thread of threads) thread.postMessage('end');
  };
  // The process may exit without a shutdown.
  const endNow = (): void => {
    const until = Date.now() + patienceMs;
    endThreads();
    for (let count = Atomics.load(ended, 0); count < threads.length; count = Atomics.load(ended, 0)) {
      if (Atomics.wait(ended, 0, count, Math.max(0, until - Date.now())) === 'timed-out') return;
    }
  };
  process.on('exit', endNow);
  return {
    async end() {
      const exits = threads.map(
        (thread) => new Promise<void>((resolve) => thread.once('exit', () => resolve())),
      );
      endThreads();
      await Promise.all(exits);
      process.off('exit', endNow);
    },
  };
}
