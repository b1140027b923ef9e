import type { Caller } from '../auth/caller.ts';
import type { HttpError } from '../protocol/http-error.ts';

/** A request whose body has not been read. */
export interface RequestHead {
  readonly appId: string;
  /** The channel, user, delivery or recovery in the path, unescaped; empty if the path contains none. */
  readonly name: string;
  readonly method: string;
  /** The path as it was sent, with its escapes. */
  readonly path: string;
  /** The path without the configured prefix, if it has it, because some libraries sign it that way. */
  readonly unprefixedPath: string | undefined;
  readonly rawQuery: string;
  /** The sender, for routes that need it. */
  readonly caller?: Caller;
}

/** A request whose body has been read. */
export interface IncomingRequest extends RequestHead {
  readonly body: Uint8Array;
  /** Aborted when the client disconnects before the response, on routes that `endsWithClient`. */
  readonly gone?: AbortSignal;
}

/** A complete response. With the status 204 or 304, its type and body are not sent. */
export interface OutgoingResponse {
  readonly status: number;
  readonly contentType: string;
  readonly body: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  /** The reason of a refusal for the log, if the body is not meant for people. */
  readonly reason?: string;
}

/** A response that continues until one side ends it. */
export interface StreamingResponse {
  readonly status: 200;
  readonly contentType: string;
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * Called once the head has been sent; not for HEAD. The returned function is called once, when the stream has ended: the
   * client has disconnected, the server closes, or the sink was ended.
   */
  stream(this: void, sink: Sink): () => void;
}

/** Receives the text of a stream. Once the stream has ended, all calls do nothing. */
export interface Sink {
  /**
   * Sends text. Returns false if the client reads too slowly: this text will still be sent, but text that is written before
   * the client has caught up is dropped.
   */
  write(text: string): boolean;
  /** Sets a function that is called whenever a slow client has caught up. */
  onDrained(run: () => void): void;
  /** Ends the response once the client has received all text. */
  end(): void;
}

/** The response to a request. */
export type HttpAnswer = OutgoingResponse | StreamingResponse;

type Headers = NonNullable<OutgoingResponse['headers']>;

/** A response of one line of text. */
export function plainText(status: number, text: string, headers?: Headers): OutgoingResponse {
  return { status, contentType: 'text/plain; charset=utf-8', body: text, ...(headers && { headers }) };
}

/** The response while the server cannot serve requests yet. */
export const serverStarting = plainText(503, 'The server is starting');

/** A JSON response. */
export function json(body: string, status = 200): OutgoingResponse {
  return { status, contentType: 'application/json', body };
}

/** A response without a body. */
export function noContent(headers: Headers): OutgoingResponse {
  return { status: 204, contentType: '', body: '', headers };
}

/** The response to a refused request. */
export function refusal({ status, text, retryAfterSeconds }: HttpError): OutgoingResponse {
  if (retryAfterSeconds === undefined) return plainText(status, text);
  return plainText(status, text, { 'Retry-After': String(Math.ceil(retryAfterSeconds)) });
}
