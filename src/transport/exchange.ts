import { setImmediate } from '../system/real.ts';
import type { HttpRequest, HttpResponse } from 'uWebSockets.js';
import type { Clock } from '../ports/clock.ts';
import type { Ids } from '../ports/ids.ts';
import type { Log, LogFields } from '../ports/log.ts';
import type { Refusals } from '../ports/refusals.ts';
import { clip } from '../protocol/clip.ts';
import { maskDigests } from '../protocol/mask-credentials.ts';
import { requestReason } from '../protocol/refusals.ts';
import { ChunkedBody } from './chunked-body.ts';
import { allowOrigin, isReadable } from './cors.ts';
import { Head } from './head.ts';
import { plainText, type HttpAnswer, type OutgoingResponse, type StreamingResponse } from './http-message.ts';
import { nativeText } from './native-text.ts';
import type { Peer } from './peer.ts';
import { OpenStream, type OpenStreams } from './stream.ts';

/** What an exchange needs from the server. */
export interface ExchangeOptions extends Refusals {
  readonly log: Log;
  readonly clock: Pick<Clock, 'now' | 'after'>;
  readonly ids: Pick<Ids, 'requestId'>;
  readonly peer: Peer;
  readonly streams: OpenStreams;
  /** A request was answered; `route` is its pattern. */
  readonly answered: (route: string, status: number) => void;
  /** Whether clients should reconnect instead of keeping their connection. */
  readonly isRetired: () => boolean;
}

const statusLines = new Map(
  Object.entries({
    200: 'OK',
    201: 'Created',
    204: 'No Content',
    303: 'See Other',
    304: 'Not Modified',
    307: 'Temporary Redirect',
    400: 'Bad Request',
    401: 'Unauthorized',
    403: 'Forbidden',
    404: 'Not Found',
    405: 'Method Not Allowed',
    408: 'Request Timeout',
    409: 'Conflict',
    413: 'Payload Too Large',
    415: 'Unsupported Media Type',
    421: 'Misdirected Request',
    426: 'Upgrade Required',
    429: 'Too Many Requests',
    431: 'Request Header Fields Too Large',
    500: 'Internal Server Error',
    502: 'Bad Gateway',
    503: 'Service Unavailable',
    504: 'Gateway Timeout',
  }).map(([status, reason]) => [Number(status), `${status} ${reason}`]),
);

/** The report of a request in chunks that was not handled. There is nobody to receive it as a response. */
const endedWithChunks = plainText(
  400,
  'Invalid request: its connection ended with the last chunk, because trailer fields or another request followed at once, or because the client disconnected',
);

/** One request, from its head to its response. It keeps what is needed after the request's own turn, and logs one line. */
export class Exchange {
  readonly method: string;
  readonly head: Head;
  /** The body, if it arrives in chunks. */
  readonly chunks: ChunkedBody | undefined;
  appId = '';
  receivedBytes = 0;
  isAnswered = false;
  /** Called if the client disconnects before the response, or before the end of a stream. */
  whenAborted: (() => void) | undefined;
  readonly #res: HttpResponse;
  readonly #options: ExchangeOptions;
  readonly #route: string;
  readonly #startedAt: number;
  readonly #givenId: string;
  readonly #forwardedFor: string;
  #isAborted = false;
  /** Whether the response is sent in a later turn than that in which the request was read. */
  #isPostponed = false;
  #isPaused = false;
  #isWatched = false;

  constructor(
    res: HttpResponse,
    req: HttpRequest,
    { route, method }: { readonly route: string; readonly method: string },
    options: ExchangeOptions,
  ) {
    this.#res = res;
    this.#options = options;
    this.#route = route;
    this.method = method;
    this.#startedAt = options.clock.now();
    this.head = new Head(req);
    this.#givenId = acceptedId(this.head.requestId);
    this.#forwardedFor = options.peer.forwardedFor(req);
    this.chunks = this.head.isChunked ? new ChunkedBody(res, options.clock) : undefined;
    res.onAborted(() => {
      this.#isAborted = true;
      this.whenAborted?.();
    });
  }

  /** The age of the request. */
  get ageMs(): number {
    return this.#options.clock.now() - this.#startedAt;
  }

  /**
   * The response will come in a later turn. Until then, nothing more is read from this connection, because the native parser
   * closes a connection on which another request arrives while a response is due.
   */
  postpone(): void {
    this.#isPostponed = true;
    // While nothing is read, the end of the connection is not noticed.
    if (this.#isWatched) return;
    this.#isPaused = true;
    this.#res.pause();
  }

  /** The body has been read: handles the request. If more arrived with a body in chunks, the request is not handled. */
  complete(handle: () => void): void {
    if (this.chunks === undefined) return handle();
    this.#isPostponed = true;
    this.chunks.handle(() => (this.#isAborted ? this.answer(endedWithChunks) : handle()));
  }

  /**
   * Returns a signal that is aborted if the client disconnects before the response. Reading continues until then, so a client that
   * sends another request meanwhile is disconnected.
   */
  watchClient(): AbortSignal {
    const gone = new AbortController();
    this.#isWatched = true;
    this.whenAborted = () => gone.abort();
    return gone.signal;
  }

  /**
   * Refuses a request whose end is uncertain, and always closes the connection. If the response were sent in this turn, a request
   * hidden behind this one would be served first. While a response is due, the native parser closes the connection instead.
   */
  refuseUncertain(fault: string): void {
    const response = plainText(400, `Invalid request: ${fault}`);
    const requestId = this.#reportRefusal(response);
    this.postpone();
    setImmediate(() => this.#finish(response, requestId, true));
  }

  /** Sends the response and reports a refusal. Only the first call counts. */
  answer(response: HttpAnswer, closes = false): void {
    if (this.isAnswered) return;
    if ('stream' in response) return this.#stream(response);
    const requestId = response.status < 400 ? this.#givenId : this.#reportRefusal(response);
    this.#finish(response, requestId, closes);
  }

  /** Responds that the program has failed. */
  fail(err: unknown): void {
    if (this.isAnswered) return;
    const requestId = this.#givenId || this.#options.ids.requestId();
    const text = 'Internal server error';
    const fields = this.#describe(requestId, 500, text);
    this.#options.log.error({ err, ...fields }, 'request failed');
    this.#refused(500, fields, true);
    this.#finish(plainText(500, text), requestId, false);
  }

  /** Starts a streaming response. Reading resumes, because only then is the end of the connection noticed. */
  #stream(response: StreamingResponse): void {
    this.#answered(response.status);
    if (this.#isAborted) return;
    if (this.#isPaused) this.#res.resume();
    this.#res.cork(() => {
      this.#writeHead(response, this.#givenId);
      if (this.method === 'HEAD') return void this.#res.endWithoutBody();
      const stream = new OpenStream(this.#res, this.#options.streams);
      this.whenAborted = () => stream.gone();
      try {
        stream.start(response);
      } catch (err) {
        this.#options.log.error({ err, ...this.#describe(this.#givenId, 200, '') }, 'request failed');
        stream.endNow();
      }
    });
  }

  /** Reports a refusal. Returns the id of the request, which the client can refer to. */
  #reportRefusal({ status, body, reason }: OutgoingResponse): string {
    const requestId = this.#givenId || this.#options.ids.requestId();
    const text = reason ?? (typeof body === 'string' ? body : '');
    this.#refused(status, this.#describe(requestId, status, text));
    return requestId;
  }

  #refused(status: number, fields: LogFields, isLogged = false): void {
    const reason = requestReason(status);
    this.#options.refused({ kind: 'request', reason, appId: this.appId, fields, isLogged });
  }

  #finish(response: OutgoingResponse, requestId: string, closes: boolean): void {
    this.#answered(response.status);
    if (this.#isAborted) return;
    const { chunks } = this;
    if (chunks === undefined) return this.#send(response, requestId, closes);
    this.#isPostponed = true;
    const send = (): void => {
      if (!this.#isAborted) this.#send(response, requestId, true);
    };
    if (closes) chunks.answerEarly(send);
    else this.whenAborted = chunks.answer(send);
  }

  #send(response: OutgoingResponse, requestId: string, closes: boolean): void {
    // While the request is being read, the native library combines all writes by itself.
    if (!this.#isPostponed) return this.#write(response, requestId, closes);
    if (this.#isPaused) this.#res.resume();
    this.#res.cork(() => this.#write(response, requestId, closes));
  }

  #answered(status: number): void {
    this.isAnswered = true;
    this.#options.answered(this.#route, status);
  }

  #write(response: OutgoingResponse, requestId: string, closes: boolean): void {
    this.#writeHead(response, requestId);
    this.#end(response, closes);
  }

  #writeHead(response: HttpAnswer, requestId: string): void {
    const res = this.#res;
    res.writeStatus(statusLines.get(response.status) ?? `${response.status} Unknown`);
    if (requestId !== '') res.writeHeader('X-Request-Id', nativeText(requestId));
    if (this.head.origin !== '' && isReadable(this.#route)) allowOrigin(res);
    const { headers } = response;
    if (headers !== undefined) {
      for (const [name, value] of Object.entries(headers)) res.writeHeader(name, value);
    }
    if (!isBodiless(response.status)) res.writeHeader('Content-Type', response.contentType);
  }

  #end({ status, body }: OutgoingResponse, closes: boolean): void {
    const res = this.#res;
    if (this.method !== 'HEAD' && !isBodiless(status)) {
      return void res.end(
        typeof body === 'string' ? nativeText(body) : body,
        closes || this.#options.isRetired(),
      );
    }
    // There is no other way to close the connection after a response without a body.
    if (closes) return void res.end('', true);
    // The client would read a body after HEAD as the start of the next response. The length is written by hand, because
    // endWithoutBody with an argument leaves the response unfinished, which ends the process.
    if (!isBodiless(status)) res.writeHeader('Content-Length', String(Buffer.byteLength(body)));
    res.endWithoutBody();
  }

  #describe(requestId: string, status: number, text: string): LogFields {
    // The address of a disconnected client is no longer available.
    const remoteAddress = this.#isAborted
      ? ''
      : this.#options.peer.remoteAddress(this.#res, this.#forwardedFor);
    return {
      requestId,
      method: this.method,
      route: this.#route,
      ...(this.appId !== '' && { appId: clip(this.appId) }),
      status,
      error: describeError(text),
      ...(remoteAddress !== '' && { remoteAddress }),
      ...(this.head.userAgent !== '' && { userAgent: clip(this.head.userAgent) }),
      receivedBytes: this.receivedBytes,
      elapsedMs: Math.round(this.ageMs),
    };
  }
}

function isBodiless(status: number): boolean {
  return status === 204 || status === 304;
}

const requestIdForm = /^[A-Za-z0-9._:/+=@-]{1,128}$/;

/** The id that the client gave its request; empty if it gave none, or one that is not safe to log. */
function acceptedId(given: string): string {
  return given !== '' && requestIdForm.test(given) ? given : '';
}

/** The error text for the log, without the signature that the client sent, because it may be valid elsewhere. */
function describeError(text: string): string {
  return clip(maskDigests(text.replace(/, but you sent ".*$/s, '')), 500);
}
