import { MessageChannel, receiveMessageOnPort, Worker, type MessagePort } from 'node:worker_threads';
import { EmulatorError } from '../emulator-error.ts';

/** A request, ready to be sent. */
export interface RawRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The result of a request. */
export type RawAnswer =
  | { readonly kind: 'answered'; readonly status: number; readonly text: string }
  | { readonly kind: 'failed'; readonly reason: string };

/** Such requests are answered immediately, unless the emulator is in this process and thread. */
const patienceMs = 10_000;

/** Runs in a separate thread. It needs no file, so it works wherever the library is installed. */
const code = `
const { workerData: { port, signal } } = require('node:worker_threads');
const { request: httpRequest } = require('node:http');
const { request: httpsRequest } = require('node:https');
port.on('message', ({ url, method, headers, body }) => {
  const end = (answer) => {
    port.postMessage(answer);
    Atomics.store(signal, 0, 1);
    Atomics.notify(signal, 0);
  };
  const fail = (error) => end({ kind: 'failed', reason: error.message });
  const open = url.startsWith('https:') ? httpsRequest : httpRequest;
  const request = open(url, { method, headers, agent: false }, (response) => {
    const chunks = [];
    response.on('data', (chunk) => chunks.push(chunk));
    response.on('end', () => end({ kind: 'answered', status: response.statusCode, text: Buffer.concat(chunks).toString('utf8') }));
    response.on('error', fail);
  });
  request.on('error', fail);
  request.end(body);
});
`;

interface Running {
  readonly worker: Worker;
  readonly port: MessagePort;
  readonly signal: Int32Array;
}

/** Sends requests from another thread while this one waits for the answers. The thread is started with the first request. */
export class AnswerThread {
  #running: Running | undefined;

  /** Sends a request and returns the answer. Throws an EmulatorError with ERR_REMOTE if none arrives within 10 seconds. */
  ask(request: RawRequest): RawAnswer {
    const { port, signal } = (this.#running ??= start());
    Atomics.store(signal, 0, 0);
    port.postMessage(request);
    const outcome = Atomics.wait(signal, 0, 0, patienceMs);
    const received: { readonly message: RawAnswer } | undefined = receiveMessageOnPort(port);
    if (outcome !== 'timed-out' && received !== undefined) return received.message;
    // A late answer must not count as the answer to the next request.
    this.close();
    throw new EmulatorError(
      'ERR_REMOTE',
      `no answer within ${patienceMs} ms from ${request.url}; an emulator in the same process cannot answer while this thread waits: use the object that startEmulator returns`,
    );
  }

  /** Ends the thread. Another request starts a new one. */
  close(): void {
    void this.#running?.worker.terminate();
    this.#running?.port.close();
    this.#running = undefined;
  }
}

function start(): Running {
  const { port1: port, port2 } = new MessageChannel();
  const signal = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(code, {
    eval: true,
    // The thread does not need the loader of a test runner.
    execArgv: [],
    workerData: { port: port2, signal },
    transferList: [port2],
  });
  worker.unref();
  port.unref();
  return { worker, port, signal };
}
