import { connect, isIP, type LookupFunction, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { AnswerReader } from './answer-reader.ts';
import type { Attempt } from './attempt.ts';

/** Where a URL leads. */
export interface Place {
  /** Scheme, host and port. */
  readonly origin: string;
  readonly isTls: boolean;
  /** A name or an address, the latter without brackets. */
  readonly host: string;
  readonly port: number;
  /** The first lines of a request. */
  readonly requestLines: string;
}

/** How a connection is made, and who hears what becomes of it. */
export interface ConnectionOptions {
  readonly place: Place;
  readonly lookup: LookupFunction;
  /** The TLS session to go on with, and who is told of the next. */
  readonly session: Buffer | undefined;
  readonly sessionBegun: (session: Buffer) => void;
  /** The answer is complete, and the connection may be used again. */
  readonly freed: (connection: Connection) => void;
  /** It is no more. */
  readonly closed: (connection: Connection) => void;
}

/** An idle connection is closed after so long, unless the endpoint asks for less. */
const idleMs = 4000;

/** The endpoint must not close it while the next request is under way. */
const cautionMs = 2000;

/** All connections read into one buffer: what came is used up before anything else is read. */
const shared = Buffer.allocUnsafeSlow(64 * 1024);

/** A connection to an endpoint, which serves one attempt at a time. */
export class Connection {
  readonly place: Place;
  readonly #options: ConnectionOptions;
  readonly #socket: Socket;
  #attempt: Attempt | undefined;
  #reader: AnswerReader | undefined;
  /** Whether requests can be written: nothing is said to somebody whose certificate is not known. */
  #isReady: boolean;
  #unsent: Uint8Array | undefined;
  #idleMs = idleMs;
  #failure: Error | undefined;

  constructor(options: ConnectionOptions) {
    const { place, lookup, session } = options;
    this.place = place;
    this.#options = options;
    const onread = {
      buffer: shared,
      callback: (size: number): boolean => {
        this.#read(size);
        return true;
      },
    };
    const { host, port } = place;
    const where = { host, port, lookup, noDelay: true, onread };
    this.#isReady = !place.isTls;
    if (place.isTls) {
      const servername = isIP(host) === 0 ? host : '';
      const socket = connectTls({
        ...where,
        servername,
        ALPNProtocols: ['http/1.1'],
        ...(session && { session }),
      });
      socket.on('secureConnect', () => this.#secured());
      socket.on('session', options.sessionBegun);
      this.#socket = socket;
    } else {
      this.#socket = connect(where);
    }
    this.#socket.on('error', (error) => (this.#failure ??= error));
    this.#socket.on('end', () => this.#ended());
    this.#socket.on('close', () => this.#closed());
    // These timers are Node's own: no test framework replaces them, and they keep no process alive.
    this.#socket.on('timeout', () => {
      if (this.#attempt === undefined) this.#socket.destroy();
    });
    this.#socket.setTimeout(idleMs);
  }

  /** Whether it can be used for another request, as far as it is known. */
  get isOpen(): boolean {
    return this.#socket.writable && this.#socket.readable;
  }

  /** Sends a request, and tells the attempt what comes. */
  post(request: Uint8Array, attempt: Attempt): void {
    this.#attempt = attempt;
    this.#reader = new AnswerReader(attempt);
    if (this.#isReady) this.#socket.write(request);
    else this.#unsent = request;
    attempt.connected(() => this.destroy('ECONNRESET'));
  }

  /** Ends it at once; whoever waits for an answer is told this code. */
  destroy(code: string): void {
    this.#socket.destroy(Object.assign(new Error('The connection was given up.'), { code }));
  }

  #secured(): void {
    this.#isReady = true;
    if (this.#unsent !== undefined) this.#socket.write(this.#unsent);
    this.#unsent = undefined;
  }

  #read(size: number): void {
    const reader = this.#reader;
    const attempt = this.#attempt;
    // Nobody has asked for anything.
    if (reader === undefined || attempt === undefined) return void this.#socket.destroy();
    const fault = reader.read(shared.subarray(0, size));
    if (fault !== undefined) return this.destroy(fault);
    if (reader.isDone) this.#complete(attempt, reader);
    else attempt.waitForMore();
  }

  #complete(attempt: Attempt, reader: AnswerReader): void {
    this.#attempt = undefined;
    this.#reader = undefined;
    // What answers before it has been told everything may not listen to the rest.
    if (reader.isReusable && this.#socket.writableLength === 0 && this.isOpen && this.#mayIdle(reader)) {
      this.#options.freed(this);
    } else {
      this.#socket.destroy();
    }
    attempt.ended();
  }

  /** Whether the endpoint keeps the connection long enough to be used again. */
  #mayIdle({ keepAlive }: AnswerReader): boolean {
    const [, seconds] = /\btimeout=(\d{1,6})/i.exec(keepAlive ?? '') ?? [];
    const forMs = seconds === undefined ? idleMs : Math.min(idleMs, Number(seconds) * 1000 - cautionMs);
    if (forMs !== this.#idleMs && forMs > 0) this.#socket.setTimeout(forMs);
    this.#idleMs = forMs;
    return forMs > 0;
  }

  #ended(): void {
    const attempt = this.#attempt;
    if (this.#reader?.finish() !== true || attempt === undefined) return;
    this.#attempt = undefined;
    attempt.ended();
  }

  #closed(): void {
    const attempt = this.#attempt;
    this.#attempt = undefined;
    this.#options.closed(this);
    attempt?.failed(
      this.#failure ?? Object.assign(new Error('The endpoint hung up.'), { code: 'ECONNRESET' }),
    );
  }
}
