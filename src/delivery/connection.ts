import { connect, isIP, type LookupFunction, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Millis } from '../ports/clock.ts';
import { AnswerReader } from './answer-reader.ts';
import type { HttpAttempt } from './attempt.ts';

/** The target of a URL. */
export interface RequestTarget {
  /** Scheme, host and port. */
  readonly origin: string;
  readonly isTls: boolean;
  /** A host name or an address, the latter without brackets. */
  readonly host: string;
  readonly port: number;
  /** The request line and the fixed header fields of a request. */
  readonly requestLines: string;
}

/** How a connection is established, and the callbacks for its events. */
export interface ConnectionOptions {
  readonly place: RequestTarget;
  readonly lookup: LookupFunction;
  /** How long to wait for one of several addresses before the next one is tried. */
  readonly addressTimeoutMs: Millis;
  /** The TLS session to resume, and a callback for the next one. */
  readonly session: Buffer | undefined;
  readonly sessionBegun: (session: Buffer) => void;
  /** The response is complete, and the connection can be reused. */
  readonly freed: (connection: Connection) => void;
  /** The connection has closed. */
  readonly closed: (connection: Connection) => void;
}

/** An idle connection is closed after this time, unless the endpoint closes it earlier. */
const idleMs = 4000;

/** A safety margin, so that the endpoint does not close the connection while the next request is being sent. */
const cautionMs = 2000;

/** All connections read into one buffer: received bytes are processed before anything else is read. */
const shared = Buffer.allocUnsafeSlow(64 * 1024);

/** A connection to an endpoint. It serves one attempt at a time. */
export class Connection {
  readonly place: RequestTarget;
  readonly #options: ConnectionOptions;
  readonly #socket: Socket;
  #attempt: HttpAttempt | undefined;
  #reader: AnswerReader | undefined;
  /** Whether requests can be written: nothing is sent before the certificate has been verified. */
  #isReady: boolean;
  #unsent: Uint8Array | undefined;
  #idleMs = idleMs;
  #failure: Error | undefined;
  #hasReceived = false;
  /** What to do if the endpoint closes the connection before it responds. Undefined: the attempt fails. */
  #resend: (() => void) | undefined;

  constructor(options: ConnectionOptions) {
    const { place, lookup, addressTimeoutMs, session } = options;
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
    const autoSelectFamilyAttemptTimeout = addressTimeoutMs;
    const where = { host, port, lookup, autoSelectFamilyAttemptTimeout, noDelay: true, onread };
    this.#isReady = !place.isTls;
    if (place.isTls) {
      // TLS knows no dot at the end of a name (RFC 6066, 3): a server would not find the certificate.
      const servername = isIP(host) === 0 ? host.replace(/\.$/, '') : '';
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
    // These are Node's own timers: test frameworks do not replace them, and they do not keep the process alive.
    this.#socket.on('timeout', () => {
      if (this.#attempt === undefined) this.#socket.destroy();
    });
    this.#socket.setTimeout(idleMs);
  }

  /** Whether it can be used for another request, as far as is known. */
  get isOpen(): boolean {
    return this.#socket.writable && this.#socket.readable;
  }

  /** Whether the endpoint has ever sent anything on it. */
  get hasReceived(): boolean {
    return this.#hasReceived;
  }

  /**
   * Sends a request, and passes the response to the attempt. If the endpoint closes the connection without any response, `resend`
   * is called instead.
   */
  post(request: Uint8Array, attempt: HttpAttempt, resend?: () => void): void {
    this.#attempt = attempt;
    this.#resend = resend;
    this.#reader = new AnswerReader(attempt);
    if (this.#isReady) this.#socket.write(request);
    else this.#unsent = request;
    attempt.connected(() => this.destroy('ECONNRESET'));
  }

  /** Closes the connection immediately. An attempt that waits for a response fails with this code. */
  destroy(code: string): void {
    this.#resend = undefined;
    this.#socket.destroy(Object.assign(new Error('The connection was closed by this side.'), { code }));
  }

  #secured(): void {
    this.#isReady = true;
    if (this.#unsent !== undefined) this.#socket.write(this.#unsent);
    this.#unsent = undefined;
  }

  #read(size: number): void {
    this.#hasReceived = true;
    this.#resend = undefined;
    const reader = this.#reader;
    const attempt = this.#attempt;
    // There was no request.
    if (reader === undefined || attempt === undefined) return void this.#socket.destroy();
    const fault = reader.read(shared.subarray(0, size));
    if (fault !== undefined) return this.destroy(fault);
    if (reader.isDone) this.#complete(attempt, reader);
    else attempt.waitForMore();
  }

  #complete(attempt: HttpAttempt, reader: AnswerReader): void {
    this.#attempt = undefined;
    this.#reader = undefined;
    // An endpoint that responds before it has received the whole request may not read the rest.
    if (reader.isReusable && this.#socket.writableLength === 0 && this.isOpen && this.#mayIdle(reader)) {
      this.#options.freed(this);
    } else {
      this.#socket.destroy();
    }
    attempt.ended();
  }

  /** Whether the endpoint keeps the connection open long enough for another request. */
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
    if (this.#resend !== undefined) return this.#resend();
    attempt?.failed(
      this.#failure ??
        Object.assign(new Error('The endpoint closed the connection.'), { code: 'ECONNRESET' }),
    );
  }
}
