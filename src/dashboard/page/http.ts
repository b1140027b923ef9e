import { signal } from '@preact/signals';
import type { ErrorView } from '../../views/server.ts';
import type { Fault } from './faults.ts';

/** A request that failed. The status is 0 if there was no response. */
export class RequestError extends Error {
  readonly status: number;
  readonly code: string;
  readonly faults: readonly Fault[];

  constructor(status: number, { code, message, faults }: ErrorView['error']) {
    super(message);
    this.name = 'RequestError';
    this.status = status;
    this.code = code;
    this.faults = faults ?? [];
  }
}

/** Counts the responses with status 401. */
export const loginsRequired = signal(0);

/** Counts the changes that the role did not allow. */
export const changesRefused = signal(0);

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** The parameters of a query. Undefined and empty ones are left out. */
export type Parameters = Readonly<Record<string, string | number | boolean | undefined>>;

/** A request to make. The path is relative to the document. */
export interface RequestPlan {
  readonly method: Method;
  readonly path: string;
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
  /** The default, `no-store`, is for data. Static files may be cached. */
  readonly cache?: RequestCache;
}

/** Makes a request and returns the JSON of its response. Every failure except an abort is a `RequestError`. */
export async function send<Answer>(plan: RequestPlan): Promise<Answer> {
  const { method, path, body, signal: abort, cache = 'no-store' } = plan;
  const response = await reach(path, {
    method,
    credentials: 'same-origin',
    cache,
    ...(abort !== undefined && { signal: abort }),
    ...(method !== 'GET' && {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body ?? {}),
    }),
  });
  if (!response.ok) throw await errorOf(response);
  try {
    const answer: Answer = await response.json();
    return answer;
  } catch (error) {
    if (abort?.aborted === true) throw error;
    throw new RequestError(response.status, {
      code: 'unreadable',
      message: 'The response is not JSON. Check whether a proxy sits between the browser and the server.',
    });
  }
}

/** Adds a query to a path. */
export function withQuery(path: string, parameters: Parameters): string {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(parameters))
    if (value !== undefined && value !== '') query.set(key, String(value));
  const text = query.toString();
  return text === '' ? path : `${path}?${text}`;
}

/** Converts any error to a `RequestError`. */
export function asRequestError(error: unknown): RequestError {
  if (error instanceof RequestError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new RequestError(0, { code: 'page', message: `The page has an error: ${message}` });
}

async function reach(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(path, init);
  } catch (error) {
    if (init.signal?.aborted === true) throw error;
    throw new RequestError(0, {
      code: 'unreachable',
      message: 'The server cannot be reached. It may have stopped, or the network may be down.',
    });
  }
}

async function errorOf(response: Response): Promise<RequestError> {
  if (response.status === 401) loginsRequired.value += 1;
  const fallback: ErrorView['error'] = {
    code: 'unknown',
    message: `The server returned status ${response.status} without a reason.`,
  };
  const body: unknown = await response.json().catch(() => undefined);
  const error = isErrorView(body) ? body.error : fallback;
  if (error.code === 'ERR_ROLE') changesRefused.value += 1;
  return new RequestError(response.status, error);
}

function isErrorView(value: unknown): value is ErrorView {
  if (typeof value !== 'object' || value === null || !('error' in value)) return false;
  const { error } = value;
  return typeof error === 'object' && error !== null && 'code' in error && 'message' in error;
}
