import { expect } from 'vitest';
import { authParameters, signatureOf } from '../sign-request.ts';
import { app, type AppConfig } from './config.ts';

export interface ApiRequest {
  readonly method?: 'GET' | 'POST';
  /** Signed as it is, including its escapes. */
  readonly path: string;
  readonly body?: string;
  /** Added to the signed parameters or replacing them. `undefined` omits one. */
  readonly params?: Readonly<Record<string, string | undefined>>;
  /** Replaces the valid signature. `undefined` omits it. */
  readonly signature?: string | undefined;
  readonly app?: AppConfig;
}

export interface ApiAnswer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
  /** Seconds, if the answer invites a retry. */
  readonly retryAfter?: string;
}

/** Sends one request to the HTTP API, signed by hand, so that each part can be wrong. */
export async function callApi(server: { readonly url: string }, request: ApiRequest): Promise<ApiAnswer> {
  const { method = request.body === undefined ? 'GET' : 'POST', path, body } = request;
  const response = await fetch(`${server.url}${path}?${signedQuery({ ...request, method })}`, {
    method,
    ...(body === undefined ? {} : { body }),
  });
  const retryAfter = response.headers.get('retry-after');
  return {
    status: response.status,
    type: response.headers.get('content-type') ?? '',
    text: await response.text(),
    ...(retryAfter !== null && { retryAfter }),
  };
}

/** A rejection in the form that all server libraries show to their users: one plain line. */
export function plainText(status: number, text: string | RegExp): ApiAnswer {
  return {
    status,
    type: 'text/plain; charset=utf-8',
    text: typeof text === 'string' ? text : (expect.stringMatching(text) as string),
  };
}

/** The JSON answer of a request that succeeded. */
export async function answered(answer: Promise<ApiAnswer>): Promise<unknown> {
  const { status, type, text } = await answer;
  expect({ status, type, text }).toMatchObject({ status: 200, type: 'application/json' });
  return JSON.parse(text) as unknown;
}

function signedQuery(request: ApiRequest & { readonly method: string }): string {
  const { method, path, body, app: of = app } = request;
  const all = { ...Object.fromEntries(authParameters(of.key, body)), ...request.params };
  const parameters = Object.entries(all).filter((pair): pair is [string, string] => pair[1] !== undefined);
  const valid = signatureOf(of.secret, { method, path, parameters });
  const signature = 'signature' in request ? request.signature : valid;
  const query = new URLSearchParams(parameters);
  if (signature !== undefined) query.set('auth_signature', signature);
  return query.toString();
}
