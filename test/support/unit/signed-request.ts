import { signedQuery, type Credentials } from '../sign-request.ts';

/** When these requests are made, in milliseconds. */
export const requestTimeMs = 1_353_088_179_000;

/** A signed request to the HTTP API. */
export function signedRequest(
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  { body = '', query = {}, of = { key: 'app-key', secret: 'app-secret' } }: Signing = {},
) {
  const [, , appId = '', section, ...rest] = path.split('/');
  const name = rest[section === 'webhooks' ? 1 : 0] ?? '';
  return {
    method,
    path,
    unprefixedPath: undefined,
    appId,
    name,
    rawQuery: signedQuery(of, { method, path, body: body || undefined, query, timeMs: requestTimeMs }),
    body: Buffer.from(body),
  };
}

interface Signing {
  readonly body?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly of?: Credentials;
}
