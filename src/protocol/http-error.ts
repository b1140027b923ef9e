/**
 * A refused HTTP request: the status, and one line of plain text. Every server library puts that text into the exception that
 * its user sees.
 */
export interface HttpError {
  readonly status: 400 | 401 | 403 | 404 | 405 | 409 | 413 | 429 | 500 | 503;
  readonly text: string;
  /** The client should retry after this many seconds. */
  readonly retryAfterSeconds?: number;
}

export function badRequest(text: string): HttpError {
  return { status: 400, text };
}

export function unauthorized(text: string): HttpError {
  return { status: 401, text };
}

export function forbidden(text: string): HttpError {
  return { status: 403, text };
}

export function tooManyRequests(text: string, retryAfterSeconds: number): HttpError {
  return { status: 429, text, retryAfterSeconds };
}

export function serviceUnavailable(text: string, retryAfterSeconds: number): HttpError {
  return { status: 503, text, retryAfterSeconds };
}

export function notFound(text: string): HttpError {
  return { status: 404, text };
}

export function conflict(text: string): HttpError {
  return { status: 409, text };
}

export function tooLarge(text: string): HttpError {
  return { status: 413, text };
}

export function isHttpError(value: unknown): value is HttpError {
  return typeof value === 'object' && value !== null && 'status' in value && 'text' in value;
}
