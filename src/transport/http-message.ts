import type { Caller } from '../auth/caller.ts';
import type { HttpError } from '../protocol/http-error.ts';

/** A request before its body is read. */
export interface RequestHead {
  readonly appId: string;
  /** The channel, user, delivery or recovery that the path names, unescaped; empty when it names none. */
  readonly name: string;
  readonly method: string;
  /** As it was sent, escapes and all. */
  readonly path: string;
  /** The same without the configured prefix, where it has it: some libraries sign it so. */
  readonly unprefixedPath: string | undefined;
  readonly rawQuery: string;
  /** Who asks, for routes that want to know. */
  readonly caller?: Caller;
}

/** A request whose body has been read. */
export interface IncomingRequest extends RequestHead {
  readonly body: Uint8Array;
}

/** An answer, complete. One of 204 or 304 has no body, so its type and body are not sent. */
export interface OutgoingResponse {
  readonly status: number;
  readonly contentType: string;
  readonly body: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  /** What the log says of a refusal, where the body is not for people. */
  readonly reason?: string;
}

/** An answer that goes on until one of the two sides ends it. */
export interface StreamingResponse {
  readonly status: 200;
  readonly contentType: string;
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * Called once the head is on its way; not for HEAD. What it returns is called once, when the stream is over: the
   * client has gone, the server closes, or the sink was ended.
   */
  stream(this: void, sink: Sink): () => void;
}

/** Where the text of a stream goes. Once the stream is over, everything here does nothing. */
export interface Sink {
  /**
   * Sends text. False: the client reads too slowly. This text still waits for it, but what is written before it has
   * caught up is dropped.
   */
  write(text: string): boolean;
  /** What to do whenever a client that read too slowly has caught up. */
  onDrained(run: () => void): void;
  /** Ends the answer once the client has got what waits for it. */
  end(): void;
}

/** What a request is answered. */
export type Answer = OutgoingResponse | StreamingResponse;

type Headers = NonNullable<OutgoingResponse['headers']>;

/** An answer of one plain line. */
export function plainText(status: number, text: string, headers?: Headers): OutgoingResponse {
  return { status, contentType: 'text/plain; charset=utf-8', body: text, ...(headers && { headers }) };
}

/** An answer of JSON. */
export function json(body: string, status = 200): OutgoingResponse {
  return { status, contentType: 'application/json', body };
}

/** An answer without a body. */
export function noContent(headers: Headers): OutgoingResponse {
  return { status: 204, contentType: '', body: '', headers };
}

/** What a refused request is answered. */
export function refusal({ status, text, retryAfterSeconds }: HttpError): OutgoingResponse {
  if (retryAfterSeconds === undefined) return plainText(status, text);
  return plainText(status, text, { 'Retry-After': String(Math.ceil(retryAfterSeconds)) });
}
