import { createHash, createHmac } from 'node:crypto';

/*
 * How a backend signs a request to the HTTP API. This file imports nothing from `src` on purpose: if the program
 * computed the expected signatures itself, a mistake in them would agree with itself.
 */

/** A parameter of a query string, not escaped. */
export type Parameter = readonly [name: string, value: string];

/** The credentials of a backend. */
export interface Credentials {
  readonly key: string;
  readonly secret: string;
}

/** The parameters that every signed request has, except its signature. `body_md5` is present only with a body. */
export function authParameters(key: string, body?: string, timeMs = Date.now()): Parameter[] {
  return [
    ['auth_key', key],
    ['auth_timestamp', String(Math.floor(timeMs / 1000))],
    ['auth_version', '1.0'],
    ...(body === undefined ? [] : [['body_md5', createHash('md5').update(body).digest('hex')] as const]),
  ];
}

/** The value of `auth_signature` for a request with these parameters. Names may repeat. */
export function signatureOf(
  secret: string,
  request: { readonly method: string; readonly path: string; readonly parameters: readonly Parameter[] },
): string {
  const sorted = request.parameters
    .map(([name, value]) => [name.toLowerCase(), value] as const)
    .toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map((pair) => pair.join('='))
    .join('&');
  const text = `${request.method}\n${request.path}\n${sorted}`;
  return createHmac('sha256', secret).update(text).digest('hex');
}

/** The complete query string of a signed request, escaped. `auth_signature` comes last. */
export function signedQuery(app: Credentials, { method, path, body, query = {}, timeMs }: Signing): string {
  const parameters = [...Object.entries(query), ...authParameters(app.key, body, timeMs)];
  const signature = signatureOf(app.secret, { method, path, parameters });
  return [...parameters, ['auth_signature', signature] as const]
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&');
}

interface Signing {
  readonly method: string;
  readonly path: string;
  readonly body?: string | undefined;
  /** Further parameters, not escaped. */
  readonly query?: Readonly<Record<string, string>>;
  /** The time of the request, in milliseconds. Default: now. */
  readonly timeMs?: number;
}
