import { request as httpRequest, type ClientRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { parseObject } from '../../protocol/decode.ts';
import { isObject } from '../../protocol/json-value.ts';
import { EmulatorError, type EmulatorErrorCode } from '../emulator-error.ts';
import { AnswerThread, type RawAnswer, type RawRequest } from './answer-thread.ts';

/** The content of a request to the control API. */
export interface ControlRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below `/control`, such as `/clock`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: object;
}

/**
 * Sends requests to the control API of an emulator in another process: asynchronously or, for methods of the library that do not
 * return a promise, while this thread waits. A refusal is thrown as the same EmulatorError as in the other process.
 */
export class ControlClient {
  readonly #url: string;
  readonly #token: string | undefined;
  readonly #thread = new AnswerThread();
  readonly #underWay = new Set<ClientRequest>();
  #isClosed = false;

  /** `url` is the URL of the emulator, without `/control` and without a trailing slash. */
  constructor(url: string, token: string | undefined) {
    this.#url = url;
    this.#token = token;
  }

  /** Sends a request and resolves with the answer. It has no timeout, because a wait lasts as long as in the other process. */
  async ask<T extends object>(request: ControlRequest): Promise<T> {
    return this.#read<T>(await this.#send(this.#raw(request)));
  }

  /** Sends a request and returns the answer. It blocks this thread, for a few milliseconds. */
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller knows the type of the answer
  askNow<T extends object>(request: ControlRequest): T {
    return this.#read<T>(this.#thread.ask(this.#raw(request)));
  }

  /** Rejects all requests in progress with ERR_CLOSED, and sends no more. */
  close(): void {
    this.#isClosed = true;
    this.#thread.close();
    for (const request of this.#underWay) request.destroy();
  }

  #raw({ method, path, query = {}, body }: ControlRequest): RawRequest {
    if (this.#isClosed) throw closed();
    const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
    const search = given.length === 0 ? '' : `?${new URLSearchParams(given).toString()}`;
    return {
      url: `${this.#url}/control${path}${search}`,
      method,
      headers: this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` },
      body: body === undefined ? '' : JSON.stringify(body),
    };
  }

  #send({ url, method, headers, body }: RawRequest): Promise<RawAnswer> {
    return new Promise((resolve) => {
      const open = url.startsWith('https:') ? httpsRequest : httpRequest;
      const request = open(url, { method, headers, agent: false }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          end({ kind: 'answered', status: response.statusCode ?? 0, text });
        });
        response.on('error', (error) => end({ kind: 'failed', reason: error.message }));
      });
      const end = (answer: RawAnswer): void => {
        this.#underWay.delete(request);
        resolve(answer);
      };
      this.#underWay.add(request);
      request.on('error', (error) => end({ kind: 'failed', reason: error.message }));
      request.end(body);
    });
  }

  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the same
  #read<T extends object>(answer: RawAnswer): T {
    if (this.#isClosed) throw closed();
    if (answer.kind === 'failed') {
      throw new EmulatorError(
        'ERR_REMOTE',
        `the emulator at ${this.#url} does not answer (${answer.reason}); is it running, and is that its address?`,
      );
    }
    const json = parseObject(answer.text);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the control API of this version has this answer
    if (answer.status === 200 && json !== undefined) return json as T;
    const error = json?.['error'];
    if (isObject(error) && typeof error['message'] === 'string') {
      const { code, message } = error;
      throw new EmulatorError(isOfEmulator(code) ? code : 'ERR_REMOTE', message);
    }
    throw new EmulatorError(
      'ERR_REMOTE',
      `${this.#url}/control answers ${answer.status}: expected an emulator that serves the control API; start it with --control, or with "control" in its configuration`,
    );
  }
}

function closed(): EmulatorError {
  return new EmulatorError('ERR_CLOSED', 'this connection to the emulator has been closed; connect again');
}

/** The statuses for clients that may not use the control API. */
const untrustedCodes = new Set(['ERR_TOKEN', 'ERR_ORIGIN', 'ERR_HOST', 'ERR_FORWARDED']);

function isOfEmulator(code: unknown): code is EmulatorErrorCode {
  return typeof code === 'string' && code.startsWith('ERR_') && !untrustedCodes.has(code);
}
