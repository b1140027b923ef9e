import { Worker } from 'node:worker_threads';
import { portsOf } from './mesh.ts';
import type { WorkerSeat } from './worker.ts';

/** Where a worker thread begins: beside this module in the sources, and beside what is built of them. */
const beginning = new URL(import.meta.url.endsWith('.ts') ? './thread.ts' : './thread.cjs', import.meta.url);

/** A process that ends at once waits so long for its threads to close their sockets. */
const patienceMs = 1000;

/** Worker threads that run. */
export interface Pool {
  /** Has them close their sockets and end. Resolves when they have. */
  end(): Promise<void>;
}

/**
 * Starts a thread for each seat. A thread that ends by itself takes the process with it: what was connected to it is lost, and
 * nobody else can say what it held. `failed` is told which one it was and why, and does not return.
 */
export function startThreads(
  seats: readonly WorkerSeat[],
  failed: (worker: number, reason: string) => void,
): Pool {
  const ended = new Int32Array(new SharedArrayBuffer(4));
  let isEnding = false;
  const threads = seats.map((given) => {
    const { index } = given.seat;
    const thread = new Worker(beginning, {
      workerData: { ...given, ended },
      transferList: [...portsOf(given.seat)],
    });
    const fail = (reason: string): void => {
      if (!isEnding) failed(index, reason);
    };
    // The only thing that a thread says in this way is why it cannot go on.
    thread.on('message', (reason) => fail(String(reason)));
    thread.on('error', (error) =>
      fail(error instanceof Error ? (error.stack ?? error.message) : String(error)),
    );
    thread.on('exit', (code) => fail(`it ended with code ${code}`));
    return thread;
  });
  const tellEnd = (): void => {
    isEnding = true;
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    for (const thread of threads) thread.postMessage('end');
  };
  // The process may be told to end at once.
  const endNow = (): void => {
    const until = Date.now() + patienceMs;
    tellEnd();
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
      tellEnd();
      await Promise.all(exits);
      process.off('exit', endNow);
    },
  };
}
