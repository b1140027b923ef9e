import { Worker } from 'node:worker_threads';
import { StartError } from '../ports/start-error.ts';
import { portsOf } from './mesh.ts';
import type { WorkerSeat } from './worker.ts';

/** Where a worker thread begins: beside this module in the sources, in a folder of its own beside what is built of them. */
const beginning = new URL(
  import.meta.url.endsWith('.ts') ? './thread.ts' : './workers/thread.js',
  import.meta.url,
);

/** Worker threads that run. */
export interface Pool {
  /** Ends them at once. */
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
  let isEnding = false;
  const threads = seats.map((given) => {
    const thread = new Worker(beginning, { workerData: given, transferList: [...portsOf(given.seat)] });
    const { index } = given.seat;
    thread.on('error', (error) => failed(index, describe(error)));
    thread.on('exit', (code) => {
      if (!isEnding) failed(index, `it ended with code ${code}`);
    });
    return thread;
  });
  return {
    async end() {
      isEnding = true;
      await Promise.all(threads.map((thread) => thread.terminate()));
    },
  };
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** A start that failed on a worker, as it would have failed here. */
export function startErrorOf({
  code,
  failed,
}: {
  readonly code: string | undefined;
  readonly failed: string;
}): Error {
  return code === undefined ? new Error(failed) : new StartError(code as StartError['code'], failed);
}
