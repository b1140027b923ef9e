import { workerData, parentPort } from 'node:worker_threads';
import { runWorker } from './worker.ts';
import type { WorkerSeat } from './worker.ts';

// The first thing on a worker thread.
if (parentPort === null) throw new Error('this file is the beginning of a worker thread');
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the thread that starts this one is the same program
await runWorker(workerData as WorkerSeat);
