import { createHash, createHmac } from 'node:crypto';

/** When these requests are made, in milliseconds. */
export const requestTimeMs = 1_353_088_179_000;

/** A request to the HTTP API, signed here and not by the program's own code. */
export function signedRequest(
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  { body = '', query = {}, of = { key: 'app-key', secret: 'app-secret' } }: Signing = {},
) {
  const parameters = {
    ...query,
    auth_key: of.key,
    auth_timestamp: String(requestTimeMs / 1000),
    auth_version: '1.0',
    ...(body !== '' && { body_md5: createHash('md5').update(body).digest('hex') }),
  };
  const sorted = Object.entries(parameters).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const plain = sorted.map(([key, value]) => `${key}=${value}`).join('&');
  const signature = createHmac('sha256', of.secret).update(`${method}\n${path}\n${plain}`).digest('hex');
  const [, , appId = '', section, ...rest] = path.split('/');
  const name = rest[section === 'webhooks' ? 1 : 0] ?? '';
  return {
    method,
    path,
    unprefixedPath: undefined,
    appId,
    name,
    rawQuery: `${plain}&auth_signature=${signature}`,
    body: Buffer.from(body),
  };
}

interface Signing {
  readonly body?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly of?: { readonly key: string; readonly secret: string };
}
