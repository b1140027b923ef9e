import { parentPort, workerData } from 'node:worker_threads';
import { trustLoadedBinary } from '../../transport/uws.ts';
import { runWorker, type WorkerSeat } from './worker.ts';

// The entry point of a worker thread. It must not end with open sockets, because that would abort the whole process.
if (parentPort === null)
  throw new Error('this file is the entry point of a worker thread; do not run it directly');
const port = parentPort;
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the thread that starts this one is the same program
const given = workerData as WorkerSeat & { readonly ended: Int32Array };
let close = (): void => {};

function end(code: number): never {
  try {
    close();
  } finally {
    Atomics.add(given.ended, 0, 1);
    Atomics.notify(given.ended, 0);
    process.exit(code);
  }
}

process.on('uncaughtException', (error) => {
  port.postMessage(error.stack ?? error.message);
  end(1);
});
port.on('message', () => end(0));
// A rejection becomes an uncaught exception, which ends the thread.
void serve();

async function serve(): Promise<void> {
  trustLoadedBinary();
  const worker = await runWorker(given);
  close = () => worker.close();
}
