import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { onTestFinished } from 'vitest';

/** A thread that listens, but accepts nothing until it is woken up. */
const program = `
  const { createServer } = require('node:net');
  const { parentPort, workerData } = require('node:worker_threads');
  const answer = 'HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok';
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', () => socket.write(answer));
  });
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    parentPort.postMessage(server.address().port);
    Atomics.wait(workerData, 0, 0);
  });
`;

/** A server on 127.0.0.1 that answers slowly to a connection: the first packet of each is lost until it is woken up. */
export async function startFullServer(): Promise<{ readonly port: number; wake(): void }> {
  const sleep = new Int32Array(new SharedArrayBuffer(4));
  const wake = (): void => {
    Atomics.store(sleep, 0, 1);
    Atomics.notify(sleep, 0);
  };
  const worker = new Worker(program, { eval: true, workerData: sleep });
  const [port] = (await once(worker, 'message')) as [number];
  // These fill the queue of connections that are not accepted yet.
  const queued = [1, 2].map(() => connect(port, '127.0.0.1'));
  onTestFinished(async () => {
    for (const socket of queued) socket.destroy();
    wake();
    await worker.terminate();
  });
  await Promise.all(queued.map((socket) => once(socket, 'connect')));
  // The system counts them as connected slightly earlier than as queued.
  await setTimeout(50);
  return { port, wake };
}
