import type { HttpError } from '../protocol/http-error.ts';

/** Who asks, as far as the headers tell; empty is a header that is not there. */
export interface Caller {
  readonly authorization: string;
  readonly origin: string;
  readonly host: string;
  /** `Sec-Fetch-Site`. */
  readonly fetchSite: string;
  /** Some proxy says that it passes the request on. */
  readonly isForwarded: boolean;
}

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

/** An answer, complete. One of 204 has no body, so its type and body are not sent. */
export interface OutgoingResponse {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

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
