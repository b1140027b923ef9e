import { createHash, createHmac } from 'node:crypto';
import { app, type AppConfig } from './config.ts';

export interface ApiRequest {
  readonly method?: 'GET' | 'POST';
  /** Signed as it is, escapes and all. */
  readonly path: string;
  readonly body?: string;
  /** Added to the parameters that are signed, or put in their place; `undefined` leaves one out. */
  readonly params?: Readonly<Record<string, string | undefined>>;
  /** In place of the right signature; `undefined` leaves it out. */
  readonly signature?: string | undefined;
  readonly app?: AppConfig;
}

export interface ApiAnswer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

/** One request to the HTTP API, signed by hand, so that each part can be wrong. */
export async function callApi(server: { readonly url: string }, request: ApiRequest): Promise<ApiAnswer> {
  const { method = request.body === undefined ? 'GET' : 'POST', path, body } = request;
  const response = await fetch(`${server.url}${path}?${signedQuery({ ...request, method })}`, {
    method,
    ...(body === undefined ? {} : { body }),
  });
  return {
    status: response.status,
    type: response.headers.get('content-type') ?? '',
    text: await response.text(),
  };
}

function signedQuery(request: ApiRequest & { readonly method: string }): string {
  const { method, path, body, app: of = app } = request;
  const params = Object.entries({
    auth_key: of.key,
    auth_timestamp: String(Math.floor(Date.now() / 1000)),
    auth_version: '1.0',
    body_md5: body === undefined ? undefined : createHash('md5').update(body).digest('hex'),
    ...request.params,
  }).filter((pair): pair is [string, string] => pair[1] !== undefined);
  const plain = params
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map((pair) => pair.join('='))
    .join('&');
  const right = createHmac('sha256', of.secret).update(`${method}\n${path}\n${plain}`).digest('hex');
  const signature = 'signature' in request ? request.signature : right;
  const query = new URLSearchParams(params);
  if (signature !== undefined) query.set('auth_signature', signature);
  return query.toString();
}
